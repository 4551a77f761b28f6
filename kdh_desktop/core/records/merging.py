"""Making one record of several without losing what any of them says."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from kdh_desktop.core.importing.imported import ImportedRecord, ImportPlan
from kdh_desktop.core.json_values import build, parse_json
from kdh_desktop.core.records.imports import content_of
from kdh_desktop.core.records.operation_log import Change, Subject, content_values
from kdh_desktop.core.records.reviewing import SAID_BY_PEOPLE
from kdh_desktop.core.records.stored import DuplicateGroup

if TYPE_CHECKING:
    from sqlite3 import Connection

_LISTS = {"keywords"}
"""Fields of several values, joined by ``; ``; the values of all records come together."""

_NOT_MERGED = {"row", "extra"}

_STATES = f"""
SELECT l.record_id, l.decided_mask, l.decision_mask, n.words, {SAID_BY_PEOPLE}
FROM listing l LEFT JOIN note n ON n.record_id = l.record_id
WHERE NOT l.is_hidden AND l.record_id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - put together from a constant

_SOURCE = """
SELECT b.plan, b.columns FROM record r JOIN batch b ON b.id = r.batch_id WHERE r.id = ?
"""

# A record may have been merged into one that was merged into another later.
_MERGED_ROWS = """
WITH RECURSIVE went (row, record_id) AS (
    SELECT row, merged_into FROM listing
    WHERE batch_id = ? AND merged_into IS NOT NULL AND NOT is_removed
    UNION ALL SELECT went.row, l.merged_into FROM went
        JOIN listing l ON l.record_id = went.record_id WHERE l.merged_into IS NOT NULL
)
SELECT went.row, l.record_id FROM went JOIN listing l ON l.record_id = went.record_id
WHERE NOT l.is_hidden ORDER BY went.row
"""


def merged_rows(db: Connection, batch_id: int) -> list[tuple[int, int]]:
    """Rows of a file whose records were merged into others, and the ids of those."""
    return db.execute(_MERGED_ROWS, (batch_id,)).fetchall()


def merged_content(
    kept: ImportedRecord,
    others: Iterable[ImportedRecord],
    *,
    columns_of_fields: Collection[str] = (),
) -> ImportedRecord:
    """What a record says after others were merged into it.

    Its own values stay; what it lacks comes from the others, in their order; values that differ
    are carried on as extra columns with the field's name and ``(merged)``.

    Args:
        kept: The record that stays.
        others: The records that are merged into it.
        columns_of_fields: Names of columns of its table that its fields hold. What others carry
            under such a name would be taken for what its own cell said, and so is called
            ``(merged)``, too.
    """
    own: dict[str, Any] = {name: getattr(kept, name) for name in _FIELDS}
    extra = list(kept.extra)
    held = set(columns_of_fields) - {name for name, _ in kept.extra}
    for other in others:
        for name in _FIELDS:
            value = getattr(other, name)
            if _is_empty(value) or _is_same(own[name], value):
                continue
            if _is_empty(own[name]):
                own[name] = value
            elif name in _LISTS:
                own[name] = _joined(own[name], value)
            else:
                _add(extra, (f"{name} (merged)", str(value)))
        for name, text in other.extra:
            _add(extra, (f"{name} (merged)" if name in held else name, text))
    return replace(kept, **own, extra=tuple(extra))


def merge_changes(db: Connection, groups: Sequence[DuplicateGroup]) -> list[Change]:
    """Merging as changes for the operation log.

    The first record of each group is kept, with its predictions; decisions on labels that nobody
    decided on it, and notes, come from the others. What was accepted for many records at once is
    the model's word: it gives way to a person's, and is not carried on. Records that are not in
    the lists any more, or in an earlier group, are left as they are.

    Args:
        db: A connection.
        groups: Each with the record to keep first.
    """
    members = json.dumps([record for group in groups for record in group.records])
    states = {record: rest for record, *rest in db.execute(_STATES, (members,))}
    found: list[Change] = []
    for group in groups:
        # A record is taken out of `states` when it is merged, and so is in one group only.
        records = [record for record in dict.fromkeys(group.records) if record in states]
        if len(records) > 1:
            found += _changes(db, records, [states.pop(record) for record in records])
    return found


def _changes(
    db: Connection, records: Sequence[int], states: Sequence[Sequence[object]]
) -> Iterable[Change]:
    kept, *others = records
    content = content_of(db, kept)
    merged = merged_content(
        content,
        (content_of(db, other) for other in others),
        columns_of_fields=_columns_of_fields(db, kept),
    )
    yield Change(Subject.RECORD, kept, content_values(content), content_values(merged))
    yield _decisions(kept, [[int(str(state[place])) for place in (0, 1, 3)] for state in states])
    yield _notes(kept, [None if state[2] is None else str(state[2]) for state in states])
    for other in others:
        yield Change(Subject.MERGED, other, None, (kept,))


def _columns_of_fields(db: Connection, record_id: int) -> frozenset[str]:
    """Names of the columns that a record's fields were read from; none for what is no table."""
    plan, columns = db.execute(_SOURCE, (record_id,)).fetchone()
    if plan is None:
        return frozenset()
    names = json.loads(columns)
    mapping = build(ImportPlan, parse_json(plan), "plan").mapping
    return frozenset(names[place] for _, place in mapping.columns if place < len(names))


def _decisions(kept: int, masks: Sequence[Sequence[int]]) -> Change:
    """What is decided on the kept record; each has what is decided, present, and said by people."""
    (decided, present, said), *others = masks
    before = (decided, present)
    for _, also_present, also_said in others:
        new = also_said & ~said
        decided, said = decided | new, said | new
        present = (present & ~new) | (also_present & new)
    return Change(Subject.DECISIONS, kept, before, (decided, present))


def _notes(kept: int, notes: Sequence[str | None]) -> Change:
    own = notes[0]
    words = "\n".join(dict.fromkeys(note for note in notes if note))
    return Change(Subject.NOTE, kept, (own,) if own else None, (words,) if words else None)


_FIELDS = tuple(field.name for field in fields(ImportedRecord) if field.name not in _NOT_MERGED)


def _is_empty(value: object) -> bool:
    return value is None or not str(value).strip()


def _is_same(one: object, other: object) -> bool:
    """Whether two values differ in blanks at most."""
    return " ".join(str(one).split()) == " ".join(str(other).split())


def _joined(one: str, other: str) -> str:
    """All values of two lists, each once."""
    own = [value.strip() for value in one.split(";")]
    new = [value.strip() for value in other.split(";") if value.strip() not in own]
    return "; ".join([one, *dict.fromkeys(new)]) if new else one


def _add(extra: list[tuple[str, str]], pair: tuple[str, str]) -> None:
    if pair not in extra:
        extra.append(pair)
