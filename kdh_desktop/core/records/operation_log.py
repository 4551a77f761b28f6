"""What people did: done, undone and done again without end, and across restarts.

An operation is a set of changes, each a value before and one after. Doing it, undoing it and doing
it again all go through `_apply`, so that they cannot differ. Entries are only ever added: an undo
is an entry of its own, kind ``undo``, with what it is about as its target.

`change.before` and `change.after` are JSON arrays by subject:

- ``decisions``: ``[decided, present]``, the record's two masks of `label.bit` (one row a record);
- ``review``: ``[place]``, the place of a `ReviewStatus`;
- ``note``: ``[words]``, or NULL for none;
- ``removed``: ``[0]`` or ``[1]``, for a record;
- ``merged``: ``[record id]`` that it was merged into, or NULL for none;
- ``record``: the fields of an `ImportedRecord` after its row, in their order;
- ``batch``: ``[0]`` or ``[1]`` for not removed and removed; `record_id` is NULL and `key` the id.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.records import listing
from kdh_desktop.core.records.imports import now_utc, replace_content
from kdh_desktop.core.records.models import ActiveModel
from kdh_desktop.core.records.share_done import OnProgress, ShareDone, silent
from kdh_desktop.core.records.stored import Operation, OperationKind

if TYPE_CHECKING:
    from sqlite3 import Connection

UNDO, REDO = "undo", "redo"

IS_UNDONE = """(
    SELECT coalesce(sum(CASE u.kind WHEN 'undo' THEN 1 ELSE -1 END), 0)
    FROM operation u WHERE u.target = o.id)"""
"""SQL: 1 where an operation ``o`` is taken back at present, else 0."""

_OPERATIONS = f"""
SELECT o.id, o.utc, o.kind, o.records, o.first_record, {IS_UNDONE} AS is_undone
FROM operation o WHERE o.kind NOT IN ('undo', 'redo')
"""  # noqa: S608 - put together from a constant


class Subject(StrEnum):
    """What a change is about."""

    DECISIONS = "decisions"
    REVIEW = "review"
    NOTE = "note"
    REMOVED = "removed"
    MERGED = "merged"
    RECORD = "record"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Change:
    """One value that an operation changes.

    Attributes:
        subject: What it is about.
        record_id: The record; None where the subject is a batch.
        before: Value before, as the module describes it.
        after: Value after.
        key: Id of the batch, where the subject is one.
    """

    subject: Subject
    record_id: int | None
    before: tuple[Any, ...] | None
    after: tuple[Any, ...] | None
    key: str = ""


def perform(
    db: Connection,
    active: ActiveModel | None,
    kind: OperationKind,
    changes: Sequence[Change],
    *,
    on_progress: OnProgress = silent,
) -> Operation | None:
    """Do something and log it; what is undone at present cannot be done again afterwards.

    Args:
        db: The writing connection, in a transaction.
        active: The active model.
        kind: What is done.
        changes: At most one for each subject of a record; those that change nothing are left out.
        on_progress: Told the share that is done.

    Returns:
        The entry, or None where nothing changes and nothing is logged.
    """
    changes = [change for change in changes if change.before != change.after]
    if not changes:
        return None
    values = [(x.subject, x.record_id, x.key, x.after) for x in changes]
    share = ShareDone(_weight_of(values) + len(changes), on_progress)
    _apply(db, active, values, share)
    records = {x.record_id for x in changes if x.record_id is not None}
    for change in changes:
        if change.subject is Subject.BATCH:
            rows = db.execute("SELECT record_id FROM listing WHERE batch_id = ?", (change.key,))
            records.update(record for (record,) in rows)
    operation = _append(db, kind, None, (len(records), min(records, default=None)))
    for chunk in share.chunks(list(enumerate(changes))):
        db.executemany(
            "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (operation, place, x.subject, x.record_id, x.key, _json(x.before), _json(x.after))
                for place, x in chunk
            ),
        )
    return _operation(db, operation)


def undo(
    db: Connection, active: ActiveModel | None, *, on_progress: OnProgress = silent
) -> Operation | None:
    """Take back the last thing that is not taken back; gives it, or None where there is none."""
    return _go(db, active, can_undo(db), UNDO, on_progress=on_progress)


def redo(
    db: Connection, active: ActiveModel | None, *, on_progress: OnProgress = silent
) -> Operation | None:
    """Do again what was taken back last; gives it, or None where there is none."""
    return _go(db, active, can_redo(db), REDO, on_progress=on_progress)


def can_undo(db: Connection) -> Operation | None:
    """What an undo would take back."""
    found = db.execute(_OPERATIONS + " AND is_undone = 0 ORDER BY o.id DESC LIMIT 1").fetchone()
    return None if found is None else _as_operation(found)


def can_redo(db: Connection) -> Operation | None:
    """What a redo would do again: nothing as soon as something else was done after the undo."""
    entries = db.execute(
        "SELECT kind, target FROM operation WHERE id > coalesce((SELECT max(id) FROM operation "
        "WHERE kind NOT IN ('undo', 'redo')), 0) ORDER BY id"
    )
    undone: list[int] = []
    for kind, target in entries:
        if kind == UNDO:
            undone.append(target)
        else:
            undone.remove(target)
    return _operation(db, undone[-1]) if undone else None


def operations(db: Connection, limit: int) -> list[Operation]:
    """What people did, latest first."""
    rows = db.execute(_OPERATIONS + " ORDER BY o.id DESC LIMIT ?", (limit,))
    return [_as_operation(row) for row in rows]


def content_values(content: ImportedRecord) -> tuple[Any, ...]:
    """A record's content as a change of subject ``record`` holds it."""
    return (
        *(content.title, content.abstract, content.source_id, content.pmid, content.doi),
        *(content.year, content.journal, content.authors, content.keywords),
        [list(pair) for pair in content.extra],
    )


def _go(
    db: Connection,
    active: ActiveModel | None,
    target: Operation | None,
    kind: str,
    *,
    on_progress: OnProgress,
) -> Operation | None:
    if target is None:
        return None
    side = "before" if kind == UNDO else "after"
    rows = db.execute(
        f"SELECT subject, record_id, key, {side} FROM change "  # noqa: S608 - one of two names
        "WHERE operation_id = ? ORDER BY place",
        (target.id,),
    )
    values = [
        (Subject(subject), record, key, None if value is None else tuple(json.loads(value)))
        for subject, record, key, value in rows
    ]
    _apply(db, active, values, ShareDone(_weight_of(values), on_progress))
    _append(db, kind, target.id, (target.records, target.first_record))
    return _operation(db, target.id)


def _append(db: Connection, kind: str, target: int | None, records: tuple[int, int | None]) -> int:
    cursor = db.execute(
        "INSERT INTO operation (utc, kind, target, records, first_record) VALUES (?, ?, ?, ?, ?)",
        (now_utc(), kind, target, *records),
    )
    assert cursor.lastrowid is not None  # noqa: S101 - an INSERT has one
    return cursor.lastrowid


def _operation(db: Connection, operation: int) -> Operation:
    return _as_operation(db.execute(_OPERATIONS + " AND o.id = ?", (operation,)).fetchone())


def _as_operation(row: Sequence[Any]) -> Operation:
    operation, utc, kind, records, first, is_undone = row
    return Operation(operation, utc, OperationKind(kind), records, first, bool(is_undone))


_Value = tuple[Subject, "int | None", str, "tuple[Any, ...] | None"]
_Pairs = Sequence[tuple[Any, "tuple[Any, ...] | None"]]


_WEIGHTS = {Subject.DECISIONS: 4}
"""Rows that a change writes, so to speak; all others write one."""

_REFRESH_WEIGHT = 3


def _weight_of(values: Iterable[_Value]) -> int:
    """What it takes to make values hold; to be compared with the weight of other writes."""
    subjects = [subject for subject, *_ in values]
    refreshed = _REFRESH_WEIGHT * subjects.count(Subject.DECISIONS)
    return refreshed + sum(_WEIGHTS.get(subject, 1) for subject in subjects)


def _apply(
    db: Connection, active: ActiveModel | None, values: Iterable[_Value], share: ShareDone
) -> None:
    """Make values hold, and bring `listing` up to date."""
    by_subject: dict[Subject, list[tuple[Any, tuple[Any, ...] | None]]] = defaultdict(list)
    for subject, record, key, value in values:
        by_subject[subject].append((int(key) if subject is Subject.BATCH else record, value))
    for subject, pairs in by_subject.items():
        for some in share.chunks(pairs, weight=_WEIGHTS.get(subject, 1)):
            _WRITERS[subject](db, some)
    hidden = [*by_subject[Subject.REMOVED], *by_subject[Subject.MERGED]]
    listing.refresh_hidden(db, [record for record, _ in hidden])
    for batch_id, _ in by_subject[Subject.BATCH]:
        listing.refresh_batch(db, batch_id)
    retexted = {record for record, _ in by_subject[Subject.RECORD]}
    listing.refresh_predictions(db, active, retexted)
    decided = {record for record, _ in by_subject[Subject.DECISIONS]}
    for records in share.chunks(sorted(decided - retexted), weight=_REFRESH_WEIGHT):
        listing.refresh_decisions(db, active, records)


def _write_decisions(db: Connection, pairs: _Pairs) -> None:
    db.execute(
        "CREATE TEMP TABLE IF NOT EXISTS masks "
        "(record_id INTEGER PRIMARY KEY, decided INTEGER, present INTEGER)"
    )
    db.execute("DELETE FROM temp.masks")
    db.executemany(
        "INSERT INTO temp.masks VALUES (?, ?, ?)",
        ((record, *(value or (0, 0))) for record, value in pairs),
    )
    db.execute("DELETE FROM decision WHERE record_id IN (SELECT record_id FROM temp.masks)")
    db.execute(
        "INSERT INTO decision SELECT m.record_id, l.bit, (m.present >> l.bit) & 1 "
        "FROM temp.masks m CROSS JOIN label l WHERE (m.decided >> l.bit) & 1 "
        "ORDER BY m.record_id, l.bit"
    )
    db.execute("DELETE FROM temp.masks")


def _write_notes(db: Connection, pairs: _Pairs) -> None:
    db.executemany("DELETE FROM note WHERE record_id = ?", [(record,) for record, _ in pairs])
    db.executemany(
        "INSERT INTO note VALUES (?, ?)", [(record, value[0]) for record, value in pairs if value]
    )


def _write_contents(db: Connection, pairs: _Pairs) -> None:
    for record, value in pairs:
        if value is not None:
            *fields, extra = value
            content = ImportedRecord(0, *fields)
            pairs_of_extra = tuple((name, text) for name, text in extra)
            replace_content(db, record, replace(content, extra=pairs_of_extra))


def _write_batches(db: Connection, pairs: _Pairs) -> None:
    _update(db, "UPDATE batch SET is_removed = ? WHERE id = ?", pairs)


def _listed(column: str) -> Callable[[Connection, _Pairs], None]:
    def write(db: Connection, pairs: _Pairs) -> None:
        statement = f"UPDATE listing SET {column} = ? WHERE record_id = ?"  # noqa: S608 - a name
        _update(db, statement, pairs)

    return write


def _update(db: Connection, statement: str, pairs: _Pairs) -> None:
    db.executemany(statement, [(value[0] if value else None, one) for one, value in pairs])


_WRITERS: dict[Subject, Callable[[Connection, _Pairs], None]] = {
    Subject.DECISIONS: _write_decisions,
    Subject.REVIEW: _listed("review"),
    Subject.NOTE: _write_notes,
    Subject.REMOVED: _listed("is_removed"),
    Subject.MERGED: _listed("merged_into"),
    Subject.RECORD: _write_contents,
    Subject.BATCH: _write_batches,
}


def _json(value: tuple[Any, ...] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
