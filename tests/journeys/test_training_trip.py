"""The administrator's trip in the real window: unlock, plan, train, compare, put in force, back.

The trainer is the real one, in a process of its own, on a corpus folder and an encoder so small
that everything takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.classification.model_registry import ModelRegistry
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.record import Record
from kdh_desktop.core.training_progress import RunState
from kdh_desktop.gui.admin.new_password_dialog import NewPasswordDialog
from kdh_desktop.gui.admin.recovery_key_dialog import RecoveryKeyDialog
from kdh_desktop.gui.admin.unlock_dialog import UnlockDialog
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.training.training_page import TrainingPage
from kdh_desktop.gui.training.wizard.training_wizard import TrainingWizard
from tests.data.tiny_corpus import write_tiny_corpus, write_tiny_encoder
from tests.gui.conftest import (  # noqa: F401 - fixtures of the window
    ANGIOGENESIS,
    ChosenFiles,
    chosen_files,
    desktop,
    installation,
    paste,
    paths,
    present_labels,
    press,
    start,
)
from tests.gui.training.wizard.test_other_pages import choose

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.qt_log_ignore(r"does not support (propagateSizeHints|raise)\("),
]

PASSWORD = "correct horse battery"
PATIENCE_MS = 300_000


class Trip:
    """What the administrator does."""

    def __init__(self, program: Desktop, files: ChosenFiles, qtbot: QtBot) -> None:
        self.desktop = program
        self.files = files
        self.qtbot = qtbot
        self.window = program.window

    @property
    def page(self) -> TrainingPage:
        return self.window.training_page

    def wait(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)

    def click(self, button: QAbstractButton) -> None:
        self.wait(lambda: button.isVisible() and button.isEnabled())
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def set_password(self) -> None:
        """Set the first password, and keep the recovery key."""
        self.window.go_to_page(2)
        self.click(self.page.door.button)
        self.wait(lambda: isinstance(self.desktop.door.dialog, NewPasswordDialog))
        dialog = self.desktop.door.dialog
        assert isinstance(dialog, NewPasswordDialog)
        for field in (dialog.password, dialog.again):
            QTest.keyClicks(field.line, PASSWORD)
        press(dialog.again.line, "Return")
        self.wait(lambda: isinstance(self.desktop.door.dialog, RecoveryKeyDialog))
        key = self.desktop.door.dialog
        assert isinstance(key, RecoveryKeyDialog)
        key.kept_box.click()
        self.click(key.close_button)
        self.wait(lambda: self.desktop.door.is_open)

    def give_password(self) -> None:
        """Give the password again, as the overruling of the gate wants it."""
        self.wait(lambda: isinstance(self.desktop.door.dialog, UnlockDialog))
        dialog = self.desktop.door.dialog
        assert isinstance(dialog, UnlockDialog)
        QTest.keyClicks(dialog.password.line, PASSWORD)
        press(dialog.password.line, "Return")

    def plan(self, corpus: Path, encoder: Path) -> None:
        """Go through the wizard with a corpus folder and an own encoder, else by its defaults."""
        self.page.commands.train.trigger()
        self.wait(lambda: self.page.steps_of_runs.wizard is not None)
        wizard = self.page.steps_of_runs.wizard
        assert wizard is not None
        self.files.files = [corpus]
        wizard.data_page.add_actions["folder"].trigger()
        self.wait(lambda: wizard.data_page.finder.dialog is not None)
        lists = wizard.data_page.finder.dialog
        assert lists is not None
        lists.accept()
        self.wait(lambda: wizard.keeper.draft.sources and not wizard.keeper.draft.is_check_due)
        assert wizard.data_page.problem == ""
        self.click(wizard.next_button)
        choose(wizard.models_page.fields, "teacher.network.kind", "transformer")
        # What the Method page would change: an encoder that reads little, and few passes.
        wizard.keeper.set_fields(
            {"max_tokens": 100, "teacher.schedule.epochs": 1, "distillation.distil.epochs": 2}
        )
        self.files.files = [encoder]
        self.click(wizard.models_page.folder_button)
        self.wait(lambda: wizard.keeper.draft.encoder is not None)
        self.finish(wizard)

    def finish(self, wizard: TrainingWizard) -> None:
        """Take what is offered to the end, and start."""
        while wizard.page is not wizard.review_page:
            self.click(wizard.next_button)
        self.click(wizard.start_button)
        self.wait(lambda: self.desktop.trainings.active is not None)

    def watch(self) -> None:
        """Look on until the candidate is there."""
        self.wait(lambda: self.page.shown is not None)
        self.wait(lambda: self.desktop.trainings.active is None)
        self.wait(lambda: self.page.shown is not None and self.page.shown.state.is_over)
        shown = self.page.shown
        assert shown is not None
        assert shown.state is RunState.FINISHED, shown.summary.ending

    def put_in_force(self) -> None:
        """Compare, and put the candidate in force, against the gate's word where it must be."""
        self.page.commands.judge.trigger()
        self.wait(lambda: self.window.models_page.comparison is not None)
        dialog = self.window.models_page.comparison
        assert dialog is not None
        self.wait(lambda: dialog.verdict is not None)
        assert dialog.verdict is not None
        assert not dialog.verdict.passes, "it was trained for seconds"
        self.click(dialog.overrule)
        reason = dialog.reason_dialog
        assert reason is not None
        QTest.keyClicks(reason.edit, "A trip through the window")
        self.click(reason.go_on)
        self.give_password()

    @property
    def in_force(self) -> str:
        classifier = self.desktop.model.classifier
        return "" if classifier is None else classifier.bundle.id

    def classify(self) -> tuple[float, ...]:
        """Paste a text and see its labels; gives the probabilities of the model in force."""
        self.window.go_to_page(0)
        page = self.window.classify_page
        editor = page.text_pane.editor
        editor.clear()
        paste(editor, ANGIOGENESIS)
        press(editor, "Ctrl+Return")
        self.wait(lambda: page.result_pane.model.rowCount() > 0)
        classifier = self.desktop.model.classifier
        assert classifier is not None
        [prediction] = classifier.predict([Record(id="1", text=ANGIOGENESIS)])
        return tuple(score.probability for score in prediction.scores)


@pytest.fixture
def trip(desktop: Desktop, chosen_files: ChosenFiles, qtbot: QtBot) -> Trip:  # noqa: F811
    return Trip(desktop, chosen_files, qtbot)


@pytest.mark.slow
def test_an_administrator_trains_a_model_puts_it_in_force_and_goes_back(
    trip: Trip,
    paths: AppPaths,  # noqa: F811
    tmp_path: Path,
) -> None:
    # Before the door is open: a window that stands still for long is taken for a computer asleep.
    corpus = write_tiny_corpus(tmp_path / "hoc", train=60, dev=24)
    encoder = write_tiny_encoder(tmp_path / "encoder")
    shipped, before = trip.in_force, trip.classify()
    trip.set_password()
    trip.plan(corpus, encoder)
    trip.watch()
    trip.put_in_force()
    trip.wait(lambda: trip.in_force not in {"", shipped})
    candidate, changed = trip.in_force, trip.classify()
    assert changed != before

    trip.window.go_to_page(3)
    models = trip.window.models_page
    trip.wait(lambda: models.board.seen is not None and models.board.seen.previous == shipped)
    models.offers.roll_back.trigger()
    question = models.commands.question
    assert question is not None
    trip.click(question.buttons()[0])
    trip.wait(lambda: trip.in_force == shipped)
    assert trip.classify() == before, "to the bit"

    history = [one.bundle_id for one in ModelRegistry(paths).history()]
    assert history == [shipped, candidate]
    log = AuditLog(paths.audit)
    assert log.verify().first_bad is None
    noted = [entry.action for entry in log.entries()]
    for action in (
        AuditAction.PASSWORD_SET,
        AuditAction.RUN_STARTED,
        AuditAction.RUN_ENDED,
        AuditAction.GATE_OVERRULED,
        AuditAction.ACTIVATED,
        AuditAction.ROLLED_BACK,
    ):
        assert action in noted
