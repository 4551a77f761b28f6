"""Closing the window while work goes on, or in a private session, asks first."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.record_filter import RecordFilter
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.app import Desktop
from tests.gui.bulk.conftest import flow_of, gate_of, open_store, take_in
from tests.gui.conftest import ANGIOGENESIS, STORE_KEY, paste, press_in
from tests.gui.test_record_desk import click


def question_of(desktop: Desktop) -> QMessageBox:
    question = desktop.window.journeys.leaving.question
    assert question is not None
    return question


@pytest.fixture
def busy(gated: Desktop, qtbot: QtBot) -> Desktop:
    take_in(open_store(gated, qtbot), 200)
    flow_of(gated).classify(RecordFilter())
    qtbot.waitUntil(gate_of(gated).is_waiting.is_set)
    gated.window.close()
    assert gated.window.isVisible()
    return gated


def test_work_goes_on_unless_a_person_stops_it(busy: Desktop, qtbot: QtBot) -> None:
    click(question_of(busy), "Go on working")
    qtbot.waitUntil(lambda: busy.window.journeys.leaving.question is None)
    assert flow_of(busy).is_active
    gate_of(busy).gate.set()
    with qtbot.waitSignal(flow_of(busy).ended):
        pass
    assert busy.window.isVisible()


def test_what_is_done_is_kept_when_work_is_stopped(
    busy: Desktop, paths: AppPaths, qtbot: QtBot
) -> None:
    click(question_of(busy), "Stop and close")
    assert busy.window.isVisible(), "it waits for the work to stop"
    gate_of(busy).gate.set()
    qtbot.waitUntil(busy.window.isHidden)
    store = RecordStore.open(paths.records, key=STORE_KEY)
    assert 0 < store.count_unpredicted() <= 200 - 128
    store.close()


def test_escape_keeps_the_window_open(busy: Desktop, qtbot: QtBot) -> None:
    press_in(question_of(busy), "Escape")
    qtbot.waitUntil(lambda: busy.window.journeys.leaving.question is None)
    assert busy.window.isVisible()
    gate_of(busy).gate.set()


def test_private_session_is_not_forgotten_by_a_slip(desktop: Desktop, qtbot: QtBot) -> None:
    open_store(desktop, qtbot)
    desktop.window.files.private.trigger()
    paste(desktop.window.classify_page.text_pane.editor, ANGIOGENESIS)
    desktop.window.close()
    assert desktop.window.isVisible()
    click(question_of(desktop), "Close and forget")
    qtbot.waitUntil(desktop.window.isHidden)


def test_work_in_a_private_session_is_not_said_to_be_kept(gated: Desktop, qtbot: QtBot) -> None:
    open_store(gated, qtbot)
    with qtbot.waitSignal(gated.desk.model_taken):
        gated.window.files.private.trigger()
    assert gated.desk.store is not None
    take_in(gated.desk.store, 200)
    flow_of(gated).classify(RecordFilter())
    qtbot.waitUntil(gate_of(gated).is_waiting.is_set)
    gated.window.close()
    assert "private session are forgotten for good" in question_of(gated).informativeText()
    click(question_of(gated), "Go on working")
    gate_of(gated).gate.set()


def test_idle_window_closes_at_once(desktop: Desktop, qtbot: QtBot) -> None:
    open_store(desktop, qtbot)
    desktop.window.close()
    assert desktop.window.isHidden()
