"""Everything can be reached by keys, is named for a screen reader, and fits small windows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QModelIndex
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QLabel,
    QWidget,
)
from pytestqt.qtbot import QtBot

from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.classify.classify_page import ClassifyPage
from kdh_desktop.gui.classify.text_editor import TextEditor
from kdh_desktop.gui.error_dialog import ErrorDialog
from kdh_desktop.gui.main_window import MainWindow
from kdh_desktop.gui.plain_text import plain_tooltip
from kdh_desktop.gui.questions import ask
from kdh_desktop.gui.research_notice import ResearchNotice
from tests.gui.conftest import ANGIOGENESIS, APOPTOSIS, paste, present_labels, press, press_in
from tests.gui.looks import clipped, resize, rich_labels, unnamed, widgets_below

FILLER = "The growth of the tumor was studied in mice and the response was not increased. " * 4
TWO = f"{ANGIOGENESIS} {FILLER}\n\n\n{APOPTOSIS} {FILLER}"


@pytest.fixture
def full_page(
    page: ClassifyPage, editor: TextEditor, window: MainWindow, qtbot: QtBot
) -> ClassifyPage:
    """The page with all that it can show: two texts, labels, evidence, notices."""
    paste(editor, TWO)
    press_in(page, "Ctrl+Return")
    qtbot.waitUntil(lambda: not any(entry.is_waiting for entry in page.session.entries))
    # Texts that were stored a moment before the records were counted are offered until then.
    qtbot.waitUntil(
        lambda: not page.keeping.is_busy and "bulk:offer" not in window.notices.messages
    )
    page.text_pane.show_progress(1, 2, page.tr("1 of 2 texts"))
    return page


def test_every_control_has_a_name(full_page: ClassifyPage, window: MainWindow) -> None:
    assert len(list(widgets_below(window))) > 40, "the walk sees the widgets"
    assert unnamed(window) == []
    assert rich_labels(window) == []


def test_the_walk_finds_a_control_without_a_name(qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QLineEdit, QVBoxLayout

    page = QWidget()
    qtbot.addWidget(page)
    layout = QVBoxLayout(page)
    layout.addWidget(QLineEdit())
    assert unnamed(page) == ["QLineEdit in QWidget"]


@pytest.mark.parametrize(
    "make",
    [
        lambda desktop: ErrorDialog("details", desktop.window),
        lambda desktop: ResearchNotice(desktop.window),
    ],
)
def test_every_control_of_the_dialogs_has_a_name(
    desktop: Desktop, make: Callable[[Desktop], QDialog]
) -> None:
    dialog = make(desktop)
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
    dialog.deleteLater()


def test_dialogs_of_the_help_menu_are_named_and_plain(window: MainWindow, qtbot: QtBot) -> None:
    for action in (window.help_action, window.about_action):
        action.trigger()
        qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None)
        dialog = QApplication.activeModalWidget()
        assert dialog is not None
        assert unnamed(dialog) == []
        assert rich_labels(dialog) == []
        dialog.close()
        qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)


def test_questions_are_named_plain_and_answered_by_keys(window: MainWindow, qtbot: QtBot) -> None:
    given: list[str] = []
    box = ask(
        window,
        "Stop?",
        "What is done stays.",
        yes="Stop",
        no="Go on",
        then=lambda: given.append("yes"),
        otherwise=lambda: given.append("no"),
    )
    qtbot.waitUntil(box.isVisible)
    assert unnamed(box) == []
    assert rich_labels(box) == []
    press(box, "Escape")
    qtbot.waitUntil(lambda: given == ["no"])


def test_hallmarks_are_items_with_name_number_and_band(full_page: ClassifyPage) -> None:
    view = full_page.result_pane.list
    accessible = QAccessible.queryAccessibleInterface(view)
    assert accessible is not None
    assert accessible.role() == QAccessible.Role.List
    names = [
        accessible.child(row).text(QAccessible.Text.Name) for row in range(accessible.childCount())
    ]
    assert names[0] == "Present: 1"
    assert names[1].startswith("Inducing angiogenesis, 9")
    assert names[1].endswith(" percent, present")
    assert accessible.child(1).text(QAccessible.Text.Description).startswith("New blood vessels")


def test_whole_trip_by_keys_alone(window: MainWindow, editor: TextEditor, qtbot: QtBot) -> None:
    page = window.classify_page
    paste(editor, f"{ANGIOGENESIS} {APOPTOSIS}")
    press_in(window, "Ctrl+Return")
    qtbot.waitUntil(lambda: len(present_labels(page)) == 2)
    press_in(window, "F6")
    assert QApplication.focusWidget() is page.result_pane.list
    first = page.result_pane.score
    press_in(window, "Down")
    second = page.result_pane.score
    assert first is not None
    assert second is not None
    assert first.label != second.label
    assert editor.marked_texts == [second.evidence[0].text]
    press_in(window, "F6")
    assert QApplication.focusWidget() is page.result_pane.detail.evidence
    press_in(window, "F6")
    assert QApplication.focusWidget() is editor
    press_in(window, "Shift+F6")
    assert QApplication.focusWidget() is page.result_pane.detail.evidence


def test_arrows_step_over_headings_and_home_and_end_find_labels(full_page: ClassifyPage) -> None:
    view = full_page.result_pane.list
    view.setFocus()

    def name() -> str:
        score = full_page.result_pane.model.score_at(view.currentIndex())
        return score.label.name if score is not None else ""

    press_in(view, "Home")
    assert name() == "Inducing angiogenesis"
    press_in(view, "Down")
    second = name()
    assert second not in {"", "Inducing angiogenesis"}
    press_in(view, "Up")
    assert name() == "Inducing angiogenesis"
    press_in(view, "Up")
    assert name() == "Inducing angiogenesis"
    press_in(view, "End")
    assert view.currentIndex().row() == view.model().rowCount(QModelIndex()) - 1
    press_in(view, "PageUp")
    press_in(view, "PageUp")
    assert name() == "Inducing angiogenesis"
    press_in(view, "PageDown")
    assert name()


def test_tab_reaches_every_part_and_never_gets_stuck(
    full_page: ClassifyPage, window: MainWindow, editor: TextEditor
) -> None:
    full_page.text_pane.hide_progress()
    editor.setFocus()
    seen: list[QWidget] = []
    for _ in range(60):
        press_in(window, "Tab")
        widget = QApplication.focusWidget()
        assert widget is not None
        if widget is editor:
            break
        seen.append(widget)
    assert QApplication.focusWidget() is editor, "Tab comes round"
    pane, results = full_page.text_pane, full_page.result_pane
    for widget in (
        pane.list,
        pane.classify_button,
        results.list,
        results.detail.evidence,
        pane.next_button,
    ):
        assert widget in seen


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (960, 540), (640, 360)])
def test_nothing_is_clipped(
    full_page: ClassifyPage, window: MainWindow, qtbot: QtBot, width: int, height: int
) -> None:
    resize(window, qtbot, width, height)
    assert clipped(window) == []


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (960, 540)])
def test_long_translations_are_not_clipped(
    long_words: None,
    full_page: ClassifyPage,
    window: MainWindow,
    qtbot: QtBot,
    width: int,
    height: int,
) -> None:
    resize(window, qtbot, width, height)
    assert clipped(window) == []


def test_every_word_on_the_screen_can_be_translated(
    long_words: None, full_page: ClassifyPage, window: MainWindow
) -> None:
    prediction = full_page.session.current.prediction
    assert prediction is not None
    data = {warning.message for warning in prediction.warnings} | {"KDH Desktop", ""}
    data |= {score.label.name for score in prediction.scores}
    data |= {score.label.definition for score in prediction.scores}
    words = [label.text() for label in window.findChildren(QLabel)]
    words += [button.text() for button in window.findChildren(QAbstractButton)]
    words += [action.text() for action in window.all_actions]
    words += [action.toolTip() for action in window.all_actions]
    words += [widget.accessibleName() for widget in widgets_below(window)]
    own = [text for text in words if text not in data]
    assert len(own) > 60
    assert [text for text in own if "~" not in text] == []


def test_tooltip_takes_no_markup() -> None:
    assert "<b>" not in plain_tooltip("<b>bold</b> <img src='file:///x'>")
    assert "&lt;b&gt;" in plain_tooltip("<b>bold</b> <img src='file:///x'>")
    assert max(map(len, plain_tooltip("many words " * 30).splitlines())) <= 64
