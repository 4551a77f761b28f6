"""How many records each value of a filter would leave.

One scan of `listing` brings what is counted into arrays, together with one bit for every part of
the filter that a record meets. A value is then counted over the records that meet all parts but
its own; the conditions themselves are SQL, the same as for lists.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kdh_desktop.core.record import Band
from kdh_desktop.core.records.filtering import (
    QUEUE_CONDITIONS,
    Conditions,
    Part,
    conditions_of,
    mask_of,
)
from kdh_desktop.core.records.models import ActiveModel, active_model, label_bits
from kdh_desktop.core.records.record_filter import Queue, RecordFilter
from kdh_desktop.core.records.reviewing import PLACES
from kdh_desktop.core.records.stored import Facets

if TYPE_CHECKING:
    from sqlite3 import Connection

_MOST_JOURNALS = 200
_NO_YEAR = -(2**63)
_IS_PREDICTED, _HAS_SCORES, _NEEDS_REVIEW, _DISAGREEMENT = (1 << place for place in range(4))
_FIRST_PART = 4

_COLUMNS = (
    "l.label_mask",
    "l.present_band",
    "l.review_band",
    "l.review",
    "l.batch_id",
    f"coalesce(l.year, {_NO_YEAR})",
    "coalesce(l.journal_id, 0)",
)

# Journals are counted under the spelling that came first.
_OTHER_SPELLINGS = """
SELECT id, first FROM (
    SELECT id, min(id) OVER (PARTITION BY name COLLATE NOCASE) AS first FROM journal)
WHERE id <> first
"""

_JOURNAL_NAMES = """
SELECT id, name FROM journal WHERE id IN (SELECT value FROM json_each(?)) OR id IN (
    SELECT min(id) FROM journal WHERE name COLLATE NOCASE IN (SELECT value FROM json_each(?))
    GROUP BY name COLLATE NOCASE)
"""

_Integers = npt.NDArray[np.int64]
_Selection = npt.NDArray[np.bool_]


def facets(db: Connection, where: RecordFilter) -> Facets:
    """Count every value under all other conditions of a filter."""
    conditions = conditions_of(db, where)
    listed = _read(db, conditions)
    active = active_model(db)
    bits = label_bits(db)
    queues = {Queue.NEEDS_REVIEW: _NEEDS_REVIEW, Queue.DISAGREEMENT: _DISAGREEMENT}
    in_parts = listed.under()
    reviews = _counted(listed.review[listed.under(Part.REVIEWS)])
    batches = _counted(listed.batch[listed.under(Part.BATCHES)], where.batches)
    years = _counted(
        listed.year[listed.under(Part.YEARS)],
        [_NO_YEAR if year is None else year for year in where.years],
    )
    unpredicted = listed.under(Part.PREDICTED) & ~listed.has(_IS_PREDICTED)
    labels = _LabelCounts(listed, where, active, bits)
    return Facets(
        total=_number(in_parts),
        labels=labels.labels(),
        without_labels=labels.without_labels(),
        bands=labels.bands(),
        reviews=tuple((status, reviews.get(place, 0)) for status, place in PLACES.items()),
        batches=tuple(sorted(batches.items())),
        years=tuple(
            (None if year == _NO_YEAR else year, years[year])
            for year in sorted(years, reverse=True)
        ),
        journals=_journals(db, where, _counted(listed.journal[listed.under(Part.JOURNALS)])),
        queues=tuple(
            (queue, _number(listed.under(Part.QUEUE) & listed.has(queues[queue])))
            for queue in Queue
        ),
        unpredicted=_number(unpredicted),
    )


@dataclass(frozen=True)
class _Listed:
    """What is counted, one entry per record that the filter's fixed conditions leave.

    Attributes:
        given: Parts of the filter that are given, each a bit of `flags`.
        flags: Bits `_IS_PREDICTED` and so on, then one for each part that the record meets.
        label_mask: Labels that are present.
        present_band: Labels in that band.
        review_band: Labels in that band.
        review: Place of the review status.
        batch: Import batch.
        year: Year, or `_NO_YEAR`.
        journal: Id of the journal, or 0.
    """

    given: tuple[Part, ...]
    flags: _Integers
    label_mask: _Integers
    present_band: _Integers
    review_band: _Integers
    review: _Integers
    batch: _Integers
    year: _Integers
    journal: _Integers

    def under(self, *left_out: Part) -> _Selection:
        """Which records meet all parts but some."""
        wanted = sum(
            1 << place
            for place, part in enumerate(self.given, start=_FIRST_PART)
            if part not in left_out
        )
        found: _Selection = (self.flags & wanted) == wanted
        return found

    def has(self, flag: int) -> _Selection:
        """Which records have a flag."""
        found: _Selection = (self.flags & flag) != 0
        return found


def _read(db: Connection, conditions: Conditions) -> _Listed:
    given = tuple(conditions.parts)
    flags = [
        "l.is_predicted",
        "(l.margin IS NOT NULL)",
        QUEUE_CONDITIONS[Queue.NEEDS_REVIEW],
        QUEUE_CONDITIONS[Queue.DISAGREEMENT],
        # A condition on NULL is neither true nor false.
        *(f"(({conditions.parts[part]}) IS TRUE)" for part in given),
    ]
    packed = " | ".join(f"({flag} << {place})" for place, flag in enumerate(flags))
    # A text for each column is a third of the time of a Python object for each value.
    columns = ", ".join(f"group_concat({column})" for column in (packed, *_COLUMNS))
    statement = f"SELECT {columns} FROM listing l WHERE {conditions.fixed}"  # noqa: S608 - conditions hold no values
    row = db.execute(statement, conditions.values).fetchone()
    return _Listed(given, *(_integers(text) for text in row))


def _integers(text: str | None) -> _Integers:
    return np.fromstring(text or "", dtype=np.int64, sep=",")


class _LabelCounts:
    """Counts of labels and bands, which look at each other.

    A band is asked for of the chosen labels, where some are chosen; a label that could be chosen
    is therefore counted as if the bands were asked of it.
    """

    def __init__(
        self,
        listed: _Listed,
        where: RecordFilter,
        active: ActiveModel | None,
        bits: dict[str, int],
    ) -> None:
        self._listed = listed
        self._where = where
        self._bits = bits
        self._chosen = mask_of(where.labels, bits)
        self._active = 0 if active is None else active.mask
        self._order = () if active is None else tuple(label.id for label in active.labels)

    def labels(self) -> tuple[tuple[str, int], ...]:
        """By label id: those of the active model, then others that are present or chosen."""
        where = self._where
        rest = self._listed.under(Part.BANDS, Part.LABELS)
        masks = self._listed.label_mask[rest]
        banded = self._in_bands(rest) if where.bands else None
        is_possible = not where.has_all_labels or self._bits.keys() >= set(where.labels)
        others = sorted(self._bits.keys() - set(self._order), key=self._bits.__getitem__)
        found = []
        for label in (*self._order, *others):
            # Where all chosen labels must be there, one more must be there with them.
            asked = 1 << self._bits[label] | (self._chosen if where.has_all_labels else 0)
            is_there = (masks & asked) == asked
            if banded is not None:
                is_there &= (banded & asked) != 0
            number = _number(is_there) if is_possible else 0
            if number or label in self._order or label in where.labels:
                found.append((label, number))
        return tuple(found)

    def without_labels(self) -> int:
        """Classified records without any label."""
        listed = self._listed
        rest = listed.under(Part.BANDS, Part.LABELS)
        rest &= listed.has(_IS_PREDICTED) & (listed.label_mask == 0)
        if self._where.bands:
            return _number((self._in_bands(rest) & self._active) != 0)
        return _number(rest)

    def bands(self) -> tuple[tuple[Band, int], ...]:
        """By band, of one of the chosen labels, where some are chosen."""
        rest = self._listed.under(Part.BANDS)
        asked = self._chosen if self._where.labels else self._active
        return tuple((band, _number((self._band(band)[rest] & asked) != 0)) for band in Band)

    def _in_bands(self, rest: _Selection) -> _Integers:
        found = np.zeros(_number(rest), dtype=np.int64)
        for band in set(self._where.bands):
            found |= self._band(band)[rest]
        return found

    def _band(self, band: Band) -> _Integers:
        match band:
            case Band.PRESENT:
                return self._listed.present_band
            case Band.NEEDS_REVIEW:
                return self._listed.review_band
            case Band.ABSENT:
                return self._absent_band

    @cached_property
    def _absent_band(self) -> _Integers:
        listed = self._listed
        absent = self._active & ~(listed.present_band | listed.review_band)
        return np.where(listed.has(_HAS_SCORES), absent, 0)


def _counted(values: _Integers, chosen: Iterable[int] = ()) -> dict[int, int]:
    """How often each value is there; chosen ones also where they are not."""
    found, counts = np.unique(values, return_counts=True)
    return dict.fromkeys(chosen, 0) | dict(zip(found.tolist(), counts.tolist(), strict=True))


def _number(selection: _Selection) -> int:
    return int(np.count_nonzero(selection))


def _journals(
    db: Connection, where: RecordFilter, counts: dict[int, int]
) -> tuple[tuple[str, int], ...]:
    """The most frequent ones by name, and those that are chosen."""
    for journal, first in db.execute(_OTHER_SPELLINGS):
        if journal in counts:
            counts[first] = counts.get(first, 0) + counts.pop(journal)
    frequent = sorted(counts, key=lambda journal: (-counts[journal], journal))[:_MOST_JOURNALS]
    rows = db.execute(_JOURNAL_NAMES, (json.dumps(frequent), json.dumps(where.journals)))
    names: dict[int, str] = dict(rows.fetchall())
    if 0 in frequent or "" in where.journals:
        names[0] = ""
    found = [(name, counts.get(journal, 0)) for journal, name in names.items()]
    return tuple(sorted(found, key=lambda one: (-one[1], one[0])))
