"""What the store said it keeps is there, whatever ends the process or fills the disk."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from kdh_desktop.core.errors import StoreError
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_files import StoreFiles
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from tests.data.tiny_store import SOURCE, fill, invented_records, predict_all

ROOT = Path(__file__).parents[3]

BEGIN = """
import sys
from pathlib import Path
from kdh_desktop.core.errors import StoreError
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from tests.data.tiny_store import *

store = RecordStore.open(Path(sys.argv[1]), key=StoreKey(bytes(range(32))))
store.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
"""

TAKE_IN_WITHOUT_END = """
batch = store.begin_import(SOURCE)
first = store.batch(batch).last_row + 1
while True:
    store.add_records(batch, invented_records(7, first=first))
    first += 7
    print(first - 1, flush=True)
"""

REVIEW_WITHOUT_END = """
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
done = len(store.operations(1_000_000)) - 1
while True:
    status = [ReviewStatus.UNSURE, ReviewStatus.SKIPPED][done % 2]
    changes = [ReviewChange(record, review=status) for record in range(1, 31)]
    store.review(changes, kind=OperationKind.SET_REVIEW)
    done += 1
    print(done, flush=True)
"""


def start(program: str, folder: Path, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + program, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **more},
    )


def kill_after(program: str, folder: Path, lines: int) -> int:
    """Kill the program after some lines; gives the last number that it said is kept."""
    with start(program, folder) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        said += child.stdout.readlines()
    whole = [line for line in said if line.endswith("\n")]
    return int(whole[-1])


def check_import(folder: Path, key: StoreKey, kept: int) -> None:
    store = RecordStore.open(folder, key=key)
    [batch] = store.batches()
    assert not batch.is_finished
    assert batch.records >= kept, "nothing that was said to be kept is lost"
    assert batch.records % 7 == 0, "no half transaction"
    assert batch.last_row == batch.records
    texts = [text for _, text in store.unpredicted(limit=1_000_000)]
    assert texts == [record.text for record in invented_records(batch.records)]
    store.verify()
    store.close()


def kill_imports(folder: Path, key: StoreKey, times: int) -> None:
    chance = random.Random(4)
    for _ in range(times):
        kept = kill_after(TAKE_IN_WITHOUT_END, folder, chance.randint(1, 12))
        check_import(folder, key, kept)


def kill_reviews(folder: Path, key: StoreKey, times: int) -> None:
    store = RecordStore.open(folder, key=key)
    fill(store, 30)
    store.close()
    chance = random.Random(5)
    for _ in range(times):
        kept = kill_after(REVIEW_WITHOUT_END, folder, chance.randint(1, 12))
        store = RecordStore.open(folder, key=key)
        done = len(store.operations(1_000_000)) - 1
        assert done >= kept
        status = [ReviewStatus.UNSURE, ReviewStatus.SKIPPED][(done - 1) % 2]
        assert {row.review for row in store.rows(range(1, 31))} == {status}, "all or nothing"
        store.close()


def test_killed_imports_keep_what_they_said_is_kept(tmp_path: Path, key: StoreKey) -> None:
    kill_imports(tmp_path, key, 3)


def test_killed_reviews_are_whole_or_not_there(tmp_path: Path, key: StoreKey) -> None:
    kill_reviews(tmp_path, key, 3)


@pytest.mark.stress
@pytest.mark.timeout(900)
def test_a_hundred_killed_imports_lose_nothing(tmp_path: Path, key: StoreKey) -> None:
    kill_imports(tmp_path, key, 100)


@pytest.mark.stress
@pytest.mark.timeout(900)
def test_a_hundred_killed_reviews_lose_nothing(tmp_path: Path, key: StoreKey) -> None:
    kill_reviews(tmp_path, key, 100)


def test_killed_while_the_store_is_made_leaves_room_for_a_new_one(
    tmp_path: Path, key: StoreKey
) -> None:
    (tmp_path / StoreFiles(tmp_path).new_database.name).write_bytes(b"half a database")
    store = RecordStore.open(tmp_path, key=key)
    fill(store, 1)
    store.close()
    assert not StoreFiles(tmp_path).new_database.exists()


# Disks


def test_full_disk_keeps_what_was_there_and_the_work_goes_on_afterwards(
    store: RecordStore,
) -> None:
    fill(store, 100)
    predict_all(store)
    with store._database.alone() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    batch = store.begin_import(SOURCE)
    with pytest.raises(StoreError) as caught:
        store.add_records(batch, invented_records(2_000, first=101))
    assert "full" in caught.value.message
    assert "Free some space" in caught.value.remedy
    assert store.count() == 100
    with store._database.alone() as db:
        db.execute("PRAGMA max_page_count = 1000000")
    store.add_records(batch, invented_records(2_000, first=101))
    assert store.count() == 2_100


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the size of files")
def test_disk_that_refuses_to_write_on_loses_nothing_and_kills_nobody(
    tmp_path: Path, key: StoreKey
) -> None:
    program = """
    import resource
    fill(store, 200)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))
    batch = store.begin_import(SOURCE)
    first = 201
    try:
        while True:
            store.add_records(batch, invented_records(50, first=first))
            first += 50
    except StoreError as error:
        print(error.message)
    print(store.count())
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.add_records(batch, invented_records(50, first=first))
    print(store.count(), first + 49)
    store.close()
    """
    with start(textwrap.dedent(program), tmp_path) as child:
        out, _ = child.communicate(timeout=60)
    message, at_limit, end = out.splitlines()
    assert "disk" in message
    after, expected = map(int, end.split())
    assert int(at_limit) + 50 == after == expected
    again = RecordStore.open(tmp_path, key=key)
    assert again.count() == expected
    again.verify()
    again.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of a few megabytes, where the system lets us have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("only an administrator can make a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_disk_that_fills_up_is_told_and_the_records_stay(small_disk: Path, key: StoreKey) -> None:
    store = RecordStore.open(small_disk, key=key)
    fill(store, 100)
    kept = []

    def fill_up() -> None:
        batch = store.begin_import(SOURCE)
        while True:
            kept.append(store.add_records(batch, invented_records(100)))

    with pytest.raises(StoreError, match="full"):
        fill_up()
    assert store.count() == 100 + 100 * len(kept)
    with pytest.raises(StoreError):
        store.back_up()
    store.close()
    again = RecordStore.open(small_disk, key=key)
    assert again.count() == 100 + 100 * len(kept)
    again.close()


def test_folder_that_is_read_only_is_told(tmp_path: Path, key: StoreKey) -> None:
    RecordStore.open(tmp_path, key=key).close()
    files = [tmp_path, *tmp_path.iterdir()]
    for file in files:
        file.chmod(file.stat().st_mode & ~stat.S_IWUSR & ~stat.S_IWGRP & ~stat.S_IWOTH)
    program = """
    import os, sys
    from pathlib import Path
    from kdh_desktop.core.errors import StoreError
    from kdh_desktop.core.records.record_store import RecordStore
    from kdh_desktop.core.records.store_key import StoreKey
    if os.name != "nt" and os.geteuid() == 0:
        # Rights are nothing to an administrator, so that somebody else has to try.
        os.chown(sys.argv[1], 65534, 65534)
        for file in Path(sys.argv[1]).iterdir():
            os.chown(file, 65534, 65534)
        for folder in Path(sys.argv[1]).parents:
            if os.stat(folder).st_uid == 0 and not os.stat(folder).st_mode & 1:
                os.chmod(folder, os.stat(folder).st_mode | 1)
        os.setgid(65534)
        os.setuid(65534)
    try:
        RecordStore.open(Path(sys.argv[1]), key=StoreKey(bytes(range(32))))
    except StoreError as error:
        print(type(error).__name__, error.message)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for file in files:
        file.chmod(file.stat().st_mode | stat.S_IWUSR)
    assert done.stdout == "StoreError The folder of the records cannot be written to.\n"


def test_child_that_is_terminated_politely_loses_nothing(tmp_path: Path, key: StoreKey) -> None:
    with start(TAKE_IN_WITHOUT_END, tmp_path) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        said = child.stdout.readlines()
    check_import(tmp_path, key, int(said[-1]) if said else 7)


def test_operation_and_its_log_entry_are_one(store: RecordStore) -> None:
    """A failure between a change and its entry in the log leaves neither."""
    fill(store, 5)
    with store._database.alone() as db:
        db.execute(
            "CREATE TEMP TRIGGER fault BEFORE INSERT ON main.change "
            "BEGIN SELECT raise(ABORT, 'fault'); END"
        )
    with pytest.raises(Exception, match="fault"):
        store.review([ReviewChange(1, note="words")], kind=OperationKind.WRITE_NOTE)
    with store._database.alone() as db:
        db.execute("DROP TRIGGER fault")
    assert store.detail(1).note == ""
    assert len(store.operations(9)) == 1
