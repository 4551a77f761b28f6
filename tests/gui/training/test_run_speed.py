"""The window stays alive while a run tells much, and a long one is drawn in a moment."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from kdh_desktop.core.runs.training_runs import RunFolder
from kdh_desktop.core.training_progress import RunProgress, RunState, progress_of
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.training.training_page import TrainingPage
from kdh_desktop.gui.training_desk import ActiveRun
from tests.data.told_runs import long_run
from tests.gui.heartbeat import Effort, least_ms
from tests.gui.training.conftest import panel_of, summary_of, view_of

# They want a machine that does nothing else.
pytestmark = [pytest.mark.stress, pytest.mark.timeout(300)]

LONGEST_MS = 50
REDRAWN_S = 1.0


@pytest.fixture(scope="module")
def long_progress() -> RunProgress:
    """Where a run stands after eight hours; a sixth of the events, which fold to the same."""
    return progress_of(long_run(events=50_000))


def tell(desktop: Desktop, progress: RunProgress) -> None:
    """Tell ten times a second, for two seconds: another step, another share, now and then more."""
    desk, stage = desktop.trainings, progress.stages[-1]
    for number in range(20):
        batches = replace(stage.batches, batch=number) if stage.batches is not None else None
        epochs = stage.epochs[: 5 + number // 10]
        latest = replace(stage, batches=batches, epochs=epochs)
        progress = replace(
            progress,
            seq=progress.seq + 1,
            run_share=number / 24,
            stages=(*progress.stages[:-1], latest),
        )
        assert desk._active is not None
        desk._active = replace(desk._active, progress=progress)
        desk.progressed.emit(progress)
        QTest.qWait(100)


def test_eight_hours_are_drawn_in_under_a_second(
    drawn: TrainingPage, desktop: Desktop, runs: dict[str, RunFolder], long_progress: RunProgress
) -> None:
    panel_of(drawn).list.choose(runs["finished"])
    shown = drawn.shown
    assert shown is not None
    other = replace(shown, summary=summary_of(desktop, runs["failed"]), progress=long_progress)
    view = view_of(drawn)
    QApplication.processEvents()
    begin = time.thread_time()
    view.show_run(other)
    while not view.is_drawn:
        QApplication.processEvents()
    view.grab()
    # In the thread's own time: other tests take the processor, too.
    assert time.thread_time() - begin < REDRAWN_S
    assert len(view.stages.table.rows.rows) == 40


def test_the_window_stays_alive_while_a_long_run_tells_ten_times_a_second(
    drawn: TrainingPage,
    desktop: Desktop,
    runs: dict[str, RunFolder],
    long_progress: RunProgress,
    qtbot: QtBot,
) -> None:
    run = runs["interrupted"]
    desk = desktop.trainings
    panel_of(drawn).list.choose(run)
    progress = replace(long_progress, state=RunState.RUNNING)
    desk._active = ActiveRun(run, "", progress, has_begun=True)
    desk.changed.emit()
    qtbot.waitUntil(lambda: view_of(drawn).is_drawn)
    view_of(drawn).grab()
    effort = Effort()

    def told() -> float:
        effort.begin()
        tell(desktop, progress)
        return effort.longest_ms

    longest_ms = least_ms(told, goal=LONGEST_MS)
    shown = view_of(drawn).header.bar.value()
    desk._active = None
    desk.changed.emit()
    assert shown > 600
    assert longest_ms <= LONGEST_MS
