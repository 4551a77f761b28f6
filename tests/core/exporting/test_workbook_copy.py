"""A workbook comes back as it was, with labels behind: no cell changed, nothing else lost."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.cell import Cell as BookCell

from kdh_desktop.core.errors import Cancelled, ExportError, InputError
from kdh_desktop.core.exporting.copy_columns import CHECKED_TITLE, ID_TITLE, LABELS_TITLE
from kdh_desktop.core.exporting.workbook_copy import export_workbook_copy
from kdh_desktop.core.importing.imported import FileFormat, ImportPlan
from kdh_desktop.core.importing.table import TableLayout
from kdh_desktop.core.records.record_filter import ReviewStatus
from tests.data.nasty_exports import disk_full_at
from tests.data.original_workbooks import (
    COLUMNS,
    HEADER_ROW,
    SHEET,
    batch_of,
    imported_rows,
    make_workbook,
    rewritten,
)
from tests.data.stored_records import LABELS, MODEL_SHA256, MadeStore, detail

ADDED = [
    LABELS_TITLE,
    *(f"KDH {place}: {label.name}" for place, label in enumerate(LABELS, 1)),
    CHECKED_TITLE,
    *(f"p: {label.name}" for label in LABELS),
    ID_TITLE,
]
FIRST = len(COLUMNS) + 1
CHANGED_MEMBERS = {
    *("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"),
    "xl/worksheets/sheet2.xml",
}


def made_store(original: Path, rows: int) -> MadeStore:
    records = [
        detail(
            number,
            record,
            probabilities={"growth": number % 10 / 10, "vessels": 0.41, "spread": 1 / 3},
            decisions={"spread": True} if number % 7 == 0 else {},
            review=ReviewStatus.CONFIRMED if number % 5 == 0 else ReviewStatus.OPEN,
        )
        for number, record in enumerate(imported_rows(rows), 1)
    ]
    return MadeStore.of(*records, batch=batch_of(original, records=rows))


def make_copy(folder: Path, rows: int = 12, **options: Any) -> tuple[Path, Path, Any]:
    original, copy = folder / "list.xlsx", folder / "list labelled.xlsx"
    make_workbook(original, rows, **options)
    outcome = export_workbook_copy(made_store(original, rows), 1, original, copy)
    return original, copy, outcome


def cells_of(path: Path, *, data_only: bool = False) -> Iterator[tuple[str, BookCell]]:
    book = openpyxl.load_workbook(path, data_only=data_only)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                yield f"{sheet.title}!{cell.coordinate}", cell


def assert_same_cells(original: Path, copy: Path) -> int:
    count = 0
    for data_only in (False, True):
        found = dict(cells_of(copy, data_only=data_only))
        for place, cell in cells_of(original, data_only=data_only):
            other = found[place]
            if cell.value is None:
                assert other.value is None or other.column >= FIRST
                continue
            assert (other.value, other.data_type) == (cell.value, cell.data_type), place
            assert other.style_id == cell.style_id, place
            count += 1
    return count


def assert_same_members(original: Path, copy: Path, changed: set[str] | None = None) -> None:
    with zipfile.ZipFile(original) as old, zipfile.ZipFile(copy) as new:
        assert new.testzip() is None
        assert new.namelist()[: len(old.namelist())] == old.namelist()
        added = new.namelist()[len(old.namelist()) :]
        assert added == ["xl/worksheets/sheet4.xml"]
        for name in set(old.namelist()) - (changed or CHANGED_MEMBERS):
            assert new.read(name) == old.read(name), name


@pytest.mark.parametrize("table", [False, True], ids=["filter", "table"])
def test_everything_of_the_original_is_kept(tmp_path: Path, *, table: bool) -> None:
    original, copy, outcome = make_copy(tmp_path, table=table)
    assert outcome.rows == 12
    assert outcome.notices == ()
    assert assert_same_cells(original, copy) > 100
    changed = CHANGED_MEMBERS | ({"xl/tables/table1.xml"} if table else set())
    assert_same_members(original, copy, changed)


def test_added_columns_say_what_the_store_says(tmp_path: Path) -> None:
    _, copy, _ = make_copy(tmp_path)
    sheet = openpyxl.load_workbook(copy)[SHEET]
    header = [cell.value for cell in sheet[HEADER_ROW]]
    assert header == [*COLUMNS, *ADDED]
    added = [cell.value for cell in sheet[HEADER_ROW + 7]][FIRST - 1 :]
    names = "Sustaining growth; Inducing angiogenesis; Activating invasion"
    assert added[:-1] == [names, *["present"] * 3, None, 0.7, 0.41, 0.333333]
    assert added[-1].startswith("r7-")
    assert added[-1].endswith("-ppP")
    assert sheet.cell(HEADER_ROW + 5, FIRST + 4).value == "yes"
    assert sheet.cell(HEADER_ROW, FIRST).font.bold, "the header looks like the others"
    assert sheet.dimensions == f"A1:P{HEADER_ROW + 12}"


def test_corrections_are_chosen_from_a_list(tmp_path: Path) -> None:
    _, copy, _ = make_copy(tmp_path)
    sheet = openpyxl.load_workbook(copy)[SHEET]
    found = {str(one.sqref): one.formula1 for one in sheet.data_validations.dataValidation}
    assert found == {
        "D5:D9": "0",
        **dict.fromkeys(("I5:I16", "J5:J16", "K5:K16"), '"present,absent"'),
        "L5:L16": '"yes"',
    }


def test_filter_reaches_the_added_columns(tmp_path: Path) -> None:
    _, copy, _ = make_copy(tmp_path)
    book = openpyxl.load_workbook(copy)
    assert book[SHEET].auto_filter.ref == "A4:P16"
    with zipfile.ZipFile(copy) as archive:
        assert b">Data!$A$4:$P$16</definedName>" in archive.read("xl/workbook.xml")


def test_table_reaches_the_added_columns(tmp_path: Path) -> None:
    _, copy, _ = make_copy(tmp_path, table=True)
    [table] = openpyxl.load_workbook(copy)[SHEET].tables.values()
    assert table.ref == table.autoFilter.ref == "A4:P16"
    assert [column.name for column in table.tableColumns] == [*COLUMNS, *ADDED]
    assert len({column.id for column in table.tableColumns}) == len(COLUMNS) + len(ADDED)


def test_provenance_sheet_stands_behind_all_others(tmp_path: Path) -> None:
    _, copy, _ = make_copy(tmp_path)
    book = openpyxl.load_workbook(copy)
    assert book.sheetnames == ["Read me", SHEET, "Old", "KDH provenance"]
    assert [sheet.sheet_state for sheet in book][2:] == ["veryHidden", "visible"]
    about = {row[0].value: row[1].value for row in book["KDH provenance"].iter_rows()}
    assert about["Model, SHA-256 of its manifest"] == MODEL_SHA256
    assert about["Columns added"] == "H:P"
    assert about["Original cells changed"] == 0
    assert about["Original file"] == "list.xlsx"
    assert about["Decisions by people"] == 1


def test_copy_of_a_copy_gets_columns_of_its_own(tmp_path: Path) -> None:
    _, copy, _ = make_copy(tmp_path, table=True)
    again = tmp_path / "again.xlsx"
    store = made_store(copy, 12)
    batch = batch_of(copy, columns=(*COLUMNS, *ADDED))
    export_workbook_copy(dataclasses.replace(store, of_batch=batch), 1, copy, again)
    book = openpyxl.load_workbook(again)
    header = [cell.value for cell in book[SHEET][HEADER_ROW]]
    assert header == [*COLUMNS, *ADDED, *(f"{title} (2)" for title in ADDED)]
    assert book.sheetnames[-1] == "KDH provenance 2"


def test_cells_that_only_have_a_style_keep_it_beside_and_under_new_ones(tmp_path: Path) -> None:
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    make_workbook(original, 3)

    def style_far_out(name: str, data: bytes) -> bytes:
        if name != "xl/worksheets/sheet2.xml":
            return data
        late = b'<c r="H5" s="1"/><c r="Q5" s="2"></c ><c r="XFD5" s="3" />'
        row = data.index(b'<row r="5"')
        end = data.index(b"</row>", row)
        return data[:end] + late + data[end:]

    rewritten(original, style_far_out)
    export_workbook_copy(made_store(original, 3), 1, original, copy)
    with zipfile.ZipFile(copy) as archive:
        xml = archive.read("xl/worksheets/sheet2.xml")
    row = xml[xml.index(b'<row r="5"') :]
    row = row[: row.index(b"</row>")]
    assert b'<c r="H5" s="1" t="inlineStr">' in row
    assert row.endswith(b'<c r="Q5" s="2"></c ><c r="XFD5" s="3" />')
    assert row.count(b'r="H5"') == 1
    assert_same_cells(original, copy)


def test_sheet_without_places_or_with_a_prefix_is_understood(tmp_path: Path) -> None:
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    make_workbook(original, 1)
    sheet = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!-- <row> --><x:worksheet '
        'xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:y="y">'
        "<x:sheetData>"
        '<x:row/><x:row/><x:row/><x:row><x:c t="str"><x:v>id &gt; "</x:v></x:c>'
        "<x:c t='str'><x:v>Title</x:v></x:c></x:row>\n<x:row spans='1:2' y:z = \"2>1\" >"
        "<x:c><x:v>1</x:v></x:c></x:row ></x:sheetData><x:pageMargins left='1' right='1' "
        "top='1' bottom='1' header='1' footer='1'/></x:worksheet>"
    )
    rewritten(original, lambda name, data: sheet.encode() if name.endswith("sheet2.xml") else data)
    store = dataclasses.replace(made_store(original, 1), of_batch=batch_of(original))
    export_workbook_copy(store, 1, original, copy)
    rows = list(openpyxl.load_workbook(copy)[SHEET].iter_rows(values_only=True))
    assert rows[3] == ('id > "', "Title", *ADDED)
    assert rows[4][:3] == (1, None, "Inducing angiogenesis")
    with zipfile.ZipFile(copy) as archive:
        xml = archive.read("xl/worksheets/sheet2.xml")
    assert xml.startswith(sheet[: sheet.index("<x:sheetData>")].encode())
    assert b'<x:row y:z = "2>1" >' in xml
    assert xml.index(b"</x:dataValidations>") < xml.index(b"<x:pageMargins")


def test_workbook_whose_main_part_has_a_number_is_handed_back(tmp_path: Path) -> None:
    """As Excel in a browser may write it."""
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    make_workbook(original, 3)
    with zipfile.ZipFile(original) as old:
        parts = {
            name.replace("workbook.xml", "workbook22.xml"): old.read(name).replace(
                b"xl/workbook.xml", b"xl/workbook22.xml"
            )
            for name in old.namelist()
        }
    with zipfile.ZipFile(original, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)
    export_workbook_copy(made_store(original, 3), 1, original, copy)
    assert assert_same_cells(original, copy) > 20


def test_macros_are_not_carried_over(tmp_path: Path) -> None:
    original, copy = tmp_path / "list.xlsm", tmp_path / "copy.xlsx"
    make_workbook(original, 3)
    main = b"openxmlformats-officedocument.spreadsheetml.sheet.main+xml"

    def with_macros(name: str, data: bytes) -> bytes:
        if name == "[Content_Types].xml":
            data = data.replace(b"vnd." + main, b"vnd.ms-excel.sheet.macroEnabled.main+xml")
            kind = b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
            return data.replace(b"<Override", kind + b"<Override", 1)
        if name == "xl/_rels/workbook.xml.rels":
            kind = b"http://schemas.microsoft.com/office/2006/relationships/vbaProject"
            one = b'<Relationship Id="rId99" Type="%s" Target="vbaProject.bin"/>' % kind
            return data.replace(b"</Rel", one + b"</Rel", 1)
        return data

    rewritten(original, with_macros)
    with zipfile.ZipFile(original, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macros")
    outcome = export_workbook_copy(made_store(original, 3), 1, original, copy)
    assert outcome.notices == ("The workbook holds macros; the copy does not.",)
    with zipfile.ZipFile(copy) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
        assert "xl/vbaProject.bin" not in archive.namelist()
        assert main in archive.read("[Content_Types].xml")
    assert b"vbaProject" not in everything
    assert b"macroEnabled" not in everything
    assert_same_cells(original, copy)


def test_filter_that_ends_before_the_last_column_is_pointed_out(tmp_path: Path) -> None:
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    make_workbook(original, 3)
    rewritten(
        original,
        lambda name, data: data.replace(b'<autoFilter ref="A4:G7"/>', b'<autoFilter ref="A4:E7"/>'),
    )
    outcome = export_workbook_copy(made_store(original, 3), 1, original, copy)
    assert "when you sort, choose all columns" in outcome.notices[0]
    assert openpyxl.load_workbook(copy)[SHEET].auto_filter.ref == "A4:E7"


def test_workbook_that_changed_since_is_refused(tmp_path: Path) -> None:
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    make_workbook(original, 3)
    store = made_store(original, 3)
    make_workbook(original, 4)
    with pytest.raises(InputError, match="has changed since"):
        export_workbook_copy(store, 1, original, copy)
    assert not copy.exists()


def test_original_is_never_replaced(tmp_path: Path) -> None:
    original = tmp_path / "list.xlsx"
    make_workbook(original, 3)
    (tmp_path / "link.xlsx").symlink_to(original)
    before = original.read_bytes()
    for target in (original, tmp_path / "link.xlsx"):
        with pytest.raises(InputError, match="take the place of the original"):
            export_workbook_copy(made_store(original, 3), 1, original, target)
    assert original.read_bytes() == before


def test_what_cannot_be_handed_back_is_refused(tmp_path: Path) -> None:
    original = tmp_path / "list.xlsx"
    make_workbook(original, 3)
    store, target = made_store(original, 3), tmp_path / "copy.xlsx"

    def refused(match: str, *, at: Path = target, **changes: Any) -> None:
        with pytest.raises(InputError, match=match):
            export_workbook_copy(dataclasses.replace(store, **changes), 1, original, at)

    ris = batch_of(original, plan=ImportPlan(FileFormat.RIS))
    bare = ImportPlan(FileFormat.WORKBOOK, layout=TableLayout(SHEET, header_row=0))
    refused("Only a workbook", of_batch=ris)
    refused("no row that names", of_batch=batch_of(original, plan=bare))
    refused("no model", active_labels=())
    refused("another kind", at=tmp_path / "copy.csv")
    original.unlink()
    refused("not there any more")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "bomb",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x SYSTEM "http://example.invalid/x.dtd">',
    ],
)
@pytest.mark.parametrize(
    "member", ["xl/workbook.xml", "xl/worksheets/sheet2.xml", "[Content_Types].xml"]
)
def test_document_types_are_refused(tmp_path: Path, member: str, bomb: bytes) -> None:
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    make_workbook(original, 3)

    def plant(name: str, data: bytes) -> bytes:
        return data.replace(b"?>", b"?>" + bomb, 1) if name == member else data

    rewritten(original, plant)
    with pytest.raises(InputError, match="damaged"):
        export_workbook_copy(made_store(original, 3), 1, original, copy)
    assert not copy.exists()


def test_full_disk_and_stop_leave_the_old_copy(tmp_path: Path) -> None:
    original, copy = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    make_workbook(original, 30)
    store = made_store(original, 30)
    copy.write_bytes(b"old")
    with disk_full_at(5_000), pytest.raises(ExportError, match="disk is full"):
        export_workbook_copy(store, 1, original, copy)
    with pytest.raises(Cancelled):
        export_workbook_copy(store, 1, original, copy, should_stop=lambda: True)
    assert copy.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == [copy, original]
