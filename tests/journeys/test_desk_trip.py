"""The whole trip of the desk in the real window: files in, review, and the workbook back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import OperationKind
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.exporting.export_choice import Destination
from kdh_desktop.gui.records.label_delegate import places_in
from kdh_desktop.gui.records.records_page import RecordsPage
from tests.data.nasty_references import medline_record
from tests.data.reference_files import abstract_of
from tests.gui.conftest import (  # noqa: F401 - fixtures of the window
    ChosenFiles,
    StartDesktop,
    chosen_files,
    desktop,
    installation,
    paths,
    press_in,
    start,
)
from tests.gui.records.conftest import detail_of, settle
from tests.gui.test_record_desk import click

pytestmark = pytest.mark.qt_log_ignore(r"does not support (propagateSizeHints|raise)\(")

REFERENCES, ROWS = 14, 16
HEAD = ["Nr", "Title", "Abstract", "Remarks"]
HEADER_ROW = 2
QUICK = 30_000
"""Milliseconds that no step needs on a machine that has anything else to do."""


class Trip:
    """The window of one start of the program, and what a person does in it."""

    def __init__(self, program: Desktop, qtbot: QtBot) -> None:
        self.desktop = program
        self.qtbot = qtbot
        self.window = program.window
        self.journeys = program.window.journeys
        self.page: RecordsPage = program.window.records_page
        self.wait(lambda: program.desk.store is not None and bool(self.store.active_labels))

    @property
    def store(self) -> RecordStore:
        store = self.desktop.desk.store
        assert store is not None
        return store

    def wait(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=QUICK)

    def wait_for(self, find: Callable[[], QDialog | None]) -> None:
        """Wait until a dialog has opened and has the keys."""

        def has_keys() -> bool:
            dialog, held = find(), QApplication.focusWidget()
            return dialog is not None and held is not None and dialog.isAncestorOf(held)

        self.wait(has_keys)

    def settle(self) -> None:
        settle(self.page, self.qtbot)

    def drop(self, *files: Path) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        parts = (
            *(Qt.DropAction.CopyAction, mime),
            *(Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier),
        )
        QApplication.sendEvent(self.window, QDragEnterEvent(QPoint(20, 300), *parts))
        QApplication.sendEvent(self.window, QDropEvent(QPointF(20, 300), *parts))

    def come_to_front(self) -> None:
        """What a window manager does once a dialog has closed."""
        with self.qtbot.waitActive(self.window):
            self.window.activateWindow()

    def wait_until_classified(self) -> None:
        self.come_to_front()
        self.wait(lambda: self.store.count_unpredicted() == 0)
        self.wait(lambda: not self.journeys.bulk.is_active)
        self.settle()

    def reviews(self) -> list[ReviewStatus]:
        return [row.review for row in self.store.rows(self.store.ids())]


def push(widget: QWidget) -> None:
    """Click with the mouse where a person would."""
    assert widget.isVisible()
    assert widget.isEnabled()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.fixture
def trip(desktop: Desktop, qtbot: QtBot) -> Trip:  # noqa: F811
    return Trip(desktop, qtbot)


@pytest.fixture
def references(tmp_path: Path) -> Path:
    path = tmp_path / "references.nbib"
    records = [medline_record(number) for number in range(1, REFERENCES + 1)]
    path.write_text("\n".join(records), encoding="utf-8")
    return path


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "list.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["A colleague's list"])
    sheet.append(HEAD)
    for number in range(1, ROWS + 1):
        sheet.append([f"{number:03}", f"Row {number}", abstract_of(100 + number), "keep"])
    book.save(path)
    return path


def correct(copy: Path) -> None:
    """What a colleague does: sort the table, delete a column, correct three cells, one of them ill.

    The rows are turned round, so that the last of the original stands first.
    """
    book = openpyxl.load_workbook(copy)
    sheet = book.worksheets[0]
    names = [cell.value for cell in sheet[HEADER_ROW]]
    label = next(place for place, name in enumerate(names) if str(name).startswith("KDH 1: "))
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=HEADER_ROW + 1)]
    rows.reverse()
    for row in rows[:2]:
        row[label] = "absent" if row[label] == "present" else "present"
    rows[5][label] = "perhaps"
    for number, row in enumerate(rows, start=HEADER_ROW + 1):
        for column, value in enumerate(row, start=1):
            sheet.cell(number, column).value = value
    sheet.delete_cols(HEAD.index("Remarks") + 1)
    book.save(copy)


@pytest.mark.timeout(180)
def test_trip_by_keys(
    trip: Trip,
    references: Path,
    workbook: Path,
    start: StartDesktop,  # noqa: F811
    chosen_files: ChosenFiles,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    store, page, journeys = trip.store, trip.page, trip.journeys
    # Files in, and classified.
    trip.drop(references, workbook)
    trip.wait_for(lambda: journeys.imports.dialog)
    press_in(trip.window, "Return")
    trip.wait_for(lambda: journeys.report.summary)
    press_in(trip.window, "Return")
    trip.wait_until_classified()
    press_in(trip.window, "Ctrl+L")
    trip.wait(lambda: len(page.records.ids) == REFERENCES + ROWS)
    trip.settle()
    assert page.table.currentIndex().row() == 0
    # Twenty records, each in one of four ways, some hallmarks otherwise, and a note.
    for place in range(20):
        press_in(trip.window, str((place + 1) % 10))
        if place == 6:
            press_in(trip.window, "N")
            QTest.keyClicks(page.detail.note, "1 to ask about")
            press_in(trip.window, "Return")
        press_in(trip.window, ("Return", "Return", "Space", "U")[place % 4])
    trip.settle()
    one_round = [
        *(ReviewStatus.CONFIRMED, ReviewStatus.CONFIRMED),
        *(ReviewStatus.SKIPPED, ReviewStatus.UNSURE),
    ]
    assert trip.reviews()[:20] == one_round * 5
    assert set(trip.reviews()[20:]) == {ReviewStatus.OPEN}
    assert page.table.currentIndex().row() == 20
    ids = list(page.records.ids)
    assert store.detail(ids[6]).note == "1 to ask about"
    # Five steps back, two forth: each key and each mark is a step.
    for _ in range(5):
        press_in(trip.window, "Ctrl+Z")
    trip.settle()
    assert trip.reviews()[17:20] == [ReviewStatus.OPEN] * 3
    assert [len(one.decisions) for one in store.details(ids[17:20])] == [1, 0, 0]
    for _ in range(2):
        press_in(trip.window, "Ctrl+Shift+Z")
    trip.settle()
    assert trip.reviews()[16:20] == [ReviewStatus.CONFIRMED] * 2 + [ReviewStatus.OPEN] * 2
    assert [len(one.decisions) for one in store.details(ids[18:20])] == [1, 0]
    # What is on the list goes out, and so does the colleague's own workbook.
    out = workbook.with_name("out.xlsx")
    chosen_files.files = [out]
    press_in(trip.window, "Ctrl+S")
    trip.wait_for(lambda: journeys.exporting.dialog)
    with qtbot.waitSignal(journeys.exporting.saved, timeout=QUICK):
        press_in(trip.window, "Return")
    rows = list(openpyxl.load_workbook(out)["Records"].iter_rows(values_only=True))
    assert len(rows) == 1 + REFERENCES + ROWS
    copy = workbook.with_name("list labelled.xlsx")
    chosen_files.files = [copy]
    trip.come_to_front()
    press_in(trip.window, "Ctrl+S")
    trip.wait_for(lambda: journeys.exporting.dialog)
    dialog = journeys.exporting.dialog
    assert dialog is not None
    trip.wait(dialog.destinations[Destination.OWN_TABLE].isEnabled)
    while not dialog.destinations[Destination.OWN_TABLE].isChecked():
        press_in(trip.window, "Down")
    with qtbot.waitSignal(journeys.exporting.saved, timeout=QUICK):
        press_in(trip.window, "Return")
    # The program is closed and started again: all is there, also the way back.
    before = (trip.reviews(), [one.decisions for one in store.details(ids)])
    trip.window.close()
    again = Trip(start(), qtbot)
    assert (again.reviews(), [one.decisions for one in again.store.details(ids)]) == before
    press_in(again.window, "Ctrl+2")
    trip_back(again, ids)
    # The workbook comes back, sorted and with a column less.
    correct(copy)
    chosen_files.files = [copy]
    corrections = again.journeys.exporting.corrections
    with qtbot.waitSignal(corrections.asked, timeout=QUICK):
        again.window.files.corrections.trigger()
    again.wait_for(lambda: corrections.dialog)
    found = corrections.dialog
    assert found is not None
    assert found.summary.text() == "2 corrections in 2 records."
    [conflict] = found.conflicts.rows.rows
    assert conflict[1] == str(HEADER_ROW + 1 + 5)
    with qtbot.waitSignal(corrections.taken, timeout=QUICK):
        press_in(again.window, "Return")
    [operation] = again.store.operations(1)
    assert (operation.kind, operation.records) == (OperationKind.TAKE_CORRECTIONS, 2)
    label = again.store.active_labels[0].id
    corrected = again.store.details(ids[-2:])
    assert all(label in dict(one.decisions) for one in corrected)


def trip_back(trip: Trip, ids: list[int]) -> None:
    """A step back and forth by keys, after the start."""
    trip.settle()
    trip.page.table.setFocus()
    press_in(trip.window, "Ctrl+Z")
    trip.wait(lambda: trip.store.detail(ids[18]).decisions == ())
    trip.settle()
    assert detail_of(trip.page).id == ids[18]
    press_in(trip.window, "Ctrl+Shift+Z")
    trip.wait(lambda: len(trip.store.detail(ids[18]).decisions) == 1)
    trip.settle()


@pytest.mark.timeout(180)
def test_trip_by_mouse(
    trip: Trip,
    workbook: Path,
    chosen_files: ChosenFiles,  # noqa: F811
    qtbot: QtBot,
) -> None:
    page, journeys = trip.page, trip.journeys
    trip.drop(workbook)
    trip.wait(lambda: journeys.imports.dialog is not None)
    question = journeys.imports.dialog
    assert question is not None
    push(question.import_button)
    trip.wait(lambda: journeys.report.summary is not None)
    summary = journeys.report.summary
    assert summary is not None
    push(summary.classify_button)
    trip.wait_until_classified()
    click(trip.window.notices, "Show what needs review")
    trip.settle()
    push(page.list.chips.clear_button)
    trip.wait(lambda: len(page.records.ids) == ROWS)
    trip.settle()
    # A click on the person's sign decides, the buttons below go on.
    labels = page.detail.labels
    places = places_in(labels.list.visualRect(labels.model.index(1, 0)), labels.list.font())
    QTest.mouseClick(labels.list.viewport(), Qt.MouseButton.LeftButton, pos=places.person.center())
    for button in labels.buttons[:3]:
        push(button)
        trip.settle()
    first = trip.store.detail(page.records.ids[0])
    assert trip.reviews()[:3] == [
        *(ReviewStatus.CONFIRMED, ReviewStatus.SKIPPED, ReviewStatus.UNSURE)
    ]
    assert len(first.decisions) == len(trip.store.active_labels)
    push(page.list.undo_button)
    trip.settle()
    assert trip.reviews()[2] == ReviewStatus.OPEN
    push(page.list.redo_button)
    trip.settle()
    assert trip.reviews()[2] == ReviewStatus.UNSURE
    chosen_files.files = [workbook.with_name("out.csv")]
    push(page.list.export_button)
    dialog = journeys.exporting.dialog
    assert dialog is not None
    push(dialog.destinations[Destination.CSV])
    with qtbot.waitSignal(journeys.exporting.saved, timeout=QUICK):
        push(dialog.save_button)
    assert workbook.with_name("out.csv").read_bytes().count(b"\n") == ROWS + 1
