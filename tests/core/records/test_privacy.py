"""A private session leaves no trace, and a store on the disk nothing that can be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey

ROOT = Path(__file__).parents[3]
CANARY = "canaryzwitscherling"

WORK = """
import dataclasses, logging, os, sys
from pathlib import Path
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.record_filter import Field, RecordFilter, RecordOrder
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from tests.data.tiny_store import *

logging.basicConfig(level=logging.DEBUG, filename="log.txt")
# Put together here, so that neither the arguments nor the source hold it.
CANARY = "canary" + "zwitscherling"
if sys.argv[1] == "private":
    store = RecordStore.in_memory()
else:
    store = RecordStore.open(Path("records"), key=StoreKey(bytes(range(32))))
store.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
batch = store.begin_import(dataclasses.replace(SOURCE, name=CANARY, path=CANARY, columns=(CANARY,)))
records = [
    dataclasses.replace(
        record, title=f"{CANARY} {record.row}", abstract=f"{record.abstract} {CANARY} " * 20,
        journal=CANARY, authors=CANARY, source_id=CANARY, extra=((CANARY, CANARY),),
    )
    for record in invented_records(2_000)
]
store.add_records(batch, records)
store.finish_import(batch, [CANARY])
predict_all(store)
everything = list(range(1, 2_001))
store.accept(everything, None)
store.undo()
store.redo()
store.review([ReviewChange(1, note=CANARY)], kind=OperationKind.WRITE_NOTE)
store.save_draft(CANARY * 10_000)
store.count(RecordFilter(search=CANARY))
store.ids(RecordFilter(), RecordOrder(by=Field.TITLE, is_descending=True))
list(store.details(everything))
store.back_up()
store.remove_records(everything[:1_000])
print("done", flush=True)
sys.stdin.readline()
store.close()
print("closed", flush=True)
sys.stdin.readline()
"""


def files_with_canary(folder: Path, process: int) -> list[str]:
    """Files in a folder, and whatever a process has open, also when its name is gone."""
    places = [file for file in folder.rglob("*") if file.is_file()]
    descriptors = Path(f"/proc/{process}/fd")
    if descriptors.exists():
        places += [link for link in descriptors.iterdir() if link.is_file()]
    found = []
    for place in places:
        content = place.read_bytes()
        if any(CANARY.encode(code) in content for code in ("utf-8", "utf-16-le", "utf-16-be")):
            found.append(str(place))
    return found


@pytest.mark.parametrize("kind", ["private", "stored"])
def test_canary_is_found_in_no_file(tmp_path: Path, kind: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    # Every place where a library could think of putting something.
    env |= dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP", "SQLITE_TMPDIR"), str(tmp_path))
    env |= {"XDG_CACHE_HOME": str(tmp_path / "c"), "XDG_DATA_HOME": str(tmp_path / "d")}
    child = subprocess.Popen(
        [sys.executable, "-c", WORK, kind],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "done\n"
        names = {file.name for file in tmp_path.rglob("*") if file.is_file()}
        if kind == "private":
            assert names == {"log.txt"}
        else:
            assert {"records.db", "records.db-wal"} <= names, "the log is looked into, too"
        assert files_with_canary(tmp_path, child.pid) == []
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == "closed\n"
        assert files_with_canary(tmp_path, child.pid) == []
        child.stdin.write("\n")


def test_the_search_for_the_canary_finds_one(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(f"... {CANARY}".encode("utf-16-le"))
    assert len(files_with_canary(tmp_path, os.getpid())) == 1


def test_private_sessions_know_nothing_of_each_other() -> None:
    one, other = RecordStore.in_memory(), RecordStore.in_memory()
    one.save_draft(CANARY)
    assert other.draft() == ""
    one.close()
    other.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights another way")
def test_files_of_the_store_are_for_their_owner_alone(tmp_path: Path, key: StoreKey) -> None:
    before = os.umask(0o022)
    try:
        folder = tmp_path / "data" / "records"
        store = RecordStore.open(folder, key=key)
        store.save_draft("words")
        store.back_up()
        for file in (folder, *folder.rglob("*")):
            # The lock file holds nothing, and belongs to the library that makes it.
            assert file.name == "records.lock" or file.stat().st_mode & 0o077 == 0, file.name
        store.close()
    finally:
        os.umask(before)
