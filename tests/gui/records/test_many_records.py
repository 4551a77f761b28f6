"""Accepting, removing and handing on many records at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from kdh_desktop.core.classification.held_out import BINS, HeldOutCounts
from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.records.record_filter import RecordFilter, ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.jobs import JobRunner
from kdh_desktop.gui.records.accept_dialog import SAMPLES, AcceptDialog
from kdh_desktop.gui.records.certainty_dialog import CertaintyDialog, work_words
from kdh_desktop.gui.records.limits import acceptable_counter, usable_limits
from kdh_desktop.gui.records.records_page import RecordsPage
from tests.data.tiny_store import tiny_manifest
from tests.gui.conftest import press, press_in
from tests.gui.looks import rich_labels, unnamed
from tests.gui.records.conftest import RECORDS, a_record, settle, take_in


def sure_manifest() -> Manifest:
    """A model that was right in 100 texts on both sides, but for a label seen in three texts."""
    positives = np.zeros((10, BINS), np.int64)
    negatives = np.zeros((10, BINS), np.int64)
    positives[:, 90], negatives[:, 2] = 100, 100
    positives[3, 90], negatives[3, 2] = 3, 197
    negatives[4, 90], negatives[4, 2] = 60, 40
    counts = HeldOutCounts(
        positives=tuple(map(tuple, positives.tolist())),
        negatives=tuple(map(tuple, negatives.tolist())),
        protocol="On 200 invented texts that the model had not seen.",
        texts=200,
    )
    return replace(tiny_manifest(), held_out=counts)


def dialog_of(kind: type[QDialog], qtbot: QtBot) -> QDialog:
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, kind)
    return dialog


def open_accept(page: RecordsPage, qtbot: QtBot) -> AcceptDialog:
    page.commands.accept_many.trigger()
    dialog = dialog_of(AcceptDialog, qtbot)
    assert isinstance(dialog, AcceptDialog)
    qtbot.waitUntil(lambda: dialog.offer is not None)
    return dialog


def test_accepting_shows_the_count_and_five_samples_first(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    dialog = open_accept(page, qtbot)
    assert dialog.count.text() == "60 records will be accepted."
    assert dialog.offer is not None
    assert len(dialog.offer.samples) == SAMPLES
    assert len({one.id for one in dialog.offer.samples}) == SAMPLES
    assert dialog.accept_button.text() == "Accept 60 records"
    assert not dialog.accept_button.isDefault(), "a Return too many accepts nothing"
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
    assert {row.review for row in store.rows(page.records.ids)} == {ReviewStatus.OPEN}
    dialog.accept_button.click()
    settle(page, qtbot)
    assert {row.review for row in store.rows(page.records.ids)} == {ReviewStatus.ACCEPTED}
    assert page.commands.undo.text() == "&Undo: accept 60 records"
    page.commands.undo.trigger()
    settle(page, qtbot)
    assert {row.review for row in store.rows(page.records.ids)} == {ReviewStatus.OPEN}


def test_accepting_is_about_the_filter_and_leaves_confirmed_records(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    page.show_filter(RecordFilter(journals=("Journal 0",)))
    settle(page, qtbot)
    confirmed = page.records.ids[0]
    store.confirm([confirmed])
    dialog = open_accept(page, qtbot)
    assert dialog.count.text() == "29 records will be accepted. One other stays as it is."
    dialog.accept_button.click()
    settle(page, qtbot)
    assert store.detail(confirmed).review == ReviewStatus.CONFIRMED
    assert store.count(RecordFilter(reviews=(ReviewStatus.ACCEPTED,))) == 29


def test_accepting_is_about_the_chosen_rows_where_some_are_chosen(
    page: RecordsPage, qtbot: QtBot
) -> None:
    for _ in range(3):
        press(page.table, "Shift+Down")
    assert page.list.count.text() == "4 of 60 records chosen"
    dialog = open_accept(page, qtbot)
    assert dialog.accept_button.text() == "Accept 4 records"
    dialog.reject()


def test_other_samples_can_be_looked_at(page: RecordsPage, qtbot: QtBot) -> None:
    dialog = open_accept(page, qtbot)
    seen: set[int] = set()
    for _ in range(20):
        assert dialog.offer is not None
        seen |= {one.id for one in dialog.offer.samples}
        dialog.others_button.click()
        qtbot.waitUntil(lambda: dialog.offer is not None)
    assert len(seen) > SAMPLES
    dialog.reject()


def test_nothing_to_accept_is_said_in_words(empty_page: RecordsPage, qtbot: QtBot) -> None:
    store = empty_page.records.store
    assert store is not None
    take_in(store, [a_record(1)])
    settle(empty_page, qtbot)
    dialog = open_accept(empty_page, qtbot)
    assert dialog.count.text().startswith("0 records will be accepted.")
    assert not dialog.accept_button.isEnabled()
    dialog.reject()


def test_removed_records_are_gone_at_once_and_come_back_with_undo(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    said: list[str] = []
    page.status_changed.connect(said.append)
    page.table.go_to(10)
    settle(page, qtbot)
    after = page.records.ids[12]
    press(page.table, "Shift+Down")
    press_in(page, "Delete")
    qtbot.waitUntil(lambda: len(page.records.ids) == RECORDS - 2)
    settle(page, qtbot)
    assert said[-1] == "Removed: 2 records. Undo brings them back."
    assert page.table.current_id == after
    press_in(page, "Ctrl+Z")
    qtbot.waitUntil(lambda: len(page.records.ids) == RECORDS)


def test_chosen_rows_or_the_whole_list_go_to_retraining_and_export(
    page: RecordsPage, qtbot: QtBot
) -> None:
    sent: list[Sequence[int]] = []
    page.retraining_wanted.connect(sent.append)
    page.commands.retrain.trigger()
    press(page.table, "Shift+Down")
    page.commands.retrain.trigger()
    assert [len(ids) for ids in sent] == [RECORDS, 2]
    asked: list[RecordFilter] = []
    page.classify_wanted.connect(asked.append)
    assert not page.commands.classify.isEnabled(), "all are classified"


def test_accepting_and_retraining_are_about_what_came_in_a_moment_ago_too(
    page: RecordsPage, store: RecordStore, qtbot: QtBot
) -> None:
    take_in(store, [a_record(RECORDS + 1)])
    dialog = open_accept(page, qtbot)
    assert dialog.count.text() == "60 records will be accepted. One other stays as it is."
    dialog.reject()
    settle(page, qtbot)
    take_in(store, [a_record(RECORDS + 2)])
    with qtbot.waitSignal(page.retraining_wanted) as sent:
        page.commands.retrain.trigger()
    assert len(sent.args[0]) == RECORDS + 2


def test_all_100_rows_of_a_list_are_chosen_with_one_key(page: RecordsPage) -> None:
    press(page.table, "Ctrl+A")
    assert page.table.chosen_count == RECORDS
    assert list(page.table.chosen_ids) == list(page.records.ids)


@pytest.fixture
def certainty(page: RecordsPage, store: RecordStore, qtbot: QtBot) -> CertaintyDialog:
    manifest = sure_manifest()
    dialog = CertaintyDialog(
        manifest=manifest,
        target=90,
        count=acceptable_counter(store, page.records.where, len(manifest.labels)),
        jobs=JobRunner(),
        parent=page,
    )
    dialog.open()
    return dialog


def test_labels_with_too_little_data_are_refused_in_words(
    certainty: CertaintyDialog, qtbot: QtBot
) -> None:
    words = [(present.text(), absent.text()) for present, absent in certainty._sides]
    assert words[0][0].startswith("from 90% on: right in 100 of 100 held-out texts, so 96%")
    assert words[0][1].startswith("under 3%: right in 100 of 100")
    assert words[3][0] == "always needs a look: too few held-out texts (3) to tell"
    assert words[4][0] == "always needs a look: right in 100 of 160 held-out texts"
    assert certainty.source.text().startswith("On 200 invented texts")
    assert unnamed(certainty) == []
    assert rich_labels(certainty) == []
    certainty.reject()


def test_slider_says_about_how_many_records_need_a_look(
    certainty: CertaintyDialog, store: RecordStore, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: "60" in certainty.work.text())
    limits = usable_limits(certainty._manifest, 90)
    left = RECORDS - len(store.acceptable(store.ids(), limits))
    assert certainty.work.text() == f"About {left} of 60 records on the list will need a look."
    assert work_words(0, 1, str) == "About 1 of 1 record on the list will need a look."
    certainty.reject()


def test_slider_moves_with_keys_and_the_answer_is_kept(
    page: RecordsPage, certainty: CertaintyDialog, qtbot: QtBot
) -> None:
    answers: list[int] = []
    certainty.target_chosen.connect(answers.append)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is certainty.slider)
    press(certainty.slider, "Left")
    press(certainty.slider, "Left")
    assert certainty.number.value() == 88
    press(certainty.slider, "Return")
    qtbot.waitUntil(lambda: answers == [88])


def test_model_without_held_out_texts_refuses_all_labels(page: RecordsPage, qtbot: QtBot) -> None:
    page.commands.certainty.trigger()
    dialog = dialog_of(CertaintyDialog, qtbot)
    assert isinstance(dialog, CertaintyDialog)
    words = {text.text() for sides in dialog._sides for text in sides}
    assert words == {"always needs a look: the model's bundle holds no held-out texts"}
    qtbot.waitUntil(lambda: "About 60 of 60 records" in dialog.work.text())
    dialog.reject()


def test_only_sure_records_are_accepted_where_limits_are_used(
    page: RecordsPage, store: RecordStore, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(page.many), "manifest", property(lambda _: sure_manifest()))
    dialog = open_accept(page, qtbot)
    assert dialog.where_sure.isChecked()
    assert "95 of 100" in dialog.where_sure.text()
    limits = usable_limits(sure_manifest(), 95)
    sure = store.acceptable(store.ids(), limits)
    assert f"{len(sure)} record" in dialog.count.text()
    QTest.mouseClick(dialog.as_they_stand, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.offer is not None)
    assert dialog.limits is None
    assert dialog.accept_button.text() == "Accept 60 records"
    dialog.reject()


def test_long_writing_is_said_with_its_percentage(page: RecordsPage, qtbot: QtBot) -> None:
    sign = page.list.saving
    gate = threading.Event()

    def write(_store: RecordStore, tell: Callable[[float], None]) -> None:
        tell(0.42)
        gate.wait()

    page.reviewer._add_long(write, lambda _value: None)
    assert sign.isHidden(), "most writing is over before words could be read"
    qtbot.waitUntil(sign.isVisible)
    qtbot.waitUntil(lambda: sign.text() == "Saving… 42 %")
    gate.set()
    qtbot.waitUntil(sign.isHidden)
