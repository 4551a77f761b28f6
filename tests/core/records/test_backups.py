"""Backups are whole, checked, encrypted, made beside the work, and some of every age are kept."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from kdh_desktop.core.errors import Cancelled, DamagedStoreError, StoreError
from kdh_desktop.core.records import backups
from kdh_desktop.core.records.backups import (
    BackupKind,
    is_backup_due,
    list_backups,
    restore_backup,
    usable_backups,
)
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_files import StoreFiles
from kdh_desktop.core.records.store_key import StoreKey
from tests.data.tiny_store import fill, invented_records


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "records"  # where the fixture `store` lies


def name_of(made: datetime, kind: BackupKind = BackupKind.ROUTINE) -> str:
    return f"records-{made:%Y%m%dT%H%M%S%f}Z-{kind}.db"


def test_backup_holds_what_the_store_held(folder: Path, store: RecordStore, key: StoreKey) -> None:
    fill(store, 30)
    backup = store.back_up()
    assert backup is not None
    fill(store, 5, first=31)
    store.close()
    restore_backup(folder, backup, key=key)
    again = RecordStore.open(folder, key=key)
    assert again.count_unpredicted() == 30
    assert again.undo() is not None, "the log of operations is part of it"
    again.close()


def test_backup_is_one_encrypted_file(folder: Path, store: RecordStore) -> None:
    fill(store, 30)
    backup = store.back_up()
    assert backup is not None
    assert [file.name for file in backup.path.parent.iterdir()] == [backup.path.name]
    content = backup.path.read_bytes()
    assert backup.size == len(content)
    assert not any(word in content for word in (b"SQLite", b"Invented", b"apoptosis", b"CREATE"))


def test_backup_taken_while_others_write_holds_whole_transactions(
    folder: Path, store: RecordStore, key: StoreKey
) -> None:
    batch = fill(store, 1_000)
    is_done = threading.Event()

    def write() -> None:
        number = 1_001
        while not is_done.is_set():
            store.add_records(batch, invented_records(10, first=number))
            number += 10

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(3):
        store.back_up()
    is_done.set()
    writer.join()
    store.close()
    restore_backup(folder, list_backups(folder)[0], key=key)
    restored = RecordStore.open(folder, key=key)
    assert restored.count_unpredicted() > 1_000
    assert restored.count_unpredicted() % 10 == 0
    restored.close()


def test_backup_that_is_stopped_leaves_nothing(folder: Path, store: RecordStore) -> None:
    fill(store, 10)
    with pytest.raises(Cancelled):
        store.back_up(should_stop=lambda: True)
    assert list(StoreFiles(folder).backups.iterdir()) == []


def test_backup_without_room_is_refused_before_it_begins(
    folder: Path, store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1))
    with pytest.raises(StoreError, match="no room"):
        store.back_up()
    assert list_backups(folder) == ()


def test_backup_that_fails_on_the_way_leaves_the_last_one(
    folder: Path, store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = store.back_up()

    def fail(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "_sync", fail)
    with pytest.raises(StoreError, match="could not be written"):
        store.back_up()
    assert list_backups(folder) == (last,)
    assert [file.name for file in StoreFiles(folder).backups.iterdir()] == [
        one.path.name for one in list_backups(folder)
    ]


def test_damaged_backup_is_not_restored(folder: Path, store: RecordStore, key: StoreKey) -> None:
    fill(store, 100)
    backup = store.back_up()
    assert backup is not None
    store.close()
    content = bytearray(backup.path.read_bytes())
    content[50_000] ^= 1
    backup.path.write_bytes(content)
    before = StoreFiles(folder).database.read_bytes()
    with pytest.raises(DamagedStoreError, match="backup is damaged"):
        restore_backup(folder, backup, key=key)
    assert StoreFiles(folder).database.read_bytes() == before
    assert not list(folder.glob("set-aside-*"))


def test_backups_of_another_key_are_listed_and_not_usable(
    folder: Path, store: RecordStore, key: StoreKey
) -> None:
    backup = store.back_up()
    assert usable_backups(folder, key) == (backup,)
    assert list_backups(folder) == (backup,)
    assert usable_backups(folder, StoreKey(b"o" * 32)) == ()


def test_some_of_every_age_are_kept(folder: Path, store: RecordStore) -> None:
    """Four weeks with two backups a day: the last of three days and of three weeks remain."""
    place = StoreFiles(folder).backups
    place.mkdir()
    today = datetime(2026, 11, 20, 9, tzinfo=UTC)  # a Friday
    for days in range(28):
        for hour in (0, 6):
            (place / name_of(today + timedelta(hours=hour) - timedelta(days=days))).touch()
    for hours in range(5):
        early = today - timedelta(days=90, hours=hours)
        (place / name_of(early, BackupKind.BEFORE_MIGRATION)).touch()
    (place / "my own notes.txt").touch()
    backups._let_go(list_backups(folder))
    kept = [(one.kind, one.made.date().isoformat(), one.made.hour) for one in list_backups(folder)]
    assert kept == [
        (BackupKind.ROUTINE, "2026-11-20", 15),
        (BackupKind.ROUTINE, "2026-11-19", 15),
        (BackupKind.ROUTINE, "2026-11-18", 15),
        (BackupKind.ROUTINE, "2026-11-15", 15),
        (BackupKind.ROUTINE, "2026-11-08", 15),
        (BackupKind.BEFORE_MIGRATION, "2026-08-22", 9),
        (BackupKind.BEFORE_MIGRATION, "2026-08-22", 8),
        (BackupKind.BEFORE_MIGRATION, "2026-08-22", 7),
    ]
    assert (place / "my own notes.txt").exists()


def test_backup_is_due_once_a_day_and_only_after_something_was_written(
    folder: Path, store: RecordStore
) -> None:
    first = store.back_up_if_due()
    assert first is not None
    assert store.back_up_if_due() is None
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert not is_backup_due(folder, tomorrow), "nothing was written since"
    first.path.rename(first.path.with_name(name_of(datetime.now(UTC) - timedelta(days=1))))
    fill(store, 1)
    assert is_backup_due(folder)
    assert store.back_up_if_due() is not None


def test_backup_from_a_day_when_the_clock_was_ahead_keeps_no_other_from_being_made(
    folder: Path, store: RecordStore
) -> None:
    made = store.back_up()
    assert made is not None
    made.path.rename(made.path.with_name("records-20990101T000000000000Z-routine.db"))
    assert is_backup_due(folder)
    store.back_up()
    assert not is_backup_due(folder)


def test_private_session_makes_none() -> None:
    store = RecordStore.in_memory()
    assert store.back_up_if_due() is None
    assert store.back_up() is None
    store.close()
