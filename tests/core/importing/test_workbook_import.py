"""Workbooks come in cell by cell as they are, and what a spreadsheet spoilt is pointed out."""

from __future__ import annotations

import datetime as dt
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.imported import ColumnRole, FileFormat
from kdh_desktop.core.importing.reading import inspect_file
from tests.core.importing.trip import (
    COLUMNS,
    laid_out,
    mapped,
    reference,
    references,
    trip,
    workbook,
    write,
)
from tests.data.nasty_tables import (
    binary_workbook,
    old_workbook,
    ole_file,
    open_document_sheet,
    zipped,
)

SHEET = "xl/worksheets/sheet1.xml"
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
GENES = ("SEPT1", "MARCH1", "DEC1", "2310009E13", "1E5", "TRUE", "NA", "NaN", "None", "null")
DIGITS = ("00123", "12345678901234567890", "1.0", "1e400")
FORMULAS = ("=HYPERLINK(1)", "+1", "-cmd|x", "@SUM", "\t=1+1", "{=1+1}")


def with_text(*cells: str) -> Callable[[Any], None]:
    """Write these cells as text, below each other in the third column."""

    def change(book: Any) -> None:
        for row, value in enumerate(cells, 2):
            book.active.cell(row, 3, value).data_type = "s"

    return change


def changed(path: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[member] = change(parts[member])
    path.write_bytes(zipped(parts))
    return path


def sheet_xml(path: Path, rows: str, more: str = "") -> Path:
    """The workbook with these rows for its sheet."""
    xml = f'<worksheet xmlns="{SPACE}"><sheetData>{rows}</sheetData>{more}</worksheet>'
    return changed(path, SHEET, lambda _: xml.encode())


def inline(address: str, text: str) -> str:
    return f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>'


def test_a_workbook_of_known_names_comes_in_without_a_question(tmp_path: Path) -> None:
    found = trip(workbook(tmp_path, references(30)))
    assert not found.inspection.needs_look
    assert found.inspection.plan.format is FileFormat.WORKBOOK
    assert found.inspection.table is not None
    assert found.inspection.table.columns == COLUMNS
    assert found.inspection.table.rows[0] == reference(1)
    assert len(found.inspection.table.rows) == len(found.inspection.records) == 20
    assert found.rows == list(range(2, 32))
    assert [(r.source_id, r.title, r.abstract) for r in found.records] == references(30)[1:]
    assert (found.refused, found.end.notices) == ((), ())


def test_text_is_kept_to_the_letter(tmp_path: Path) -> None:
    texts = (*GENES, *DIGITS, *FORMULAS)
    path = workbook(tmp_path, [COLUMNS, *(("1", "A title") for _ in texts)], with_text(*texts))
    plan = mapped(inspect_file(path).plan, {ColumnRole.TITLE: 1, ColumnRole.ABSTRACT: 2})
    found = trip(path, plan)
    assert [record.abstract for record in found.records] == [text.strip() for text in texts]
    assert found.end.notices == ()


def test_gene_names_that_became_dates_are_pointed_out_by_address(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [
        (*COLUMNS, "gene"),
        ("1", dt.date(2026, 9, 1), "Growth of cells.", "TP53"),
        ("2", 2.31e13, "Growth of cells.", 2.310009e19),
        ("3", True, "Growth of cells.", dt.date(2026, 3, 1)),
        (dt.date(2026, 12, 1), "A title", "Growth of cells.", "KRAS"),
        ("5", "A title", dt.date(2026, 9, 1), "SEPT1"),
        ("6", None, dt.date(2026, 9, 2), "SEPT2"),
        ("7", None, 7, "SEPT2"),
    ]
    found = trip(workbook(tmp_path, rows))
    assert found.rows == [2, 3, 4, 5, 6]
    assert "Cells B2, A5, C6 hold a date" in found.notices
    assert "Cell B3 holds a number" in found.notices
    assert "Cell B4 holds a truth value" in found.notices
    assert "Cells D3, D4 hold a date or a number in a column of texts" in found.notices
    assert [row.row for row in found.refused] == [7, 8]
    assert found.refused[0].reason == "Cell C7, the abstract, is a date."
    assert found.refused[1].reason == "Cell C8, the abstract, is a number."
    assert found.records[0].title == "2026-09-01"
    assert ("gene", "2026-03-01") in found.records[2].extra


def test_formulas_without_a_value_are_refused_and_never_taken_for_empty(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [
        (*COLUMNS, "journal", "note"),
        ("1", "A title", "=A1", "J", "n"),
        ("2", "=A1", "Growth of cells.", "J", "n"),
        ("3", "A title", "Growth of cells.", "=A1", "=A1"),
        ("4", "A title", "#N/A", "J", "n"),
    ]
    found = trip(workbook(tmp_path, rows))
    assert [row.reason for row in found.refused] == [
        "Cell C2, the abstract, is a formula without a value.",
        "Cell B3, the title, is a formula without a value.",
        "Cell C5, the abstract, is an error of the spreadsheet.",
    ]
    assert found.rows == [4]
    assert found.records[0].journal == ""
    assert "Cells D4, E4 hold a formula without a value" in found.notices


def test_formulas_in_cells_without_an_address_are_told(tmp_path: Path) -> None:
    rows = f'<row r="1">{inline("A1", "abstract")}</row><row><c><f>A1</f></c></row>'
    rows += f'<row r="3">{inline("A3", "Words.")}</row>'
    found = trip(sheet_xml(workbook(tmp_path, references(1)), rows))
    assert "Formulas without a value were left out" in found.notices


def test_computed_formulas_give_their_values(tmp_path: Path) -> None:
    head = "".join(inline(f"{letter}1", name) for letter, name in zip("ABC", COLUMNS, strict=True))
    rows = (
        f'<row r="1">{head}</row>'
        '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>""</f><v></v></c>'
        '<c r="C2" t="str"><f t="shared" si="0"/><v>Growth of cells.</v></c></row>'
    )
    found = trip(sheet_xml(workbook(tmp_path, references(1)), rows))
    assert (found.records[0].source_id, found.records[0].title) == ("2", "")
    assert found.records[0].abstract == "Growth of cells."
    assert found.refused == ()


def test_numbers_are_read_as_they_are_shown(tmp_path: Path) -> None:
    def as_shown(book: Any) -> None:
        book.active["A2"].number_format = "00000000"

    rows = [
        (*COLUMNS, "pmid", "year"),
        (1234, "t", "a", 23456789, 2020.0),
        (1e16, "t", "a", 7, 2021),
    ]
    found = trip(workbook(tmp_path, rows, as_shown))
    first = found.records[0]
    assert (first.source_id, first.pmid, first.year) == ("00001234", "23456789", 2020)
    assert "Cell A3 holds a number that may have lost digits" in found.notices


def test_what_no_field_holds_is_carried_through(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [
        ("id", "note", None, "note", "title", "abstract", "DOI", "Year", "id"),
        ("1", "", "x", "n", "t", "a", "https://doi.org/10.1000/AbC", "May 2020", "9"),
    ]
    found = trip(workbook(tmp_path, rows))
    assert found.inspection.table is not None
    assert found.inspection.table.columns[2] == "Column C"
    assert found.inspection.needs_look
    assert "Several columns are called id" in found.notices
    record = found.records[0]
    assert (record.doi, record.year) == ("10.1000/abc", 2020)
    assert record.extra == (
        *(("id", "1"), ("note", ""), ("Column C", "x"), ("note", "n")),
        *(("DOI", "https://doi.org/10.1000/AbC"), ("Year", "May 2020"), ("id", "9")),
    )


def test_titles_above_the_header_are_skipped_and_shown(tmp_path: Path) -> None:
    rows = [("Reading list",), (), ("of 2026",), *references(3)]
    found = trip(workbook(tmp_path, rows))
    assert found.inspection.plan.layout.header_row == 4
    assert found.inspection.needs_look
    assert "rows above" in found.notices
    assert found.inspection.table is not None
    assert found.inspection.table.above[0][0] == "Reading list"
    assert found.rows == [5, 6, 7]


def test_a_table_without_header_is_shown_and_never_taken_unasked(tmp_path: Path) -> None:
    found = trip(workbook(tmp_path, references(3)[1:]))
    assert found.inspection.plan.layout.header_row == 0
    assert found.inspection.needs_look
    assert "No row names the columns" in found.notices
    assert found.inspection.table is not None
    assert found.inspection.table.columns == ("Column A", "Column B", "Column C")
    assert [(r.source_id, r.title, r.abstract) for r in found.records] == references(3)[1:]


def test_another_header_row_may_be_chosen(tmp_path: Path) -> None:
    path = workbook(tmp_path, [("a", "b", "c"), *references(2)])
    plan = inspect_file(path).plan
    for header_row, rows in ((2, [3, 4]), (0, [1, 2, 3, 4])):
        again = inspect_file(path, plan=laid_out(plan, header_row=header_row))
        assert again.plan.layout.header_row == header_row
        assert trip(path, again.plan).rows == rows
    empty = inspect_file(path, plan=laid_out(plan, header_row=9))
    assert empty.table is not None
    assert empty.table.problem.startswith("Row 9 is empty")
    assert empty.needs_look


def test_a_person_may_map_columns_otherwise(tmp_path: Path) -> None:
    path = workbook(tmp_path, references(2))
    plan = mapped(inspect_file(path).plan, {ColumnRole.ABSTRACT: 1, ColumnRole.KEYWORDS: 2})
    assert inspect_file(path, plan=plan).plan == plan
    found = trip(path, plan)
    assert found.records[0].abstract == reference(1)[1]
    assert found.records[0].extra == (("id", "acc-1"),)


def test_merged_cells_are_pointed_out(tmp_path: Path) -> None:
    def merge(book: Any) -> None:
        book.active.merge_cells("A2:A3")
        book.active.merge_cells("A1:B1")

    found = trip(workbook(tmp_path, references(3), merge))
    assert found.inspection.needs_look
    assert "Cells are merged (A2:A3)" in found.notices


def test_hidden_rows_count_and_are_told(tmp_path: Path) -> None:
    def hide(book: Any) -> None:
        book.active.row_dimensions[3].hidden = True

    found = trip(workbook(tmp_path, references(3), hide))
    assert found.rows == [2, 3, 4]
    assert "Rows that the sheet hides (1) were read like the others." in found.notices


def test_empty_rows_do_not_count(tmp_path: Path) -> None:
    rows = [*references(1), (), (None, " ", "\n"), reference(2)]
    found = trip(workbook(tmp_path, rows))
    assert (found.rows, found.end.rows_in_file) == ([2, 5], 2)


def test_a_row_without_text_is_refused(tmp_path: Path) -> None:
    found = trip(workbook(tmp_path, [*references(1), ("7", None, None), reference(3)]))
    assert found.rows == [2, 4]
    assert found.refused[0].reason == "It has neither a title nor an abstract."


def other_sheet(state: str) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        others = book.create_sheet("others", 0)
        others.append(["title", "abstract"])
        others.append(["9", "of other people"])
        others.sheet_state = state
        book.active = 1

    return change


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_first_sheet_is_not_read_unless_chosen(tmp_path: Path, state: str) -> None:
    path = workbook(tmp_path, references(2), other_sheet(state))
    found = trip(path)
    assert not found.inspection.needs_look
    assert [r.source_id for r in found.records] == ["acc-1", "acc-2"]
    assert "1 hidden sheet" in found.notices
    assert found.inspection.table is not None
    assert [(s.name, s.is_hidden) for s in found.inspection.table.sheets] == [
        ("others", True),
        ("Sheet", False),
    ]
    chosen = laid_out(found.inspection.plan, sheet="others", header_row=None)
    again = inspect_file(path, plan=chosen)
    assert trip(path, again.plan).records[0].abstract == "of other people"


def test_of_several_sheets_the_one_with_texts_is_suggested(tmp_path: Path) -> None:
    def add(book: Any) -> None:
        book.create_sheet("readme", 0).append(["This list is from May."])

    found = trip(workbook(tmp_path, references(2), add))
    assert found.inspection.plan.layout.sheet == "Sheet"
    assert found.inspection.needs_look
    assert "several sheets" in found.notices


def test_a_workbook_whose_main_part_has_a_number_is_one(tmp_path: Path) -> None:
    path = workbook(tmp_path, references(2))
    with zipfile.ZipFile(path) as archive:
        parts = {
            name.replace("workbook.xml", "workbook22.xml"): archive.read(name).replace(
                b"xl/workbook.xml", b"xl/workbook22.xml"
            )
            for name in archive.namelist()
        }
    path.write_bytes(zipped(parts))
    assert len(trip(path).records) == 2


def test_a_workbook_of_hidden_sheets_only_is_asked_about(tmp_path: Path) -> None:
    path = write(tmp_path, old_workbook({"A": references(1)}, hidden=["A"]))
    found = inspect_file(path)
    assert found.table is not None
    assert "hidden" in found.table.problem
    assert (found.records, found.needs_look) == ((), True)


@pytest.mark.parametrize("lie", ["A1", "A1:XFD1048576"])
def test_a_wrong_size_of_a_sheet_is_not_believed(tmp_path: Path, lie: str) -> None:
    dimension = f'<dimension ref="{lie}"'.encode()
    path = workbook(tmp_path, references(100))
    changed(path, SHEET, lambda xml: re.sub(b'<dimension ref="[^"]*"', dimension, xml))
    start = time.monotonic()
    assert trip(path).rows == list(range(2, 102))
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("number", [1_048_577, 4_294_967_297])
def test_a_row_number_that_no_sheet_has_is_refused_at_once(tmp_path: Path, number: int) -> None:
    path = workbook(tmp_path, [("abstract",)])
    rows = f'<row r="1">{inline("A1", "abstract")}</row>'
    rows += f'<row spans="1:1" r="{number}">{inline(f"A{number}", "far")}</row>'
    sheet_xml(path, rows)
    start = time.monotonic()
    with pytest.raises(InputError, match="damaged"):
        trip(path)
    assert time.monotonic() - start < 10


def test_two_far_cells_are_read_or_refused_in_time(tmp_path: Path) -> None:
    path = workbook(tmp_path, [("abstract",)])
    rows = f'<row r="1">{inline("A1", "abstract")}</row>'
    rows += f'<row r="1048576">{inline("XFD1048576", "far")}</row>'
    start = time.monotonic()
    found = trip(sheet_xml(path, rows))
    assert time.monotonic() - start < 30
    assert [row.row for row in found.refused] == [1_048_576]


def test_a_cell_beyond_the_named_columns_is_kept_and_told(tmp_path: Path) -> None:
    rows = [*references(400), (*reference(401), None, "a stray note")]
    found = trip(workbook(tmp_path, rows))
    assert found.records[-1].extra == (("Column E", "a stray note"),)
    assert "Cell E402 holds something beyond the last column" in found.notices


def test_long_cells_come_in_whole(tmp_path: Path) -> None:
    texts = ["x" * 32_767, "y" * 32_768, "z" * 100_000, "\U0001f9ec" * 20_000]
    rows = f'<row r="1">{inline("A1", "abstract")}</row>'
    for row, text in enumerate(texts, 2):
        rows += f'<row r="{row}">{inline(f"A{row}", text)}</row>'
    found = trip(sheet_xml(workbook(tmp_path, references(1)), rows))
    assert [record.abstract for record in found.records] == texts


def test_characters_that_xml_cannot_hold_are_cleaned_and_counted(tmp_path: Path) -> None:
    path = workbook(tmp_path, references(1))
    text = "a_x000D_\nb_x0000_c_x000B_d_xD800_e_xFFFE_f_x005F_x000D_"
    rows = f'<row r="1">{inline("A1", "abstract")}</row><row r="2">{inline("A2", text)}</row>'
    found = trip(sheet_xml(path, rows))
    assert found.records[0].abstract == "a\nbc\ndef_x000D_"
    assert "4 characters were taken out" in found.notices


OTHERS = {
    FileFormat.OLD_WORKBOOK: old_workbook({"A": references(30)}),
    FileFormat.BINARY_WORKBOOK: binary_workbook(references(30)),
    FileFormat.OPEN_DOCUMENT_SHEET: open_document_sheet({"A": references(30)}),
}


@pytest.mark.parametrize("file_format", OTHERS)
def test_other_workbooks_are_read_by_content(tmp_path: Path, file_format: FileFormat) -> None:
    found = trip(write(tmp_path, OTHERS[file_format], "export.csv"))
    assert found.inspection.plan.format is file_format
    assert not found.inspection.needs_look
    assert [(r.source_id, r.title, r.abstract) for r in found.records] == references(30)[1:]
    assert "cannot be told from empty cells" in found.notices


def test_rows_of_an_open_document_keep_their_numbers(tmp_path: Path) -> None:
    data = open_document_sheet({"A": references(3), "B": [["x"]]}, hidden=["B"], far=1_000)
    found = trip(write(tmp_path, data))
    assert found.rows == [2, 3, 1_004]


@pytest.mark.slow
def test_a_far_cell_of_another_format_does_not_end_the_program(tmp_path: Path) -> None:
    rows = [*references(1), reference(2)]
    start = time.monotonic()
    found = trip(write(tmp_path, open_document_sheet({"A": rows}, far=1_048_000)))
    assert time.monotonic() - start < 30
    assert len(found.records) == 2


def test_macros_are_left_out_with_a_notice(tmp_path: Path) -> None:
    path = workbook(tmp_path, references(2))
    with zipfile.ZipFile(path, "a") as parts:
        parts.writestr("xl/vbaProject.bin", b"macro")
    assert "macros" in trip(path).notices


PROTECTED = ole_file("EncryptedPackage", b"secret")
BOMB = zipped({"xl/workbook.xml": b"", "x": bytes(700_000_000)})
REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "half a workbook": (b"PK\x03\x04 cut", "damaged"),
    "a protected workbook": (PROTECTED, "password"),
    "a web page": (b"<html><table><tr><td>id</td></tr></table></html>", "web page"),
    "a bomb": (BOMB, "larger than"),
    "too many members": (zipped({f"x{n}": b"" for n in range(5_001)}), "ZIP"),
    "a member above": (zipped({"xl/workbook.xml": b"", "../../evil": b""}), "damaged"),
    "no XML": (zipped({"xl/workbook.xml": b"no xml"}), "damaged"),
    "a strict workbook": (
        zipped({"xl/workbook.xml": b'<x xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"/>'}),
        "strict",
    ),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_at_once(tmp_path: Path, content: bytes, words: str) -> None:
    path = write(tmp_path, content)
    start = time.monotonic()
    with pytest.raises(InputError, match=words) as refused:
        inspect_file(path)
    assert refused.value.remedy
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("half", [0.5, 0.9])
@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_half_a_file_is_refused(tmp_path: Path, content: bytes, half: float) -> None:
    path = write(tmp_path, content[: int(len(content) * half)])
    with pytest.raises(InputError):
        trip(path)


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    data = bytearray(binary_workbook(references(300)))
    at = data.index(b"PK\x01\x02")
    while data[at + 46 : at + 46 + 19] != b"xl/worksheets/a.bin":
        at = data.index(b"PK\x01\x02", at + 4)
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    with pytest.raises(InputError, match="damaged"):
        trip(write(tmp_path, bytes(data)))


ENTITIES = {
    "bomb": '<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)),
    "file": '<!ENTITY m SYSTEM "file:///etc/passwd">',
    "network": '<!ENTITY m SYSTEM "http://127.0.0.1:9/x">',
}


@pytest.mark.parametrize("entities", ENTITIES.values(), ids=ENTITIES)
def test_entities_are_refused(tmp_path: Path, entities: str) -> None:
    head = f'<?xml version="1.0"?><!DOCTYPE x [{entities}]>'.encode()
    path = workbook(tmp_path, references(1))
    changed(path, SHEET, lambda xml: head + xml.replace(b"acc-1", b"&m;"))
    start = time.monotonic()
    with pytest.raises(InputError, match="damaged"):
        trip(path)
    assert time.monotonic() - start < 5
