"""Backups of the store: whole, checked, encrypted with the same key, and some of every age.

A backup is written under a temporary name, opened again, checked page by page, and only then given
its name. The newest of each of the last three days and of each of the last three weeks are kept,
beside the last three that were made before the tables were changed.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import Cancelled, DamagedStoreError, StoreError
from kdh_desktop.core.records.connection import connect, plain_words
from kdh_desktop.core.records.key_custody import find_key
from kdh_desktop.core.records.migrations import schema_version
from kdh_desktop.core.records.schema import SCHEMA_VERSION
from kdh_desktop.core.records.store_files import StoreFiles, sync_folder
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.store_lock import StoreLock, unwritable_folder

if TYPE_CHECKING:
    from sqlite3 import Connection

_KEPT_DAYS = 3
_KEPT_WEEKS = 3
_KEPT_BEFORE_MIGRATION = 3
_PAGES_A_STEP = 4_096
_SPARE_BYTES = 16 * 1024 * 1024
_TIME = "%Y%m%dT%H%M%S%fZ"
_NAME = re.compile(r"records-(\d{8}T\d{12}Z)-([a-z-]+)\.db")
_NEVER = Event().is_set


class BackupKind(StrEnum):
    """Why a backup was made."""

    ROUTINE = "routine"
    BEFORE_MIGRATION = "before-migration"


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup.

    Attributes:
        path: The file.
        made: When, in UTC.
        kind: Why.
        size: Bytes.
    """

    path: Path
    made: datetime
    kind: BackupKind
    size: int


def list_backups(folder: Path) -> tuple[Backup, ...]:
    """Backups of the store in a folder, latest first; whether they can be read is not looked at."""
    found = []
    for path in StoreFiles(folder).backups.glob("records-*.db"):
        match = _NAME.fullmatch(path.name)
        if match and match[2] in set(BackupKind):
            made = datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)
            found.append(Backup(path, made, BackupKind(match[2]), path.stat().st_size))
    return tuple(sorted(found, key=lambda one: one.made, reverse=True))


def usable_backups(folder: Path, key: StoreKey) -> tuple[Backup, ...]:
    """Backups that this key and this version of the program can open, latest first."""

    def is_usable(backup: Backup) -> bool:
        try:
            with plain_words(), closing(connect(backup.path, key)) as db:
                return 0 < schema_version(db) <= SCHEMA_VERSION
        except StoreError:
            return False

    return tuple(filter(is_usable, list_backups(folder)))


def offer(folder: Path, key: StoreKey) -> str:
    """What to do about records that cannot be read: which backup to restore, where there is one."""
    usable = usable_backups(folder, key)
    if not usable:
        return "There is no backup that could take their place."
    return f"Restore the backup of {usable[0].made.astimezone():%Y-%m-%d, %H:%M}."


def is_backup_due(folder: Path, now: datetime | None = None) -> bool:
    """Whether records were written since the last backup, and that is not from today."""
    now = now or datetime.now(UTC)
    # One from a day when the clock was ahead must not keep all others from being made.
    routine = (one for one in list_backups(folder) if one.kind is BackupKind.ROUTINE)
    last = next((one for one in routine if one.made <= now), None)
    if last is None:
        return True
    return (
        last.made.date() != now.date() and StoreFiles(folder).last_written > last.made.timestamp()
    )


def make_backup(
    db: Connection,
    folder: Path,
    key: StoreKey,
    *,
    kind: BackupKind = BackupKind.ROUTINE,
    should_stop: Callable[[], bool] = _NEVER,
) -> Backup:
    """Copy a store as one connection sees it, check the copy, and let go of backups of no use.

    Args:
        db: A connection that nobody else uses; others may write meanwhile.
        folder: Folder of the store.
        key: Key of the store, and of the backup.
        kind: Why it is made.
        should_stop: Asked every few megabytes.

    Raises:
        DamagedStoreError: The store is damaged; no backup is touched.
        StoreError: There is no room, or the disk cannot be written to.
        Cancelled: `should_stop` said so.
    """
    files = StoreFiles(folder)
    new = files.backups / "unfinished.db"
    try:
        files.backups.mkdir(mode=0o700, exist_ok=True)
        _require_room(db, files.backups)
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        with plain_words():
            _copy(db, new, key, should_stop)
            _check(new, key, like=db)
        path = files.backups / f"records-{datetime.now(UTC):{_TIME}}-{kind}.db"
        _sync(new)
        new.replace(path)
        sync_folder(files.backups)
    except OSError as error:
        raise StoreError(
            "The backup of the records could not be written.",
            "Check that the disk is not full and that the data folder can be written to.",
        ) from error
    finally:
        new.unlink(missing_ok=True)
    _let_go(list_backups(folder))
    return next(one for one in list_backups(folder) if one.path == path)


def restore_backup(folder: Path, backup: Backup, *, key: StoreKey | None = None) -> None:
    """Put a backup in the place of the store, which is set aside and not deleted.

    Args:
        folder: Folder of the store, which must not be open.
        backup: The backup.
        key: Key of the backup; None to look for it where the store's key lies.

    Raises:
        StoreInUseError: The store is open.
        DamagedStoreError: The backup is damaged itself; the store is left as it is.
        StoreError: The disk is full or cannot be written to.
    """
    files = StoreFiles(folder)
    key = key or find_key(folder)
    lock = StoreLock(folder)
    try:
        files.new_database.unlink(missing_ok=True)
        files.new_database.touch(mode=0o600)
        shutil.copyfile(backup.path, files.new_database)
        with plain_words():
            _check(files.new_database, key)
        _sync(files.new_database)
        # The write-ahead log belongs to the store that is set aside: beside the restored one it
        # would be taken for its own.
        _move(folder, (files.database, files.log, files.index))
        files.new_database.replace(files.database)
        files.write_mark(key)
        sync_folder(folder)
    except OSError as error:
        raise StoreError(
            "The backup could not be restored.",
            "Check that the disk is not full and that the data folder can be written to.",
        ) from error
    finally:
        files.new_database.unlink(missing_ok=True)
        lock.release()


def set_store_aside(folder: Path) -> Path:
    """Move a store, its key and its backups into a folder beside, so that a new one can begin.

    Moved back, they are as they were.

    Returns:
        Where they lie now.

    Raises:
        StoreInUseError: The store is open.
        StoreError: The folder cannot be written to.
    """
    files = StoreFiles(folder)
    lock = StoreLock(folder)
    try:
        content = (files.database, files.log, files.index, files.backups)
        # What says that there is a store goes last: until then none begins anew.
        return _move(folder, (*content, files.key, files.key_place, files.mark))
    except OSError as error:
        raise unwritable_folder() from error
    finally:
        lock.release()


def _move(folder: Path, paths: Iterable[Path]) -> Path:
    """Move what is there of some files into a new folder beside them."""
    aside = folder / f"set-aside-{datetime.now(UTC):{_TIME}}"
    aside.mkdir(mode=0o700)
    for path in paths:
        if path.exists():
            path.replace(aside / path.name)
    sync_folder(aside)
    return aside


def damaged_pages(db: Connection) -> int:
    """How many pages of the database file are not what was written."""
    return len(db.execute("PRAGMA cipher_integrity_check").fetchall())


def _copy(db: Connection, target: Path, key: StoreKey, should_stop: Callable[[], bool]) -> None:
    def step(_status: int, _remaining: int, _total: int) -> None:
        if should_stop():
            raise Cancelled("The backup was stopped.")

    with closing(connect(target, key)) as copy:
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        is_reading = db.in_transaction
        if not is_reading:
            # While it is read in one transaction, what others write does not make it begin anew.
            db.execute("BEGIN")
        try:
            db.execute("SELECT count(*) FROM meta").fetchone()
            db.backup(copy, pages=_PAGES_A_STEP, progress=step)
        finally:
            if not is_reading:
                db.execute("ROLLBACK")
        # One file, without a write-ahead log beside it.
        copy.execute("PRAGMA journal_mode = DELETE")


def _check(path: Path, key: StoreKey, *, like: Connection | None = None) -> None:
    """Look at every page of a copy.

    Raises:
        DamagedStoreError: It is not whole.
    """
    with closing(connect(path, key)) as copy:
        is_whole = (
            schema_version(copy) > 0
            and damaged_pages(copy) == 0
            and copy.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            and (like is None or schema_version(copy) == schema_version(like))
        )
    if not is_whole:
        raise DamagedStoreError(
            "The backup is damaged: it is not what was written.", "Use another backup."
        )


def _require_room(db: Connection, folder: Path) -> None:
    pages, size = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "page_size")
    )
    if shutil.disk_usage(folder).free < pages * size + _SPARE_BYTES:
        raise StoreError(
            "There is no room on the disk for a backup of the records.",
            "Free some space on the disk.",
        )


def _let_go(backups: Iterable[Backup]) -> None:
    """Delete backups that are no longer worth their room."""
    days: set[object] = set()
    weeks: set[object] = set()
    before_migration = 0
    for backup in backups:
        if backup.kind is BackupKind.BEFORE_MIGRATION:
            before_migration += 1
            is_kept = before_migration <= _KEPT_BEFORE_MIGRATION
        else:
            day, week = backup.made.date(), backup.made.isocalendar()[:2]
            is_kept = (day not in days and len(days) < _KEPT_DAYS) or (
                week not in weeks and len(weeks) < _KEPT_WEEKS
            )
            days.add(day)
            weeks.add(week)
        if not is_kept:
            backup.path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
