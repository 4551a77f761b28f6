"""Who has turned to something else meanwhile is told by the desktop when bulk work has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from kdh_desktop.core.records.record_filter import RecordFilter
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.app import Desktop
from tests.gui.bulk.conftest import flow_of, gate_of, open_store, take_in

# The offscreen platform has no tray, and says so when an icon for one is made.
without_tray = pytest.mark.qt_log_ignore(
    r"systemTrayWindowChanged|does not support (propagateSizeHints|raise)\("
)

Told = list[tuple[str, str]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What a desktop with a tray was asked to show; there is none to test with."""
    shown: Told = []

    def show(_tray: QSystemTrayIcon, title: str, words: str, *_: Any) -> None:
        shown.append((title, words))

    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", show)
    return shown


@pytest.fixture
def alerted(monkeypatch: pytest.MonkeyPatch) -> list[QWidget]:
    """Windows whose entry in the taskbar was lit."""
    lit: list[QWidget] = []
    monkeypatch.setattr(QApplication, "alert", lambda window, *_: lit.append(window))
    return lit


@pytest.fixture
def turn_away(qtbot: QtBot) -> Callable[[Desktop], QWidget]:
    """Brings another window to the front."""

    def turn(desktop: Desktop) -> QWidget:
        other = QWidget()
        qtbot.addWidget(other)
        with qtbot.waitActive(other):
            other.show()
            other.activateWindow()
        qtbot.waitUntil(lambda: not desktop.window.isActiveWindow())
        return other

    return turn


@without_tray
def test_end_is_told_to_who_has_turned_away_and_names_nothing(
    desktop: Desktop,
    store: RecordStore,
    told: Told,
    alerted: list[QWidget],
    turn_away: Callable[[Desktop], QWidget],
    qtbot: QtBot,
) -> None:
    take_in(store, 3)
    turn_away(desktop)
    with qtbot.waitSignal(flow_of(desktop).ended, timeout=30_000):
        flow_of(desktop).classify(RecordFilter())
    assert told == [("KDH Desktop", "3 records were classified.")]
    assert alerted == [desktop.window]


@without_tray
def test_click_on_the_message_brings_the_window_back(
    desktop: Desktop,
    store: RecordStore,
    told: Told,
    turn_away: Callable[[Desktop], QWidget],
    qtbot: QtBot,
) -> None:
    take_in(store, 1)
    turn_away(desktop)
    with qtbot.waitSignal(flow_of(desktop).ended, timeout=30_000):
        flow_of(desktop).classify(RecordFilter())
    assert len(told) == 1
    tray = flow_of(desktop)._message._tray
    assert tray is not None
    with qtbot.waitActive(desktop.window):
        tray.messageClicked.emit()
    assert not tray.isVisible()


def test_who_looks_at_the_window_is_not_told_twice(
    desktop: Desktop, store: RecordStore, told: Told, alerted: list[QWidget], qtbot: QtBot
) -> None:
    take_in(store, 1)
    with qtbot.waitActive(desktop.window):
        desktop.window.activateWindow()
    with qtbot.waitSignal(flow_of(desktop).ended, timeout=30_000):
        flow_of(desktop).classify(RecordFilter())
    assert told == []
    assert alerted == []


def test_work_that_was_stopped_by_its_user_is_no_news(
    gated: Desktop,
    told: Told,
    turn_away: Callable[[Desktop], QWidget],
    qtbot: QtBot,
) -> None:
    take_in(open_store(gated, qtbot), 150)
    flow_of(gated).classify(RecordFilter())
    qtbot.waitUntil(gate_of(gated).is_waiting.is_set)
    turn_away(gated)
    flow_of(gated).cancel()
    gate_of(gated).gate.set()
    qtbot.waitUntil(lambda: not flow_of(gated).is_active)
    assert told == []
