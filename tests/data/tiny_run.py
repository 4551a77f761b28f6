"""A training run that has come to its end, without any training: texts, request and candidate.

The candidate is a tiny bundle that finds labels by their keywords, the texts are made of these.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.classification.signing import write_public_key
from kdh_desktop.core.corpus_source import CorpusSource, TableSource
from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, LabelSet
from kdh_desktop.core.runs.training_runs import RunFolder, RunRequest
from kdh_desktop.core.training_config import (
    Augmentation,
    DistillationConfig,
    RunConfig,
    Schedule,
    TeacherConfig,
)
from tests.data.tiny_bundle import KEYWORDS, make_tiny_bundle

CONFIG = RunConfig(
    name="tiny",
    seed=3,
    max_tokens=64,
    sentence_loss=1.0,
    sentence_weight=0.5,
    augmentation=Augmentation(),
    teacher=TeacherConfig(folds=2, schedule=Schedule(1, 1e-3)),
    distillation=DistillationConfig(
        temperature=2.0,
        alpha=0.7,
        transfer_texts=0,
        transfer=Schedule(1, 1e-3),
        distil=Schedule(1, 1e-3),
        fine_tune=Schedule(1, 1e-3),
        calibration_folds=2,
    ),
    judged_share=0.5,
)

NEVER = -40.0
"""Intercept with which a label is never found."""


def write_keyword_table(path: Path, *, texts: int = 120) -> Path:
    """Write texts of one or two labels each, a keyword of each label in them; every tenth has none.

    Every text is another: a number stands in it.
    """
    labels = list(HALLMARKS_OF_CANCER)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "text", "labels"])
        for number in range(texts):
            shown = [] if number % 11 == 10 else [labels[number % 10], labels[number * 7 % 10]]
            shown = list(dict.fromkeys(shown))
            found = [f"In these cells {KEYWORDS[x.id][number % 2]} was increased." for x in shown]
            sentences = [f"We studied {number} patients with cancer.", *found, "The tumor grew."]
            lines.writerow([f"t{number}", " ".join(sentences), "; ".join(x.name for x in shown)])
    return path


def make_tiny_run(
    folder: Path,
    *,
    name: str = "ours",
    texts: int = 120,
    intercepts: Mapping[str, float] | None = None,
    corpus: tuple[CorpusSource, ...] = (),
    judged_share: float = 0.5,
    parity_gap: float | None = 1e-6,
    **faults: Any,
) -> RunFolder:
    """Write a run's folder, as if a run had ended with a candidate.

    Args:
        folder: The run's own.
        name: Bundle id of the candidate.
        texts: Texts of the corpus.
        intercepts: Added to the logits of labels, by id: `NEVER` for one that is never found.
        corpus: Sources instead of the table of keywords.
        judged_share: Share that is kept back.
        parity_gap: What the bundle says of its export; None for nothing.
        faults: Of the tiny bundle.
    """
    from trainer.corpus import corpus_digest
    from trainer.running.texts import read_run_texts

    run = RunFolder(folder)
    table = folder.parent.parent / "texts" / f"{folder.name}.csv"
    sources = corpus or (_keyword_source(table, texts),)
    config = replace(CONFIG, judged_share=judged_share)
    request = RunRequest(config=config, corpus=sources)
    folder.mkdir(parents=True, exist_ok=True)
    run.request.write_text(json.dumps(to_json_value(request)), "utf-8")
    read = read_run_texts(config, corpus=sources, judged=(), transfer=None)
    key = run_key(name)
    write_public_key(run.public_key, key.public_key())
    provenance = {
        "corpus": "a corpus of this site",
        "trained_on": f"{len(read.train)} texts",
        "labelled_sha256": corpus_digest(read.train),
        "device": "cpu",
    }
    make_tiny_bundle(
        run.candidate,
        labels=read.labels,
        bundle_id=name,
        key=key,
        manifest_changes={
            "provenance": provenance,
            "metrics": {} if parity_gap is None else {"float32_parity_gap": parity_gap},
            "labels": _labels_with(read.labels, intercepts or {}),
        },
        **faults,
    )
    return run


def run_key(name: str) -> Ed25519PrivateKey:
    """The key pair of the run whose candidate has that name."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"run {name}".encode()).digest())


def _keyword_source(table: Path, texts: int) -> TableSource:
    write_keyword_table(table, texts=texts)
    return TableSource(str(table), text_column="text", labels_column="labels", id_column="id")


def _labels_with(labels: LabelSet, intercepts: Mapping[str, float]) -> list[dict[str, Any]]:
    return [
        {
            "id": label.id,
            "name": label.name,
            "definition": label.definition,
            "slope": 1.0,
            "intercept": intercepts.get(label.id, 0.0),
            "threshold": 0.5,
            "review_from": 0.3,
            "present_from": 0.7,
        }
        for label in labels
    ]
