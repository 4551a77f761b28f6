"""Where a model comes from, for its manifest."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from kdh_desktop import __version__
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.training_config import RunConfig
from trainer.corpus import corpus_digest, groups_digest
from trainer.running.texts import RunTexts

_HALLMARKS = "Hallmarks of Cancer (Baker et al. 2016), GPL-3.0"
_LIBRARIES = ("numpy", "onnx", "onnxruntime", "scikit-learn", "tokenizers", "torch", "transformers")
_WHERE_THERE_ARE = ("teacher_sha256", "groups_sha256")
"""Facts of a run with a finished teacher, and of one whose texts have groups."""


def provenance_of(
    config: RunConfig,
    texts: RunTexts,
    *,
    encoder: str,
    device: str,
    teacher: ModelBundle | None = None,
) -> dict[str, Any]:
    """Everything needed to train the same model again, as JSON values, and no name of a file.

    Args:
        config: The run's configuration.
        texts: What it learns from and is judged on.
        encoder: SHA-256 of the base encoder's weights.
        device: What was computed on.
        teacher: The finished model that teaches, if any.
    """
    finished = {}
    if teacher is not None:
        finished = {"teacher": teacher.id, "teacher_sha256": teacher.manifest_sha256}
    groups = groups_digest(texts.train)
    grouped = {"groups_sha256": groups} if groups else {}
    return {**finished, **grouped} | {
        "corpus": _HALLMARKS if texts.labels is HALLMARKS_OF_CANCER else "a corpus of this site",
        "trained_on": f"{len(texts.train)} texts",
        "judged_on": f"{len(texts.judged)} others, once, after everything was chosen"
        if texts.judged
        else "its training texts, fold by fold, by students without the fold",
        "labelled_sha256": corpus_digest(texts.train),
        "unlabelled_sha256": corpus_digest(texts.unlabelled),
        "encoder_sha256": encoder,
        "config": to_json_value(config),
        "device": device,
        "python": platform.python_version(),
        "program": __version__,
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def fingerprint_of(provenance: Mapping[str, Any]) -> str:
    """SHA-256 of all that a run's stages depend on but the machine and the libraries."""
    parts = ("config", "labelled_sha256", "unlabelled_sha256", "encoder_sha256")
    chosen = {part: provenance[part] for part in parts}
    # Named only where there are such, so that the stages of all other runs can be gone on with.
    chosen |= {part: provenance[part] for part in _WHERE_THERE_ARE if part in provenance}
    return sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()
