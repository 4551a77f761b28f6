"""The whole trip with the real store: a workbook out, corrected, back in, undone."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kdh_desktop.core.exporting.columns import label_columns, original_columns
from kdh_desktop.core.exporting.corrections_in import ConflictKind, read_corrections
from kdh_desktop.core.exporting.outcome import ExportFormat
from kdh_desktop.core.exporting.records_file import export_records
from kdh_desktop.core.exporting.workbook_copy import export_workbook_copy
from kdh_desktop.core.importing.imported import ColumnMapping
from kdh_desktop.core.importing.reading import inspect_file
from kdh_desktop.core.records.intake import take_in
from kdh_desktop.core.records.record_filter import RecordFilter, ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import DuplicateGroup, OperationKind, ReviewChange
from tests.core.exporting.test_workbook_copy import assert_same_cells
from tests.data.original_workbooks import (
    COLUMNS,
    HEADER_ROW,
    SHEET,
    batch_of,
    imported_rows,
    make_workbook,
)
from tests.data.tiny_store import MANIFEST_SHA256, predict_all, tiny_manifest

ROWS = 40


@pytest.fixture
def store() -> Iterator[RecordStore]:
    opened = RecordStore.in_memory()
    opened.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
    yield opened
    opened.close()


def filled(store: RecordStore, original: Path) -> int:
    make_workbook(original, ROWS)
    batch = store.begin_import(batch_of(original).source)
    store.add_records(batch, imported_rows(ROWS))
    store.finish_import(batch)
    predict_all(store)
    return batch


def test_corrections_are_one_operation_that_can_be_undone(
    store: RecordStore, tmp_path: Path
) -> None:
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    batch = filled(store, original)
    outcome = export_workbook_copy(store, batch, original, copy)
    assert outcome.rows == ROWS
    assert_same_cells(original, copy)

    book = openpyxl.load_workbook(copy)
    sheet = book[SHEET]
    header = [cell.value for cell in sheet[HEADER_ROW]]
    chance = random.Random(0)
    wanted: dict[tuple[int, str], bool] = {}
    for number in chance.sample(range(1, ROWS + 1), 10):
        label = chance.choice(store.active_labels)
        place = next(at for at, title in enumerate(header, 1) if str(title).endswith(label.name))
        cell: Any = sheet.cell(HEADER_ROW + number, place)
        is_present = cell.value != "present"
        cell.value = "present" if is_present else "absent"
        wanted[number, label.id] = is_present
    sheet.cell(HEADER_ROW + 1, header.index("KDH checked") + 1).value = "yes"
    book.save(copy)

    found = read_corrections(copy, store)
    assert found.conflicts == ()
    before = list(store.details(range(1, ROWS + 1)))
    store.review(found.changes, kind=OperationKind.TAKE_CORRECTIONS)
    after = {detail.id: dict(detail.decisions) for detail in store.details(range(1, ROWS + 1))}
    assert all(after[number][label] == value for (number, label), value in wanted.items())
    confirmed = RecordFilter(reviews=(ReviewStatus.CONFIRMED,))
    assert list(store.ids(confirmed)) == [1]
    assert len(after[1]) == len(store.active_labels)
    again = read_corrections(copy, store)
    assert (again.changes, again.conflicts) == ((), ())

    undone = store.undo()
    assert undone is not None
    assert undone.kind is OperationKind.TAKE_CORRECTIONS
    assert [(one.decisions, one.review) for one in store.details(range(1, ROWS + 1))] == [
        (one.decisions, one.review) for one in before
    ]


def test_what_somebody_decided_meanwhile_is_a_conflict(store: RecordStore, tmp_path: Path) -> None:
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    export_workbook_copy(store, filled(store, original), original, copy)
    book = openpyxl.load_workbook(copy)
    header = [cell.value for cell in book[SHEET][HEADER_ROW]]
    for place, title in enumerate(header, 1):
        if str(title).startswith("KDH 1: "):
            cell: Any = book[SHEET].cell(HEADER_ROW + 2, place)
            cell.value = "absent" if cell.value == "present" else "present"
    book.save(copy)
    store.confirm([2])
    store.remove_records([3])
    found = read_corrections(copy, store)
    assert found.changes == ()
    assert [(one.kind, one.record_id) for one in found.conflicts] == [
        (ConflictKind.DECIDED_SINCE, 2),
        (ConflictKind.UNKNOWN_RECORD, 3),
    ]


def test_filtered_records_are_written_with_their_original_columns(
    store: RecordStore, tmp_path: Path
) -> None:
    batch = filled(store, tmp_path / "list.xlsx")
    columns = [*original_columns(store.batch(batch).source), *label_columns(store.active_labels)]
    ids = store.ids(RecordFilter(labels=(store.active_labels[0].id,)))
    assert 0 < len(ids) < ROWS
    outcome = export_records(
        store, ids, tmp_path / "out.xlsx", file_format=ExportFormat.WORKBOOK, columns=columns
    )
    rows = list(
        openpyxl.load_workbook(tmp_path / "out.xlsx")["Records"].iter_rows(values_only=True)
    )
    assert outcome.rows == len(ids) == len(rows) - 1
    assert rows[0][: len(COLUMNS)] == COLUMNS
    assert all(store.active_labels[0].name in str(row[len(COLUMNS)]) for row in rows[1:])


def test_file_that_was_really_imported_goes_out_and_comes_back(
    store: RecordStore, tmp_path: Path
) -> None:
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    make_workbook(original, ROWS, table=True)
    look = inspect_file(original)
    plan = replace(look.plan, layout=replace(look.plan.layout, sheet=SHEET, header_row=HEADER_ROW))
    plan = inspect_file(original, plan=replace(plan, mapping=ColumnMapping())).plan
    batch = take_in(store, original, plan)
    assert (batch.records, batch.refused, batch.source.columns) == (ROWS, 0, COLUMNS)
    predict_all(store)
    outcome = export_workbook_copy(store, batch.id, original, copy)
    assert (outcome.rows, outcome.notices) == (ROWS, ())
    assert_same_cells(original, copy)
    found = read_corrections(copy, store)
    assert (found.rows, found.changes, found.conflicts) == (ROWS, (), ())

    columns = original_columns(batch.source)
    written = tmp_path / "out.xlsx"
    export_records(store, store.ids(), written, file_format=ExportFormat.WORKBOOK, columns=columns)
    before = openpyxl.load_workbook(original)[SHEET].iter_rows(
        min_row=HEADER_ROW, max_col=len(COLUMNS), values_only=True
    )
    after = openpyxl.load_workbook(written)["Records"].iter_rows(values_only=True)
    texts = [place for place, name in enumerate(COLUMNS) if name in {"id", "Title", "Abstract"}]
    for old, new in zip(before, after, strict=True):
        assert [old[place] for place in texts] == [new[place] for place in texts]


def test_csv_that_was_really_imported_goes_out_and_comes_back(
    store: RecordStore, tmp_path: Path
) -> None:
    original, copy = tmp_path / "list.csv", tmp_path / "copy.csv"
    lines = [f'{number},"Title {number}","Cells, and\nmore of {number}"' for number in range(1, 9)]
    original.write_bytes("\r\n".join(["id,Title,Abstract", *lines, ""]).encode("utf-8-sig"))
    batch = take_in(store, original, inspect_file(original).plan)
    assert batch.records == len(lines)
    predict_all(store)
    export_workbook_copy(store, batch.id, original, copy)
    data = copy.read_bytes()
    assert all(line.encode() in data for line in lines)
    old, new = (b",absent", b",present") if b",absent" in data else (b",present", b",absent")
    copy.write_bytes(data.replace(old, new, 1))
    found = read_corrections(copy, store)
    assert (found.rows, len(found.changes), found.corrections, found.conflicts) == (8, 1, 1, ())


def test_rows_that_were_merged_show_the_labels_of_the_record_they_ended_in(
    store: RecordStore, tmp_path: Path
) -> None:
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    batch = filled(store, original)
    store.merge([DuplicateGroup((3, 8), "text", 1.0)])
    store.merge([DuplicateGroup((5, 3), "text", 1.0)])
    assert store.merged_rows(batch) == [(HEADER_ROW + 3, 5), (HEADER_ROW + 8, 5)]
    predict_all(store)
    export_workbook_copy(store, batch, original, copy)
    book = openpyxl.load_workbook(copy)
    rows = [[cell.value for cell in book[SHEET][HEADER_ROW + number]] for number in (5, 3, 8)]
    own = [row[len(COLUMNS) :] for row in rows]
    assert own[0][:-1] == own[1][:-1] == own[2][:-1]
    assert [str(row[-1])[:3] for row in own] == ["r5-", "m5-", "m5-"]
    assert read_corrections(copy, store).conflicts == ()
    cell: Any = book[SHEET].cell(HEADER_ROW + 8, len(COLUMNS) + 2)
    cell.value = "absent" if cell.value == "present" else "present"
    book.save(copy)
    found = read_corrections(copy, store)
    assert [(one.kind, one.row) for one in found.conflicts] == [
        (ConflictKind.MERGED_ROW, HEADER_ROW + 8)
    ]
    assert found.changes == ()


@pytest.mark.stress
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
@pytest.mark.parametrize("kind", ["xlsx:Calc MS Excel 2007 XML", "csv"])
def test_copy_that_a_spreadsheet_program_saved_is_understood(
    store: RecordStore, tmp_path: Path, kind: str
) -> None:
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    saved = tmp_path / "saved"
    export_workbook_copy(store, filled(store, original), original, copy)
    book = openpyxl.load_workbook(copy)
    book.active = book.sheetnames.index(SHEET)
    header = [cell.value for cell in book[SHEET][HEADER_ROW]]
    place = next(at for at, title in enumerate(header, 1) if str(title).startswith("KDH 1: "))
    cell: Any = book[SHEET].cell(HEADER_ROW + 2, place)
    is_present = cell.value != "present"
    cell.value = "present" if is_present else "absent"
    for name in book.sheetnames:
        if kind == "csv" and name != SHEET:
            del book[name]
    book.save(copy)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(
        ["soffice", "--headless", profile, "--convert-to", kind, "--outdir", saved, copy],
        check=True,
        capture_output=True,
        timeout=120,
    )
    [back] = saved.iterdir()
    found = read_corrections(back, store)
    assert found.changes == (ReviewChange(2, ((store.active_labels[0].id, is_present),)),)
    assert (found.conflicts, found.rows) == ((), ROWS)
