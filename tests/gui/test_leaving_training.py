"""Closing the window while a model is trained asks what becomes of the training."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.runs.run_ending import EndingKind
from kdh_desktop.core.runs.training_runs import RunRequest
from kdh_desktop.core.training_progress import RunState
from kdh_desktop.first_instance import Visit
from kdh_desktop.gui import leaving
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.training_desk import EndedRun
from tests.data.tiny_requests import open_door, tiny_recipe
from tests.gui.bulk.conftest import open_store
from tests.gui.conftest import ANGIOGENESIS, paste, press
from tests.gui.test_record_desk import click

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is driven by signals")

PATIENCE_MS = 30_000


class Training:
    """The program while it trains, with what it ended by."""

    def __init__(self, desktop: Desktop, qtbot: QtBot) -> None:
        self.desktop = desktop
        self.trainings = desktop.trainings
        self.window = desktop.window
        self.quits: list[bool] = []
        self.ended: list[EndedRun] = []
        self._qtbot = qtbot
        self.trainings.ended.connect(self.ended.append)
        self.trainings._command = lambda: [
            sys.executable, "-m", "tests.data.fake_trainer", "trains",
        ]  # fmt: skip
        request = RunRequest(tiny_recipe(), corpus=(HocSource("/nowhere"),))
        self.trainings.start(request, open_door())
        self.wait_for_state(RunState.RUNNING)

    def wait_until(self, condition: Callable[[], object]) -> None:
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)

    def wait_for_state(self, state: RunState) -> None:
        self.wait_until(
            lambda: self.trainings.active is not None and self.trainings.active.state is state
        )

    @property
    def question(self) -> QMessageBox | None:
        return self.window.journeys.leaving.question

    def answer(self, words: str) -> None:
        self.window.close()
        question = self.question
        assert question is not None
        click(question, words)
        self.wait_until(lambda: self.question is None)


@pytest.fixture
def training(desktop: Desktop, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Training:
    training = Training(desktop, qtbot)
    monkeypatch.setattr(leaving, "end_program", lambda: training.quits.append(True))
    return training


def test_escape_keeps_the_window_and_the_training(training: Training) -> None:
    training.window.close()
    assert training.question is not None
    assert training.window.isVisible()
    press(training.question, "Escape")
    training.wait_until(lambda: training.question is None)
    assert training.window.isVisible()
    assert training.trainings.active is not None
    assert training.trainings.active.wish is None


def test_a_training_goes_on_with_the_window_hidden_and_the_program_ends_with_it(
    training: Training,
) -> None:
    training.answer("Go on in the &background")
    assert training.window.isHidden()
    assert training.window.journeys.leaving.is_in_background
    assert training.trainings.active is not None
    assert training.quits == []
    training.trainings.keep_best()
    training.wait_until(lambda: training.quits)
    assert training.ended[0].ending.kind is EndingKind.FINISHED


def test_a_window_that_was_brought_back_stays_when_the_training_ends(training: Training) -> None:
    training.answer("Go on in the &background")
    training.desktop.take_visit(Visit(()))
    assert training.window.isVisible()
    assert not training.window.journeys.leaving.is_in_background
    training.trainings.keep_best()
    training.wait_until(lambda: training.ended)
    assert training.window.isVisible()
    assert training.quits == []


def test_a_paused_training_does_not_wait_unseen(training: Training) -> None:
    training.trainings.pause()
    training.wait_for_state(RunState.PAUSED)
    training.answer("Go on in the &background")
    training.wait_for_state(RunState.RUNNING)


def test_a_training_can_be_stopped_to_go_on_later(training: Training) -> None:
    training.answer("&Stop the training and close")
    training.wait_until(training.window.isHidden)
    assert training.ended[0].ending.kind is EndingKind.STOPPED
    (summary,) = training.trainings.folders.runs()
    assert summary.state is RunState.CANCELLED
    assert summary.can_resume


def test_a_training_that_is_being_discarded_is_deleted_before_the_window_closes(
    training: Training,
) -> None:
    assert training.trainings.active is not None
    run = training.trainings.active.run
    training.trainings.discard(run)
    training.answer("&Stop the training and close")
    training.wait_until(training.window.isHidden)
    assert training.ended[0].was_discarded
    assert not run.folder.exists()
    assert training.trainings.folders.runs() == []


def test_a_training_that_cannot_be_deleted_keeps_the_window_open_and_says_so(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert training.trainings.active is not None
    run = training.trainings.active.run

    def refuse(path: Path, target: Path) -> None:
        raise PermissionError(path, target)

    failures: list[KdhError] = []
    training.trainings.failed.connect(failures.append)
    monkeypatch.setattr(Path, "rename", refuse)
    training.trainings.discard(run)
    training.answer("&Stop the training and close")
    training.wait_until(lambda: failures)
    assert "cannot be deleted" in failures[0].message
    training.wait_until(lambda: [one.run for one in training.trainings.runs] == [run])
    assert training.window.isVisible()


def test_a_private_session_can_begin_while_a_model_is_trained(
    training: Training, qtbot: QtBot
) -> None:
    open_store(training.desktop, qtbot)
    training.window.files.private.trigger()
    assert training.desktop.desk.is_private


def test_a_private_session_is_named_in_the_question(desktop: Desktop, qtbot: QtBot) -> None:
    open_store(desktop, qtbot)
    desktop.window.files.private.trigger()
    paste(desktop.window.classify_page.text_pane.editor, ANGIOGENESIS)
    training = Training(desktop, qtbot)
    training.window.close()
    assert training.question is not None
    assert "private session is forgotten" in training.question.informativeText()
