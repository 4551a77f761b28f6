"""The store serves several threads at once: each sees it whole, and none waits for a reader."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kdh_desktop.core.errors import StoreError
from kdh_desktop.core.records.record_filter import RecordFilter, ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from tests.data.tiny_store import MANIFEST_SHA256, fill, predict_all, tiny_manifest

COUNT = 40
EVERYTHING = range(1, COUNT + 1)
STATES = (ReviewStatus.UNSURE, ReviewStatus.SKIPPED)


@pytest.fixture(params=["disk", "private"])
def shared(request: pytest.FixtureRequest, tmp_path: Path, key: StoreKey) -> Iterator[RecordStore]:
    is_private = request.param == "private"
    store = RecordStore.in_memory() if is_private else RecordStore.open(tmp_path, key=key)
    store.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
    fill(store, COUNT)
    predict_all(store)
    yield store
    store.close()


def side_by_side(*works: Callable[[], None]) -> list[BaseException]:
    """Run each in a thread of its own; gives what they raised."""
    with ThreadPoolExecutor(len(works)) as threads:
        outcomes = [threads.submit(work) for work in works]
    return [error for outcome in outcomes if (error := outcome.exception()) is not None]


def test_readers_see_each_operation_whole(shared: RecordStore) -> None:
    is_done = threading.Event()

    def write() -> None:
        for turn in range(40):
            changes = [ReviewChange(record, review=STATES[turn % 2]) for record in EVERYTHING]
            shared.review(changes, kind=OperationKind.SET_REVIEW)
        is_done.set()

    def read() -> None:
        while not is_done.is_set():
            states = {row.review for row in shared.rows(EVERYTHING)}
            assert len(states) == 1, "half an operation was seen"

    assert side_by_side(write, read, read, read) == []


def test_writers_do_not_lose_each_others_work(shared: RecordStore) -> None:
    def note(first: int) -> Callable[[], None]:
        def work() -> None:
            for record in range(first, COUNT + 1, 4):
                change = ReviewChange(record, note=f"{first}")
                shared.review([change], kind=OperationKind.WRITE_NOTE)

        return work

    before = shared.change_counter
    assert side_by_side(*(note(first) for first in (1, 2, 3, 4))) == []
    assert [row.note for row in shared.rows(range(1, 9))] == list("12341234")
    assert shared.change_counter == before + COUNT
    assert len(shared.operations(COUNT + 9)) == COUNT + 1


def test_reader_is_not_kept_waiting_by_a_writer(store: RecordStore) -> None:
    fill(store, 3)
    with store._database.writing() as db:
        db.execute("DELETE FROM words WHERE rowid = 1")
        seen: list[int] = []
        assert side_by_side(lambda: seen.append(store.count())) == []
    assert seen == [3]


def test_model_may_change_while_others_read(shared: RecordStore) -> None:
    other = tiny_manifest("tiny-2")
    is_done = threading.Event()

    def switch() -> None:
        for turn in range(10):
            manifest, sha256 = [(other, "77" * 32), (tiny_manifest(), MANIFEST_SHA256)][turn % 2]
            shared.activate_model(manifest, manifest_sha256=sha256)
        is_done.set()

    def read() -> None:
        while not is_done.is_set():
            assert shared.count(RecordFilter(is_predicted=True)) in {0, COUNT}

    assert side_by_side(switch, read, read) == []


def test_closing_while_others_read_ends_them_with_a_sentence(shared: RecordStore) -> None:
    is_reading = threading.Barrier(3)

    def read() -> None:
        shared.count()
        is_reading.wait()
        while True:
            shared.rows(EVERYTHING)

    def close() -> None:
        is_reading.wait()
        shared.close()

    raised = side_by_side(read, read, close)
    assert [type(error) for error in raised] == [StoreError, StoreError]
    assert all("closed" in str(error) for error in raised)
