"""What a person needs for a review is there also where the window is small and has much to say."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from kdh_desktop.gui.main_window import MainWindow
from kdh_desktop.gui.notices import Notice
from kdh_desktop.gui.records.records_page import RecordsPage
from kdh_desktop.gui.work_panel import Work
from tests.gui.looks import resize


def test_all_ten_hallmarks_are_seen_beside_notices_and_work(
    page: RecordsPage, qtbot: QtBot
) -> None:
    window = page.window()
    assert isinstance(window, MainWindow)
    window.notices.show_notice("one", Notice("Something to know."))
    row = window.panel.add_row(Work("Classifying", 30, 120, "30 of 120", can_pause=True))
    resize(window, qtbot, 1280, 720)
    rows = page.detail.labels.list
    qtbot.waitUntil(lambda: rows.verticalScrollBar().maximum() == 0)
    assert page.detail.note.height() >= page.detail.note.fontMetrics().height()
    window.panel.remove_row(row)
