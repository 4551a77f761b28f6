"""What leaves the program by the window, and how corrections come back."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from kdh_desktop.core.exporting.outcome import Cut, ExportOutcome
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.record_filter import Field
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import OperationKind
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.exporting.corrections_dialog import CorrectionsDialog
from kdh_desktop.gui.exporting.errand import NOTICE
from kdh_desktop.gui.exporting.export_choice import Destination
from kdh_desktop.gui.exporting.export_dialog import ExportDialog
from kdh_desktop.gui.exporting.export_flow import ExportFlow
from kdh_desktop.gui.exporting.result_dialog import ResultDialog
from tests.data.nasty_exports import disk_full_at
from tests.data.original_workbooks import (
    COLUMNS,
    HEADER_ROW,
    SHEET,
    batch_of,
    imported_rows,
    make_workbook,
)
from tests.data.tiny_store import predict_all
from tests.gui.conftest import ChosenFiles, press_in
from tests.gui.looks import rich_labels, unnamed

ROWS = 12
SHOWN = (Field.TITLE, Field.LABELS)


@pytest.fixture
def store(desktop: Desktop, qtbot: QtBot, tmp_path: Path) -> RecordStore:
    """The window's store, with a classified workbook in it."""
    qtbot.waitUntil(lambda: desktop.desk.store is not None)
    store = desktop.desk.store
    assert store is not None
    qtbot.waitUntil(lambda: bool(store.active_labels))
    original = tmp_path / "list.xlsx"
    make_workbook(original, ROWS)
    batch = store.begin_import(batch_of(original).source)
    store.add_records(batch, imported_rows(ROWS))
    store.finish_import(batch)
    assert desktop.model.classifier is not None
    predict_all(store, model_id=desktop.model.classifier.bundle.id)
    return store


class Targets:
    """What the system's dialog for a file to write gives: what it suggests, or another file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file: Path | None = None
        self.is_cancelled = False

    def ask(
        self,
        _parent: QWidget,
        _title: str,
        *,
        suggestion: str,
        kinds: str,
        then: Callable[[Path], object],
    ) -> None:
        assert Path(suggestion).suffix in kinds
        if not self.is_cancelled:
            then(self.file or self.folder / suggestion)


@pytest.fixture
def targets(chosen_files: ChosenFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Targets:
    targets = Targets(tmp_path / "out")
    targets.folder.mkdir()
    monkeypatch.setattr(chosen_files, "ask_target", targets.ask)
    return targets


@pytest.fixture
def flow(desktop: Desktop, store: RecordStore, targets: Targets) -> Iterator[ExportFlow]:
    flow = desktop.window.journeys.exporting
    yield flow
    for dialog in (flow.dialog, flow.result, flow.corrections.dialog):
        if dialog is not None:
            dialog.reject()


def opened(flow: ExportFlow, qtbot: QtBot, ids: list[int] | None = None) -> ExportDialog:
    flow.export(ids or list(range(1, ROWS + 1)), SHOWN)
    dialog = flow.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.tables.count() == 1)
    return dialog


def saved(flow: ExportFlow, qtbot: QtBot, destination: Destination) -> ExportOutcome:
    dialog = opened(flow, qtbot)
    dialog.destinations[destination].setChecked(True)
    with qtbot.waitSignal(flow.saved) as found:
        dialog.save_button.click()
    outcome: ExportOutcome = found.args[0]
    return outcome


def notice(desktop: Desktop) -> str:
    return desktop.window.notices.messages.get(NOTICE, "")


def click_notice(desktop: Desktop, words: str) -> None:
    [button] = [
        one for one in desktop.window.notices.findChildren(QPushButton) if one.text() == words
    ]
    button.click()


def test_workbook_has_the_columns_of_the_list(
    flow: ExportFlow, qtbot: QtBot, desktop: Desktop
) -> None:
    outcome = saved(flow, qtbot, Destination.WORKBOOK)
    assert outcome.files[0].suffix == ".xlsx"
    assert outcome.files[0].parent.name == "out"
    rows = list(openpyxl.load_workbook(outcome.files[0])["Records"].iter_rows(values_only=True))
    assert rows[0] == ("title", "labels")
    assert len(rows) == ROWS + 1
    assert notice(desktop) == f"Saved: {ROWS} records."
    assert desktop.window.panel.works == ()


def test_abstracts_and_probabilities_are_added_on_request(
    flow: ExportFlow, qtbot: QtBot, store: RecordStore
) -> None:
    dialog = opened(flow, qtbot, [3])
    dialog.destinations[Destination.JSON_LINES].setChecked(True)
    dialog.abstracts.setChecked(True)
    dialog.probabilities.setChecked(True)
    with qtbot.waitSignal(flow.saved) as found:
        dialog.save_button.click()
    [line] = found.args[0].files[0].read_text(encoding="utf-8").splitlines()
    names = [f"p: {label.name}" for label in store.active_labels]
    assert list(json.loads(line)) == ["title", "abstract", "labels", *names]
    again = opened(flow, qtbot)
    assert again.choice.destination is Destination.JSON_LINES, "the last choice is offered again"
    assert again.abstracts.isChecked()


def test_title_of_a_report_is_not_offered_beyond_its_private_session(
    desktop: Desktop, flow: ExportFlow, qtbot: QtBot
) -> None:
    desktop.desk.begin_private()
    flow.export([], SHOWN)
    assert flow.dialog is not None
    flow.dialog.destinations[Destination.REPORT].setChecked(True)
    flow.dialog.title.setText("Quentin Example")
    flow.dialog.save_button.click()
    qtbot.waitUntil(lambda: desktop.window.panel.works == ())
    desktop.desk.end_private()
    again = opened(flow, qtbot)
    assert again.title.text() == ""
    assert again.choice.destination is Destination.REPORT


@pytest.mark.parametrize(
    ("destination", "beginning"),
    [
        (Destination.CSV, b"\xef\xbb\xbftitle,labels"),
        (Destination.RIS, b"TY  - JOUR"),
        (Destination.REPORT, b"<!DOCTYPE html>"),
        (Destination.REPORT_PDF, b"%PDF-"),
    ],
)
def test_every_other_form_is_written(
    flow: ExportFlow, qtbot: QtBot, destination: Destination, beginning: bytes
) -> None:
    outcome = saved(flow, qtbot, destination)
    assert outcome.rows == ROWS
    assert outcome.files[0].read_bytes().startswith(beginning)


def test_report_has_the_title_that_was_given(flow: ExportFlow, qtbot: QtBot) -> None:
    dialog = opened(flow, qtbot)
    dialog.destinations[Destination.REPORT].setChecked(True)
    dialog.title.setText("Our  list")
    with qtbot.waitSignal(flow.saved) as found:
        dialog.save_button.click()
    assert "<h1>Our list</h1>" in found.args[0].files[0].read_text(encoding="utf-8")


def test_dialog_is_worked_by_keys_and_named(flow: ExportFlow, qtbot: QtBot) -> None:
    dialog = opened(flow, qtbot)
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
    assert dialog.destinations[Destination.WORKBOOK].hasFocus()
    found = []
    for _ in range(4):
        press_in(dialog, "Down")
        found.append(dialog.choice.destination)
    assert found == list(Destination)[1:5]
    with qtbot.waitSignal(flow.saved) as outcome:
        press_in(dialog, "Return")
    assert outcome.args[0].files[0].suffix == ".html"


def test_nothing_happens_where_no_file_is_chosen(
    flow: ExportFlow, qtbot: QtBot, desktop: Desktop, targets: Targets
) -> None:
    targets.is_cancelled = True
    opened(flow, qtbot).save_button.click()
    assert desktop.window.panel.works == ()
    assert notice(desktop) == ""


def test_full_disk_is_told_and_leaves_the_old_file(
    flow: ExportFlow, qtbot: QtBot, desktop: Desktop, targets: Targets
) -> None:
    old = targets.folder / "old.xlsx"
    old.write_bytes(b"old")
    targets.file = old
    dialog = opened(flow, qtbot)
    with disk_full_at(1_000):
        dialog.save_button.click()
        qtbot.waitUntil(lambda: "disk is full" in notice(desktop))
    assert old.read_bytes() == b"old"


def test_cancel_stops_the_export(
    flow: ExportFlow, qtbot: QtBot, desktop: Desktop, targets: Targets
) -> None:
    dialog = opened(flow, qtbot, list(range(1, ROWS + 1)) * 2_000)
    dialog.save_button.click()
    [row] = desktop.window.panel._rows
    row.cancel_button.click()
    qtbot.waitUntil(lambda: notice(desktop) == "It was stopped.")
    assert list(targets.folder.iterdir()) == []


def test_cuts_and_notices_can_be_looked_at(
    flow: ExportFlow,
    qtbot: QtBot,
    desktop: Desktop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from kdh_desktop.gui.exporting import result_dialog

    opened_paths: list[Path] = []
    monkeypatch.setattr(result_dialog, "open_in_desktop", opened_paths.append)
    cuts = (Cut(7, "abstract", 32_767, 40_000),)
    flow._tell(ExportOutcome(3, (tmp_path / "a.xlsx",), cuts, ("Something to know.",)))
    assert notice(desktop) == "Saved: 3 records. 1 text was cut. Something to know."
    click_notice(desktop, "Show…")
    dialog = flow.result
    assert isinstance(dialog, ResultDialog)
    assert dialog.cuts.rows.rows == [("7", 32_767, 40_000, "abstract")]
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
    dialog.open_button.click()
    dialog.folder_button.click()
    assert opened_paths == [tmp_path / "a.xlsx", tmp_path]


# A person's own table


def handed_back(flow: ExportFlow, qtbot: QtBot) -> Path:
    flow.copy_workbook(1)
    dialog = flow.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.choice.destination is Destination.OWN_TABLE)
    with qtbot.waitSignal(flow.saved, timeout=20_000) as found:
        dialog.save_button.click()
    copy: Path = found.args[0].files[0]
    return copy


def corrected(copy: Path, cells: dict[tuple[int, int], Any]) -> None:
    """Set label cells by the number of the record and the place of the label, from 1."""
    book = openpyxl.load_workbook(copy)
    for (number, label), value in cells.items():
        book[SHEET].cell(HEADER_ROW + number, len(COLUMNS) + 1 + label).value = value
    book.save(copy)


def other(store: RecordStore, number: int, label: int) -> str:
    [detail] = store.details([number])
    assert detail.prediction is not None
    return "absent" if detail.prediction.scores[label - 1].is_present else "present"


def test_table_goes_out_beside_the_original_and_corrections_come_back(
    flow: ExportFlow, qtbot: QtBot, desktop: Desktop, store: RecordStore, tmp_path: Path
) -> None:
    copy = handed_back(flow, qtbot)
    assert copy == tmp_path / "list labelled.xlsx"
    corrected(copy, {(2, 1): other(store, 2, 1), (5, 3): other(store, 5, 3), (6, 1): "maybe"})
    with qtbot.waitSignal(flow.corrections.asked, timeout=20_000):
        flow.take_corrections(copy)
    dialog = flow.corrections.dialog
    assert isinstance(dialog, CorrectionsDialog)
    assert dialog.summary.text() == "2 corrections in 2 records."
    [conflict] = dialog.conflicts.rows.rows
    assert (conflict[1], conflict[2]) == (str(HEADER_ROW + 6), "6")
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
    with qtbot.waitSignal(flow.corrections.taken):
        dialog.take_button.click()
    [operation] = store.operations(1)
    assert (operation.kind, operation.records) == (OperationKind.TAKE_CORRECTIONS, 2)
    assert notice(desktop).startswith("Taken over: 2 corrections.")
    with qtbot.waitSignal(flow.show_wanted) as wanted:
        click_notice(desktop, "Show them")
    assert wanted.args[0].ids == (2, 5)
    store.undo()
    assert [one.decisions for one in store.details([2, 5])] == [(), ()]


def test_conflicts_can_be_saved(
    flow: ExportFlow, qtbot: QtBot, targets: Targets, chosen_files: ChosenFiles
) -> None:
    copy = handed_back(flow, qtbot)
    corrected(copy, {(6, 1): "maybe"})
    chosen_files.files = [copy]
    with qtbot.waitSignal(flow.corrections.asked, timeout=20_000):
        flow.take_corrections()
    dialog = flow.corrections.dialog
    assert dialog is not None
    assert dialog.summary.text() == "There is nothing to take over."
    assert not dialog.take_button.isVisible()
    target = targets.folder / "conflicts.csv"
    targets.file = target
    dialog.save_button.click()
    qtbot.waitUntil(lambda: dialog.words.text() == "Saved.")
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["sheet", "row", "record", "label", "reason", "remedy"]
    assert rows[1][:3] == [SHEET, str(HEADER_ROW + 6), "6"]


def test_original_that_was_moved_is_asked_for(
    flow: ExportFlow, qtbot: QtBot, tmp_path: Path, chosen_files: ChosenFiles
) -> None:
    moved = tmp_path / "elsewhere.xlsx"
    (tmp_path / "list.xlsx").rename(moved)
    chosen_files.files = [moved]
    assert handed_back(flow, qtbot).exists()


def test_table_that_changed_is_told(
    flow: ExportFlow, qtbot: QtBot, desktop: Desktop, tmp_path: Path
) -> None:
    make_workbook(tmp_path / "list.xlsx", ROWS + 1)
    dialog = opened(flow, qtbot)
    dialog.destinations[Destination.OWN_TABLE].setChecked(True)
    dialog.save_button.click()
    qtbot.waitUntil(lambda: "has changed since it was imported" in notice(desktop), timeout=20_000)


def test_file_that_is_no_copy_is_told(
    flow: ExportFlow, qtbot: QtBot, desktop: Desktop, tmp_path: Path
) -> None:
    flow.take_corrections(tmp_path / "list.xlsx")
    qtbot.waitUntil(lambda: "no copy with labels" in notice(desktop), timeout=20_000)


def test_without_tables_no_own_table_is_offered(flow: ExportFlow, qtbot: QtBot) -> None:
    dialog = opened(flow, qtbot)
    assert dialog.destinations[Destination.OWN_TABLE].isEnabled()
    dialog.offer_tables(())
    assert not dialog.destinations[Destination.OWN_TABLE].isEnabled()


def test_records_that_are_not_classified_are_pointed_out(
    flow: ExportFlow, qtbot: QtBot, store: RecordStore
) -> None:
    store.add_records(1, imported_rows(1, seed=9))
    dialog = opened(flow, qtbot)
    dialog.destinations[Destination.OWN_TABLE].setChecked(True)
    assert dialog.unclassified.text().startswith("1 record of it is not classified yet")
    assert dialog.unclassified.isVisibleTo(dialog)


def test_reviewed_records_go_to_retraining(
    flow: ExportFlow, qtbot: QtBot, store: RecordStore
) -> None:
    store.confirm([1, 2])
    with qtbot.waitSignal(flow.saved) as found:
        flow.for_retraining([1, 2, 3])
    lines = found.args[0].files[0].read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["format"] == "kdh-corrections"
    assert len(lines) == 3


def test_another_store_closes_the_dialog(flow: ExportFlow, qtbot: QtBot, desktop: Desktop) -> None:
    opened(flow, qtbot)
    first = flow.dialog
    desktop.desk.begin_private()
    flow.export([1], SHOWN)
    assert flow.dialog is not first


def test_menu_and_page_lead_to_the_dialogs(
    flow: ExportFlow, qtbot: QtBot, desktop: Desktop, chosen_files: ChosenFiles, tmp_path: Path
) -> None:
    window = desktop.window
    chosen_files.files = [tmp_path / "list.xlsx"]
    window.files.corrections.trigger()
    qtbot.waitUntil(lambda: "no copy with labels" in notice(desktop), timeout=20_000)
    assert chosen_files.asked == ["Take in a corrected workbook"]
    window.go_to_page(1)
    qtbot.waitUntil(lambda: len(window.records_page.records.ids) == ROWS)
    window.go_to_page(0)
    with qtbot.waitSignal(flow.asked):
        window.files.export.trigger()
    assert window.current_page is window.records_page
    assert flow.dialog is not None
    names = flow.dialog.columns_label.text()
    assert names == "Columns of the list: Title, Hallmarks, Review, Year, Journal, File"


def test_export_from_another_page_has_what_came_in_since_the_records_were_seen(
    flow: ExportFlow, qtbot: QtBot, desktop: Desktop
) -> None:
    window = desktop.window
    records = window.records_page.records
    assert len(records.ids) == 0, "nobody has looked since the start"
    assert not window.records_page.commands.export.isEnabled()
    with qtbot.waitSignal(flow.asked):
        window.files.export.trigger()
    assert window.current_page is window.records_page
    assert flow.dialog is not None
    qtbot.waitUntil(lambda: flow.dialog is QApplication.activeModalWidget())
    headings = [label.text() for label in flow.dialog.findChildren(QLabel)]
    assert f"{ROWS} records" in headings
    assert len(records.ids) == ROWS


def test_exports_and_corrections_are_noted_in_the_audit_log(
    flow: ExportFlow, qtbot: QtBot, desktop: Desktop
) -> None:
    first = saved(flow, qtbot, Destination.CSV)
    report = saved(flow, qtbot, Destination.REPORT)
    entries = list(desktop.door.log.entries())
    assert [dict(entry.details)["kind"] for entry in entries] == ["records", "report"]
    sha256 = hashlib.sha256(first.files[0].read_bytes()).hexdigest()
    assert dict(entries[0].details)["sha256"] == sha256
    page = report.files[0].read_text("utf-8")
    assert entries[0].hash in page, "the head as it was before the report itself"


def test_an_export_goes_on_with_a_notice_where_it_cannot_be_noted(
    flow: ExportFlow, qtbot: QtBot, desktop: Desktop, paths: AppPaths
) -> None:
    (paths.audit / "audit.jsonl").mkdir(parents=True)
    outcome = saved(flow, qtbot, Destination.REPORT)
    assert outcome.files[0].exists()
    assert "not in the audit log" in notice(desktop)
