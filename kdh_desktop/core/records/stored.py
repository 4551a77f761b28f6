"""What goes into the record store as a question and comes out of it as an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from kdh_desktop.core.importing.imported import FileFormat, ImportedRecord, ImportPlan, text_of
from kdh_desktop.core.record import Band, Evidence, TextWarning


class ReviewStatus(StrEnum):
    """How far a person got with one record."""

    OPEN = "open"
    SKIPPED = "skipped"
    UNSURE = "unsure"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    """Its labels were accepted together with many others', not looked at one by one."""


class Queue(StrEnum):
    """Records that wait for a person, in the order in which they are worth a look."""

    NEEDS_REVIEW = "needs_review"
    """Neither confirmed nor accepted, with a label in the band for review; nearest to a threshold
    first."""
    DISAGREEMENT = "disagreement"
    """Model and person decided otherwise; the surest model first."""


class Field(StrEnum):
    """A column that every record has."""

    ID = "id"
    TITLE = "title"
    ABSTRACT = "abstract"
    LABELS = "labels"
    REVIEW = "review"
    YEAR = "year"
    JOURNAL = "journal"
    AUTHORS = "authors"
    PMID = "pmid"
    DOI = "doi"
    SOURCE_ID = "source_id"
    KEYWORDS = "keywords"
    FILE = "file"
    ROW = "row"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records; each condition that is given must hold, and any of its values will do.

    Attributes:
        search: Words that all stand in a record, as the beginnings of words; taken literally.
        labels: Ids of labels that count as present: by a person's decision, else by the model.
        has_all_labels: Whether all of `labels` must be there rather than any.
        without_labels: Whether only classified records without any label are meant.
        bands: Bands in which the active model puts at least one label (one of `labels`, where
            labels are given, whether present or not).
        reviews: How far a person got.
        batches: Ids of import batches.
        years: Years; None stands for records without one.
        journals: Names of journals in any capitals; the empty name for records without one.
        queue: A queue, which also gives the order where no other is asked for.
        is_predicted: Whether the active model has said something of it; None for both.
        ids: Ids of records; None for all.
    """

    search: str = ""
    labels: tuple[str, ...] = ()
    has_all_labels: bool = False
    without_labels: bool = False
    bands: tuple[Band, ...] = ()
    reviews: tuple[ReviewStatus, ...] = ()
    batches: tuple[int, ...] = ()
    years: tuple[int | None, ...] = ()
    journals: tuple[str, ...] = ()
    queue: Queue | None = None
    is_predicted: bool | None = None
    ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class RecordOrder:
    """The order of a list; the id breaks ties.

    Attributes:
        by: A field, or the id of a label for the active model's probability of it.
        is_descending: From the end; records without a value come last either way.
    """

    by: Field | str = Field.ID
    is_descending: bool = False


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


class BatchKind(StrEnum):
    """Where the records of an import batch come from."""

    FILE = "file"
    PASTED = "pasted"


@dataclass(frozen=True, slots=True)
class BatchSource:
    """What is known of a file before its records are taken in.

    Attributes:
        kind: A file, or what was pasted.
        name: The file's name without its folder, or a word for what was pasted.
        path: Where the file lay; empty for what was pasted.
        sha256: Hash of the file's bytes, hexadecimal; empty for what was pasted.
        plan: How it is read; None for what was pasted.
        columns: Names of a table's columns in order, so that it can be handed back.
    """

    kind: BatchKind
    name: str
    path: str = ""
    sha256: str = ""
    plan: ImportPlan | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """What one import took in.

    Attributes:
        id: Id in the store.
        source: The file.
        begun_utc: When it began, ISO 8601.
        is_finished: Whether the whole file was read; else it was cut and can go on.
        records: Records taken in and not removed.
        refused: Rows refused.
        last_row: Last row that was taken in or refused; 0 for none.
        notices: What the reader said of the file.
        is_removed: Whether the import was undone.
    """

    id: int
    source: BatchSource
    begun_utc: str
    is_finished: bool
    records: int
    refused: int
    last_row: int
    notices: tuple[str, ...]
    is_removed: bool

    @property
    def format(self) -> FileFormat | None:
        """The file's format; None for what was pasted."""
        return None if self.source.plan is None else self.source.plan.format


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
