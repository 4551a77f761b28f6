"""From one filter to the next: a value chosen or given up, and chips of what is set."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.record import Band
from kdh_desktop.core.records.record_filter import RecordFilter, ReviewStatus
from kdh_desktop.gui.records.facet_groups import (
    GroupKey,
    Special,
    group_name,
    journal_name,
    year_name,
)
from kdh_desktop.gui.records.words import label_name, queue_name, review_name
from kdh_desktop.gui.score_words import band_name

_TUPLES = {
    GroupKey.LABEL: "labels",
    GroupKey.BAND: "bands",
    GroupKey.REVIEW: "reviews",
    GroupKey.FILE: "batches",
    GroupKey.YEAR: "years",
    GroupKey.JOURNAL: "journals",
}
"""Fields of a filter that hold several values, any of which will do."""


def toggled(where: RecordFilter, group: GroupKey, value: Hashable) -> RecordFilter:
    """The filter with a value set that was not, or the other way round."""
    match value:
        case Special.ALL_LABELS:
            return replace(where, has_all_labels=not where.has_all_labels)
        case Special.NO_LABEL:
            # A record without any label has none of the chosen ones.
            is_set = not where.without_labels
            labels = () if is_set else where.labels
            return replace(where, without_labels=is_set, labels=labels, has_all_labels=False)
        case Special.UNPREDICTED:
            return replace(where, is_predicted=None if where.is_predicted is False else False)
        case _ if group == GroupKey.QUEUE:
            queue: Any = value
            return replace(where, queue=None if where.queue == queue else queue)
        case _:
            return _without_odd(_toggled_in(where, _TUPLES[group], value))


def _toggled_in(where: RecordFilter, name: str, value: Hashable) -> RecordFilter:
    values: tuple[Hashable, ...] = getattr(where, name)
    rest = tuple(one for one in values if one != value)
    changed: dict[str, Any] = {name: rest if len(rest) < len(values) else (*values, value)}
    return replace(where, **changed)


def _without_odd(where: RecordFilter) -> RecordFilter:
    """Give up what no longer makes sense beside a newly chosen label."""
    return replace(
        where,
        has_all_labels=where.has_all_labels and len(where.labels) > 1,
        without_labels=where.without_labels and not where.labels,
    )


@dataclass(frozen=True, slots=True)
class Chip:
    """One condition of a filter in words, and the filter without it."""

    words: str
    without: RecordFilter


def chips_of(
    where: RecordFilter, *, names: dict[str, str], files: Mapping[int, str]
) -> tuple[Chip, ...]:
    """All conditions that are set, but for the search, which stands in its own box.

    Args:
        where: The filter.
        names: Names of labels by id.
        files: Names of import batches by id.
    """
    chips = []
    if where.queue is not None:
        chips.append(_chip(GroupKey.QUEUE, queue_name(where.queue), replace(where, queue=None)))
    if where.has_all_labels and len(where.labels) > 1:
        chips.append(Chip(_tr("All of the chosen hallmarks"), replace(where, has_all_labels=False)))
    values: list[tuple[GroupKey, Hashable, str]] = [
        *((GroupKey.LABEL, one, label_name(one, names)) for one in where.labels),
        *((GroupKey.LABEL, one, _tr("none")) for one in (Special.NO_LABEL,) * where.without_labels),
        *((GroupKey.BAND, one, _certainty(one)) for one in where.bands),
    ]
    if where.is_predicted is not None:
        words = _tr("classified") if where.is_predicted else _tr("not classified")
        chips.append(_chip(GroupKey.BAND, words, replace(where, is_predicted=None)))
    values += [
        *((GroupKey.REVIEW, one, _review(one)) for one in where.reviews),
        *((GroupKey.FILE, one, files.get(one, str(one))) for one in where.batches),
        *((GroupKey.YEAR, one, year_name(one)) for one in where.years),
        *((GroupKey.JOURNAL, one, journal_name(one)) for one in where.journals),
    ]
    chips += [_chip(group, words, toggled(where, group, one)) for group, one, words in values]
    if where.ids is not None:
        chips.append(Chip(_tr("Only some records"), replace(where, ids=None)))
    return tuple(chips)


def has_conditions(where: RecordFilter) -> bool:
    """Whether a filter leaves anything out."""
    empty = RecordFilter()
    return any(getattr(where, one.name) != getattr(empty, one.name) for one in fields(where))


def _chip(group: GroupKey, words: str, without: RecordFilter) -> Chip:
    return Chip(_tr("{group}: {value}").format(group=group_name(group), value=words), without)


def _certainty(band: Band) -> str:
    return band_name(band).lower()


def _review(status: ReviewStatus) -> str:
    return review_name(status).lower()


def _tr(text: str) -> str:
    return QCoreApplication.translate("RecordFacets", text)
