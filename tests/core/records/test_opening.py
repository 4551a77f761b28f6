"""A store that cannot be opened says which of four reasons it has, and what to do."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from kdh_desktop.core.errors import (
    DamagedStoreError,
    NewerStoreError,
    StoreError,
    StoreInUseError,
    WrongKeyError,
)
from kdh_desktop.core.records.backups import list_backups, restore_backup, set_store_aside
from kdh_desktop.core.records.connection import connect
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.schema import SCHEMA_VERSION
from kdh_desktop.core.records.store_files import StoreFiles
from kdh_desktop.core.records.store_key import StoreKey
from tests.data.tiny_store import fill

OTHER_KEY = StoreKey(b"o" * 32)


@pytest.fixture
def folder(tmp_path: Path, key: StoreKey) -> Path:
    """A closed store of 200 records with a backup of the first 100."""
    store = RecordStore.open(tmp_path, key=key)
    fill(store, 100)
    store.back_up()
    fill(store, 100, first=101)
    store.close()
    return tmp_path


def flip_bit(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def remedies(folder: Path, key: StoreKey) -> tuple[type[StoreError], str, str]:
    with pytest.raises(StoreError) as caught:
        RecordStore.open(folder, key=key)
    return type(caught.value), caught.value.message, caught.value.remedy


def count(folder: Path, key: StoreKey) -> int:
    store = RecordStore.open(folder, key=key)
    try:
        return store.count_unpredicted()
    finally:
        store.close()


def test_four_reasons_have_four_messages(folder: Path, key: StoreKey) -> None:
    messages = {}
    messages["key"] = remedies(folder, OTHER_KEY)
    holder = RecordStore.open(folder, key=key)
    messages["in use"] = remedies(folder, key)
    holder.close()
    set_version(folder, key, SCHEMA_VERSION + 1)
    messages["newer"] = remedies(folder, key)
    set_version(folder, key, SCHEMA_VERSION)
    flip_bit(StoreFiles(folder).database, 9_000)
    messages["damage"] = remedies(folder, key)
    assert {reason: found[0] for reason, found in messages.items()} == {
        "key": WrongKeyError,
        "in use": StoreInUseError,
        "newer": NewerStoreError,
        "damage": DamagedStoreError,
    }
    assert len({found[1] for found in messages.values()}) == 4
    assert all(found[2] for found in messages.values())
    for _, message, remedy in messages.values():
        assert str(folder) not in message + remedy
        assert "Invented" not in message + remedy


def set_version(folder: Path, key: StoreKey, version: int) -> None:
    db = connect(StoreFiles(folder).database, key)
    db.execute(f"PRAGMA user_version = {version}")
    db.close()


@pytest.mark.parametrize("place", [0.0, 0.001, 0.3, 0.7, 0.9999])
def test_flipped_bit_anywhere_is_damage_and_the_backup_comes_back(
    folder: Path, key: StoreKey, place: float
) -> None:
    database = StoreFiles(folder).database
    flip_bit(database, int(place * database.stat().st_size))
    kind, _, remedy = remedies(folder, key)
    assert kind is DamagedStoreError
    [backup] = list_backups(folder)
    assert f"Restore the backup of {backup.made.astimezone():%Y-%m-%d, %H:%M}." in remedy
    damaged = database.read_bytes()
    restore_backup(folder, backup, key=key)
    assert count(folder, key) == 100
    [aside] = folder.glob("set-aside-*/records.db")
    assert aside.read_bytes() == damaged, "what is damaged is kept"


def test_damage_without_a_backup_says_that_there_is_none(tmp_path: Path, key: StoreKey) -> None:
    store = RecordStore.open(tmp_path, key=key)
    fill(store, 50)
    store.close()
    flip_bit(StoreFiles(tmp_path).database, 20_000)
    assert remedies(tmp_path, key)[2] == "There is no backup that could take their place."


def test_half_a_database_is_damage(folder: Path, key: StoreKey) -> None:
    database = StoreFiles(folder).database
    database.write_bytes(database.read_bytes()[: database.stat().st_size // 2])
    assert remedies(folder, key)[0] is DamagedStoreError


@pytest.mark.parametrize("is_empty", [False, True])
def test_lost_database_is_not_taken_for_a_new_store(
    folder: Path, key: StoreKey, is_empty: bool
) -> None:
    database = StoreFiles(folder).database
    if is_empty:
        database.write_bytes(b"")
    else:
        database.unlink()
    kind, message, remedy = remedies(folder, key)
    assert kind is DamagedStoreError
    assert "gone" in message
    assert "Restore the backup" in remedy
    [backup] = list_backups(folder)
    restore_backup(folder, backup, key=key)
    assert count(folder, key) == 100


def test_damage_that_is_met_later_is_told_then(folder: Path, key: StoreKey) -> None:
    store = RecordStore.open(folder, key=key)
    database = StoreFiles(folder).database
    size = database.stat().st_size
    with database.open("r+b") as file:
        for offset in range(4_096 + 100, size, 4_096):
            file.seek(offset)
            file.write(b"damage")
    with pytest.raises(DamagedStoreError) as caught:
        store.unpredicted(limit=500)
    assert "Restore the backup" in caught.value.remedy
    with pytest.raises(DamagedStoreError):
        store.verify()
    with pytest.raises(DamagedStoreError):
        store.back_up()
    assert len(list_backups(folder)) == 1
    store.close()


def test_sound_store_is_verified(folder: Path, key: StoreKey) -> None:
    store = RecordStore.open(folder, key=key)
    fill(store, 10, first=201)
    store.verify()
    store.close()


def test_newer_store_is_left_as_it_is(folder: Path, key: StoreKey) -> None:
    set_version(folder, key, SCHEMA_VERSION + 7)
    before = StoreFiles(folder).database.read_bytes()
    kind, _, remedy = remedies(folder, key)
    assert kind is NewerStoreError
    assert "Restore the backup" in remedy
    assert StoreFiles(folder).database.read_bytes() == before


def test_wrong_key_offers_no_backup_that_it_cannot_open(folder: Path) -> None:
    kind, _, remedy = remedies(folder, OTHER_KEY)
    assert kind is WrongKeyError
    assert "backup" not in remedy


def test_wrong_key_offers_a_backup_that_it_can_open(folder: Path, key: StoreKey) -> None:
    files = StoreFiles(folder)
    other = folder / "other"
    store = RecordStore.open(other, key=OTHER_KEY)
    store.close()
    StoreFiles(other).database.replace(files.database)
    StoreFiles(other).mark.replace(files.mark)
    kind, _, remedy = remedies(folder, key)
    assert kind is WrongKeyError
    assert "Restore the backup" in remedy


def test_without_its_mark_a_store_opens_and_gets_it_back(folder: Path, key: StoreKey) -> None:
    mark = StoreFiles(folder).mark
    content = mark.read_text()
    mark.unlink()
    assert count(folder, key) == 200
    assert mark.read_text() == content


def test_failed_opening_lets_go_of_the_lock(folder: Path, key: StoreKey) -> None:
    remedies(folder, OTHER_KEY)
    assert count(folder, key) == 200


def test_store_that_another_process_has_open_is_in_use(folder: Path, key: StoreKey) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from kdh_desktop.core.records.record_store import RecordStore\n"
        "from kdh_desktop.core.records.store_key import StoreKey\n"
        "store = RecordStore.open(Path(sys.argv[1]), key=StoreKey(bytes(range(32))))\n"
        "print('open', flush=True); sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        assert remedies(folder, key)[0] is StoreInUseError
        with pytest.raises(StoreInUseError):
            restore_backup(folder, list_backups(folder)[0], key=key)
        child.kill()
    assert count(folder, key) == 200, "the lock ends with its process"


def test_store_set_aside_makes_room_for_a_new_one_and_can_come_back(
    folder: Path, key: StoreKey
) -> None:
    aside = set_store_aside(folder)
    assert count(folder, OTHER_KEY) == 0
    set_store_aside(folder)
    for path in aside.iterdir():
        path.replace(folder / path.name)
    assert count(folder, key) == 200


def test_errors_say_nothing_on_the_error_stream_or_in_logs(
    folder: Path, key: StoreKey, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        flip_bit(StoreFiles(folder).database, 30_000)
        remedies(folder, key)
        remedies(folder, OTHER_KEY)
    assert capfd.readouterr() == ("", "")
    assert key.reveal_hex() not in caplog.text
    assert "Invented" not in caplog.text


def test_closed_store_says_so(folder: Path, key: StoreKey) -> None:
    store = RecordStore.open(folder, key=key)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.count_unpredicted()
    with pytest.raises(StoreError, match="closed"):
        store.save_draft("x")


def test_folder_in_place_of_a_file_beside_the_store_is_told(tmp_path: Path, key: StoreKey) -> None:
    log = StoreFiles(tmp_path).database.with_name("records.db-wal")
    store = RecordStore.open(tmp_path, key=key)
    fill(store, 2)
    store.close()
    log.mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        RecordStore.open(tmp_path, key=key)
    log.rmdir()
    again = RecordStore.open(tmp_path, key=key)
    assert again.count() == 2
    again.close()
