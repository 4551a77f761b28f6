"""The page with the door open, over runs that lie on the disk."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.training_runs import RunFolder, RunSummary
from kdh_desktop.core.training_protocol import RunFailed
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.training.run_view import RunView
from kdh_desktop.gui.training.runs_panel import RunsPanel
from kdh_desktop.gui.training.training_page import TrainingPage
from tests.data.told_runs import an_administrator, cut_run, keep_run, whole_run


@pytest.fixture
def training(desktop: Desktop, qtbot: QtBot) -> TrainingPage:
    """The page in front, its door shut."""
    desktop.window.go_to_page(2)
    qtbot.waitUntil(lambda: desktop.trainings.is_loaded)
    return desktop.window.training_page


@pytest.fixture
def runs(paths: AppPaths) -> dict[str, RunFolder]:
    """Past runs: one that finished, one that failed, one that was killed, and a good search."""
    failure = RunFailed("The loss is no longer a number.", "Choose a lower learning rate.")
    return {
        "search": keep_run(paths, whole_run(has_search=True), title="With a search", day=20),
        "finished": keep_run(paths, whole_run(seed=2, micro=0.79), title="Quick try", day=21),
        "failed": keep_run(paths, cut_run(end=failure), title="Too fast", day=22),
        "interrupted": keep_run(paths, cut_run(seed=3), title="", day=23),
    }


def open_door(desktop: Desktop) -> None:
    """Come in, as after the password."""
    desktop.door._take(an_administrator())


@pytest.fixture
def opened(
    runs: dict[str, RunFolder], training: TrainingPage, desktop: Desktop, qtbot: QtBot
) -> TrainingPage:
    """The page with the door open, over past runs."""
    open_door(desktop)
    qtbot.waitUntil(lambda: training.runs is not None and view_of(training).page.is_complete)
    return training


@pytest.fixture
def drawn(opened: TrainingPage, qtbot: QtBot) -> TrainingPage:
    """The page, once its charts can be drawn."""
    qtbot.waitUntil(lambda: all(card.canvas is not None for card in view_of(opened).charts))
    return opened


def panel_of(page: TrainingPage) -> RunsPanel:
    assert page.runs is not None
    return page.runs


def view_of(page: TrainingPage) -> RunView:
    return panel_of(page).view


def summary_of(desktop: Desktop, run: RunFolder) -> RunSummary:
    return next(one for one in desktop.trainings.runs if one.run == run)
