"""Opening a store: its lock, its key, its version."""

from __future__ import annotations

from pathlib import Path

from kdh_desktop.core.records.connection import Database
from kdh_desktop.core.records.migrations import (
    create_tables,
    migrate,
    require_known,
    schema_version,
)
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.store_lock import StoreLock, unwritable_folder

DATABASE = "records.db"


def open_database(folder: Path, key: StoreKey) -> tuple[Database, StoreLock]:
    """Open the database in a folder, or make it, and lock it against other processes.

    Raises:
        StoreError: It cannot be opened; its class and sentence say why.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable_folder() from error
    lock = StoreLock(folder)
    try:
        database = Database(folder / DATABASE, key)
        with database.writing() as db:
            require_known(schema_version(db))
            if schema_version(db) == 0:
                create_tables(db)
            migrate(db)
    except BaseException:
        lock.release()
        raise
    return database, lock


def create_in_memory() -> Database:
    """A database that no file holds, with its tables."""
    database = Database(None, None)
    with database.writing() as db:
        create_tables(db)
    return database
