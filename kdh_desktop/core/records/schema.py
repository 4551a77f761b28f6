"""The tables of the record store.

`record` is wide and read one row at a time; `listing` is narrow and holds, for every record, what
lists are filtered and sorted by, so that a scan of 100,000 records stays under a few milliseconds.
Whoever changes a decision, a prediction or a batch brings `listing` up to date in the same
transaction; it can be made anew from the other tables at any time.

Labels have places of their own (`label.bit`), the same for every model and every decision, so that
the labels of a record fit into one integer: bit k of a mask is the label with `bit = k`.
"""

from __future__ import annotations

SCHEMA_VERSION = 1

MAX_LABELS = 62
"""Bits in a mask; SQLite's integers are signed and hold 63."""

TABLES = """
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE label (
    bit INTEGER PRIMARY KEY CHECK (bit BETWEEN 0 AND 61),
    label_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE model (
    id INTEGER PRIMARY KEY,
    bundle_id TEXT NOT NULL,
    manifest_sha256 TEXT NOT NULL UNIQUE,
    labels TEXT NOT NULL,           -- JSON: [[bit, threshold, review_from, present_from], ...]
    is_active INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    plan TEXT,                      -- JSON of ImportPlan
    columns TEXT NOT NULL,          -- JSON: names of a table's columns
    notices TEXT NOT NULL,          -- JSON: sentences
    begun_utc TEXT NOT NULL,
    is_finished INTEGER NOT NULL DEFAULT 0,
    last_row INTEGER NOT NULL DEFAULT 0,
    is_removed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE refused_row (
    batch_id INTEGER NOT NULL REFERENCES batch,
    row INTEGER NOT NULL,
    reason TEXT NOT NULL,
    remedy TEXT NOT NULL
) STRICT;
CREATE INDEX refused_row_by_batch ON refused_row (batch_id, row);

CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE       -- to the letter; lists take other capitals for the same
) STRICT;
CREATE INDEX journal_by_name ON journal (name COLLATE NOCASE);

CREATE TABLE record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL REFERENCES batch,
    row INTEGER NOT NULL,
    title TEXT NOT NULL,
    abstract TEXT NOT NULL,
    source_id TEXT NOT NULL,
    pmid TEXT NOT NULL,
    doi TEXT NOT NULL,
    authors TEXT NOT NULL,
    keywords TEXT NOT NULL,
    extra TEXT NOT NULL,            -- JSON: [[name, value], ...]
    text_sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX record_by_text ON record (text_sha256);
-- To sort by; ordering.py has the same expressions.
CREATE INDEX record_by_pmid ON record (pmid);
CREATE INDEX record_by_doi ON record (doi);
CREATE INDEX record_by_source_id ON record (source_id);
CREATE INDEX record_by_abstract ON record (substr(abstract, 1, 40) COLLATE NOCASE);
CREATE INDEX record_by_authors ON record (substr(authors, 1, 40) COLLATE NOCASE);
CREATE INDEX record_by_keywords ON record (substr(keywords, 1, 40) COLLATE NOCASE);

CREATE TABLE listing (
    record_id INTEGER PRIMARY KEY REFERENCES record,
    batch_id INTEGER NOT NULL,
    row INTEGER NOT NULL,
    is_hidden INTEGER NOT NULL DEFAULT 0,   -- its batch or itself removed, or merged into another
    is_removed INTEGER NOT NULL DEFAULT 0,  -- itself removed
    merged_into INTEGER,                    -- the record that it was merged into
    year INTEGER,
    journal_id INTEGER REFERENCES journal,
    title_key TEXT NOT NULL,                -- the title's first 40 characters, case folded
    review INTEGER NOT NULL DEFAULT 0,      -- place in ReviewStatus
    is_predicted INTEGER NOT NULL DEFAULT 0,-- by the active model
    model_mask INTEGER NOT NULL DEFAULT 0,  -- labels at or over their threshold
    present_band INTEGER NOT NULL DEFAULT 0,-- labels in the band `present`
    review_band INTEGER NOT NULL DEFAULT 0, -- labels in the band `needs_review`
    margin REAL,                            -- least |probability - threshold|
    decided_mask INTEGER NOT NULL DEFAULT 0,
    decision_mask INTEGER NOT NULL DEFAULT 0, -- of the decided: those decided to be present
    label_mask INTEGER NOT NULL DEFAULT 0,  -- present: the person's word, else the model's
    conflict REAL                           -- greatest |probability - threshold| of a label where
                                            -- person and model differ; NULL where they agree
) STRICT;
CREATE INDEX listing_by_batch ON listing (batch_id);
CREATE INDEX listing_by_merged ON listing (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE prediction (
    record_id INTEGER NOT NULL REFERENCES record,
    model_id INTEGER NOT NULL REFERENCES model,
    utc TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    windows INTEGER NOT NULL,
    warnings TEXT NOT NULL,         -- JSON: [[code, message], ...]
    evidence TEXT NOT NULL,         -- JSON: {label id: [[start, end, score], ...]}
    PRIMARY KEY (record_id, model_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE score (
    model_id INTEGER NOT NULL REFERENCES model,
    bit INTEGER NOT NULL REFERENCES label,
    record_id INTEGER NOT NULL REFERENCES record,
    probability REAL NOT NULL,
    PRIMARY KEY (model_id, bit, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision (
    record_id INTEGER NOT NULL REFERENCES record,
    bit INTEGER NOT NULL REFERENCES label,
    is_present INTEGER NOT NULL,
    PRIMARY KEY (record_id, bit)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
    record_id INTEGER PRIMARY KEY REFERENCES record,
    words TEXT NOT NULL
) STRICT;

CREATE TABLE draft (
    place INTEGER PRIMARY KEY CHECK (place = 1),
    words TEXT NOT NULL
) STRICT;

-- What people did. Entries are only ever added; an undo is an entry of its own.
CREATE TABLE operation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    utc TEXT NOT NULL,
    kind TEXT NOT NULL,             -- an OperationKind, or `undo` or `redo`
    target INTEGER REFERENCES operation, -- what an undo or redo is about
    records INTEGER NOT NULL,
    first_record INTEGER
) STRICT;

CREATE INDEX operation_by_target ON operation (target) WHERE target IS NOT NULL;

-- The rows that an operation changed, in order, as JSON arrays; NULL where there was or is none.
CREATE TABLE change (
    operation_id INTEGER NOT NULL REFERENCES operation,
    place INTEGER NOT NULL,
    subject TEXT NOT NULL,          -- a Subject of operation_log.py, which says what the values are
    record_id INTEGER,
    key TEXT NOT NULL,
    before TEXT,
    after TEXT,
    PRIMARY KEY (operation_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_by_record ON change (record_id);

-- Words of titles, abstracts and all else, as search_words.py gives them; holds no text itself.
-- The first letters of words are kept because a search begins with one letter, which most words of
-- the language begin with.
CREATE VIRTUAL TABLE words USING fts5 (
    title, abstract, other,
    content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2",
    prefix = '1'
);
-- Words of a whole transaction are gathered before they are written, and rarely put in order again:
-- a large file is taken in a fifth faster.
INSERT INTO words (words, rank) VALUES ('hashsize', 8388608), ('automerge', 8);
"""
