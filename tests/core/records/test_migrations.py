"""Tables of an older version are brought up to date, with a backup first."""

from __future__ import annotations

from pathlib import Path

import pytest

from kdh_desktop.core.errors import StoreError
from kdh_desktop.core.records import backups, migrations, opening
from kdh_desktop.core.records.backups import BackupKind, list_backups, restore_backup
from kdh_desktop.core.records.connection import connect
from kdh_desktop.core.records.migrations import Migration, run_script
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.schema import SCHEMA_VERSION
from kdh_desktop.core.records.store_files import StoreFiles
from kdh_desktop.core.records.store_key import StoreKey
from tests.data.tiny_store import fill

NEXT = SCHEMA_VERSION + 1


@pytest.fixture
def folder(tmp_path: Path, key: StoreKey) -> Path:
    store = RecordStore.open(tmp_path, key=key)
    fill(store, 20)
    store.close()
    return tmp_path


def grow(monkeypatch: pytest.MonkeyPatch, step: Migration) -> None:
    """Let the program be of the next version, which one step leads to."""
    for module in (backups, migrations, opening):
        monkeypatch.setattr(module, "SCHEMA_VERSION", NEXT)
    monkeypatch.setitem(migrations.MIGRATIONS, SCHEMA_VERSION, step)


def version_of(path: Path, key: StoreKey) -> int:
    db = connect(path, key)
    try:
        return migrations.schema_version(db)
    finally:
        db.close()


def test_older_store_is_backed_up_and_brought_up_to_date(
    folder: Path, key: StoreKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(monkeypatch, "CREATE TABLE more (\n  x TEXT -- a; b\n);\nINSERT INTO more VALUES ('a;b');")
    store = RecordStore.open(folder, key=key)
    assert store.count_unpredicted() == 20
    store.close()
    assert version_of(StoreFiles(folder).database, key) == NEXT
    [backup] = list_backups(folder)
    assert backup.kind is BackupKind.BEFORE_MIGRATION
    assert version_of(backup.path, key) == SCHEMA_VERSION
    restore_backup(folder, backup, key=key)
    assert version_of(StoreFiles(folder).database, key) == SCHEMA_VERSION


def test_migration_that_fails_changes_nothing(
    folder: Path, key: StoreKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(monkeypatch, "CREATE TABLE more (x); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(Exception, match="nowhere"):
        RecordStore.open(folder, key=key)
    monkeypatch.undo()
    assert version_of(StoreFiles(folder).database, key) == SCHEMA_VERSION
    store = RecordStore.open(folder, key=key)
    assert store.count_unpredicted() == 20
    store.close()


def test_without_room_for_the_backup_the_store_is_left_as_it_is(
    folder: Path, key: StoreKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(monkeypatch, "CREATE TABLE more (x);")
    monkeypatch.setattr(backups, "_SPARE_BYTES", 1 << 60)
    with pytest.raises(StoreError, match="no room"):
        RecordStore.open(folder, key=key)
    assert version_of(StoreFiles(folder).database, key) == SCHEMA_VERSION


def test_a_step_may_be_a_function(
    folder: Path, key: StoreKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(monkeypatch, lambda db: run_script(db, "UPDATE record SET title = 'changed'"))
    store = RecordStore.open(folder, key=key)
    assert store.unpredicted(limit=1)[0][1].startswith("changed")
    store.close()
