"""What models say of records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import StoreError
from kdh_desktop.core.importing.imported import text_of
from kdh_desktop.core.record import Prediction
from kdh_desktop.core.records.filtering import conditions_of
from kdh_desktop.core.records.imports import now_utc, text_hash
from kdh_desktop.core.records.listing import refresh_predictions
from kdh_desktop.core.records.models import ActiveModel
from kdh_desktop.core.records.record_filter import RecordFilter

if TYPE_CHECKING:
    from sqlite3 import Connection


def add_predictions(
    db: Connection, active: ActiveModel | None, predictions: Sequence[tuple[int, Prediction]]
) -> None:
    """Keep what the active model says; what it said before of the same records is replaced.

    A prediction that was made from a text which the record no longer has is left out.

    Raises:
        StoreError: They are another model's.
    """
    if active is None or any(one.model_id != active.bundle_id for _, one in predictions):
        raise StoreError(
            "Another model was activated while records were being classified.",
            "Start classifying again; what is done is kept.",
        )
    utc = now_utc()
    rows, scores, touched = [], [], []
    for record_id, prediction in predictions:
        sha256 = text_hash(prediction.record.text)
        is_current = db.execute(
            "SELECT 1 FROM record WHERE text_sha256 = ? AND id = ?", (sha256, record_id)
        ).fetchone()
        if is_current is None:
            continue
        touched.append(record_id)
        sizes = (prediction.tokens, prediction.windows)
        words = (_warnings_json(prediction), _evidence_json(prediction))
        rows.append((record_id, active.row, utc, sha256, *sizes, *words))
        scores += [
            (active.row, active.bits[score.label.id], record_id, score.probability)
            for score in prediction.scores
        ]
    db.executemany(
        "DELETE FROM score WHERE model_id = ? AND bit = ? AND record_id = ?",
        [(active.row, bit, record_id) for record_id in touched for bit in active.bits.values()],
    )
    db.executemany(
        "DELETE FROM prediction WHERE record_id = ? AND model_id = ?",
        [(record_id, active.row) for record_id in touched],
    )
    db.executemany("INSERT INTO prediction VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    db.executemany("INSERT INTO score VALUES (?, ?, ?, ?)", scores)
    refresh_predictions(db, active, touched)


def unpredicted(
    db: Connection, where: RecordFilter, *, limit: int, after: int
) -> list[tuple[int, str]]:
    """Ids and texts of records that the active model has said nothing of, by rising id."""
    conditions = conditions_of(db, where)
    rows = db.execute(
        "SELECT r.id, r.title, r.abstract FROM listing l CROSS JOIN record r "  # noqa: S608 - conditions hold no values
        "ON r.id = l.record_id WHERE l.record_id > :after AND NOT l.is_predicted "
        f"AND {conditions.sql} ORDER BY l.record_id LIMIT :limit",
        {**conditions.values, "after": after, "limit": limit},
    )
    return [(record_id, text_of(title, abstract)) for record_id, title, abstract in rows]


def count_unpredicted(db: Connection, where: RecordFilter) -> int:
    """How many records the active model has said nothing of."""
    conditions = conditions_of(db, where)
    statement = (
        "SELECT count(*) FROM listing l "  # noqa: S608 - as above
        f"WHERE NOT l.is_predicted AND {conditions.sql}"
    )
    return int(db.execute(statement, conditions.values).fetchone()[0])


def _warnings_json(prediction: Prediction) -> str:
    return json.dumps([[warning.code, warning.message] for warning in prediction.warnings])


def _evidence_json(prediction: Prediction) -> str:
    """Sentences by label as ``[start, end, score]``; their words are in the record."""
    found = {
        score.label.id: [[one.start, one.end, one.score] for one in score.evidence]
        for score in prediction.scores
        if score.evidence
    }
    return json.dumps(found, separators=(",", ":"))
