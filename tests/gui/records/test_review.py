"""Reviewing by keys: what each does, in what order, and how it is taken back."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from kdh_desktop.core.errors import StoreError
from kdh_desktop.core.records.record_filter import Queue, ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.stored import OperationKind, RecordDetail, ReviewChange
from kdh_desktop.gui.main_window import MainWindow
from kdh_desktop.gui.records.label_delegate import places_in
from kdh_desktop.gui.records.records_page import RecordsPage
from tests.data.tiny_store import predict_all
from tests.gui.conftest import press, press_in
from tests.gui.records.conftest import (
    RECORDS,
    TINY,
    OpenPage,
    a_record,
    detail_of,
    predict,
    score_of,
    settle,
    store_of,
    take_in,
)
from tests.gui.test_record_desk import click


def window_of(page: RecordsPage) -> MainWindow:
    window = page.window()
    assert isinstance(window, MainWindow)
    return window


def test_first_record_is_open_with_its_labels_and_text(page: RecordsPage) -> None:
    detail = detail_of(page)
    assert page.table.currentIndex().row() == 0
    assert page.detail.text.whole_text == detail.text
    assert len(page.detail.labels.model.rows) == 10
    assert QApplication.focusWidget() is page.table


@pytest.mark.parametrize(("key", "place"), [("1", 0), ("5", 4), ("9", 8), ("0", 9)])
def test_number_keys_toggle_the_ten_hallmarks(
    page: RecordsPage, qtbot: QtBot, key: str, place: int
) -> None:
    before = score_of(page, place).is_present
    press_in(page, key)
    settle(page, qtbot)
    score = score_of(page, place)
    assert score.decision is (not before)
    assert page.detail.labels.chosen == page.detail.labels.model.rows[place]
    press_in(page, key)
    settle(page, qtbot)
    assert score_of(page, place).decision is None, "two presses leave nothing behind"


def test_return_confirms_all_hallmarks_as_they_stand_and_goes_on(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    first = detail_of(page).id
    present = [row.score.is_present for row in page.detail.labels.model.rows]
    press_in(page, "Return")
    settle(page, qtbot)
    assert page.table.currentIndex().row() == 1
    assert detail_of(page).id != first
    confirmed = store.detail(first)
    assert confirmed.review == ReviewStatus.CONFIRMED
    assert [is_present for _, is_present in confirmed.decisions] == present


def test_keys_in_quick_succession_each_see_what_the_one_before_did(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    first = detail_of(page).id
    present = [row.score.is_present for row in page.detail.labels.model.rows]
    for key in ("1", "1", "1", "2", "Return", "1", "U"):
        press_in(page, key)
    settle(page, qtbot)
    decided = [is_present for _, is_present in store.detail(first).decisions]
    assert decided == [not present[0], not present[1], *present[2:]]
    second = store.detail(page.records.ids[1])
    assert second.review == ReviewStatus.UNSURE
    assert len(second.decisions) == 1
    assert page.table.currentIndex().row() == 2


def test_space_skips_and_leaves_what_is_confirmed(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    first, second = page.records.ids[:2]
    press_in(page, "Space")
    press_in(page, "Return")
    settle(page, qtbot)
    press_in(page, "Ctrl+PageUp")
    settle(page, qtbot)
    press_in(page, "Space")
    settle(page, qtbot)
    assert store.detail(first).review == ReviewStatus.SKIPPED
    assert store.detail(second).review == ReviewStatus.CONFIRMED
    assert page.table.currentIndex().row() == 2


def test_next_and_previous_record_leave_one_row_chosen(page: RecordsPage, qtbot: QtBot) -> None:
    for keys, row in (("Ctrl+PageDown", 1), ("Ctrl+PageDown", 2), ("Ctrl+PageUp", 1)):
        press_in(page, keys)
        assert page.table.currentIndex().row() == row
        assert list(page.table.chosen_ids) == [page.table.current_id]
    press(page.table, "Shift+Down")
    assert list(page.table.chosen_ids) == list(page.records.ids[1:3])


def test_note_is_written_with_n_and_kept_with_return(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    record = detail_of(page).id
    press_in(page, "N")
    assert QApplication.focusWidget() is page.detail.note
    QTest.keyClicks(page.detail.note, "1 unsure note")
    press_in(page, "Return")
    assert QApplication.focusWidget() is page.table
    settle(page, qtbot)
    assert store.detail(record).note == "1 unsure note"
    assert store.detail(record).decisions == (), "letters of a note review nothing"
    assert store.detail(record).review == ReviewStatus.OPEN
    press_in(page, "N")
    QTest.keyClicks(page.detail.note, " and more")
    press_in(page, "Escape")
    settle(page, qtbot)
    assert store.detail(record).note == "1 unsure note"


def test_note_belongs_to_the_record_that_it_was_begun_for(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    first, second = page.records.ids[:2]
    press_in(page, "N")
    QTest.keyClicks(page.detail.note, "of the first")
    page.table.go_on()
    settle(page, qtbot)
    assert store.detail(first).note == "of the first"
    assert store.detail(second).note == ""
    assert page.detail.note.toPlainText() == ""


def test_note_goes_to_the_record_that_is_only_on_its_way(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    first, second = page.records.ids[:2]
    store.review([ReviewChange(second, note="Seen. ")], kind=OperationKind.WRITE_NOTE)
    settle(page, qtbot)
    # Faster than the record can be read: nothing of it is shown before all keys are pressed.
    press_in(page, "Return")
    press_in(page, "N")
    QTest.keyClicks(page.detail.note, "of the second")
    press_in(page, "Return")
    settle(page, qtbot)
    assert store.detail(second).note == "Seen. of the second"
    press_in(page, "Ctrl+PageUp")
    press_in(page, "N")
    QTest.keyClicks(page.detail.note, "of the ")
    settle(page, qtbot)
    QTest.keyClicks(page.detail.note, "first")
    press_in(page, "Return")
    settle(page, qtbot)
    assert store.detail(first).note == "of the first"
    assert store.detail(second).note == "Seen. of the second"


def test_keys_typed_into_the_search_review_nothing(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    press_in(page, "Ctrl+F")
    QTest.keyClicks(page.list.search, "1 un")
    press_in(page, "Return")
    settle(page, qtbot)
    assert store.can_undo() is not None
    assert store.can_undo().kind == OperationKind.IMPORT  # type: ignore[union-attr]  # just above


def test_record_of_which_nobody_has_said_anything_is_not_confirmed(
    empty_page: RecordsPage, qtbot: QtBot
) -> None:
    store = store_of(empty_page)
    (record,) = take_in(store, [a_record(1)])
    settle(empty_page, qtbot)
    empty_page.table.setFocus()
    with qtbot.waitSignal(
        empty_page.status_changed, check_params_cb=lambda words: words.startswith("Not confirmed")
    ):
        press_in(empty_page, "Return")
    settle(empty_page, qtbot)
    assert store.detail(record).review == ReviewStatus.OPEN
    last = store.can_undo()
    assert last is None or last.kind != OperationKind.CONFIRM


def test_note_that_was_begun_goes_to_its_record_when_a_private_session_begins(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    record = detail_of(page).id
    press_in(page, "N")
    QTest.keyClicks(page.detail.note, "of the first")
    window_of(page).files.private.trigger()
    qtbot.waitUntil(lambda: store.detail(record).note == "of the first")
    assert page.detail.note.toPlainText() == ""


def test_nothing_of_a_private_session_stays_behind(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    first = detail_of(page).id
    window_of(page).files.private.trigger()
    private = store_of(page)
    take_in(private, [a_record(1, words="hidden growth"), a_record(2, words="hidden growth")])
    settle(page, qtbot)
    page.list.search.setText("hidden")
    page.list.search._ask()
    settle(page, qtbot)
    assert len(page.records.ids) == 2
    page.table.setFocus()
    press_in(page, "N")
    QTest.keyClicks(page.detail.note, "hidden note")
    window_of(page).files.private.trigger()
    question = window_of(page).journeys.private.question
    assert question is not None
    click(question, "End and forget")
    qtbot.waitUntil(lambda: page.records.store is store)
    settle(page, qtbot)
    assert page.list.search.text() == ""
    assert len(page.records.ids) == RECORDS
    assert store.detail(first).note == "", "the same id is another record here"
    assert page.detail.note.toPlainText() == ""


def test_note_that_is_too_long_is_said_to_be_cut(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    record = detail_of(page).id
    press_in(page, "N")
    page.detail.note.insertPlainText("x" * 10_001)
    with qtbot.waitSignal(page.status_changed) as said:
        press_in(page, "Return")
    assert said.args == ["The note is too long: its first 10,000 characters are kept."]
    settle(page, qtbot)
    assert store.detail(record).note == page.detail.note.toPlainText() == "x" * 10_000
    assert not page.detail.note.is_changed


def test_undo_and_redo_say_what_they_do_and_go_there(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    first = detail_of(page).id
    press_in(page, "Return")
    press_in(page, "Space")
    settle(page, qtbot)
    assert page.commands.undo.text() == "&Undo: mark 1 record"
    press_in(page, "Ctrl+Z")
    settle(page, qtbot)
    assert page.commands.undo.text() == "&Undo: confirm 1 record"
    assert page.commands.redo.text() == "&Redo: mark 1 record"
    press_in(page, "Ctrl+Z")
    settle(page, qtbot)
    assert detail_of(page).id == first
    assert store.detail(first).review == ReviewStatus.OPEN
    press_in(page, "Ctrl+Shift+Z")
    settle(page, qtbot)
    assert store.detail(first).review == ReviewStatus.CONFIRMED


def test_undo_of_the_import_empties_the_list_and_redo_fills_it(
    page: RecordsPage, qtbot: QtBot
) -> None:
    press_in(page, "Ctrl+Z")
    qtbot.waitUntil(lambda: len(page.records.ids) == 0)
    assert page.guide.isVisible()
    page.commands.redo.trigger()
    qtbot.waitUntil(lambda: len(page.records.ids) == 60)
    assert page.table.isVisible()


def test_undo_reaches_back_over_a_restart(
    open_page: OpenPage, qtbot: QtBot, tmp_path: Path
) -> None:
    key = StoreKey(bytes(range(32)))
    folder = tmp_path / "records"
    page = open_page(RecordStore.open(folder, key=key))
    [record] = take_in(store_of(page), [a_record(1)])
    settle(page, qtbot)
    page.focus_first()
    press_in(page, "3")
    settle(page, qtbot)
    page.window().close()
    again = open_page(RecordStore.open(folder, key=key))
    settle(again, qtbot)
    again.focus_first()
    assert score_of(again, 2).decision is True
    assert again.commands.undo.text() == "&Undo: decide on 1 record"
    press_in(again, "Ctrl+Z")
    settle(again, qtbot)
    assert score_of(again, 2).decision is None
    assert store_of(again).detail(record).decisions == ()


def test_what_was_pressed_last_is_written_when_the_window_closes(
    open_page: OpenPage, qtbot: QtBot, tmp_path: Path
) -> None:
    key = StoreKey(bytes(range(32)))
    page = open_page(RecordStore.open(tmp_path / "records", key=key))
    ids = take_in(store_of(page), [a_record(number) for number in range(1, 6)])
    predict_all(store_of(page), model_id=TINY)
    settle(page, qtbot)
    page.focus_first()
    for _ in ids:
        press_in(page, "Return")
    page.window().close()
    qtbot.waitUntil(page.window().isHidden)
    store = RecordStore.open(tmp_path / "records", key=key)
    assert {row.review for row in store.rows(ids)} == {ReviewStatus.CONFIRMED}
    store.close()


def test_window_stays_where_what_was_pressed_last_cannot_be_written(
    page: RecordsPage, store: RecordStore, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = threading.Event()

    def confirm(_ids: object) -> None:
        assert may_go_on.wait(10)
        raise StoreError("The disk is full.", "Make room on it.")

    monkeypatch.setattr(store, "confirm", confirm)
    press_in(page, "Return")
    page.window().close()
    assert page.window().isVisible(), "it waits for what is being written"
    may_go_on.set()
    qtbot.waitUntil(lambda: "store" in page.notices.messages)
    assert page.window().isVisible()
    page.window().close()
    assert page.window().isHidden()


class FullDisk:
    """What a person does cannot be written to a store until there is room."""

    def __init__(self, store: RecordStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = True
        self._review = store.review
        monkeypatch.setattr(store, "review", self.review)

    def review(self, changes: Sequence[ReviewChange], *, kind: OperationKind) -> None:
        if self.is_full:
            raise StoreError("The disk is full.", "Make room on it.")
        self._review(changes, kind=kind)


@pytest.fixture
def full_disk(store: RecordStore, monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    return FullDisk(store, monkeypatch)


def wait_for_loss(page: RecordsPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "store" in page.notices.messages)
    page.notices._close("store")
    settle(page, qtbot)


def test_note_that_could_not_be_written_stays_and_is_written_when_return_is_pressed_again(
    page: RecordsPage, store: RecordStore, full_disk: FullDisk, qtbot: QtBot
) -> None:
    record = detail_of(page).id
    press_in(page, "N")
    QTest.keyClicks(page.detail.note, "of the first")
    press_in(page, "Return")
    wait_for_loss(page, qtbot)
    assert page.detail.note.toPlainText() == "of the first"
    page.open_record.renew()
    settle(page, qtbot)
    assert page.detail.note.toPlainText() == "of the first", "the store's does not take its place"
    full_disk.is_full = False
    press_in(page, "N")
    press_in(page, "Return")
    settle(page, qtbot)
    assert store.detail(record).note == "of the first"
    assert not page.detail.note.is_changed


def test_notes_that_could_not_be_written_follow_whatever_else_can_be(
    page: RecordsPage, store: RecordStore, full_disk: FullDisk, qtbot: QtBot
) -> None:
    first, second = page.records.ids[:2]
    press_in(page, "1")
    press_in(page, "N")
    QTest.keyClicks(page.detail.note, "of the first")
    page.table.setFocus()
    wait_for_loss(page, qtbot)
    page.table.go_on()
    settle(page, qtbot)
    assert page.detail.note.toPlainText() == ""
    press_in(page, "Ctrl+PageUp")
    settle(page, qtbot)
    assert page.detail.note.toPlainText() == "of the first"
    assert store.detail(first).note == ""
    page.table.go_on()
    full_disk.is_full = False
    press_in(page, "U")
    settle(page, qtbot)
    assert store.detail(first).note == "of the first"
    assert store.detail(first).decisions == (), "it was told that this is lost"
    assert store.detail(second).review == ReviewStatus.UNSURE


def test_note_that_is_changed_again_before_it_is_written_keeps_the_later_words(
    page: RecordsPage, store: RecordStore, full_disk: FullDisk, qtbot: QtBot
) -> None:
    record = detail_of(page).id
    for words in ("of", " the first"):
        press_in(page, "N")
        QTest.keyClicks(page.detail.note, words)
        press_in(page, "Return")
        wait_for_loss(page, qtbot)
    full_disk.is_full = False
    press_in(page, "2")
    settle(page, qtbot)
    assert store.detail(record).note == "of the first"


def test_window_stays_where_the_note_cannot_be_written_and_tries_again_when_it_closes(
    open_page: OpenPage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = StoreKey(bytes(range(32)))
    page = open_page(RecordStore.open(tmp_path / "records", key=key))
    [record] = take_in(store_of(page), [a_record(1)])
    settle(page, qtbot)
    page.focus_first()
    disk = FullDisk(store_of(page), monkeypatch)
    press_in(page, "N")
    QTest.keyClicks(page.detail.note, "of the first")
    page.window().close()
    qtbot.waitUntil(lambda: "store" in page.notices.messages)
    assert page.window().isVisible()
    assert page.detail.note.toPlainText() == "of the first"
    disk.is_full = False
    page.window().close()
    assert page.window().isHidden()
    store = RecordStore.open(tmp_path / "records", key=key)
    assert store.detail(record).note == "of the first"
    store.close()


def test_note_that_is_still_typed_when_the_window_closes_is_written(
    open_page: OpenPage, qtbot: QtBot, tmp_path: Path
) -> None:
    key = StoreKey(bytes(range(32)))
    page = open_page(RecordStore.open(tmp_path / "records", key=key))
    [record] = take_in(store_of(page), [a_record(1)])
    settle(page, qtbot)
    page.focus_first()
    press_in(page, "N")
    QTest.keyClicks(page.detail.note, "of the first")
    page.window().close()
    qtbot.waitUntil(page.window().isHidden)
    store = RecordStore.open(tmp_path / "records", key=key)
    assert store.detail(record).note == "of the first"
    store.close()


def test_disk_that_stays_full_does_not_keep_the_window_open(
    page: RecordsPage, full_disk: FullDisk, qtbot: QtBot
) -> None:
    press_in(page, "N")
    QTest.keyClicks(page.detail.note, "of the first")
    page.window().close()
    qtbot.waitUntil(lambda: "store" in page.notices.messages)
    assert page.window().isVisible()
    page.window().close()
    assert page.window().isHidden()
    assert full_disk.is_full


def test_loss_is_told_again_though_the_one_before_was_read_and_closed(
    page: RecordsPage, store: RecordStore, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def confirm(_ids: object) -> None:
        raise StoreError("The disk is full.", "Make room on it.")

    monkeypatch.setattr(store, "confirm", confirm)
    for _ in range(2):
        press_in(page, "Return")
        qtbot.waitUntil(lambda: "store" in page.notices.messages)
        page.notices._close("store")


@pytest.fixture
def doubtful(empty_page: RecordsPage, qtbot: QtBot) -> RecordsPage:
    """Three records: one in doubt, one nearer to a threshold, one sure."""
    store = store_of(empty_page)
    threshold = store.active_labels[0].threshold
    far, near, sure = take_in(store, [a_record(number) for number in (1, 2, 3)])
    label = store.active_labels[0]
    assert label.review_from < threshold < label.present_from
    first = (label.review_from + threshold) / 2
    predict(store, far, **{label.id: first})
    predict(store, near, **{label.id: threshold - (threshold - first) / 4})
    predict(store, sure, **{label.id: 0.99, store.active_labels[1].id: 0.99})
    settle(empty_page, qtbot)
    empty_page.focus_first()
    return empty_page


def test_queue_of_doubtful_records_begins_nearest_to_the_threshold(
    doubtful: RecordsPage, qtbot: QtBot
) -> None:
    far, near, _ = doubtful.records.ids
    press_in(doubtful, "Ctrl+R")
    qtbot.waitUntil(lambda: list(doubtful.records.ids) == [near, far])
    settle(doubtful, qtbot)
    chosen = doubtful.detail.labels.chosen
    assert chosen is not None
    assert chosen.key == "1", "the hallmark in doubt is chosen first"


def test_record_that_leaves_its_queue_stays_in_its_row_until_the_list_is_refreshed(
    doubtful: RecordsPage, qtbot: QtBot
) -> None:
    _, near, _ = doubtful.records.ids
    press_in(doubtful, "Ctrl+R")
    qtbot.waitUntil(lambda: doubtful.records.where.queue == Queue.NEEDS_REVIEW)
    settle(doubtful, qtbot)
    assert doubtful.list.refresh_button.isHidden()
    press_in(doubtful, "Return")
    settle(doubtful, qtbot)
    assert doubtful.records.ids[0] == near
    assert doubtful.list.refresh_button.isVisible()
    press_in(doubtful, "F5")
    settle(doubtful, qtbot)
    assert near not in doubtful.records.ids
    assert doubtful.list.refresh_button.isHidden()


def test_queue_of_disagreement_holds_what_was_decided_otherwise(
    doubtful: RecordsPage, qtbot: QtBot
) -> None:
    sure = doubtful.records.ids[2]
    doubtful.table.go_to(2)
    settle(doubtful, qtbot)
    press_in(doubtful, "1")
    settle(doubtful, qtbot)
    press_in(doubtful, "Ctrl+D")
    qtbot.waitUntil(lambda: list(doubtful.records.ids) == [sure])


def test_click_on_the_persons_sign_decides_and_elsewhere_only_chooses(
    page: RecordsPage, qtbot: QtBot
) -> None:
    view = page.detail.labels.list
    index = view.model().index(6, 0)
    places = places_in(view.visualRect(index), view.font())
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=places.name.center() + QPoint(0, 0)
    )
    settle(page, qtbot)
    assert score_of(page, 6).decision is None
    assert page.detail.labels.chosen == page.detail.labels.model.rows[6]
    before = score_of(page, 6).is_present
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=places.person.center())
    settle(page, qtbot)
    assert score_of(page, 6).decision is (not before)


def click_on_sign(page: RecordsPage, place: int) -> None:
    view = page.detail.labels.list
    sign = places_in(view.visualRect(view.model().index(place, 0)), view.font()).person
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=sign.center())


@pytest.mark.qt_log_ignore(r"does not support (propagateSizeHints\(|raise\(|grabbing the keyboard)")
def test_click_decides_on_the_record_that_is_shown_where_the_next_is_only_on_its_way(
    page: RecordsPage, store: RecordStore, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = page.records.ids[:2]
    gate, real = threading.Event(), store.detail

    def slow(record_id: int) -> RecordDetail:
        if record_id == second:
            assert gate.wait(10)
        return real(record_id)

    monkeypatch.setattr(store, "detail", slow)
    page.table.go_on()
    assert detail_of(page).id == first
    click_on_sign(page, 6)
    page.detail.labels.list.setCurrentIndex(page.detail.labels.model.index(7))
    view = page.detail.labels.list
    place = view.visualRect(view.currentIndex()).center()
    QApplication.sendEvent(
        view.viewport(),
        QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.mapToGlobal(place)),
    )
    [menu] = view.findChildren(QMenu)
    qtbot.waitUntil(lambda: len(real(first).decisions) == 1)
    gate.set()
    qtbot.waitUntil(lambda: detail_of(page).id == second)
    present = next(action for action in menu.actions() if not action.isChecked())
    present.trigger()
    menu.close()
    settle(page, qtbot)
    decided = {label_id for label_id, _ in store.detail(first).decisions}
    assert decided == {row.score.label_id for row in page.detail.labels.model.rows[6:8]}
    assert store.detail(second).decisions == ()


def test_record_that_cannot_be_read_leaves_no_other_to_decide_on(
    page: RecordsPage, store: RecordStore, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = page.records.ids[:2]
    real = store.detail

    def broken(record_id: int) -> RecordDetail:
        if record_id == second:
            raise StoreError("The disk cannot be read.", "Look whether it is there.")
        return real(record_id)

    monkeypatch.setattr(store, "detail", broken)
    page.table.go_on()
    qtbot.waitUntil(lambda: "store" in page.notices.messages)
    assert page.open_record.detail is None
    assert page.detail.text.whole_text == ""
    assert page.detail.labels.model.rows == []
    page.table.go_on(-1)
    qtbot.waitUntil(lambda: page.detail.record_id == first)


def test_evidence_of_the_chosen_hallmark_is_lit(page: RecordsPage, qtbot: QtBot) -> None:
    rows = page.detail.labels.model.rows
    lit = next(row for row in rows if row.evidence)
    page.detail.labels.choose(lit.score.label_id)
    assert page.detail.text.marked_texts == [one.text for one in lit.evidence]
    dark = next(row for row in rows if not row.evidence)
    page.detail.labels.choose(dark.score.label_id)
    assert page.detail.text.marked_texts == []


def test_text_stays_where_somebody_reads_while_others_write_to_the_store(
    empty_page: RecordsPage, qtbot: QtBot
) -> None:
    page, store = empty_page, store_of(empty_page)
    long = replace(a_record(1), abstract="It was found in mice.\n" * 400)
    [record, _] = take_in(store, [long, a_record(2)])
    predict(store, record, **{store.active_labels[0].id: 0.99})
    settle(page, qtbot)
    page.focus_first()
    bar = page.detail.text.verticalScrollBar()
    assert page.detail.text.marked_texts == ["Stud"]
    bar.setValue(bar.maximum())
    # As where another record is classified.
    page.open_record.renew()
    settle(page, qtbot)
    assert bar.value() == bar.maximum() > 0
    page.detail.labels.list.row_taken.emit(page.detail.labels.list.currentIndex())
    assert bar.value() < bar.maximum(), "who asks for the sentence is led there"


def test_history_names_what_was_done(page: RecordsPage, qtbot: QtBot) -> None:
    press_in(page, "4")
    settle(page, qtbot)
    line = page.detail.history.toPlainText()
    assert "Enabling replicative immortality: not decided → " in line
    press_in(page, "Ctrl+Z")
    settle(page, qtbot)
    assert "(taken back)" in page.detail.history.toPlainText()


def test_last_record_says_so_and_stays(page: RecordsPage, qtbot: QtBot) -> None:
    said: list[str] = []
    page.status_changed.connect(said.append)
    press(page.table, "End")
    settle(page, qtbot)
    press_in(page, "Return")
    settle(page, qtbot)
    assert page.table.currentIndex().row() == 59
    assert any("last record" in words for words in said)
    assert detail_of(page).review == ReviewStatus.CONFIRMED
