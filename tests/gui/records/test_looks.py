"""Every part of the page is named, fits and can be reached by keys, in every state that it has."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from kdh_desktop.core.records.record_filter import RecordFilter, ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.main_window import MainWindow
from kdh_desktop.gui.records.column_dialog import ColumnDialog
from kdh_desktop.gui.records.records_page import RecordsPage
from tests.gui.conftest import press_in
from tests.gui.looks import clipped, resize, rich_labels, unnamed, widgets_below
from tests.gui.records.conftest import settle


def window_of(page: RecordsPage) -> MainWindow:
    window = page.window()
    assert isinstance(window, MainWindow)
    return window


@pytest.fixture
def full_page(page: RecordsPage, store: RecordStore, qtbot: QtBot) -> RecordsPage:
    """The page with all that it can show: chips, several chosen rows, decisions, a stale list."""
    where = RecordFilter(search="study", reviews=(ReviewStatus.OPEN,), journals=("Journal 0",))
    page.show_filter(where)
    settle(page, qtbot)
    page.focus_first()
    for key in ("1", "2"):
        press_in(page, key)
    store.confirm(page.records.ids[3:5])
    settle(page, qtbot)
    qtbot.waitUntil(page.list.refresh_button.isVisible)
    return page


def test_every_control_has_a_name(full_page: RecordsPage) -> None:
    assert len(list(widgets_below(full_page))) > 40, "the walk sees the widgets"
    assert unnamed(window_of(full_page)) == []
    assert rich_labels(window_of(full_page)) == []


def test_empty_page_has_names_too(empty_page: RecordsPage, qtbot: QtBot) -> None:
    settle(empty_page, qtbot)
    assert unnamed(window_of(empty_page)) == []


def test_controls_of_the_column_dialog_have_names(page: RecordsPage, qtbot: QtBot) -> None:
    dialog = ColumnDialog(shown=page.table.columns, offered=page.columns.offered, parent=page)
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
    dialog.deleteLater()


def test_screen_reader_hears_what_the_cells_and_hallmarks_say(
    full_page: RecordsPage, qtbot: QtBot
) -> None:
    table = QAccessible.queryAccessibleInterface(full_page.table)
    assert table is not None
    assert table.role() == QAccessible.Role.Table
    index = full_page.table_model.index(0, 2)
    qtbot.waitUntil(lambda: index.data(Qt.ItemDataRole.AccessibleTextRole) == "Review: Open")
    view = QAccessible.queryAccessibleInterface(full_page.detail.labels.list)
    assert view is not None
    first = view.child(0).text(QAccessible.Text.Name)
    assert first.startswith("Sustaining proliferative signaling, model: ")
    assert ", you: " in first
    assert first.endswith(", key 1")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (960, 540), (640, 360)])
def test_nothing_is_clipped(full_page: RecordsPage, qtbot: QtBot, width: int, height: int) -> None:
    window = window_of(full_page)
    resize(window, qtbot, width, height)
    assert clipped(window) == []


def test_all_ten_hallmarks_are_seen_at_once_in_a_small_window(
    full_page: RecordsPage, qtbot: QtBot
) -> None:
    resize(window_of(full_page), qtbot, 1280, 720)
    assert full_page.detail.labels.list.verticalScrollBar().maximum() == 0


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (960, 540)])
def test_long_translations_are_not_clipped(
    long_words: None, full_page: RecordsPage, qtbot: QtBot, width: int, height: int
) -> None:
    window = window_of(full_page)
    resize(window, qtbot, width, height)
    assert clipped(window) == []


def test_every_word_on_the_screen_can_be_translated(
    long_words: None, full_page: RecordsPage
) -> None:
    window = window_of(full_page)
    data = {"KDH Desktop", ""} | {label.name for label in _labels(full_page)}
    page = full_page
    words = [label.text() for label in page.findChildren(QLabel)]
    words += [button.text() for button in page.findChildren(QAbstractButton)]
    words += [action.text() for action in window.all_actions]
    words += [action.toolTip() for action in window.all_actions]
    words += [widget.accessibleName() for widget in widgets_below(page)]
    words += [page.detail.tabs.tabText(place) for place in range(3)]
    own = [text for text in words if text not in data]
    assert len(own) > 60
    assert [text for text in own if "~" not in text] == []


def _labels(page: RecordsPage) -> list[_Named]:
    return [_Named(name) for _, name in page._labels]


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name


def test_tab_and_f6_reach_every_part(full_page: RecordsPage) -> None:
    page = full_page
    page.list.search.setFocus()
    by_tab: list[QWidget] = []
    for _ in range(60):
        press_in(page, "Tab")
        widget = QApplication.focusWidget()
        assert widget is not None
        if widget is page.list.search:
            break
        by_tab.append(widget)
    assert QApplication.focusWidget() is page.list.search, "Tab comes round"
    detail = page.detail
    for part in (
        *(page.table, page.facets.tree, page.list.chips.clear_button, page.list.accept_button),
        *(detail.text, detail.note, detail.labels.list, detail.labels.buttons[0]),
    ):
        assert part in by_tab
    by_f6 = []
    for _ in range(8):
        press_in(page, "F6")
        by_f6.append(QApplication.focusWidget())
    for part in (page.table, page.facets.tree, detail.text, detail.note, detail.labels.list):
        assert part in by_f6


def test_buttons_are_pressed_by_the_space_bar_and_review_nothing_else(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    unsure = page.detail.labels.buttons[2]
    unsure.setFocus()
    QTest.keyClick(unsure, Qt.Key.Key_Space)
    settle(page, qtbot)
    assert store.detail(page.records.ids[0]).review == ReviewStatus.UNSURE
    assert page.table.currentIndex().row() == 1


def test_file_name_with_an_ampersand_is_shown_to_the_letter(
    page: RecordsPage, qtbot: QtBot
) -> None:
    page.show_filter(RecordFilter(journals=("Cell & Nature <b>x</b>",)))
    settle(page, qtbot)
    [chip] = page.list.chips.buttons
    assert chip.text() == "Journal: Cell && Nature <b>x</b>"
    assert "<b>" not in chip.toolTip()


def test_dialog_of_the_columns_is_named_plain_and_worked_by_keys(
    page: RecordsPage, qtbot: QtBot
) -> None:
    page.commands.columns.trigger()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), ColumnDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ColumnDialog)
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
    qtbot.waitUntil(dialog.list.hasFocus)
    before = len(dialog.chosen)
    press_in(dialog, "End")
    press_in(dialog, "Space")
    assert len(dialog.chosen) == before + 1
    # A box that is not ticked is seen by its edge, which the row must leave room for.
    assert dialog.list.sizeHintForRow(0) >= 18
    press_in(dialog, "Return")
    qtbot.waitUntil(lambda: len(page.table.columns) == before + 1)
