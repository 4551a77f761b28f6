"""What people say of records, one by one or many at once, as changes for the operation log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kdh_desktop.core.records.imports import storable
from kdh_desktop.core.records.models import ActiveModel, label_bits
from kdh_desktop.core.records.operation_log import Change, Subject
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.stored import ReviewChange

if TYPE_CHECKING:
    from sqlite3 import Connection

PLACES = {status: place for place, status in enumerate(ReviewStatus)}
"""Place of each status in `listing.review`."""

SAID_BY_PEOPLE = f"""(CASE WHEN l.review = {PLACES[ReviewStatus.ACCEPTED]}
    THEN l.decided_mask & (l.decision_mask | l.model_mask) & ~(l.decision_mask & l.model_mask)
    ELSE l.decided_mask END)"""
"""SQL: labels that a person decided. Of a record whose labels were accepted together with others'
those are for certain the ones that the model says otherwise; the rest is the model's word."""

_SPOKEN_OF = "(is_predicted OR decided_mask <> 0)"
_ACCEPTABLE = (
    "is_predicted AND NOT is_hidden AND review NOT IN "
    f"({PLACES[ReviewStatus.CONFIRMED]}, {PLACES[ReviewStatus.UNSURE]})"
)


@dataclass(slots=True)
class _State:
    """What is known of one record, before and while changes are made to it."""

    decided: int
    present: int
    review: int
    note: str


def changes_of(db: Connection, wanted: Sequence[ReviewChange]) -> list[Change]:
    """What a person says of records, one after the other.

    Raises:
        ValueError: A label or a record is not in the store.
    """
    bits = label_bits(db)
    before = _states(db, [change.record_id for change in wanted])
    after: dict[int, _State] = {}
    for change in wanted:
        old = before[change.record_id]
        state = after.setdefault(
            change.record_id, _State(old.decided, old.present, old.review, old.note)
        )
        for label_id, is_present in change.decisions:
            bit = 1 << bits[label_id]
            state.decided = state.decided & ~bit if is_present is None else state.decided | bit
            state.present = state.present | bit if is_present else state.present & ~bit
        if change.review is not None:
            state.review = PLACES[change.review]
        if change.note is not None:
            state.note = storable(change.note)
    return [one for record, new in after.items() for one in _changes(record, before[record], new)]


def confirmation_of(
    db: Connection, active: ActiveModel | None, records: Iterable[int]
) -> tuple[list[Change], int]:
    """Every label of the active model decided as it stands, and the record marked as confirmed.

    Records that neither the model nor a person has said anything of are left as they are: nothing
    stands there, and it would be kept, and trained on, as if a person had seen no label in them.

    Returns:
        The changes, and how many records are confirmed then.
    """
    mask = 0 if active is None else active.mask
    status = PLACES[ReviewStatus.CONFIRMED]
    found: list[Change] = []
    confirmed = 0
    for record, decided, present, label_mask, review in _masks(db, records, which=_SPOKEN_OF):
        confirmed += 1
        new = (decided | mask, present | (label_mask & mask))
        found.append(Change(Subject.DECISIONS, record, (decided, present), new))
        found.append(Change(Subject.REVIEW, record, (review,), (status,)))
    return found, confirmed


def acceptance_of(
    db: Connection,
    active: ActiveModel | None,
    records: Iterable[int],
    *,
    limits: Mapping[str, tuple[float, float]] | None,
) -> tuple[list[Change], int]:
    """Labels accepted as the model gives them, for many records at once.

    Records that are hidden or not classified, or that a person confirmed or marked as unsure, are
    left as they are.

    Args:
        db: A connection.
        active: The active model.
        records: Ids.
        limits: By label id: the probability below which its absence is accepted, and the one from
            which its presence is. A record is left as it is where a label named here lies between
            the two and nobody decided it. Labels not named are not decided; a record that keeps
            such a label keeps its review status. None accepts every label as it stands.

    Returns:
        The changes, and how many records they touch.
    """
    if active is None:
        return [], 0
    named = active.mask
    sure: dict[int, tuple[int, int]] | None = None
    ids = list(records)
    if limits is not None:
        named = sum(1 << active.bits[label] for label in limits if label in active.bits)
        sure = _sure_labels(db, active, ids, limits=limits)
    status = PLACES[ReviewStatus.ACCEPTED]
    found: list[Change] = []
    touched = 0
    for record, decided, present, label_mask, review in _masks(db, ids, which=_ACCEPTABLE):
        accepted, are_present = (named, label_mask) if sure is None else sure.get(record, (0, 0))
        if named & ~(accepted | decided) or not named:
            continue
        new = (decided | named, present | (are_present & named & ~decided))
        is_whole = not active.mask & ~new[0]
        if new == (decided, present) and not (is_whole and review != status):
            continue
        touched += 1
        found.append(Change(Subject.DECISIONS, record, (decided, present), new))
        if is_whole:
            found.append(Change(Subject.REVIEW, record, (review,), (status,)))
    return found, touched


def removal_of(db: Connection, records: Iterable[int]) -> list[Change]:
    """Records taken out of all lists."""
    rows = db.execute(
        "SELECT record_id FROM listing WHERE NOT is_removed "
        "AND record_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(records)),),
    )
    return [Change(Subject.REMOVED, record, (0,), (1,)) for (record,) in rows]


def _sure_labels(
    db: Connection,
    active: ActiveModel,
    records: Sequence[int],
    *,
    limits: Mapping[str, tuple[float, float]],
) -> dict[int, tuple[int, int]]:
    """By record: labels outside their limits, and those of them that are present."""
    table = [[active.bits[label], *pair] for label, pair in limits.items() if label in active.bits]
    rows = db.execute(
        "WITH limits (bit, absent_below, present_from) AS MATERIALIZED ("
        "  SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)) "
        "SELECT s.record_id, sum(1 << s.bit), sum((s.probability >= l.present_from) << s.bit) "
        "FROM json_each(?) t CROSS JOIN limits l "
        "JOIN score s ON s.model_id = ? AND s.bit = l.bit AND s.record_id = t.value "
        "WHERE s.probability >= l.present_from OR s.probability < l.absent_below "
        "GROUP BY s.record_id",
        (json.dumps(table), json.dumps(records), active.row),
    )
    return {record: (sure, present) for record, sure, present in rows}


def _masks(
    db: Connection, records: Iterable[int], *, which: str
) -> Iterator[tuple[int, int, int, int, int]]:
    """Id, decided and present masks, labels as they stand, and review status."""
    yield from db.execute(
        "SELECT record_id, decided_mask, decision_mask, label_mask, review FROM listing "  # noqa: S608 - a constant
        f"WHERE record_id IN (SELECT value FROM json_each(?)) AND {which} ORDER BY record_id",
        (json.dumps(list(records)),),
    ).fetchall()


def _states(db: Connection, records: Sequence[int]) -> dict[int, _State]:
    rows = db.execute(
        "SELECT l.record_id, decided_mask, decision_mask, review, coalesce(n.words, '') "
        "FROM listing l LEFT JOIN note n ON n.record_id = l.record_id "
        "WHERE l.record_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(records)),),
    )
    found = {record: _State(*rest) for record, *rest in rows}
    if not found.keys() >= set(records):
        raise ValueError("a record is not in the store")
    return found


def _changes(record: int, old: _State, new: _State) -> Iterator[Change]:
    yield Change(Subject.DECISIONS, record, (old.decided, old.present), (new.decided, new.present))
    yield Change(Subject.REVIEW, record, (old.review,), (new.review,))
    yield Change(
        Subject.NOTE, record, (old.note,) if old.note else None, (new.note,) if new.note else None
    )
