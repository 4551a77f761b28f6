"""What a list can be narrowed down by: groups of values, with a count for each."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import TypeVar

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.record import Band
from kdh_desktop.core.records.record_filter import Queue, RecordFilter, ReviewStatus
from kdh_desktop.gui.records.record_list import Counts
from kdh_desktop.gui.records.words import label_name, queue_name, review_name

T = TypeVar("T", bound=Hashable)


class GroupKey(StrEnum):
    """What a group of values is about."""

    QUEUE = "queue"
    LABEL = "label"
    BAND = "band"
    REVIEW = "review"
    FILE = "file"
    YEAR = "year"
    JOURNAL = "journal"


class Special(Enum):
    """Values that are no value of a record; no string, because a label may be called anything."""

    ALL_LABELS = auto()
    NO_LABEL = auto()
    UNPREDICTED = auto()


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value.

    Attributes:
        key: The value as the filter knows it.
        name: What people read.
        count: Records that it would leave; None where a count says nothing.
        is_set: Whether the filter asks for it.
    """

    key: Hashable
    name: str
    count: int | None
    is_set: bool


@dataclass(frozen=True, slots=True)
class FacetGroup:
    """Values of one kind."""

    key: GroupKey
    name: str
    values: tuple[FacetValue, ...]


def _tr(text: str) -> str:
    return QCoreApplication.translate("RecordFacets", text)


def group_name(key: GroupKey) -> str:
    """A group in a word or two."""
    return {
        GroupKey.QUEUE: _tr("To do"),
        GroupKey.LABEL: _tr("Hallmark"),
        GroupKey.BAND: _tr("Model"),
        GroupKey.REVIEW: _tr("Review"),
        GroupKey.FILE: _tr("File"),
        GroupKey.YEAR: _tr("Year"),
        GroupKey.JOURNAL: _tr("Journal"),
    }[key]


def year_name(year: int | None) -> str:
    """A year, or that there is none."""
    return _tr("No year") if year is None else str(year)


def journal_name(journal: str) -> str:
    """A journal, or that there is none."""
    return journal or _tr("No journal")


def groups_of(counts: Counts, where: RecordFilter, names: dict[str, str]) -> list[FacetGroup]:
    """All groups that have anything to choose.

    Args:
        counts: How many records each value would leave.
        where: The filter.
        names: Names of labels by id.
    """
    facets = counts.facets
    files = {batch.id: batch.source.name for batch in counts.batches}
    values = {
        GroupKey.QUEUE: [
            FacetValue(
                queue, queue_name(queue), dict(facets.queues).get(queue, 0), where.queue == queue
            )
            for queue in Queue
        ],
        GroupKey.LABEL: _label_values(counts, where, names),
        GroupKey.BAND: _band_values(counts, where),
        GroupKey.REVIEW: [
            FacetValue(status, review_name(status), count, status in where.reviews)
            for status, count in _complete(facets.reviews, ReviewStatus, ())
        ],
        GroupKey.FILE: [
            FacetValue(
                batch, files.get(batch, _tr("Removed import")), count, batch in where.batches
            )
            for batch, count in _complete(facets.batches, files, where.batches)
        ],
        GroupKey.YEAR: [
            FacetValue(year, year_name(year), count, year in where.years)
            for year, count in _complete(facets.years, (), where.years)
        ],
        GroupKey.JOURNAL: [
            FacetValue(journal, journal_name(journal), count, journal in where.journals)
            for journal, count in _complete(facets.journals, (), where.journals)
        ],
    }
    return [
        FacetGroup(key, group_name(key), tuple(found)) for key, found in values.items() if found
    ]


def _label_values(counts: Counts, where: RecordFilter, names: dict[str, str]) -> list[FacetValue]:
    found = [
        FacetValue(label_id, label_name(label_id, names), count, label_id in where.labels)
        for label_id, count in _complete(counts.facets.labels, (), where.labels)
    ]
    found.append(
        FacetValue(
            Special.NO_LABEL,
            _tr("No hallmark"),
            counts.facets.without_labels,
            where.without_labels,
        )
    )
    if len(where.labels) > 1:
        found.insert(
            0,
            FacetValue(Special.ALL_LABELS, _tr("All of those chosen"), None, where.has_all_labels),
        )
    return found


def _band_values(counts: Counts, where: RecordFilter) -> list[FacetValue]:
    facets = counts.facets
    wanted = {Band.PRESENT: _tr("Sure of a hallmark"), Band.NEEDS_REVIEW: _tr("Unsure of one")}
    by_band = dict(facets.bands)
    found = [
        FacetValue(band, name, by_band.get(band, 0), band in where.bands)
        for band, name in wanted.items()
    ]
    found.append(
        FacetValue(
            Special.UNPREDICTED,
            _tr("Not classified"),
            facets.unpredicted,
            where.is_predicted is False,
        )
    )
    return found


def _complete(
    counted: Iterable[tuple[T, int]], all_values: Iterable[T], chosen: Iterable[T]
) -> list[tuple[T, int]]:
    """Counted values, and those with no record that are to be shown nevertheless."""
    found = dict(counted)
    for value in (*all_values, *chosen):
        found.setdefault(value, 0)
    return list(found.items())
