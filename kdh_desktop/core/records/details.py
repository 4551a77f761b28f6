"""All that the store holds of a record."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kdh_desktop.core.importing.imported import ImportedRecord, text_of
from kdh_desktop.core.record import Evidence, TextWarning, WarningCode
from kdh_desktop.core.records.history import histories
from kdh_desktop.core.records.models import ActiveModel, active_model
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.scores import Scoring
from kdh_desktop.core.records.stored import RecordDetail, StoredPrediction

if TYPE_CHECKING:
    from sqlite3 import Connection

_RECORDS = """
SELECT r.id, r.row, r.title, r.abstract, r.source_id, r.pmid, r.doi, l.year, coalesce(j.name, ''),
    r.authors, r.keywords, r.extra,
    r.batch_id, b.name, r.text_sha256, l.review, coalesce(n.words, '')
FROM record r JOIN listing l ON l.record_id = r.id JOIN batch b ON b.id = r.batch_id
    LEFT JOIN journal j ON j.id = l.journal_id LEFT JOIN note n ON n.record_id = r.id
WHERE r.id IN (SELECT value FROM json_each(?))
"""

_PREDICTIONS = """
SELECT p.record_id, p.utc, p.tokens, p.windows, p.warnings, p.evidence
FROM json_each(:ids) i CROSS JOIN prediction p ON p.record_id = i.value AND p.model_id = :model
    CROSS JOIN listing l ON l.record_id = i.value AND l.is_predicted
"""

# A record may have been merged into one that was merged into another later.
_MERGED = """
WITH RECURSIVE merged (kept, record_id) AS (
    SELECT value, value FROM json_each(?)
    UNION SELECT kept, l.record_id FROM merged
        JOIN listing l ON l.merged_into = merged.record_id
)
SELECT kept, record_id FROM merged WHERE record_id <> kept ORDER BY record_id
"""

_STATUSES = tuple(ReviewStatus)


def details(db: Connection, ids: Sequence[int]) -> list[RecordDetail]:
    """Records in the order of their ids; ids that are not in the store are left out.

    Args:
        db: A connection.
        ids: A few hundred at most: each text is in memory at once.
    """
    listed = json.dumps(sorted(set(ids)))
    active = active_model(db)
    scoring = Scoring(db, active, ids)
    history = histories(db, ids)
    merged = _merged(db, listed)
    contents = {row[0]: row for row in db.execute(_RECORDS, (listed,))}
    predictions = _predictions(db, active, listed)
    found = {}
    for record, (_, *fields, extra, batch_id, file, sha256, review, note) in contents.items():
        imported = ImportedRecord(*(*fields, tuple(map(tuple, json.loads(extra)))))
        text = text_of(imported.title, imported.abstract)
        found[record] = RecordDetail(
            id=record,
            imported=imported,
            batch_id=batch_id,
            file=file,
            text_sha256=sha256,
            review=_STATUSES[review],
            note=note,
            prediction=_prediction(predictions.get(record), active, text=text, scoring=scoring),
            decisions=scoring.decisions(record),
            history=history.get(record, ()),
            merged=tuple(merged[record]),
        )
    return [found[record] for record in ids if record in found]


def detail(db: Connection, record_id: int) -> RecordDetail:
    """One record.

    Raises:
        KeyError: It is not in the store.
    """
    for found in details(db, [record_id]):
        return found
    raise KeyError(record_id)


def _merged(db: Connection, listed: str) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for kept, record in db.execute(_MERGED, (listed,)):
        found[kept].append(record)
    return found


def _predictions(
    db: Connection, active: ActiveModel | None, listed: str
) -> dict[int, tuple[Any, ...]]:
    if active is None:
        return {}
    rows = db.execute(_PREDICTIONS, {"ids": listed, "model": active.row})
    return {row[0]: row for row in rows}


def _prediction(
    row: tuple[Any, ...] | None, active: ActiveModel | None, *, text: str, scoring: Scoring
) -> StoredPrediction | None:
    if row is None or active is None:
        return None
    record, utc, tokens, windows, warnings, evidence = row
    sentences = json.loads(evidence)
    return StoredPrediction(
        model_id=active.bundle_id,
        model_sha256=active.manifest_sha256,
        utc=utc,
        scores=scoring.of_model(record),
        evidence=tuple(
            (
                label.id,
                tuple(
                    Evidence(start, end, text[start:end], score)
                    for start, end, score in sentences[label.id]
                ),
            )
            for label in active.labels
            if label.id in sentences
        ),
        tokens=tokens,
        windows=windows,
        warnings=tuple(
            TextWarning(WarningCode(code), words) for code, words in json.loads(warnings)
        ),
    )
