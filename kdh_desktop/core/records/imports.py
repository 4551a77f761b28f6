"""Taking records in, batch by batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kdh_desktop.core.importing.imported import ImportedRecord, ImportPlan, RefusedRow
from kdh_desktop.core.json_values import build, parse_json, to_json_value
from kdh_desktop.core.records.import_batch import BatchKind, BatchSource, ImportBatch
from kdh_desktop.core.records.listing import title_key
from kdh_desktop.core.records.search_words import searchable

if TYPE_CHECKING:
    from sqlite3 import Connection

_BATCHES = """
SELECT b.id, kind, name, path, sha256, plan, columns, begun_utc, is_finished, last_row, notices,
    b.is_removed,
    (SELECT count(*) FROM listing l WHERE l.batch_id = b.id AND NOT l.is_removed),
    (SELECT count(*) FROM refused_row f WHERE f.batch_id = b.id)
FROM batch b
"""


def now_utc() -> str:
    """This moment, ISO 8601, seconds, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def text_hash(text: str) -> str:
    """SHA-256 of a text in UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def begin_import(db: Connection, source: BatchSource) -> int:
    """Begin a batch, or go on with one of the same bytes and plan that was cut; gives its id."""
    plan = None if source.plan is None else _json(to_json_value(source.plan))
    cut = db.execute(
        "SELECT id FROM batch WHERE sha256 = ? AND plan IS ? AND sha256 <> '' "
        "AND NOT is_finished AND NOT is_removed ORDER BY id DESC",
        (source.sha256, plan),
    ).fetchone()
    if cut is not None:
        return int(cut[0])
    values = (
        source.kind,
        storable(source.name),
        storable(source.path),
        source.sha256,
        plan,
        _json(source.columns),
        now_utc(),
    )
    cursor = db.execute(
        "INSERT INTO batch (kind, name, path, sha256, plan, columns, notices, begun_utc) "
        "VALUES (?, ?, ?, ?, ?, ?, '[]', ?)",
        values,
    )
    assert cursor.lastrowid is not None  # noqa: S101 - an INSERT has one
    return cursor.lastrowid


def add_records(
    db: Connection,
    batch_id: int,
    records: Sequence[ImportedRecord],
    *,
    refused: Sequence[RefusedRow],
) -> list[int]:
    """Take in some rows of a batch, and list others as refused; gives the ids of the records."""
    first = 1 + int(db.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()[0])
    journals = _journal_ids(db, [storable(record.journal) for record in records])
    rows, listed, words = [], [], []
    for record_id, raw in enumerate(records, start=first):
        record = _clean(raw)
        rows.append(_record_values(record_id, batch_id, record))
        key = title_key(record.title, record.abstract)
        journal = journals.get(record.journal)
        listed.append((record_id, batch_id, record.row, record.year, journal, key))
        words.append((record_id, *_words(record)))
    db.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    db.executemany(
        "INSERT INTO listing (record_id, batch_id, row, year, journal_id, title_key) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        listed,
    )
    db.executemany("INSERT INTO words (rowid, title, abstract, other) VALUES (?, ?, ?, ?)", words)
    db.executemany(
        "INSERT INTO refused_row VALUES (?, ?, ?, ?)",
        [(batch_id, row.row, row.reason, row.remedy) for row in refused],
    )
    last = max([record.row for record in records] + [row.row for row in refused], default=0)
    db.execute("UPDATE batch SET last_row = max(last_row, ?) WHERE id = ?", (last, batch_id))
    return list(range(first, first + len(records)))


def add_pasted(db: Connection, name: str, records: Sequence[ImportedRecord]) -> list[int]:
    """Take in texts that were pasted; gives the ids of the records.

    Texts of one name share a batch, e.g. those of a day. It is finished from the start, since each
    paste is an import of its own, to be undone alone.

    Args:
        db: The writing connection, in a transaction.
        name: What the batch is called.
        records: The texts; their rows are counted on from those that are there.
    """
    found = db.execute(
        "SELECT id, last_row FROM batch WHERE kind = ? AND name = ? AND plan IS NULL "
        "AND is_finished AND NOT is_removed ORDER BY id DESC",
        (BatchKind.PASTED, storable(name)),
    ).fetchone()
    batch_id, last_row = found or (begin_import(db, BatchSource(BatchKind.PASTED, name)), 0)
    if found is None:
        close_batch(db, batch_id, ())
    placed = [replace(one, row=last_row + place) for place, one in enumerate(records, start=1)]
    return add_records(db, batch_id, placed, refused=())


def close_batch(db: Connection, batch_id: int, notices: Sequence[str]) -> None:
    """Mark a batch as read to its end."""
    db.execute(
        "UPDATE batch SET is_finished = 1, notices = ? WHERE id = ?",
        (_json([storable(notice) for notice in notices]), batch_id),
    )


def batches(db: Connection) -> list[ImportBatch]:
    """All batches that were finished or hold rows, also removed ones, first one first."""
    found = [_batch(row) for row in db.execute(_BATCHES + " ORDER BY b.id")]
    return [one for one in found if one.is_finished or one.records or one.refused]


def batch(db: Connection, batch_id: int) -> ImportBatch:
    """One batch."""
    return _batch(db.execute(_BATCHES + " WHERE b.id = ?", (batch_id,)).fetchone())


def refused_rows(db: Connection, batch_id: int) -> list[RefusedRow]:
    """Rows of a batch that were not taken in, in the file's order."""
    rows = db.execute(
        "SELECT row, reason, remedy FROM refused_row WHERE batch_id = ? ORDER BY row, rowid",
        (batch_id,),
    )
    return [RefusedRow(*row) for row in rows]


def extra_names(db: Connection, batch_id: int) -> list[tuple[str, int]]:
    """What else the records of a batch say, by name as it is met, and how often one says it."""
    rows = db.execute(
        "WITH said (record, name, times, place) AS ("
        "  SELECT r.id, e.value ->> 0, count(*), min(e.key) "
        "  FROM record r CROSS JOIN json_each(r.extra) e WHERE r.batch_id = ? GROUP BY 1, 2) "
        "SELECT name, max(times) FROM said GROUP BY name ORDER BY min(record << 20 | place)",
        (batch_id,),
    )
    return [(name, times) for name, times in rows]


def content_of(db: Connection, record_id: int) -> ImportedRecord:
    """A record as its file gave it, or as it was merged."""
    row = db.execute(
        "SELECT r.row, title, abstract, source_id, pmid, doi, l.year, coalesce(j.name, ''), "
        "authors, keywords, extra FROM record r JOIN listing l ON l.record_id = r.id "
        "LEFT JOIN journal j ON j.id = l.journal_id WHERE r.id = ?",
        (record_id,),
    ).fetchone()
    *fields, extra = row
    content = ImportedRecord(*fields)
    return replace(content, extra=tuple((name, value) for name, value in json.loads(extra)))


def replace_content(db: Connection, record_id: int, content: ImportedRecord) -> None:
    """Write other content over a record; its place in its file stays as it is."""
    record = _clean(content)
    journals = _journal_ids(db, [record.journal])
    _, _, _, *values = _record_values(record_id, 0, record)
    db.execute(
        "UPDATE record SET title = ?, abstract = ?, source_id = ?, pmid = ?, doi = ?, "
        "authors = ?, keywords = ?, extra = ?, text_sha256 = ? WHERE id = ?",
        (*values, record_id),
    )
    db.execute(
        "UPDATE listing SET year = ?, journal_id = ?, title_key = ? WHERE record_id = ?",
        (
            record.year,
            journals.get(record.journal),
            title_key(record.title, record.abstract),
            record_id,
        ),
    )
    db.execute(
        "INSERT OR REPLACE INTO words (rowid, title, abstract, other) VALUES (?, ?, ?, ?)",
        (record_id, *_words(record)),
    )


def _record_values(record_id: int, batch_id: int, record: ImportedRecord) -> tuple[Any, ...]:
    return (
        record_id,
        batch_id,
        record.row,
        record.title,
        record.abstract,
        record.source_id,
        record.pmid,
        record.doi,
        record.authors,
        record.keywords,
        _json(record.extra),
        text_hash(record.text),
    )


def _words(record: ImportedRecord) -> tuple[str, str, str]:
    """What of a record can be searched: title, abstract, all else."""
    named = (record.authors, record.journal, record.keywords)
    ids = (record.source_id, record.pmid, record.doi)
    other = "\n".join(filter(None, (*named, *ids, *(value for _, value in record.extra))))
    return searchable(record.title), searchable(record.abstract), searchable(other)


def _journal_ids(db: Connection, names: Iterable[str]) -> dict[str, int]:
    """Ids by name, of journals that are new, too."""
    found = {}
    for name in filter(None, dict.fromkeys(names)):
        db.execute("INSERT OR IGNORE INTO journal (name) VALUES (?)", (name,))
        row = db.execute("SELECT id FROM journal WHERE name = ?", (name,)).fetchone()
        found[name] = int(row[0])
    return found


def _batch(row: tuple[Any, ...]) -> ImportBatch:
    batch_id, kind, name, path, sha256, plan, columns, begun, finished, last, notices, *rest = row
    removed, records, refused = rest
    source = BatchSource(
        kind=BatchKind(kind),
        name=name,
        path=path,
        sha256=sha256,
        plan=None if plan is None else build(ImportPlan, parse_json(plan), "plan"),
        columns=tuple(json.loads(columns)),
    )
    return ImportBatch(
        id=batch_id,
        source=source,
        begun_utc=begun,
        is_finished=bool(finished),
        records=records,
        refused=refused,
        last_row=last,
        notices=tuple(json.loads(notices)),
        is_removed=bool(removed),
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def storable(text: str) -> str:
    """A text that UTF-8 can hold: lone halves of surrogate pairs become U+FFFD."""
    return (
        text
        if text.isascii()
        else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


def _clean(record: ImportedRecord) -> ImportedRecord:
    """The record, or one that UTF-8 can hold where it cannot; readers give none of those."""
    try:
        for text in _texts_of(record):
            text.encode()
    except UnicodeEncodeError:
        return ImportedRecord(
            row=record.row,
            title=storable(record.title),
            abstract=storable(record.abstract),
            source_id=storable(record.source_id),
            pmid=storable(record.pmid),
            doi=storable(record.doi),
            year=record.year,
            journal=storable(record.journal),
            authors=storable(record.authors),
            keywords=storable(record.keywords),
            extra=tuple((storable(name), storable(value)) for name, value in record.extra),
        )
    return record


def _texts_of(record: ImportedRecord) -> list[str]:
    named = [record.title, record.abstract, record.source_id, record.pmid, record.doi]
    more = [record.journal, record.authors, record.keywords]
    return named + more + [text for pair in record.extra for text in pair]
