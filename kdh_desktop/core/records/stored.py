"""What comes out of the record store as an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from kdh_desktop.core.importing.imported import ImportedRecord, text_of
from kdh_desktop.core.record import Band, Evidence, TextWarning
from kdh_desktop.core.records.record_filter import Queue, ReviewStatus


@dataclass(frozen=True, slots=True)
class StoredScore:
    """What the active model and a person say of one label of one record.

    Attributes:
        label_id: The label.
        probability: Calibrated, in 0..1; None where only a person knows the label.
        threshold: Probability from which the model counts it as present.
        band: How sure the model is.
        decision: What a person decided; None where nobody did.
    """

    label_id: str
    probability: float | None
    threshold: float | None
    band: Band | None
    decision: bool | None = None

    @property
    def is_predicted(self) -> bool:
        """Whether the model counts the label as present."""
        return (
            self.probability is not None
            and self.threshold is not None
            and self.probability >= self.threshold
        )

    @property
    def is_present(self) -> bool:
        """Whether the label counts as present: by a person's decision, else by the model."""
        return self.is_predicted if self.decision is None else self.decision


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One row of a table of records.

    Attributes:
        id: Id in the store.
        title: Title; the beginning of the text where there is none.
        year: Year.
        journal: Journal.
        authors: Authors.
        pmid: PubMed id.
        doi: DOI.
        source_id: Id in its file.
        keywords: Keywords.
        file: Name of the import batch.
        row: Row in its file.
        review: How far a person got.
        note: A person's note.
        is_predicted: Whether the active model has said something of it.
        scores: One per label that the active model knows, in its order; then labels that only
            decisions name. Empty where it has not been classified and nobody decided.
    """

    id: int
    title: str
    year: int | None
    journal: str
    authors: str
    pmid: str
    doi: str
    source_id: str
    keywords: str
    file: str
    row: int
    review: ReviewStatus
    note: str
    is_predicted: bool
    scores: tuple[StoredScore, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Ids of the labels that count as present."""
        return tuple(score.label_id for score in self.scores if score.is_present)


@dataclass(frozen=True, slots=True)
class StoredPrediction:
    """What one model said of one record.

    Attributes:
        model_id: Bundle id.
        model_sha256: Hash of the bundle's manifest, hexadecimal.
        utc: When, ISO 8601.
        scores: One per label in the model's order, with the person's decision beside it.
        evidence: Sentences by label id, best first; offsets point into `RecordDetail.text`.
        tokens: Word pieces read.
        windows: Windows that the text was cut into.
        warnings: What a person should know of how the text was read.
    """

    model_id: str
    model_sha256: str
    utc: str
    scores: tuple[StoredScore, ...]
    evidence: tuple[tuple[str, tuple[Evidence, ...]], ...]
    tokens: int
    windows: int
    warnings: tuple[TextWarning, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that a person did to a record.

    Attributes:
        utc: When, ISO 8601.
        kind: What was done.
        label_id: The label it was about, or empty.
        before: State before, in words of `ReviewStatus` or ``present``, ``absent``, ``undecided``;
            for a note its text.
        after: State after.
        is_undone: Whether it was taken back.
    """

    utc: str
    kind: OperationKind
    label_id: str
    before: str
    after: str
    is_undone: bool


@dataclass(frozen=True, slots=True)
class RecordDetail:
    """All that the store holds of one record.

    Attributes:
        id: Id in the store.
        imported: The record as its file gave it, or as it was merged.
        batch_id: Its import batch.
        file: Name of the import batch.
        text_sha256: Hash of `text`, hexadecimal.
        review: How far a person got.
        note: A person's note.
        prediction: What the active model says, or None.
        decisions: Label ids and decisions of people, also on labels that the model lacks.
        history: What people did to it, latest first.
        merged: Ids of records that were merged into it.
    """

    id: int
    imported: ImportedRecord
    batch_id: int
    file: str
    text_sha256: str
    review: ReviewStatus
    note: str
    prediction: StoredPrediction | None
    decisions: tuple[tuple[str, bool], ...]
    history: tuple[HistoryEntry, ...]
    merged: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """What is classified."""
        return text_of(self.imported.title, self.imported.abstract)

    @property
    def looked_at(self) -> frozenset[str]:
        """Ids of the labels that a person decided on with the record in view.

        What was accepted for many records at once is the model's own word, until somebody decides
        otherwise or confirms the record.
        """
        accepted = set[str]()
        for entry in () if self.review is ReviewStatus.CONFIRMED else reversed(self.history):
            if entry.is_undone:
                continue
            if entry.kind is OperationKind.ACCEPT_MANY:
                accepted.add(entry.label_id)
            else:
                accepted.discard(entry.label_id)
        return frozenset(label_id for label_id, _ in self.decisions) - accepted


@dataclass(frozen=True, slots=True)
class Facets:
    """How many records each value would leave, under all other conditions of a filter.

    Values that the filter names are there also where they leave nothing. Where the filter wants
    all its labels, a label counts the records that have it beside those.

    Attributes:
        total: Records that the whole filter leaves.
        labels: By label id, in the active model's order; then other labels that are present.
        without_labels: Classified records without any label.
        bands: By band, for at least one label.
        reviews: By review status.
        batches: By batch id, of those that leave some.
        years: By year, latest first; None for records without one.
        journals: By name as it was spelt first, most frequent first, at most 200.
        queues: By queue.
        unpredicted: Records that the active model has said nothing of.
    """

    total: int
    labels: tuple[tuple[str, int], ...]
    without_labels: int
    bands: tuple[tuple[Band, int], ...]
    reviews: tuple[tuple[ReviewStatus, int], ...]
    batches: tuple[tuple[int, int], ...]
    years: tuple[tuple[int | None, int], ...]
    journals: tuple[tuple[str, int], ...]
    queues: tuple[tuple[Queue, int], ...]
    unpredicted: int


class OperationKind(StrEnum):
    """What a person can do, undo and do again."""

    IMPORT = "import"
    REMOVE_RECORDS = "remove_records"
    MERGE = "merge"
    DECIDE = "decide"
    CONFIRM = "confirm"
    SET_REVIEW = "set_review"
    WRITE_NOTE = "write_note"
    ACCEPT_MANY = "accept_many"
    TAKE_CORRECTIONS = "take_corrections"


@dataclass(frozen=True, slots=True)
class Operation:
    """One entry of the operation log.

    Attributes:
        id: Rising number.
        utc: When, ISO 8601.
        kind: What was done.
        records: How many records it touched.
        first_record: Id of the first of them, to show it after an undo; None for none.
        is_undone: Whether it is taken back at present.
    """

    id: int
    utc: str
    kind: OperationKind
    records: int
    first_record: int | None
    is_undone: bool


@dataclass(frozen=True, slots=True)
class ReviewChange:
    """What a person says of one record; None leaves a part as it is.

    Attributes:
        record_id: The record.
        decisions: Label ids and what they shall be; None takes a decision back.
        review: How far the person got.
        note: The whole note.
    """

    record_id: int
    decisions: tuple[tuple[str, bool | None], ...] = ()
    review: ReviewStatus | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Records that seem to be one.

    Attributes:
        records: Ids, the one to keep first.
        reason: What they share: ``pmid``, ``doi`` or ``text``.
        similarity: In 0..1; 1 for a shared PMID or DOI.
    """

    records: tuple[int, ...]
    reason: str
    similarity: float


@dataclass(frozen=True, slots=True)
class StoreNotice:
    """Something a person should know when the store was opened, e.g. where its key lies."""

    message: str
    remedy: str = field(default="")
