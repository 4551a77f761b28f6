"""Records to classify, and a model that waits when a test wants it to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.records.import_batch import BatchKind, BatchSource
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.bulk.bulk_flow import BulkFlow
from tests.data.reference_files import abstract_of
from tests.gui.conftest import GatedClassifier, StartDesktop


def take_in(store: RecordStore, count: int) -> list[int]:
    batch = store.begin_import(BatchSource(BatchKind.PASTED, "Invented"))
    ids = store.add_records(
        batch,
        [ImportedRecord(row=row, abstract=abstract_of(row)) for row in range(1, count + 1)],
    )
    store.finish_import(batch)
    return ids


@pytest.fixture
def store(desktop: Desktop, qtbot: QtBot) -> RecordStore:
    return open_store(desktop, qtbot)


def open_store(desktop: Desktop, qtbot: QtBot) -> RecordStore:
    qtbot.waitUntil(lambda: desktop.desk.store is not None)
    opened = desktop.desk.store
    assert opened is not None
    qtbot.waitUntil(lambda: len(opened.active_labels) > 0)
    return opened


@pytest.fixture
def gated(desktop: Desktop, start: StartDesktop, qtbot: QtBot) -> Iterator[Desktop]:
    """A window whose model waits at a gate after the first 140 texts."""
    other = start_gated(desktop, start, qtbot, free_calls=140)
    yield other
    gate_of(other).gate.set()


def start_gated(desktop: Desktop, start: StartDesktop, qtbot: QtBot, *, free_calls: int) -> Desktop:
    """Another window in the place of this one, whose model waits after the first few texts."""
    real = desktop.model.classifier
    assert real is not None
    desktop.window.close()
    gate = GatedClassifier(real, free_calls=free_calls)
    other = start(load=lambda: gate)
    qtbot.waitUntil(lambda: other.model.classifier is not None)
    return other


def gate_of(desktop: Desktop) -> GatedClassifier:
    gate = desktop.model.classifier
    assert isinstance(gate, GatedClassifier)
    return gate


def flow_of(desktop: Desktop) -> BulkFlow:
    return desktop.window.journeys.bulk
