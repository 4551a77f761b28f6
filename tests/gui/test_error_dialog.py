"""A bug ends in a dialog and in the log, and neither holds a word of the user's text."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.record import Prediction, Record
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.classify.session import Activity
from kdh_desktop.gui.error_dialog import ErrorReporter, describe_error
from tests.gui.conftest import StartDesktop, paste, press

SECRET = "Xylophonia of the patient Quentin Example"


@pytest.fixture
def hooks() -> Iterator[None]:
    """Puts back the hooks that `install` takes."""
    before = sys.excepthook, threading.excepthook
    yield
    sys.excepthook, threading.excepthook = before


class BrokenClassifier:
    """Has a bug that quotes the text it stumbled over, as many exceptions do."""

    def __init__(self, desktop: Desktop) -> None:
        assert desktop.model.classifier is not None
        self.bundle = desktop.model.classifier.bundle

    def predict(self, records: list[Record], **_options: object) -> list[Prediction]:
        text = records[0].text
        try:
            raise KeyError(text)
        except KeyError as error:
            raise ValueError(f"cannot read {text!r}") from error


def test_bug_in_a_job_opens_the_dialog_and_leaves_the_text_out_of_it(
    start: StartDesktop, desktop: Desktop, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    broken = start(load=lambda: BrokenClassifier(desktop))
    page = broken.window.classify_page
    qtbot.waitUntil(lambda: broken.model.classifier is not None)
    paste(page.text_pane.editor, SECRET)
    press(page.text_pane.editor, "Ctrl+Return")
    qtbot.waitUntil(lambda: broken.errors.dialog is not None)
    dialog = broken.errors.dialog
    assert dialog is not None
    assert page.session.activity == Activity.IDLE
    assert page.text_pane.editor.toPlainText() == SECRET, "the user's text is still there"
    details = dialog.details.toPlainText()
    assert "KeyError" in details
    assert "ValueError" in details
    assert "gui/classify/work.py" in details
    QTest.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == details
    assert "unexpected error" in caplog.text
    for text in (details, caplog.text):
        assert "Xylophonia" not in text
        assert "Quentin" not in text
    dialog.close()
    qtbot.waitUntil(lambda: broken.errors.dialog is None)


def test_bug_on_the_gui_thread_opens_the_dialog(
    qtbot: QtBot, hooks: None, desktop: Desktop
) -> None:
    desktop.errors.install()

    def fail() -> None:
        raise ZeroDivisionError(SECRET)

    QTimer.singleShot(0, fail)
    qtbot.waitUntil(lambda: desktop.errors.dialog is not None)
    dialog = desktop.errors.dialog
    assert dialog is not None
    assert "ZeroDivisionError" in dialog.details.toPlainText()
    assert SECRET not in dialog.details.toPlainText()
    dialog.close()


def test_bug_in_any_thread_opens_the_dialog(qtbot: QtBot, hooks: None) -> None:
    errors = ErrorReporter()
    errors.install()

    def fail() -> None:
        raise ZeroDivisionError

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: errors.dialog is not None)
    assert errors.dialog is not None
    errors.dialog.close()


def test_bug_that_comes_back_opens_no_second_dialog(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    errors = ErrorReporter()
    errors.report(ZeroDivisionError())
    qtbot.waitUntil(lambda: errors.dialog is not None)
    first = errors.dialog
    for _ in range(3):
        errors.report(ZeroDivisionError())
    qtbot.waitUntil(lambda: caplog.text.count("unexpected error") == 4)
    assert errors.dialog is first
    assert first is not None
    first.close()


def test_bug_is_told_after_a_dialog_that_went_with_its_window(qtbot: QtBot) -> None:
    errors = ErrorReporter()
    window = QDialog()
    window.show()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    errors.report(ZeroDivisionError())
    qtbot.waitUntil(lambda: errors.dialog is not None)
    window.deleteLater()
    qtbot.waitUntil(lambda: errors.dialog is None)
    errors.report(ZeroDivisionError())
    qtbot.waitUntil(lambda: errors.dialog is not None)
    assert errors.dialog is not None
    errors.dialog.close()


def test_expected_errors_keep_their_words_in_the_details() -> None:
    assert "It cannot be read." in describe_error(InputError("It cannot be read.", "Use another."))


def test_details_name_no_folder_of_the_user() -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        details = describe_error(error)
    assert "gui/test_error_dialog.py" in details
    assert str(__file__) not in details
