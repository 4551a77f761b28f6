"""Many records are classified while the window stays in use; what is done stays."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.records.record_filter import RecordFilter
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.app import Desktop
from tests.gui.bulk.conftest import flow_of, gate_of, open_store, start_gated, take_in
from tests.gui.conftest import ANGIOGENESIS, StartDesktop, paste, press_in
from tests.gui.heartbeat import Heartbeat, least_ms


def test_everything_without_labels_is_classified_and_told(
    desktop: Desktop, store: RecordStore, qtbot: QtBot
) -> None:
    take_in(store, 300)
    with qtbot.waitSignal(flow_of(desktop).ended, timeout=30_000):
        flow_of(desktop).classify(RecordFilter())
    assert store.count_unpredicted() == 0
    assert desktop.window.notices.messages == {"bulk:done": "300 records were classified."}
    assert desktop.window.panel.works == ()
    assert desktop.window.windowTitle() == "KDH Desktop"


@pytest.mark.stress  # it wants a machine that does nothing else
@pytest.mark.timeout(180)
def test_the_window_stays_alive_while_many_are_classified(
    desktop: Desktop, store: RecordStore, qtbot: QtBot
) -> None:
    def classify_anew() -> float:
        take_in(store, 300)
        heartbeat = Heartbeat()
        with qtbot.waitSignal(flow_of(desktop).ended, timeout=60_000):
            flow_of(desktop).classify(RecordFilter())
        heartbeat.stop()
        assert store.count_unpredicted() == 0
        return heartbeat.longest_ms

    assert least_ms(classify_anew, goal=50) <= 50


def test_only_what_the_filter_leaves_is_classified(
    desktop: Desktop, store: RecordStore, qtbot: QtBot
) -> None:
    ids = take_in(store, 5)
    with qtbot.waitSignal(flow_of(desktop).ended):
        flow_of(desktop).classify(RecordFilter(ids=tuple(ids[:2])))
    assert store.count_unpredicted() == 3
    qtbot.waitUntil(lambda: "bulk:offer" in desktop.window.notices.messages)
    assert desktop.window.notices.messages["bulk:offer"] == "3 records have no labels yet."


def test_records_that_wait_are_offered_at_the_next_start(
    desktop: Desktop, store: RecordStore, start: StartDesktop, qtbot: QtBot
) -> None:
    take_in(store, 2)
    desktop.window.close()
    again = start()
    qtbot.waitUntil(lambda: "bulk:offer" in again.window.notices.messages)
    with qtbot.waitSignal(flow_of(again).ended):
        flow_of(again).classify(RecordFilter())
    assert open_store(again, qtbot).count_unpredicted() == 0
    assert "bulk:offer" not in again.window.notices.messages


def test_a_pasted_text_that_was_counted_before_its_labels_came_is_offered_no_longer(
    desktop: Desktop, start: StartDesktop, qtbot: QtBot
) -> None:
    again = start_gated(desktop, start, qtbot, free_calls=0)
    window, store = again.window, open_store(again, qtbot)
    paste(window.classify_page.text_pane.editor, ANGIOGENESIS)
    press_in(window, "Ctrl+Return")
    qtbot.waitUntil(lambda: store.count_unpredicted() == 1)
    flow_of(again).offer()
    qtbot.waitUntil(lambda: "bulk:offer" in window.notices.messages)
    gate_of(again).gate.set()
    qtbot.waitUntil(lambda: "bulk:offer" not in window.notices.messages)
    assert store.count_unpredicted() == 0


def test_cancel_keeps_what_is_done(gated: Desktop, qtbot: QtBot) -> None:
    store, flow = open_store(gated, qtbot), flow_of(gated)
    take_in(store, 200)
    flow.classify(RecordFilter())
    qtbot.waitUntil(gate_of(gated).is_waiting.is_set)
    qtbot.waitUntil(lambda: gated.window.panel.works[0].done == 64)
    assert gated.window.panel.works[0].words.startswith("64 of 200")
    assert gated.window.windowTitle() == "32 %"
    [row] = gated.window.panel._rows
    row.cancel_button.click()
    assert gated.window.panel.works[0].is_stopping
    gate_of(gated).gate.set()
    qtbot.waitUntil(lambda: not flow.is_active)
    assert 0 < store.count_unpredicted() <= 200 - 128
    assert gated.window.notices.messages["bulk:done"].startswith("Stopped.")
    qtbot.waitUntil(lambda: "bulk:offer" in gated.window.notices.messages)


def test_pause_waits_and_go_on_ends_the_work(gated: Desktop, qtbot: QtBot) -> None:
    store, flow = open_store(gated, qtbot), flow_of(gated)
    take_in(store, 200)
    flow.classify(RecordFilter())
    qtbot.waitUntil(gate_of(gated).is_waiting.is_set)
    [row] = gated.window.panel._rows
    row.pause_button.click()
    gate_of(gated).gate.set()
    qtbot.waitUntil(lambda: "paused" in row.words.text())
    assert row.pause_button.text() == "Go on"
    qtbot.waitUntil(lambda: 128 <= 200 - store.count_unpredicted() < 200)
    row.pause_button.click()
    with qtbot.waitSignal(flow.ended):
        pass
    assert store.count_unpredicted() == 0


def test_what_is_asked_for_meanwhile_follows(gated: Desktop, qtbot: QtBot) -> None:
    store, flow = open_store(gated, qtbot), flow_of(gated)
    first = take_in(store, 150)
    second = take_in(store, 10)
    flow.classify(RecordFilter(ids=tuple(first)))
    flow.classify(RecordFilter(ids=tuple(second)))
    gate_of(gated).gate.set()
    with qtbot.waitSignal(flow.ended):
        pass
    assert store.count_unpredicted() == 0


def test_private_session_cannot_begin_while_records_are_classified(
    gated: Desktop, qtbot: QtBot
) -> None:
    take_in(open_store(gated, qtbot), 150)
    flow_of(gated).classify(RecordFilter())
    gated.window.files.private.trigger()
    assert not gated.desk.is_private
    assert not gated.window.files.private.isChecked()
    assert "Wait until the work" in gated.window.notices.messages["private"]


def test_records_that_have_labels_are_not_done_again(
    desktop: Desktop, store: RecordStore, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(flow_of(desktop).ended):
        flow_of(desktop).classify(RecordFilter())
    assert desktop.window.notices.messages["bulk:done"] == "These records have labels already."
