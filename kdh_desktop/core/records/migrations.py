"""Bringing a store's tables up to the version that this program knows.

A migration is SQL that leads from one version to the next, or a function. To add one: raise
`schema.SCHEMA_VERSION`, change `schema.TABLES` for new stores, and add the step below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sqlcipher3 import dbapi2 as sqlcipher

from kdh_desktop.core.records.schema import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    from sqlite3 import Connection

Migration = str | Callable[["Connection"], None]

MIGRATIONS: Mapping[int, Migration] = {}
"""What leads from a version to the one after it."""


def schema_version(db: Connection) -> int:
    """Version of a store's tables; 0 where there are none."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def create_tables(db: Connection) -> None:
    """Make the tables of a new store."""
    run_script(db, TABLES)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def migrate(db: Connection, migrations: Mapping[int, Migration] = MIGRATIONS) -> None:
    """Bring the tables up to date, in the transaction that is open."""
    for version in range(schema_version(db), SCHEMA_VERSION):
        step = migrations[version]
        if isinstance(step, str):
            run_script(db, step)
        else:
            step(db)
        db.execute(f"PRAGMA user_version = {version + 1}")


def run_script(db: Connection, script: str) -> None:
    """Run several statements in the open transaction, which `executescript` would end."""
    statement = ""
    for part in script.split(";"):
        statement += part + ";"
        # A semicolon may also stand in a text, a comment or a trigger.
        if sqlcipher.complete_statement(statement):
            db.execute(statement)
            statement = ""
    if statement.strip():
        db.execute(statement)
