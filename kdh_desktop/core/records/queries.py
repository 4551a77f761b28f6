"""Lists of records: how many, which ones in what order, and the rows of a table."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kdh_desktop.core.records.filtering import conditions_of
from kdh_desktop.core.records.models import active_model
from kdh_desktop.core.records.ordering import ordered_rows, sorted_ids
from kdh_desktop.core.records.record_filter import RecordFilter, RecordOrder, ReviewStatus
from kdh_desktop.core.records.scores import Scoring
from kdh_desktop.core.records.stored import RecordRow

if TYPE_CHECKING:
    from sqlite3 import Connection

_TITLE_LETTERS = 300
"""Letters of an abstract that stand for a title that is not there."""

_STATUSES = tuple(ReviewStatus)

_ROWS = f"""
SELECT l.record_id, r.title, substr(ltrim(r.abstract), 1, {_TITLE_LETTERS}), l.year,
    coalesce(j.name, ''), r.authors, r.pmid, r.doi, r.source_id, r.keywords, b.name, l.row,
    l.review, coalesce(n.words, ''), l.is_predicted
FROM listing l JOIN record r ON r.id = l.record_id JOIN batch b ON b.id = l.batch_id
    LEFT JOIN journal j ON j.id = l.journal_id LEFT JOIN note n ON n.record_id = l.record_id
WHERE l.record_id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - put together from a constant


def count(db: Connection, where: RecordFilter) -> int:
    """How many records a filter leaves."""
    conditions = conditions_of(db, where)
    statement = f"SELECT count(*) FROM listing l WHERE {conditions.sql}"  # noqa: S608 - conditions hold no values
    return int(db.execute(statement, conditions.values).fetchone()[0])


def ids(db: Connection, where: RecordFilter, order: RecordOrder) -> array[int]:
    """Ids of all records that a filter leaves, as ``array('q')``.

    Args:
        db: A connection.
        where: Which records.
        order: In what order; where that is the default and a queue is asked for, the queue's.
    """
    conditions = conditions_of(db, where)
    rows = ordered_rows(db, where, order)
    if rows.number:
        statement = (
            "SELECT json_group_array(record_id), json_group_array(number) FROM ("  # noqa: S608 - as above
            f"SELECT l.record_id, {rows.number} AS number FROM {rows.source} "
            f"WHERE {conditions.sql} ORDER BY l.record_id)"
        )
        found, numbers = db.execute(statement, conditions.values).fetchone()
        return sorted_ids(json.loads(found), json.loads(numbers), rows)
    # One long text is a fifth of the time of a Python object for each row.
    statement = (
        "SELECT json_group_array(record_id) FROM ("  # noqa: S608 - as above
        f"SELECT l.record_id FROM {rows.source} WHERE {conditions.sql} ORDER BY {rows.order})"
    )
    return array("q", json.loads(db.execute(statement, conditions.values).fetchone()[0]))


def rows(db: Connection, record_ids: Sequence[int]) -> list[RecordRow]:
    """Rows of a table in the order of their ids; ids that are not in the store are left out."""
    scoring = Scoring(db, active_model(db), record_ids)
    found = {}
    for record, title, beginning, *fields, review, note, is_predicted in db.execute(
        _ROWS, (json.dumps(list(record_ids)),)
    ):
        said = (_STATUSES[review], note, bool(is_predicted), scoring.of(record))
        shown = title.strip() or " ".join(beginning.split())
        found[record] = RecordRow(*(record, shown, *fields, *said))
    return [found[record] for record in record_ids if record in found]
