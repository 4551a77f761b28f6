"""A filter as SQL over `listing`, whose alias is ``l`` wherever this is used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kdh_desktop.core.record import Band
from kdh_desktop.core.records.models import active_model, label_bits
from kdh_desktop.core.records.record_filter import Queue, RecordFilter, ReviewStatus
from kdh_desktop.core.records.reviewing import PLACES
from kdh_desktop.core.records.search_words import match_expression

if TYPE_CHECKING:
    from sqlite3 import Connection

QUEUE_CONDITIONS = {
    Queue.NEEDS_REVIEW: (
        "(l.review_band <> 0 AND l.review NOT IN "
        f"({PLACES[ReviewStatus.CONFIRMED]}, {PLACES[ReviewStatus.ACCEPTED]}))"
    ),
    Queue.DISAGREEMENT: "(l.conflict IS NOT NULL)",
}

BAND_MASKS = {
    Band.PRESENT: "l.present_band",
    Band.NEEDS_REVIEW: "l.review_band",
    # A text with nothing to classify has a prediction, but no scores and so no bands.
    Band.ABSENT: (
        "(CASE WHEN l.margin IS NULL THEN 0 "
        "ELSE :active_labels & ~(l.present_band | l.review_band) END)"
    ),
}
"""SQL: the labels of a record in each band; needs the value ``active_labels``."""

_IN = "IN (SELECT value FROM json_each(:{}))"


class Part(StrEnum):
    """Conditions of a filter that a facet leaves out while it counts their own values."""

    LABELS = "labels"
    BANDS = "bands"
    REVIEWS = "reviews"
    BATCHES = "batches"
    YEARS = "years"
    JOURNALS = "journals"
    QUEUE = "queue"
    PREDICTED = "predicted"


@dataclass(frozen=True, slots=True)
class Conditions:
    """A filter as SQL.

    Attributes:
        fixed: What no facet leaves out: records that are not hidden, the search, chosen ids.
        parts: All other conditions that are given.
        values: Values of the parameters.
    """

    fixed: str
    parts: Mapping[Part, str]
    values: Mapping[str, str | int | None]

    @property
    def sql(self) -> str:
        """All conditions as one."""
        return " AND ".join([self.fixed, *self.parts.values()])


def conditions_of(db: Connection, where: RecordFilter) -> Conditions:
    """The conditions of a filter; every value that a person gave becomes a parameter."""
    bits = label_bits(db)
    active = active_model(db)
    labels = mask_of(where.labels, bits)
    words = match_expression(where.search)
    all_active = 0 if active is None else active.mask
    return Conditions(
        fixed=_fixed(where, has_words=words is not None),
        parts=dict(_parts(where, has_unknown=not bits.keys() >= set(where.labels))),
        values={
            "search": words,
            "ids": None if where.ids is None else json.dumps(where.ids),
            "labels": labels,
            "active_labels": all_active,
            "banded_labels": labels if where.labels else all_active,
            "reviews": json.dumps([PLACES[one] for one in where.reviews]),
            "batches": json.dumps(where.batches),
            "years": json.dumps(where.years),
            "journals": json.dumps(where.journals),
        },
    )


def mask_of(labels: Iterable[str], bits: Mapping[str, int]) -> int:
    """The labels as a mask, those that the store knows."""
    return sum(1 << bits[label] for label in set(labels) if label in bits)


def _fixed(where: RecordFilter, *, has_words: bool) -> str:
    found = ["NOT l.is_hidden"]
    if where.ids is not None:
        found.append(f"l.record_id {_IN.format('ids')}")
    if where.search.strip():
        # What holds no word at all, such as a lone bracket, is found nowhere.
        matching = "l.record_id IN (SELECT rowid FROM words WHERE words MATCH :search)"
        found.append(matching if has_words else "0")
    return " AND ".join(found)


def _parts(where: RecordFilter, *, has_unknown: bool) -> Iterable[tuple[Part, str]]:
    if condition := _label_condition(where, has_unknown=has_unknown):
        yield Part.LABELS, condition
    if where.bands:
        masks = " | ".join(BAND_MASKS[band] for band in sorted(set(where.bands)))
        yield Part.BANDS, f"(({masks}) & :banded_labels) <> 0"
    if where.reviews:
        yield Part.REVIEWS, f"l.review {_IN.format('reviews')}"
    if where.batches:
        yield Part.BATCHES, f"l.batch_id {_IN.format('batches')}"
    if where.years:
        # A year of None is NULL in the list, and NULL is never IN one.
        has_none = " OR l.year IS NULL" if None in where.years else ""
        listed = "l.year IN (SELECT value FROM json_each(:years) WHERE value IS NOT NULL)"
        yield Part.YEARS, f"({listed}{has_none})"
    if where.journals:
        has_none = " OR l.journal_id IS NULL" if "" in where.journals else ""
        names = "SELECT value FROM json_each(:journals)"
        named = f"SELECT id FROM journal WHERE name COLLATE NOCASE IN ({names})"  # noqa: S608 - a constant
        yield Part.JOURNALS, f"(l.journal_id IN ({named}){has_none})"
    if where.queue is not None:
        yield Part.QUEUE, QUEUE_CONDITIONS[where.queue]
    if where.is_predicted is not None:
        yield Part.PREDICTED, f"l.is_predicted = {int(where.is_predicted)}"


def _label_condition(where: RecordFilter, *, has_unknown: bool) -> str:
    found = []
    if where.labels and not where.has_all_labels:
        found.append("(l.label_mask & :labels) <> 0")
    elif where.labels:
        # A label that the store has never heard of stands in no record.
        found.append("0" if has_unknown else "(l.label_mask & :labels) = :labels")
    if where.without_labels:
        found.append("(l.is_predicted AND l.label_mask = 0)")
    return " AND ".join(found)
