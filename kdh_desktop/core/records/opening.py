"""Opening a store: lock, key, version and soundness, each with an answer of its own."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlcipher3 import dbapi2 as sqlcipher

from kdh_desktop.core.errors import (
    DamagedStoreError,
    NewerStoreError,
    StoreError,
    WrongKeyError,
)
from kdh_desktop.core.records.backups import (
    BackupKind,
    damaged_pages,
    make_backup,
    offer,
    usable_backups,
)
from kdh_desktop.core.records.connection import Database, connect, plain_words
from kdh_desktop.core.records.migrations import create_tables, migrate, schema_version
from kdh_desktop.core.records.schema import SCHEMA_VERSION
from kdh_desktop.core.records.store_files import StoreFiles, sync_folder
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.store_lock import StoreLock, unwritable_folder

if TYPE_CHECKING:
    from sqlite3 import Connection

_CHECKED_AT_ONCE_BYTES = 64 * 1024 * 1024
"""Up to this size every page is checked when the store is opened, in about a tenth of a second."""


def open_database(folder: Path, key: StoreKey) -> tuple[Database, StoreLock]:
    """Open the database in a folder, or make it, and lock it against other processes.

    Raises:
        WrongKeyError: It was encrypted with another key.
        NewerStoreError: A newer version of the program wrote it; it is left as it is.
        DamagedStoreError: It is not what was written, or is gone.
        StoreInUseError: Another process has it open.
        StoreError: It cannot be opened for another reason.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable_folder() from error
    lock = StoreLock(folder)
    try:
        files = StoreFiles(folder)
        if files.is_database_there:
            _require_readable(files, key)
        elif files.is_store_known:
            raise DamagedStoreError(
                "The records are gone: their file is missing or empty.", offer(folder, key)
            )
        else:
            _create(files, key)
        database = Database(files.database, key, offer=lambda: offer(folder, key))
        try:
            _bring_up_to_date(database, files, key)
        except BaseException:
            database.close()
            raise
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


def _create(files: StoreFiles, key: StoreKey) -> None:
    """Make a new database, which is there with all of its tables or not at all."""
    try:
        files.new_database.unlink(missing_ok=True)
        files.new_database.touch(mode=0o600)
        with plain_words(), closing(connect(files.new_database, key)) as db:
            db.execute("BEGIN IMMEDIATE")
            create_tables(db)
            db.execute("COMMIT")
        files.new_database.replace(files.database)
        sync_folder(files.folder)
        files.write_mark(key)
    except OSError as error:
        raise unwritable_folder() from error
    finally:
        files.new_database.unlink(missing_ok=True)


def _require_readable(files: StoreFiles, key: StoreKey) -> None:
    """See whether key and version fit, without changing a byte of the database."""
    try:
        # Closing the last connection that may write would empty the write-ahead log.
        with closing(connect(files.database, key, is_read_only=True)) as db:
            version = schema_version(db)
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlcipher.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "") != "SQLITE_NOTADB":
            with plain_words(lambda: offer(files.folder, key)):
                raise
        raise _unreadable(files, key) from error
    if version > SCHEMA_VERSION:
        usable = usable_backups(files.folder, key)
        older = f" Or: {offer(files.folder, key)}" if usable else ""
        raise NewerStoreError(
            "The records were last opened with a newer version of the program.",
            f"Install that version again.{older}",
        )


def _unreadable(files: StoreFiles, key: StoreKey) -> StoreError:
    """Why the first page cannot be read: SQLCipher gives one answer for two reasons."""
    mark = files.read_mark()
    usable = usable_backups(files.folder, key)
    if mark == key.mark or (mark is None and usable):
        return DamagedStoreError(
            "The records on the disk are damaged: they are not what was written.",
            offer(files.folder, key),
        )
    remedy = "Bring back the key they were written with: the keyring or key file of that account."
    if usable:
        remedy += f" Or: {offer(files.folder, key)}"
    return WrongKeyError("The records are encrypted with another key than the one found.", remedy)


def _bring_up_to_date(database: Database, files: StoreFiles, key: StoreKey) -> None:
    with database.alone() as db:
        is_small = files.database.stat().st_size <= _CHECKED_AT_ONCE_BYTES
        if _take_over_log(db, files) and is_small:
            require_sound(db, files.folder, key)
        version = schema_version(db)
        if version == 0:
            raise DamagedStoreError(
                "The records on the disk are damaged: they hold no tables.",
                offer(files.folder, key),
            )
        if version < SCHEMA_VERSION:
            make_backup(db, files.folder, key, kind=BackupKind.BEFORE_MIGRATION)
    if version < SCHEMA_VERSION:
        with database.writing() as db:
            migrate(db)
    if files.read_mark() != key.mark:
        try:
            files.write_mark(key)
        except OSError as error:
            raise unwritable_folder() from error


def _take_over_log(db: Connection, files: StoreFiles) -> bool:
    """Move what a process that was killed left in the log to where it belongs.

    Returns:
        Whether that went well: on a full disk the log stays, and all can be read nevertheless.
    """
    if not files.log.exists() or not files.log.stat().st_size:
        return True
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlcipher.OperationalError:
        return False
    return True


def require_sound(db: Connection, folder: Path, key: StoreKey) -> None:
    """Check every page of a database.

    Raises:
        DamagedStoreError: One is not what was written.
    """
    if pages := damaged_pages(db):
        what = "1 page is" if pages == 1 else f"{pages:,} pages are"
        raise DamagedStoreError(
            f"The records on the disk are damaged: {what} not what was written.",
            offer(folder, key),
        )
