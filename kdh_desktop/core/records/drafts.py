"""What stands in the paste box, kept in case the program ends before it is classified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kdh_desktop.core.records.imports import storable

if TYPE_CHECKING:
    from sqlite3 import Connection


def write_draft(db: Connection, words: str) -> None:
    """Keep a draft in place of the one before; an empty one leaves none."""
    db.execute("DELETE FROM draft")
    if words:
        db.execute("INSERT INTO draft VALUES (1, ?)", (storable(words),))


def read_draft(db: Connection) -> str:
    """The draft, or an empty text."""
    found = db.execute("SELECT words FROM draft").fetchone()
    return "" if found is None else str(found[0])
