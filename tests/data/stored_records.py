"""Records as the store gives them, made up for tests of what is done with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.record import Band, Evidence, TextWarning
from kdh_desktop.core.records.import_batch import ImportBatch
from kdh_desktop.core.records.record_filter import RecordFilter, RecordOrder, ReviewStatus
from kdh_desktop.core.records.stored import RecordDetail, StoredPrediction, StoredScore


@dataclass(frozen=True, slots=True)
class MadeLabel:
    """A label of a model that is not there."""

    id: str
    name: str
    threshold: float = 0.5


LABELS = (
    MadeLabel("growth", "Sustaining growth"),
    MadeLabel("vessels", "Inducing angiogenesis", 0.4),
    MadeLabel("spread", "Activating invasion"),
)
MODEL_ID = "made-up-model"
MODEL_SHA256 = "ab" * 32


@dataclass(frozen=True, slots=True)
class MadeStore:
    """Some records in memory, with labels of a model."""

    records: Mapping[int, RecordDetail]
    active_labels: tuple[MadeLabel, ...] = LABELS
    of_batch: ImportBatch | None = None

    @classmethod
    def of(cls, *records: RecordDetail, batch: ImportBatch | None = None) -> MadeStore:
        return cls({record.id: record for record in records}, of_batch=batch)

    def ids(self, where: RecordFilter, order: RecordOrder) -> list[int]:
        return [one for one in self.records if where.ids is None or one in where.ids]

    def batch(self, batch_id: int) -> ImportBatch:
        assert self.of_batch is not None
        return self.of_batch

    def merged_rows(self, batch_id: int) -> list[tuple[int, int]]:
        return []

    def batches(self) -> list[ImportBatch]:
        return [] if self.of_batch is None else [self.of_batch]

    def details(self, ids: Iterable[int]) -> Iterator[RecordDetail]:
        return (self.records[record_id] for record_id in ids)


def prediction(
    probabilities: Mapping[str, float],
    evidence: Mapping[str, tuple[Evidence, ...]] | None = None,
    warnings: tuple[TextWarning, ...] = (),
) -> StoredPrediction:
    thresholds = {label.id: label.threshold for label in LABELS}
    return StoredPrediction(
        model_id=MODEL_ID,
        model_sha256=MODEL_SHA256,
        utc="2026-11-20T10:00:00+00:00",
        scores=tuple(
            StoredScore(name, value, thresholds[name], _band(value, thresholds[name]))
            for name, value in probabilities.items()
        ),
        evidence=tuple((evidence or {}).items()),
        tokens=20,
        windows=1,
        warnings=warnings,
    )


def detail(
    record_id: int,
    imported: ImportedRecord | None = None,
    *,
    probabilities: Mapping[str, float] | None = None,
    decisions: Mapping[str, bool] | None = None,
    evidence: Mapping[str, tuple[Evidence, ...]] | None = None,
    review: ReviewStatus = ReviewStatus.OPEN,
    note: str = "",
) -> RecordDetail:
    given = imported or ImportedRecord(
        row=record_id + 1, title=f"Title {record_id}", abstract=f"Abstract {record_id}."
    )
    return RecordDetail(
        id=record_id,
        imported=given,
        batch_id=1,
        file="made-up.xlsx",
        text_sha256=hashlib.sha256(given.text.encode("utf-8", "surrogatepass")).hexdigest(),
        review=review,
        note=note,
        prediction=None if probabilities is None else prediction(probabilities, evidence),
        decisions=tuple((decisions or {}).items()),
        history=(),
    )


def _band(value: float, threshold: float) -> Band:
    if abs(value - threshold) < 0.1:
        return Band.NEEDS_REVIEW
    return Band.PRESENT if value >= threshold else Band.ABSENT
