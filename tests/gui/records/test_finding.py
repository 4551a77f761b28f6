"""Finding records: search, filter, chips, order, columns, and rows that come while one scrolls."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu
from pytestqt.qtbot import QtBot

from kdh_desktop.core.record import Band
from kdh_desktop.core.records.record_filter import (
    Field,
    Queue,
    RecordFilter,
    RecordOrder,
    ReviewStatus,
)
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import RecordRow
from kdh_desktop.gui.records.column_dialog import ColumnDialog
from kdh_desktop.gui.records.facet_groups import GroupKey, Special
from kdh_desktop.gui.records.filter_steps import chips_of, toggled
from kdh_desktop.gui.records.record_table_model import CHUNK
from kdh_desktop.gui.records.records_page import RecordsPage
from tests.gui.conftest import press, press_in
from tests.gui.records.conftest import (
    RECORDS,
    OpenPage,
    a_record,
    settle,
    store_of,
    take_in,
    titles,
)

MANY = 20 * CHUNK


def facet_index(page: RecordsPage, group: str, value: str) -> QModelIndex:
    model = page.facets.model
    for place in range(model.rowCount()):
        parent = model.index(place, 0)
        if parent.data() != group:
            continue
        for row in range(model.rowCount(parent)):
            index = model.index(row, 0, parent)
            if index.data() == value:
                return index
    raise AssertionError(f"no {value} in {group}")


def count_of(index: QModelIndex) -> str:
    return str(index.siblingAtColumn(1).data())


# Search


def test_typing_lists_what_holds_all_the_words(page: RecordsPage, qtbot: QtBot) -> None:
    press_in(page, "Ctrl+F")
    QTest.keyClicks(page.list.search, "study 17 gro")
    qtbot.waitUntil(lambda: titles(page) == ["Study 17 of tumour growth"])
    settle(page, qtbot)
    assert page.detail.text.whole_text.startswith("Study 17 ")
    assert page.list.count.text() == "1 of 1 record (60 in all)"
    facet = facet_index(page, "Review", "Open")
    assert facet.data(Qt.ItemDataRole.AccessibleTextRole) == "Open, 1 record"
    press_in(page, "Down")
    assert QApplication.focusWidget() is page.table


def test_escape_in_the_search_clears_it(page: RecordsPage, qtbot: QtBot) -> None:
    press_in(page, "Ctrl+F")
    QTest.keyClicks(page.list.search, "study 17")
    qtbot.waitUntil(lambda: len(page.records.ids) == 1)
    press_in(page, "Escape")
    qtbot.waitUntil(lambda: len(page.records.ids) == 60)


def test_search_without_a_hit_says_so_and_offers_the_way_back(
    page: RecordsPage, qtbot: QtBot
) -> None:
    press_in(page, "Ctrl+F")
    QTest.keyClicks(page.list.search, "xylophone")
    qtbot.waitUntil(lambda: not page.list.is_table_shown)
    assert page.list.guide.heading.text() == "No record fits"
    assert not page.detail.isVisible()
    assert page.list.clear_button.isVisible()
    QTest.mouseClick(page.list.clear_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.records.ids) == 60)
    assert page.list.is_table_shown
    assert page.list.search.text() == ""
    assert page.detail.isVisible()


def test_answer_to_an_older_search_that_comes_late_is_dropped(
    page: RecordsPage, store: RecordStore, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    gate, real = threading.Event(), store.ids

    def slow(where: RecordFilter, order: RecordOrder) -> object:
        found = real(where, order)
        if where.search == "study 1":
            gate.wait(10)
        return found

    monkeypatch.setattr(store, "ids", slow)
    listed: list[int] = []
    page.records.listed.connect(lambda _reason: listed.append(len(page.records.ids)))
    page.records.show(RecordFilter(search="study 1"))
    page.records.show(RecordFilter(search="study 17"))
    qtbot.waitUntil(lambda: listed == [1])
    gate.set()
    page.records.renew()
    settle(page, qtbot)
    assert listed == [1, 1]


# Filter


def test_facets_count_what_each_value_would_leave(page: RecordsPage) -> None:
    assert count_of(facet_index(page, "Year", "2001")) == "20"
    assert count_of(facet_index(page, "Journal", "Journal 0")) == "30"
    assert count_of(facet_index(page, "Review", "Open")) == "60"
    assert count_of(facet_index(page, "File", "invented.nbib")) == "60"
    assert count_of(facet_index(page, "Model", "Not classified")) == "0"


def test_facet_is_chosen_with_keys_alone_and_counts_follow(page: RecordsPage, qtbot: QtBot) -> None:
    tree = page.facets.tree
    tree.setFocus()
    tree.setCurrentIndex(facet_index(page, "Journal", "Journal 1").parent())
    press(tree, "Return")
    press(tree, "Down")
    press(tree, "Space")
    settle(page, qtbot)
    assert len(page.records.where.journals) == 1
    assert len(page.records.ids) == 30
    assert count_of(facet_index(page, "Year", "2001")) == "10"
    assert count_of(facet_index(page, "Journal", "Journal 1")) == "30", "beside its own group"
    press(tree, "Space")
    settle(page, qtbot)
    assert len(page.records.ids) == 60


def test_click_anywhere_on_a_row_of_the_filter_chooses_it(page: RecordsPage, qtbot: QtBot) -> None:
    tree = page.facets.tree
    index = facet_index(page, "Review", "Confirmed")
    tree.scrollTo(index)
    where = tree.visualRect(index)
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=where.center())
    qtbot.waitUntil(lambda: page.records.where.reviews == (ReviewStatus.CONFIRMED,))
    box = tree.visualRect(facet_index(page, "Review", "Confirmed")).topLeft()
    box.setX(box.x() + 8)
    box.setY(box.y() + 8)
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=box)
    qtbot.waitUntil(lambda: page.records.where.reviews == ())


def test_chips_take_single_conditions_away_and_clear_takes_all(
    page: RecordsPage, qtbot: QtBot
) -> None:
    page.show_filter(RecordFilter(search="study", years=(2001, 2002), journals=("Journal 0",)))
    settle(page, qtbot)
    chips = [button.text() for button in page.list.chips.buttons]
    assert chips == ["Year: 2001", "Year: 2002", "Journal: Journal 0"]
    assert page.list.search.text() == "study"
    QTest.mouseClick(page.list.chips.buttons[0], Qt.MouseButton.LeftButton)
    settle(page, qtbot)
    assert page.records.where.years == (2002,)
    page.list.chips.buttons[1].setFocus()
    press(page.list.chips.buttons[1], "Space")
    settle(page, qtbot)
    assert page.records.where.journals == ()
    press_in(page, "Ctrl+L")
    settle(page, qtbot)
    assert page.records.where == RecordFilter()
    assert page.list.chips.isHidden()


@pytest.mark.parametrize(
    ("where", "group", "value"),
    [
        (RecordFilter(), GroupKey.YEAR, None),
        (RecordFilter(years=(1999,)), GroupKey.YEAR, 2001),
        (RecordFilter(), GroupKey.JOURNAL, ""),
        (RecordFilter(), GroupKey.FILE, 3),
        (RecordFilter(), GroupKey.BAND, Band.NEEDS_REVIEW),
        (RecordFilter(), GroupKey.BAND, Special.UNPREDICTED),
        (RecordFilter(), GroupKey.REVIEW, ReviewStatus.UNSURE),
        (RecordFilter(), GroupKey.QUEUE, Queue.DISAGREEMENT),
        (RecordFilter(labels=("a",)), GroupKey.LABEL, "b"),
        (RecordFilter(labels=("a", "b")), GroupKey.LABEL, Special.ALL_LABELS),
        (RecordFilter(), GroupKey.LABEL, Special.NO_LABEL),
    ],
)
def test_every_value_that_is_chosen_has_a_chip_that_gives_it_up_again(
    where: RecordFilter, group: GroupKey, value: object
) -> None:
    chosen = toggled(where, group, value)
    assert chosen != where
    assert toggled(chosen, group, value) == where
    before = {chip.words for chip in chips_of(where, names={}, files={})}
    [chip] = [chip for chip in chips_of(chosen, names={}, files={}) if chip.words not in before]
    assert chip.without == where


def test_no_hallmark_and_some_hallmark_exclude_each_other() -> None:
    none = toggled(RecordFilter(labels=("a", "b"), has_all_labels=True), GroupKey.LABEL, "no_label")
    assert none.labels == ("a", "b", "no_label"), "a label may be called anything"
    none = toggled(
        RecordFilter(labels=("a", "b"), has_all_labels=True), GroupKey.LABEL, Special.NO_LABEL
    )
    assert (none.labels, none.without_labels, none.has_all_labels) == ((), True, False)
    some = toggled(none, GroupKey.LABEL, "a")
    assert (some.labels, some.without_labels) == (("a",), False)


def test_folded_filter_panel_stays_folded_after_a_restart(
    open_page: OpenPage, qtbot: QtBot
) -> None:
    page = open_page(RecordStore.in_memory())
    take_in(store_of(page), [a_record(1)])
    settle(page, qtbot)
    assert page.facets.isVisible()
    press_in(page, "Ctrl+B")
    assert not page.facets.isVisible()
    page.window().close()
    again = open_page(RecordStore.in_memory())
    take_in(store_of(again), [a_record(1)])
    settle(again, qtbot)
    assert not again.facets.isVisible()


# Order and columns


def test_header_sorts_up_then_down_and_a_queue_has_its_own_order(
    page: RecordsPage, qtbot: QtBot
) -> None:
    header = page.table.horizontalHeader()
    year = next(
        place for place, column in enumerate(page.table.columns) if column.key == Field.YEAR
    )
    for is_descending in (False, True):
        header.sectionClicked.emit(year)
        settle(page, qtbot)
        assert page.records.order == RecordOrder(Field.YEAR, is_descending=is_descending)
    years = [row.year for row in store_of(page).rows(page.records.ids)]
    assert years == sorted(years, key=lambda year: -(year or 0))
    assert header.sortIndicatorSection() == year
    press_in(page, "Ctrl+R")
    settle(page, qtbot)
    assert page.records.order == RecordOrder()
    assert header.sortIndicatorSection() == -1


def test_sort_menu_offers_the_columns_that_are_shown(page: RecordsPage, qtbot: QtBot) -> None:
    [view] = [actions for title, actions in page.menus if title == "&View"]
    menu = next(one.menu() for one in view if one is not None and one.menu() is not None)
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    names = [action.text() for action in menu.actions()]
    assert names == [column.name for column in page.table.columns]
    menu.actions()[0].trigger()
    settle(page, qtbot)
    assert page.records.order.by == Field.TITLE


def open_columns(page: RecordsPage, qtbot: QtBot) -> ColumnDialog:
    press_in(page, "Ctrl+Shift+O")
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ColumnDialog)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is dialog.list)
    return dialog


def test_columns_are_chosen_with_keys_and_remembered(open_page: OpenPage, qtbot: QtBot) -> None:
    page = open_page(RecordStore.in_memory())
    take_in(store_of(page), [a_record(1)])
    settle(page, qtbot)
    page.focus_first()
    first = [column.key for column in page.table.columns]
    dialog = open_columns(page, qtbot)
    press(dialog.list, "Space")
    press(dialog.list, "Down")
    dialog.down_button.click()
    press(dialog.list, "End")
    press(dialog.list, "Space")
    press(dialog.list, "Return")
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    keys = [column.key for column in page.table.columns]
    last = store_of(page).active_labels[-1].id
    assert keys == [first[2], first[1], *first[3:], last]
    page.table.horizontalHeader().resizeSection(0, 201)
    page.window().close()
    again = open_page(RecordStore.in_memory())
    assert [column.key for column in again.table.columns] == keys
    assert again.table.columns[0].width == 201


def test_export_gets_the_columns_as_they_stand_on_the_screen(
    page: RecordsPage, qtbot: QtBot
) -> None:
    page.table.horizontalHeader().moveSection(0, 2)
    asked: list[tuple[Sequence[int], list[object]]] = []
    page.export_wanted.connect(lambda ids, columns: asked.append((ids, columns)))
    page.commands.export.trigger()
    [(ids, columns)] = asked
    assert list(ids) == list(page.records.ids)
    assert columns[:3] == [Field.LABELS, Field.REVIEW, Field.TITLE]


def test_export_right_after_a_search_is_about_what_was_searched_for(
    page: RecordsPage, qtbot: QtBot
) -> None:
    asked: list[Sequence[int]] = []
    page.export_wanted.connect(lambda ids, _columns: asked.append(ids))
    page.records.show(RecordFilter(search="study 17"))
    page.commands.export.trigger()
    assert asked == [], "the list of all records is still on the screen"
    qtbot.waitUntil(lambda: bool(asked))
    assert [row.title for row in store_of(page).rows(asked[0])] == ["Study 17 of tumour growth"]


def test_export_has_what_came_in_a_moment_ago_and_what_a_review_took_out_of_its_queue(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    asked: list[list[int]] = []
    page.export_wanted.connect(lambda ids, _columns: asked.append(list(ids)))
    page.records.show(RecordFilter(reviews=(ReviewStatus.OPEN,)))
    settle(page, qtbot)
    before = list(page.records.ids)
    store.confirm(before[:1])
    page.commands.export.trigger()
    qtbot.waitUntil(lambda: len(asked) == 1)
    assert asked == [before], "rows stay where they are while somebody reviews"
    [came] = take_in(store, [a_record(RECORDS + 1)])
    page.commands.export.trigger()
    qtbot.waitUntil(lambda: len(asked) == 2)
    assert asked[1] == [*before[1:], came]


def test_probability_is_a_column_to_sort_by(page: RecordsPage, qtbot: QtBot) -> None:
    label = store_of(page).active_labels[4].id
    offered = next(one for one in page.columns.offered if one.key == label)
    page.columns.take([*page.table.columns, offered])
    page.table.horizontalHeader().sectionClicked.emit(len(page.table.columns) - 1)
    settle(page, qtbot)
    assert page.records.order == RecordOrder(label, is_descending=True)
    index = page.table_model.index(0, len(page.table.columns) - 1)
    qtbot.waitUntil(lambda: str(index.data()).endswith("%"))


# Rows


@pytest.fixture
def long_page(empty_page: RecordsPage, qtbot: QtBot) -> RecordsPage:
    take_in(store_of(empty_page), [a_record(number) for number in range(1, MANY + 1)])
    settle(empty_page, qtbot)
    empty_page.focus_first()
    return empty_page


def test_rows_are_fetched_where_one_looks_and_nowhere_else(
    long_page: RecordsPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(long_page)
    fetched: list[int] = []
    real = store.rows

    def counted(ids: Sequence[int]) -> list[RecordRow]:
        fetched.append(len(ids))
        return real(ids)

    monkeypatch.setattr(store, "rows", counted)
    press(long_page.table, "End")
    model = long_page.table_model
    qtbot.waitUntil(lambda: model.index(MANY - 1, 0).data() == f"Study {MANY} of tumour growth")
    assert len(fetched) <= 2
    assert max(fetched) <= CHUNK
    assert long_page.table.currentIndex().row() == MANY - 1
    press(long_page.table, "Home")
    assert long_page.table.currentIndex().row() == 0


def test_letter_in_the_table_does_not_read_all_rows(
    long_page: RecordsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_page.table_model, "match", lambda *_: pytest.fail("rows are read"))
    press(long_page.table, "X")
    assert long_page.table.currentIndex().row() == 0


def test_place_and_choice_survive_what_others_take_in(long_page: RecordsPage, qtbot: QtBot) -> None:
    long_page.table.go_to(700)
    settle(long_page, qtbot)
    press(long_page.table, "Shift+Down")
    chosen = list(long_page.table.chosen_ids)
    current = long_page.table.current_id
    assert len(chosen) == 2
    take_in(store_of(long_page), [a_record(number) for number in range(5001, 5011)])
    qtbot.waitUntil(lambda: len(long_page.records.ids) == MANY + 10)
    assert long_page.table.current_id == current
    assert list(long_page.table.chosen_ids) == chosen


def test_row_shows_what_was_decided_elsewhere(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    place = next(n for n, one in enumerate(page.table.columns) if one.key == Field.REVIEW)

    def shown() -> object:
        return page.table_model.index(0, place).data()

    qtbot.waitUntil(lambda: shown() == "Open")
    store.confirm([page.records.ids[0]])
    qtbot.waitUntil(lambda: shown() == "Confirmed")


# Nothing to show


def test_empty_store_says_how_to_import(empty_page: RecordsPage, qtbot: QtBot) -> None:
    settle(empty_page, qtbot)
    assert empty_page.guide.heading.text() == "No records yet"
    assert "PubMed" in empty_page.guide.words.text()
    asked: list[object] = []
    empty_page.import_wanted.connect(asked.append)
    empty_page.focus_first()
    press_in(empty_page, "Space")
    assert asked == [[]]


def test_page_says_that_the_store_is_on_its_way(
    page: RecordsPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = page._desk
    monkeypatch.setattr(desk, "_kept", None)
    desk.changed.emit()
    assert page.guide.heading.text() == "The records are being opened…"
    assert not page.table.isVisible()
    monkeypatch.undo()
    desk.changed.emit()
    settle(page, qtbot)
    assert page.table.isVisible()
