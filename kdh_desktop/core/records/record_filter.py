"""Which records are meant, and in which order: the questions that the record store answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kdh_desktop.core.record import Band


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
