"""Records that seem to be one are shown side by side, and merged when a person says so."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from kdh_desktop.core.errors import StoreError
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.importing.duplicates_dialog import DuplicatesDialog
from kdh_desktop.gui.journeys import Journeys
from tests.data.reference_files import abstract_of
from tests.gui.conftest import press
from tests.gui.importing.conftest import wait_for_summary
from tests.gui.looks import rich_labels, unnamed
from tests.gui.test_record_desk import click


@pytest.fixture
def doubled(tmp_path: Path) -> Path:
    """Four references: two share a DOI, two others are nearly the same text."""
    text = " ".join(abstract_of(number) for number in range(12))
    entries = [
        ("First of the DOI", abstract_of(1), "10.5555/a", "2001"),
        ("Second of the DOI", abstract_of(2), "10.5555/A", "2002"),
        ("A long text on vessels in tumours", text, "", "2003"),
        ("A long text on vessels in tumors", f"{text} End.", "", "2003"),
    ]
    path = tmp_path / "doubled.ris"
    path.write_text(
        "\n".join(
            f"TY  - JOUR\nTI  - {title}\nAB  - {abstract}\nDO  - {doi}\nPY  - {year}\nER  - \n"
            for title, abstract, doi, year in entries
        ),
        encoding="utf-8",
    )
    return path


@pytest.fixture
def dialog(journeys: Journeys, doubled: Path, qtbot: QtBot) -> DuplicatesDialog:
    journeys.take_in([doubled])
    summary = wait_for_summary(journeys, qtbot)
    qtbot.waitUntil(summary.duplicates_button.isVisible, timeout=20_000)
    assert "2 groups" in summary.duplicates_words.text()
    summary.duplicates_button.click()
    shown = journeys.duplicates.dialog
    assert shown is not None
    qtbot.waitUntil(lambda: shown.comparison.comparison.columnCount() == 2)
    return shown


def test_records_stand_side_by_side_with_signs_where_they_differ(dialog: DuplicatesDialog) -> None:
    model = dialog.comparison.comparison
    names = [str(model.headerData(row, Qt.Orientation.Vertical)) for row in range(model.rowCount())]
    assert "≠ Title" in names
    assert "DOI" in names
    assert model.headerData(0, Qt.Orientation.Horizontal) == "1: is kept"
    assert model.index(0, 1).data() == "Second of the DOI"
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []


def test_only_what_shares_an_id_is_marked_before_a_person_looks(dialog: DuplicatesDialog) -> None:
    assert [shown.group.reason for shown in dialog.groups.marked] == ["doi"]
    assert dialog.merge_button.text() == "&Merge 1 marked group"


def test_space_marks_and_unmarks(dialog: DuplicatesDialog) -> None:
    press(dialog.table, "Space")
    assert dialog.groups.marked == ()
    assert not dialog.merge_button.isEnabled()
    press(dialog.table, "Space")
    assert len(dialog.groups.marked) == 1


def test_merging_keeps_the_chosen_record_and_can_be_undone(
    dialog: DuplicatesDialog, journeys: Journeys, store: RecordStore, qtbot: QtBot
) -> None:
    dialog.keep_box.setCurrentIndex(1)
    dialog.keep_box.activated.emit(1)
    assert dialog.comparison.comparison.index(0, 0).data() == "Second of the DOI"
    dialog.merge_button.click()
    qtbot.waitUntil(lambda: "merged" in dialog.words.text())
    assert len(dialog.groups.groups) == 1
    titles = {row.title for row in store.rows(store.ids())}
    assert "Second of the DOI" in titles
    assert "First of the DOI" not in titles
    store.undo()
    assert len(store.ids()) == 4


def test_merging_leaves_what_was_chosen_for_the_other_groups(
    dialog: DuplicatesDialog, qtbot: QtBot
) -> None:
    press(dialog.table, "Space")
    press(dialog.table, "Down")
    press(dialog.table, "Space")
    qtbot.waitUntil(dialog.keep_box.isEnabled)
    assert [shown.group.reason for shown in dialog.groups.marked] == ["text"]
    dialog.merge_button.click()
    qtbot.waitUntil(lambda: "merged" in dialog.words.text())
    assert [shown.group.reason for shown in dialog.groups.groups] == ["doi"]
    assert dialog.groups.marked == (), "somebody has said that these are no duplicates"


def test_menu_says_when_there_are_none(
    journeys: Journeys, desktop: Desktop, store: RecordStore, qtbot: QtBot
) -> None:
    desktop.window.files.find_duplicates.trigger()
    qtbot.waitUntil(lambda: "duplicates" in desktop.window.notices.messages)
    assert desktop.window.notices.messages["duplicates"] == "There are no duplicates."
    assert desktop.window.panel.works == ()


def test_window_stays_until_duplicates_are_merged(
    dialog: DuplicatesDialog,
    desktop: Desktop,
    journeys: Journeys,
    store: RecordStore,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    gate, real = threading.Event(), store.merge
    monkeypatch.setattr(store, "merge", lambda groups: gate.wait(10) and real(groups))
    dialog.merge_button.click()
    press(dialog.table, "Space")
    press(dialog.table, "Space")
    assert not dialog.merge_button.isEnabled(), "these are being merged already"
    dialog.reject()
    desktop.window.close()
    assert journeys.leaving.question is not None
    click(journeys.leaving.question, "Go on working")
    desktop.window.files.private.trigger()
    assert not desktop.desk.is_private
    gate.set()
    qtbot.waitUntil(lambda: "merged" in desktop.window.notices.messages.get("duplicates", ""))
    assert desktop.window.panel.works == ()
    assert len(store.ids()) == 3
    journeys.duplicates.show()
    shown = journeys.duplicates.dialog
    assert shown is not None
    assert [one.group.reason for one in shown.groups.groups] == ["text"]


def test_merging_that_fails_is_told_where_the_dialog_is_closed_and_can_be_tried_again(
    dialog: DuplicatesDialog,
    desktop: Desktop,
    store: RecordStore,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    gate = threading.Event()

    def fail(_groups: object) -> None:
        gate.wait(10)
        raise StoreError("The disk is full.", "Make room on it.")

    monkeypatch.setattr(store, "merge", fail)
    gate.set()
    dialog.merge_button.click()
    qtbot.waitUntil(lambda: "The disk is full" in dialog.words.text())
    assert dialog.merge_button.isEnabled()
    gate.clear()
    dialog.merge_button.click()
    dialog.reject()
    gate.set()
    qtbot.waitUntil(lambda: "duplicates" in desktop.window.notices.messages)
    assert "The disk is full" in desktop.window.notices.messages["duplicates"]
