"""Keeps `listing` true to the tables that it is made from.

Whoever changes one of those calls the function here that is named after it, in the same
transaction, with the ids of the records that are touched; None stands for all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kdh_desktop.core.records.models import ActiveModel

if TYPE_CHECKING:
    from sqlite3 import Connection

_CHUNK = 20_000
"""Records in one statement, so that what it sorts and joins stays small."""

_TITLE_LETTERS = 40

# Each statement finds its records through `touched`, a table of this connection in memory.
_HIDDEN = """
UPDATE listing SET is_hidden = is_removed OR merged_into IS NOT NULL
    OR (SELECT is_removed FROM batch WHERE batch.id = listing.batch_id)
WHERE record_id IN (SELECT record_id FROM temp.touched)
"""

_UNPREDICTED = """
UPDATE listing SET is_predicted = 0, model_mask = 0, present_band = 0, review_band = 0,
    margin = NULL
WHERE record_id IN (SELECT record_id FROM temp.touched) AND is_predicted
"""

# A prediction counts as long as the text is the one that it was made from.
_PREDICTED = """
UPDATE listing SET is_predicted = 1
FROM temp.touched t
    JOIN prediction p ON p.record_id = t.record_id AND p.model_id = :model
WHERE listing.record_id = t.record_id AND EXISTS (
    SELECT 1 FROM record r WHERE r.text_sha256 = p.text_sha256 AND r.id = p.record_id)
"""

_SCORED = """
WITH limits (bit, threshold, review_from, present_from) AS MATERIALIZED (
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(:limits)
), scored (record_id, model_mask, present_band, review_band, margin) AS MATERIALIZED (
    SELECT t.record_id,
        sum((s.probability >= l.threshold) << l.bit),
        sum((s.probability >= l.present_from) << l.bit),
        sum((s.probability >= l.review_from AND s.probability < l.present_from) << l.bit),
        min(abs(s.probability - l.threshold))
    FROM temp.touched t CROSS JOIN limits l
        JOIN score s ON s.model_id = :model AND s.bit = l.bit AND s.record_id = t.record_id
    GROUP BY t.record_id
)
UPDATE listing SET model_mask = scored.model_mask, present_band = scored.present_band,
    review_band = scored.review_band, margin = scored.margin
FROM scored WHERE listing.record_id = scored.record_id AND listing.is_predicted
"""

_DECIDED = """
WITH decided (record_id, decided_mask, decision_mask) AS MATERIALIZED (
    SELECT t.record_id, coalesce(sum(1 << d.bit), 0), coalesce(sum(d.is_present << d.bit), 0)
    FROM temp.touched t LEFT JOIN decision d ON d.record_id = t.record_id
    GROUP BY t.record_id
)
UPDATE listing SET decided_mask = decided.decided_mask, decision_mask = decided.decision_mask,
    label_mask = (listing.model_mask & ~decided.decided_mask) | decided.decision_mask,
    conflict = NULL
FROM decided WHERE listing.record_id = decided.record_id
"""

_CONFLICTS = """
WITH limits (bit, threshold) AS MATERIALIZED (
    SELECT value ->> 0, value ->> 1 FROM json_each(:limits)
)
UPDATE listing SET conflict = (
    SELECT max(abs(s.probability - l.threshold)) FROM limits l
        JOIN score s ON s.model_id = :model AND s.bit = l.bit AND s.record_id = listing.record_id
    WHERE ((decided_mask & (decision_mask | model_mask) & ~(decision_mask & model_mask))
        >> l.bit) & 1)
WHERE record_id IN (SELECT record_id FROM temp.touched) AND is_predicted
    AND (decided_mask & (decision_mask | model_mask) & ~(decision_mask & model_mask)) <> 0
"""


def title_key(title: str, abstract: str) -> str:
    """What records are sorted by where they are sorted by title."""
    return " ".join((title.strip() or abstract.strip())[: 4 * _TITLE_LETTERS].split())[
        :_TITLE_LETTERS
    ].casefold()


def refresh_hidden(db: Connection, records: Iterable[int] | None) -> None:
    """After records were removed or merged, or after that was taken back."""
    for _ in _touching(db, records):
        db.execute(_HIDDEN)


def refresh_batch(db: Connection, batch_id: int) -> None:
    """After a batch was removed or brought back."""
    rows = db.execute("SELECT record_id FROM listing WHERE batch_id = ?", (batch_id,))
    refresh_hidden(db, [record for (record,) in rows])


def refresh_predictions(
    db: Connection, active: ActiveModel | None, records: Iterable[int] | None
) -> None:
    """After predictions came in, texts changed, or another model was activated."""
    for _ in _touching(db, records):
        db.execute(_UNPREDICTED)
        if active is not None:
            values = {"model": active.row, "limits": active.limits}
            db.execute(_PREDICTED, {"model": active.row})
            db.execute(_SCORED, values)
        _refresh_decided(db, active)


def refresh_decisions(
    db: Connection, active: ActiveModel | None, records: Iterable[int] | None
) -> None:
    """After people decided, or took it back."""
    for _ in _touching(db, records):
        _refresh_decided(db, active)


def rebuild(db: Connection, active: ActiveModel | None) -> None:
    """Make everything anew that `listing` has from other tables."""
    rows = db.execute("SELECT id, title, abstract FROM record")
    while some := rows.fetchmany(_CHUNK):
        db.executemany(
            "UPDATE listing SET title_key = ? WHERE record_id = ?",
            [(title_key(title, abstract), record) for record, title, abstract in some],
        )
    refresh_hidden(db, None)
    refresh_predictions(db, active, None)


def _refresh_decided(db: Connection, active: ActiveModel | None) -> None:
    db.execute(_DECIDED)
    if active is not None:
        db.execute(_CONFLICTS, {"model": active.row, "limits": active.limits})


def _touching(db: Connection, records: Iterable[int] | None) -> Iterable[None]:
    """Fill `touched` with some records at a time."""
    if records is None:
        records = [record for (record,) in db.execute("SELECT record_id FROM listing")]
    ids = sorted(set(records))
    db.execute("CREATE TEMP TABLE IF NOT EXISTS touched (record_id INTEGER PRIMARY KEY)")
    for start in range(0, len(ids), _CHUNK):
        db.execute("DELETE FROM temp.touched")
        chunk = json.dumps(ids[start : start + _CHUNK])
        db.execute("INSERT INTO temp.touched SELECT value FROM json_each(?)", (chunk,))
        yield
