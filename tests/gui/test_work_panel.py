"""Work in the background is shown, named, and can be stopped."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from kdh_desktop.gui.work_panel import Work, WorkPanel, time_left


@pytest.fixture
def panel(qtbot: QtBot) -> WorkPanel:
    panel = WorkPanel()
    qtbot.addWidget(panel)
    return panel


def test_panel_is_there_only_while_something_goes_on(panel: WorkPanel) -> None:
    assert not panel.isVisible()
    row = panel.add_row(Work("Importing"))
    assert panel.isVisible()
    panel.remove_row(row)
    assert not panel.isVisible()
    assert panel.works == ()


def test_row_says_how_far_it_is_and_names_its_controls(panel: WorkPanel) -> None:
    row = panel.add_row(Work("Classifying", 30, 120, "30 of 120", can_pause=True))
    assert (row.bar.value(), row.bar.maximum()) == (30, 120)
    assert row.work.percent == 25
    assert row.words.text() == "30 of 120"
    assert row.bar.accessibleName() == "Progress: Classifying"
    assert row.cancel_button.accessibleName() == "Cancel: Classifying"
    assert row.pause_button.accessibleName() == "Pause: Classifying"


def test_pause_and_go_on_are_asked_for_in_turn(panel: WorkPanel) -> None:
    row = panel.add_row(Work("Classifying", can_pause=True))
    asked: list[bool] = []
    row.pause_wanted.connect(asked.append)
    row.pause_button.click()
    panel.show_work(row, Work("Classifying", can_pause=True, is_paused=True))
    assert row.pause_button.text() == "Go on"
    row.pause_button.click()
    assert asked == [True, False]


def test_work_that_is_stopping_cannot_be_stopped_again(panel: WorkPanel) -> None:
    row = panel.add_row(Work("Importing", words="3 records", is_stopping=True))
    assert not row.cancel_button.isEnabled()
    assert row.words.text() == "Stopping…"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "nearly done"),
        (40, "less than a minute left"),
        (80, "about a minute left"),
        (600, "about 10 minutes left"),
        (3 * 3600, "about 3 hours left"),
    ],
)
def test_time_left_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert time_left(seconds) == words
