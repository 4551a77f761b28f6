"""Tables are read to the letter, and what does not fit is listed by its number."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import time
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.table import CellKind, Table, TableLayout, read_table

PLAIN = TableLayout()


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(path: Path, **layout: Any) -> Table:
    return read_table(path, TableLayout(**layout))


def cells(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


def workbook(path: Path, rows: Sequence[Sequence[object]], *more: Callable[[Any], None]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    for change in more:
        change(book)
    book.save(path)
    return path


def changed(path: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """The workbook with one of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[member] = change(parts[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


SHEET = "xl/worksheets/sheet1.xml"
TEXT = "id,text,labels\n1,Größe µg,a; b\n2,α,\n"
EXPECTED = [("1", "Größe µg", "a; b"), ("2", "α", "")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_whichever_way_it_is_written(tmp_path: Path, encoding: str) -> None:
    found = read(write(tmp_path / "a.csv", TEXT, encoding))
    assert found.columns == ("id", "text", "labels")
    assert cells(found) == EXPECTED
    assert found.notices == ()


def test_windows_text_is_read_with_a_notice_or_as_told(tmp_path: Path) -> None:
    western = "id,text\n1,Größe 5 µm in the cells of these patients\n"
    path = write(tmp_path / "a.csv", western, "cp1252")
    assert cells(read(path)) == [("1", "Größe 5 µm in the cells of these patients")]
    assert any("Windows-1252" in notice for notice in read(path).notices)
    assert read(path, encoding="cp1252").notices == ()


@pytest.mark.parametrize("encoding", ["gb18030", "shift-jis"])
def test_other_encodings_are_asked_for_and_never_guessed(tmp_path: Path, encoding: str) -> None:
    text = "id,text\n1,心電図検査\n"
    path = write(tmp_path / "a.csv", text, encoding)
    with pytest.raises(InputError, match="name its encoding"):
        read(path)
    assert cells(read(path, encoding=encoding)) == [("1", "心電図検査")]
    found = read(path, encoding="utf-8")
    assert (found.rows, [row.number for row in found.rejected]) == ((), [2])
    with pytest.raises(InputError, match="no such encoding"):
        read(path, encoding="klingon")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found(tmp_path: Path, delimiter: str, end: str) -> None:
    rows = [["id", "text"], ["1", "One, two; three."], ["2", "x"]]
    quoted = [delimiter.join(f'"{cell}"' for cell in row) for row in rows]
    path = write(tmp_path / "a.csv", end.join(quoted) + end)
    assert cells(read(path)) == [tuple(row) for row in rows[1:]]


SURVIVORS = (
    *("SEPT1", "MARCH1", "DEC1", "2310009E13", "1E5", "TRUE", "NA", "NaN", "None", "null"),
    *("00123", "12345678901234567890", "=HYPERLINK(1)", "+1", "-cmd|x", "@SUM", "{=1+1}", "1.0"),
)


def test_values_survive_to_the_letter_in_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n" + "".join(f"{x},{x}\n" for x in SURVIVORS))
    assert cells(read(path)) == [(x, x) for x in SURVIVORS]


def test_values_survive_to_the_letter_in_workbooks(tmp_path: Path) -> None:
    def as_text(book: Any) -> None:
        for row, value in enumerate(SURVIVORS, 2):
            book.active.cell(row, 2, value).data_type = "s"

    path = workbook(tmp_path / "a.xlsx", [["id", "text"], *([x] for x in range(18))], as_text)
    assert [row.cells[1] for row in read(path).rows] == list(SURVIVORS)


def test_ragged_rows_are_listed_by_line_and_the_others_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'a,b\n1,2\n"x\ny",2\n1\n\n1,2,3\n5,6\n')
    found = read(path)
    assert [(row.number, row.cells) for row in found.rows] == [
        (2, ("1", "2")),
        (3, ("x\ny", "2")),
        (8, ("5", "6")),
    ]
    assert [row.number for row in found.rejected] == [5, 7]
    assert "1 cells" in found.rejected[0].reason


def test_an_unclosed_quotation_mark_costs_one_row_and_is_told_by_its_line(tmp_path: Path) -> None:
    lines = "".join(f"{x},words\n" for x in range(1000))
    for name, end in (("a.csv", ""), ("b.csv", '1,"x"\n'), ("c.csv", '1,x"\n')):
        found = read(write(tmp_path / name, f'a,b\n1,2\n1,2\n1,"open\n{lines}{end}'))
        assert [row.number for row in found.rejected] == [4]
        assert "quotation mark" in found.rejected[0].reason
        assert len(found.rows) == 1002 + bool(end)


def test_large_fields_and_nul_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n1," + "x" * 200_000 + "\n2,a\x00b\n")
    found = read(path)
    assert len(found.rows[0].cells[1]) == 200_000
    assert found.rows[1].cells[1] == "ab"
    assert any("NUL" in notice for notice in found.notices)


def test_the_header_may_stand_lower_down(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Report"], [], ["of 2026"], ["id", "text"], ["1", "x"]]
    path = workbook(tmp_path / "a.xlsx", rows)
    found = read(path, header_row=4)
    assert (found.columns, cells(found)) == (("id", "text"), [("1", "x")])
    assert found.rows[0].number == 5
    with pytest.raises(InputError, match="Row 2 is empty"):
        read(path, header_row=2)


def test_two_columns_of_one_name_cannot_be_chosen(tmp_path: Path) -> None:
    found = read(write(tmp_path / "a.csv", "id,id, text \n1,2,x\n"))
    assert found.column("text") == 2
    with pytest.raises(InputError, match="2 columns are called 'id'"):
        found.column("id")
    with pytest.raises(InputError, match="no column called 'abstract'"):
        found.column("abstract")


def test_a_wrong_size_of_a_sheet_is_not_believed(tmp_path: Path) -> None:
    rows: list[list[object]] = [["id", "text"], *[[x, "words"] for x in range(100)]]
    path = workbook(tmp_path / "a.xlsx", rows)
    for lie in (b"A1", b"A1:XFD1048576"):
        as_said = b'<dimension ref="%s"' % lie
        changed(path, SHEET, partial(re.compile(b'<dimension ref="[^"]*"').sub, as_said))
        start = time.monotonic()
        assert len(read(path).rows) == 100
        assert time.monotonic() - start < 5


def test_a_workbook_of_two_far_cells_is_read_or_refused_in_time(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.active["A1"] = "text"
    book.active.cell(1_048_576, 16_384, "far")
    book.save(path)
    start = time.monotonic()
    found = read(path)
    assert time.monotonic() - start < 10
    assert (found.rows, [row.number for row in found.rejected]) == ((), [1_048_576])


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [[f"c{x}" for x in range(1_001)], ["x"]])
    with pytest.raises(InputError, match="more than 1000 columns"):
        read(path)


def test_what_a_cell_holds_is_told(tmp_path: Path) -> None:
    date = dt.date(2026, 9, 1)
    values: list[object] = ["v", "SEPT1", date, 1, 2.5, True, "=1+1", "#N/A"]
    rows = [[value] for value in values]
    found = read(workbook(tmp_path / "a.xlsx", rows))
    assert [(row.cells[0], row.kind(0)) for row in found.rows] == [
        ("SEPT1", CellKind.TEXT),
        ("2026-09-01", CellKind.DATE),
        ("1", CellKind.NUMBER),
        ("2.5", CellKind.NUMBER),
        ("TRUE", CellKind.TRUTH),
        ("", CellKind.FORMULA_WITHOUT_VALUE),
        ("#N/A", CellKind.FAULT),
    ]


def two_sheets(state: str) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        hidden = book.create_sheet("others", 0)
        hidden.append(["id", "text"])
        hidden.append(["9", "of other people"])
        hidden.sheet_state = state
        book.active = 1

    return change


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_read_only_by_name(tmp_path: Path, state: str) -> None:
    path = workbook(tmp_path / "a.xlsx", [["id", "text"], ["1", "mine"]], two_sheets(state))
    assert cells(read(path)) == [("1", "mine")]
    assert cells(read(path, sheet="others")) == [("9", "of other people")]


def test_of_several_sheets_one_must_be_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["id", "text"], ["1", "x"]], two_sheets("visible"))
    with pytest.raises(InputError, match=r"several sheets.*others, Sheet"):
        read(path)
    assert cells(read(path, sheet="Sheet")) == [("1", "x")]
    with pytest.raises(InputError, match="no sheet of that name"):
        read(path, sheet="none")


def archive(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, data in members.items():
            parts.writestr(name, data)
    return made.getvalue()


OLD = b"\xd0\xcf\x11\xe0" + bytes(600)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (OLD, "old Office file"),
        (OLD + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (b"<html><table><tr><td>id</td></tr></table></html>", "web page"),
        (b"%PDF-1.7\n", "no text in UTF-8|a PDF"),
        (archive({"xl/workbook.bin": b""}), "damaged"),
        (archive({"content.xml": b"", "mimetype": b"text"}), "OpenDocument"),
        (archive({"word/document.xml": b""}), "Word document"),
        (archive({"a.csv": b"id,text\n"}), "ZIP file, not a workbook"),
        (archive({"xl/workbook.xml": b"", "../../evil": b""}), "damaged"),
        (archive({f"{x}": b"" for x in range(5_001)}), "damaged"),
        (archive({"xl/workbook.xml": b"no xml"}), "damaged"),
        (archive({"xl/workbook.xml": b"", "x": bytes(700_000_000)}), "larger than 600 MB"),
        (b"PK\x03\x04 cut", "damaged"),
        (bytes(range(256)) * 40, "no text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_is_said_to_be_so(tmp_path: Path, content: bytes, words: str) -> None:
    path = write(tmp_path / "a.xlsx", content)
    start = time.monotonic()
    with pytest.raises(InputError, match=words):
        read(path)
    assert time.monotonic() - start < 5


def test_half_a_workbook_is_said_to_be_damaged(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "a.xlsx", [["id", "text"], ["1", "x"]]).read_bytes()
    with pytest.raises(InputError, match="damaged"):
        read(write(tmp_path / "b.xlsx", whole[: len(whole) // 2]))


def test_csv_named_xlsx_is_known_by_its_content(tmp_path: Path) -> None:
    assert cells(read(write(tmp_path / "a.xlsx", TEXT))) == EXPECTED


@pytest.mark.parametrize("what", ["folder", "pipe", "loop", "missing"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, what: str) -> None:
    path = tmp_path / "a.xlsx"
    make: dict[str, Callable[[], object]] = {
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "loop": lambda: path.symlink_to(path),
        "missing": lambda: None,
    }
    make[what]()
    start = time.monotonic()
    with pytest.raises(InputError):
        read(path)
    assert time.monotonic() - start < 2


ENTITIES = {
    "bomb": b'<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + x, b"&%c;" % (97 + x) * 10) for x in range(12)),
    "file": b'<!ENTITY m SYSTEM "file:///etc/passwd">',
    "network": b'<!ENTITY m SYSTEM "http://127.0.0.1:9/x">',
}
HEAD = b'<?xml version="1.0"?><!DOCTYPE x [%s]>'
SPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STRINGS = "xl/sharedStrings.xml"
STRINGS_TYPE = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
    b'officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)


@pytest.mark.parametrize("entities", ENTITIES.values(), ids=ENTITIES)
@pytest.mark.parametrize("member", [SHEET, STRINGS])
def test_entities_are_refused(tmp_path: Path, member: str, entities: bytes) -> None:
    path = workbook(tmp_path / "a.xlsx", [["id", "text"], ["1", "x"]])
    if member == STRINGS:
        strings = HEAD % entities + b"<sst %s><si><t>&m;</t></si></sst>" % SPACE
        with zipfile.ZipFile(path, "a") as parts:
            parts.writestr(STRINGS, strings)
        changed(path, "[Content_Types].xml", lambda x: x.replace(b"</Types>", STRINGS_TYPE))
    else:
        changed(path, SHEET, lambda x: HEAD % entities + x.replace(b"<t>x</t>", b"<t>&m;</t>"))
    start = time.monotonic()
    with pytest.raises(InputError, match="damaged"):
        read(path)
    assert time.monotonic() - start < 3


def test_macros_are_pointed_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsm", [["id", "text"], ["1", "x"]])
    with zipfile.ZipFile(path, "a") as parts:
        parts.writestr("xl/vbaProject.bin", b"macro")
    found = read(path)
    assert cells(found) == [("1", "x")]
    assert any("macros" in notice for notice in found.notices)
