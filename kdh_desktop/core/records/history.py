"""What people did to records, told from the operation log."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kdh_desktop.core.records.operation_log import IS_UNDONE, Subject
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.stored import HistoryEntry, OperationKind

if TYPE_CHECKING:
    from sqlite3 import Connection

_CHANGES = f"""
SELECT c.record_id, o.utc, o.kind, {IS_UNDONE}, c.subject, c.before, c.after
FROM json_each(?) i CROSS JOIN change c ON c.record_id = i.value
    CROSS JOIN operation o ON o.id = c.operation_id
ORDER BY o.id DESC, c.place
"""  # noqa: S608 - put together from a constant

_STATUSES = tuple(ReviewStatus)

_States = tuple[str, str, str]
"""Label id or nothing, state before, state after."""


def histories(db: Connection, ids: Iterable[int]) -> dict[int, tuple[HistoryEntry, ...]]:
    """By record what people did to it, latest first; records that nobody touched are left out."""
    names: list[tuple[int, str]] = db.execute("SELECT bit, label_id FROM label").fetchall()
    found: dict[int, list[HistoryEntry]] = defaultdict(list)
    rows = db.execute(_CHANGES, (json.dumps(sorted(set(ids))),))
    for record, utc, kind, is_undone, subject, before, after in rows:
        states = _states(Subject(subject), _value(before), _value(after), names=names)
        found[record] += [
            HistoryEntry(utc, OperationKind(kind), label, old, new, bool(is_undone))
            for label, old, new in states
        ]
    return {record: tuple(entries) for record, entries in found.items()}


def _value(stored: str | None) -> list[object]:
    return [] if stored is None else list(json.loads(stored))


def _states(
    subject: Subject,
    before: Sequence[object],
    after: Sequence[object],
    *,
    names: Sequence[tuple[int, str]],
) -> Iterator[_States]:
    match subject:
        case Subject.DECISIONS:
            yield from _decisions(before, after, names)
        case Subject.REVIEW:
            yield "", _status(before), _status(after)
        case Subject.NOTE:
            yield "", _note(before), _note(after)
        case Subject.REMOVED | Subject.MERGED | Subject.RECORD | Subject.BATCH:
            # That it happened says all; what a merge changed stands in the record.
            yield "", "", ""


def _decisions(
    before: Sequence[object], after: Sequence[object], names: Sequence[tuple[int, str]]
) -> Iterator[_States]:
    for bit, label in names:
        old, new = _decision(before, bit), _decision(after, bit)
        if old != new:
            yield label, old, new


def _decision(masks: Sequence[object], bit: int) -> str:
    decided, present = (int(str(mask)) for mask in masks) if masks else (0, 0)
    if not decided >> bit & 1:
        return "undecided"
    return "present" if present >> bit & 1 else "absent"


def _status(value: Sequence[object]) -> str:
    return _STATUSES[int(str(value[0]))] if value else ReviewStatus.OPEN


def _note(value: Sequence[object]) -> str:
    return str(value[0]) if value else ""
