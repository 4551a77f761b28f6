"""Files come into the store row by row; what was cut goes on, and no row is lost or doubled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kdh_desktop.core.errors import Cancelled, InputError
from kdh_desktop.core.importing.reading import inspect_file
from kdh_desktop.core.records.intake import IntakeProgress, source_of, take_in
from kdh_desktop.core.records.record_store import RecordStore
from tests.data.reference_files import ris_of


@pytest.fixture
def store() -> Iterator[RecordStore]:
    made = RecordStore.in_memory()
    yield made
    made.close()


def titles_of(store: RecordStore) -> list[str]:
    return [row.title for row in store.rows(store.ids())]


def take(
    store: RecordStore,
    path: Path,
    *,
    on_progress: Callable[[IntakeProgress], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    plan = inspect_file(path).plan
    batch = take_in(store, path, plan, on_progress=on_progress, should_stop=should_stop)
    return batch.id


def test_every_row_is_taken_in_or_listed_as_refused(store: RecordStore, tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_text(ris_of(1200, bad=(3, 700)), encoding="utf-8")
    told: list[IntakeProgress] = []
    batch = store.batch(take(store, path, on_progress=told.append))
    assert (batch.records, batch.refused, batch.is_finished) == (1198, 2, True)
    assert [row.row for row in store.refused_rows(batch.id)] == [3, 700]
    assert (batch.source.name, batch.source.path) == ("a.ris", str(path))
    assert len(batch.source.sha256) == 64
    assert told[-1] == IntakeProgress(1198, 2)
    assert len(told) == 3, "one transaction for every 500 rows"
    assert titles_of(store)[:3] == ["Invented study 1", "Invented study 2", "Invented study 4"]


def test_import_can_be_undone_as_a_whole(store: RecordStore, tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_text(ris_of(10), encoding="utf-8")
    take(store, path)
    store.undo()
    assert store.count() == 0
    store.redo()
    assert store.count() == 10


def test_cut_import_goes_on_behind_its_last_row(store: RecordStore, tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_text(ris_of(1700, bad=(600, 1300)), encoding="utf-8")
    told: list[IntakeProgress] = []
    with pytest.raises(Cancelled):
        take(store, path, on_progress=told.append, should_stop=lambda: len(told) >= 2)
    (cut,) = store.batches()
    assert not cut.is_finished
    assert cut.records + cut.refused == 1000
    batch = store.batch(take(store, path, on_progress=told.append))
    assert batch.id == cut.id
    assert (batch.records, batch.refused, batch.is_finished) == (1698, 2, True)
    assert told[-1] == IntakeProgress(1698, 2)
    numbers = [int(title.rpartition(" ")[2]) for title in titles_of(store)]
    assert numbers == [n for n in range(1, 1701) if n not in {600, 1300}]


def test_same_file_again_is_another_import(store: RecordStore, tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_text(ris_of(3), encoding="utf-8")
    assert take(store, path) != take(store, path)
    assert store.count() == 6


def test_changed_file_begins_anew(store: RecordStore, tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_text(ris_of(600), encoding="utf-8")
    told: list[IntakeProgress] = []
    with pytest.raises(Cancelled):
        take(store, path, on_progress=told.append, should_stop=lambda: bool(told))
    path.write_text(ris_of(601), encoding="utf-8")
    batch = store.batch(take(store, path))
    assert batch.records == 601
    assert len(store.batches()) == 2


def test_missing_file_leaves_nothing_behind(store: RecordStore, tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_text(ris_of(3), encoding="utf-8")
    plan = inspect_file(path).plan
    path.unlink()
    with pytest.raises(InputError):
        take_in(store, path, plan)
    assert store.batches() == []


def test_hash_is_that_of_the_bytes_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_text(ris_of(3), encoding="utf-8")
    source = source_of(path, inspect_file(path).plan)
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.columns == ()


def test_looking_for_the_hash_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_text(ris_of(3), encoding="utf-8")
    with pytest.raises(Cancelled):
        source_of(path, inspect_file(path).plan, should_stop=lambda: True)
