"""The order of a list as SQL.

Keys that `listing` lacks come from an index of `record` that holds nothing else, so that no text
is read to sort by an author. `schema.py` defines those indices with the same expressions.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kdh_desktop.core.records.models import ActiveModel, active_model, label_bits
from kdh_desktop.core.records.record_filter import Field, Queue, RecordFilter, RecordOrder

if TYPE_CHECKING:
    from sqlite3 import Connection

_LISTING = "listing l"
_JOURNALS = "listing l LEFT JOIN journal j ON j.id = l.journal_id"
_BATCHES = "listing l JOIN batch b ON b.id = l.batch_id"
_NOTES = "listing l LEFT JOIN note n ON n.record_id = l.record_id"
_RECORDS = "record r INDEXED BY {index} CROSS JOIN listing l ON l.record_id = r.id"
_SCORES = (
    "listing l LEFT JOIN score s ON s.model_id = {model} AND s.bit = {bit} "
    "AND s.record_id = l.record_id AND l.is_predicted"
)

_NUMBER_LENGTH = (
    "CASE WHEN {0} = '' THEN NULL WHEN {0} GLOB '*[^0-9]*' THEN 1000000 "
    "ELSE length(ltrim({0}, '0')) END"
)


@dataclass(frozen=True, slots=True)
class OrderedRows:
    """Where rows come from and in what order.

    Attributes:
        source: What stands after FROM; `listing` is ``l`` in it.
        order: What stands after ORDER BY.
        number: SQL of a number, by which `sorted_ids` sorts faster than SQL; empty where SQL sorts.
        is_descending: Whether the largest number comes first; records without one come last.
        ranks: What stands for the number in its place, such as the rank of a set of labels.
    """

    source: str
    order: str
    number: str = ""
    is_descending: bool = False
    ranks: Callable[[int], int | None] | None = None


def ordered_rows(db: Connection, where: RecordFilter, order: RecordOrder) -> OrderedRows:
    """The rows that an order needs; a queue has its own where no other order is asked for."""
    if where.queue is not None and order == RecordOrder():
        key = "l.margin" if where.queue is Queue.NEEDS_REVIEW else "l.conflict DESC"
        return OrderedRows(_LISTING, f"{key} NULLS LAST, l.record_id")
    source, keys = _keys(db, order)
    direction = "DESC" if order.is_descending else "ASC"
    terms = [f"{key} {direction} NULLS LAST" for key in keys]
    if order.by is Field.ID:
        return OrderedRows(source, f"l.record_id {direction}")
    number = _NUMBERS.get(keys[0], "")
    ranks = None
    if order.by is Field.LABELS:
        ranks, number = _label_rank(db, active_model(db)), "l.label_mask"
    return OrderedRows(
        source, ", ".join([*terms, "l.record_id"]), number, order.is_descending, ranks
    )


def sorted_ids(
    ids: Sequence[int], numbers: Sequence[float | None], rows: OrderedRows
) -> array[int]:
    """Ids in the order of their numbers; those of the same number, and without one, as they came.

    A sort in SQL takes several times as long.
    """
    import numpy as np  # takes too long to load for what may never be asked for

    if rows.ranks is not None:
        known = {mask: rows.ranks(mask) for mask in set(numbers)}  # type: ignore[arg-type]  # masks
        numbers = [known[mask] for mask in numbers]
    keys = np.array(numbers, dtype=np.float64)  # None becomes NaN, which comes last
    order = np.argsort(-keys if rows.is_descending else keys, kind="stable")
    return array("q", np.array(ids, dtype=np.int64)[order].tobytes())


def _keys(db: Connection, order: RecordOrder) -> tuple[str, list[str]]:
    if order.by in _KEYS:
        return _KEYS[Field(order.by)]
    active = active_model(db)
    if order.by is Field.LABELS:
        return _LISTING, ["l.label_mask"]  # stands for the rank of the set, see `_label_rank`
    bit = None if active is None else active.bits.get(order.by)
    if active is None or bit is None:
        return _LISTING, ["NULL"]  # no model says anything of that label
    return _SCORES.format(model=active.row, bit=bit), ["s.probability"]


def _by_record(column: str, key: str) -> tuple[str, list[str]]:
    return _RECORDS.format(index=f"record_by_{column}"), [f"nullif({key}, '')"]


def _by_number(column: str) -> tuple[str, list[str]]:
    """Digits as numbers of any length, before everything else."""
    source, [key] = _by_record(column, f"ltrim(r.{column}, '0') COLLATE NOCASE")
    return source, [_NUMBER_LENGTH.format(f"r.{column}"), key]


_NUMBERS = {
    # Whole numbers are written and read in half the time.
    "s.probability": "CAST(s.probability * 1e15 AS INTEGER)",
    **{column: column for column in ("l.review", "l.year", "l.row")},
}
"""Keys that are numbers, as they are asked for."""

_KEYS: dict[Field, tuple[str, list[str]]] = {
    Field.ID: (_LISTING, ["l.record_id"]),
    Field.TITLE: (_LISTING, ["nullif(l.title_key, '')"]),
    Field.ABSTRACT: _by_record("abstract", "substr(r.abstract, 1, 40) COLLATE NOCASE"),
    Field.REVIEW: (_LISTING, ["l.review"]),
    Field.YEAR: (_LISTING, ["l.year"]),
    Field.JOURNAL: (_JOURNALS, ["j.name COLLATE NOCASE"]),
    Field.AUTHORS: _by_record("authors", "substr(r.authors, 1, 40) COLLATE NOCASE"),
    Field.PMID: _by_number("pmid"),
    Field.DOI: _by_record("doi", "r.doi"),
    Field.SOURCE_ID: _by_number("source_id"),
    Field.KEYWORDS: _by_record("keywords", "substr(r.keywords, 1, 40) COLLATE NOCASE"),
    Field.FILE: (_BATCHES, ["b.name COLLATE NOCASE", "l.batch_id"]),
    Field.ROW: (_LISTING, ["l.row"]),
    Field.NOTE: (_NOTES, ["n.words COLLATE NOCASE"]),
}


def _label_rank(db: Connection, active: ActiveModel | None) -> Callable[[int], int | None]:
    """Place of a set of labels among all sets, compared label by label as words in a dictionary.

    Labels come in the active model's order. A set comes after the sets that begin as it does and
    go on with a label that it skips: for each label skipped before its last, those are half of
    what was left. Sets are masks; the empty one has no place. Places of many labels are so large
    that they are told apart to 16 digits only.
    """
    bits = [label.bit for label in active.labels] if active else []
    bits += sorted(set(label_bits(db).values()) - set(bits))

    def rank(mask: int) -> int | None:
        place, left = 0, mask
        for position, bit in enumerate(bits):
            if not left:
                break
            if left >> bit & 1:
                place += 1
                left &= ~(1 << bit)
            else:
                place += 1 << (len(bits) - 1 - position)
        return place or None

    return rank
