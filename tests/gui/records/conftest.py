"""The Records page in the real window, over a real store with invented records."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import RecordDetail, StoredScore
from kdh_desktop.gui.active_model import Ready
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.records.records_page import RecordsPage
from tests.data.tiny_store import SOURCE, predict_all, prediction_of
from tests.gui.conftest import StartDesktop

TINY = "tiny-0"
"""The model of the installation that tests run in."""

RECORDS = 60

PATIENCE_MS = 30_000
"""For conditions that come true by work in other threads: a machine with much else to do may let
the model's load alone take longer than the five seconds that pytest-qt waits by itself."""

OpenPage = Callable[[RecordStore], RecordsPage]


def a_record(number: int, *, words: str = "tumour growth", year: int = 2001) -> ImportedRecord:
    """A record whose title says its number."""
    return ImportedRecord(
        row=number,
        title=f"Study {number} of {words}",
        abstract=f"The {words} of number {number} was studied. It was found in mice.",
        pmid=str(20_000_000 + number),
        year=year + number % 3,
        journal=f"Journal {number % 2}",
    )


def take_in(store: RecordStore, records: Sequence[ImportedRecord]) -> list[int]:
    batch = store.begin_import(SOURCE)
    ids = store.add_records(batch, records)
    store.finish_import(batch)
    return ids


def predict(store: RecordStore, record_id: int, **probabilities: float) -> None:
    """Let the model say something of one record; all other labels are at 0.1."""
    [(_, text)] = [one for one in store.unpredicted(limit=100_000) if one[0] == record_id]
    prediction = prediction_of(text, probabilities, labels=store.active_labels, model_id=TINY)
    store.add_predictions([(record_id, prediction)])


@pytest.fixture
def open_page(start: StartDesktop, qtbot: QtBot) -> OpenPage:
    """Shows the page over a store, once model and store are there."""

    def open_window(store: RecordStore) -> RecordsPage:
        desktop: Desktop = start(open_store=lambda: store)
        qtbot.waitUntil(lambda: isinstance(desktop.model.state, Ready), timeout=PATIENCE_MS)
        if desktop.desk.store is None and not desktop.desk.is_opening:
            desktop.desk.open()
        qtbot.waitUntil(lambda: desktop.desk.store is store, timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: bool(store.active_labels), timeout=PATIENCE_MS)
        desktop.window.go_to_page(1)
        return desktop.window.records_page

    return open_window


@pytest.fixture
def empty_page(open_page: OpenPage) -> RecordsPage:
    """The page over a store that knows the model, and holds no record."""
    return open_page(RecordStore.in_memory())


def store_of(page: RecordsPage) -> RecordStore:
    store = page.records.store
    assert store is not None
    return store


def settle(page: RecordsPage, qtbot: QtBot) -> None:
    """Wait until the page shows what the store holds."""
    page.records.look()

    def is_settled() -> bool:
        records, store = page.records, store_of(page)
        counts = records.counts
        if page.reviewer.is_busy or records.is_listing or counts is None:
            return False
        is_counted = not records._is_counting and not records._is_old_count
        is_seen = is_counted and records._seen == store.change_counter
        is_listed = records._listed_of == counts.everything
        if not (is_seen and is_listed):
            return False
        wanted = page.table.current_id
        return wanted is None or page.open_record.detail == store.detail(wanted)

    qtbot.waitUntil(is_settled, timeout=PATIENCE_MS)


@pytest.fixture
def store(empty_page: RecordsPage, qtbot: QtBot) -> RecordStore:
    """The store behind the page, with records that are classified by chance."""
    store = store_of(empty_page)
    take_in(store, [a_record(number) for number in range(1, RECORDS + 1)])
    predict_all(store, model_id=TINY)
    return store


@pytest.fixture
def page(empty_page: RecordsPage, store: RecordStore, qtbot: QtBot) -> RecordsPage:
    """The page over records that are classified by chance."""
    settle(empty_page, qtbot)
    empty_page.focus_first()
    return empty_page


def detail_of(page: RecordsPage) -> RecordDetail:
    """The record that the page shows."""
    detail = page.open_record.detail
    assert detail is not None
    return detail


def score_of(page: RecordsPage, place: int) -> StoredScore:
    """What stands in one row of the list of hallmarks, from 0."""
    return page.detail.labels.model.rows[place].score


def titles(page: RecordsPage) -> list[str]:
    """Titles of all records on the list, in its order."""
    return [row.title for row in store_of(page).rows(page.records.ids)]
