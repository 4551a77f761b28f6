"""Record stores to test with: a model that needs no network, and records that are invented."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from kdh_desktop.core.classification.manifest import LabelCalibration, Manifest
from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, Label, LabelSet
from kdh_desktop.core.record import Evidence, LabelScore, Prediction, Record
from kdh_desktop.core.records.import_batch import BatchKind, BatchSource
from kdh_desktop.core.records.models import ActiveLabel
from kdh_desktop.core.records.record_store import RecordStore

HALLMARK_IDS = tuple(label.id for label in HALLMARKS_OF_CANCER)
MANIFEST_SHA256 = "5a" * 32
SOURCE = BatchSource(kind=BatchKind.FILE, name="invented.nbib", path="/tmp/x", sha256="ab" * 32)


def tiny_manifest(
    bundle_id: str = "tiny-1", labels: LabelSet = HALLMARKS_OF_CANCER, *, threshold: float = 0.5
) -> Manifest:
    """A manifest of a model that does not exist: bands from 0.3 and from 0.8."""
    calibration = LabelCalibration(1.0, 0.0, threshold, 0.3, 0.8)
    return Manifest(
        bundle_id=bundle_id,
        created_utc="2026-11-20T12:00:00+00:00",
        labels=labels,
        calibrations=(calibration,) * len(labels),
        max_tokens=512,
        window_stride=256,
        sentence_weight=0.5,
        evidence_threshold=0.5,
        domain=None,
        metrics={},
        provenance={},
        files=(),
    )


def invented_records(count: int, *, first: int = 1) -> list[ImportedRecord]:
    """Records that differ in everything; the same numbers give the same records."""
    return [_invented(number) for number in range(first, first + count)]


def _invented(number: int) -> ImportedRecord:
    chance = random.Random(number)
    words = chance.choices(_WORDS, k=60)
    return ImportedRecord(
        row=number,
        title=f"Invented study {number} of {words[0]} and {words[1]}",
        abstract=" ".join(words).capitalize() + ".",
        source_id=f"row-{number}",
        pmid=str(10_000_000 + number),
        doi=f"10.5555/invented.{number}",
        year=1990 + number % 35,
        journal=f"Journal of Invention {number % 20}",
        authors="Doe J; Roe R",
        keywords=words[2],
        extra=(("note", words[3]),),
    )


_WORDS = (
    "apoptosis cells tumour growth vegf angiogenesis p53 mutation glycolysis lactate invasion "
    "metastasis immune lymphocytes telomerase senescence inflammation cytokines receptor kinase "
    "signal pathway expression inhibitor mice patients survival response treatment protein"
).split()


def prediction_of(
    text: str,
    probabilities: Mapping[str, float] | None = None,
    *,
    labels: Sequence[ActiveLabel],
    model_id: str = "tiny-1",
    seed: int | None = None,
) -> Prediction:
    """What a model would say: the probabilities given, and 0.1 or chance for all other labels."""
    chance = random.Random(seed)
    scores = []
    for label in labels:
        other = 0.1 if seed is None else round(chance.random(), 3)
        probability = (probabilities or {}).get(label.id, other)
        has_evidence = probability >= label.threshold and len(text) > 4
        evidence = (Evidence(0, 4, text[:4], 0.9),) if has_evidence else ()
        scores.append(
            LabelScore(
                Label(label.id, label.name, ""),
                probability,
                label.threshold,
                label.band(probability),
                evidence,
            )
        )
    record = Record(id="", text=text)
    return Prediction(record, model_id, tuple(scores), tokens=60, windows=1, warnings=())


def fill(store: RecordStore, count: int, *, source: BatchSource = SOURCE, first: int = 1) -> int:
    """Take invented records in; gives the batch."""
    batch = store.begin_import(source)
    for start in range(first, first + count, 500):
        some = min(500, first + count - start)
        store.add_records(batch, invented_records(some, first=start))
    store.finish_import(batch)
    return batch


def predict_all(store: RecordStore, *, model_id: str = "tiny-1", seed: int = 1) -> None:
    """Give every record that has none a prediction by chance; the same seed gives the same."""
    while some := store.unpredicted(limit=1_000):
        store.add_predictions(
            [
                (
                    record,
                    prediction_of(
                        text,
                        labels=store.active_labels,
                        model_id=model_id,
                        seed=seed * 7919 + record,
                    ),
                )
                for record, text in some
            ]
        )
