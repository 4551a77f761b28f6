"""Workbooks (.xlsx, .xlsm): values of one visible sheet, checked before they are unpacked."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.table import CellKind, TableLayout
from kdh_desktop.core.importing.table_parsing import RawRow, RawTable

MAX_UNPACKED_BYTES = 600_000_000
MAX_MEMBERS = 5_000

_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_OTHER_KINDS = (
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("content.xml", "an OpenDocument file"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a presentation"),
)


def parse_workbook(data: bytes, layout: TableLayout) -> RawTable:
    """Rows of the sheet that `layout` names, or of the only visible one.

    Raises:
        InputError: It is no workbook, damaged, too large when unpacked, or has no such sheet.
    """
    if not openpyxl.DEFUSEDXML:
        raise InputError("Workbooks cannot be read safely here.", "Install the program again.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = check_members(archive)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = _sheet_of(book, layout.sheet)
        unread = _formulas(data, sheet.title) if _has_formulas(data, names) else set()
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a damaged file can break the library anywhere
        raise _damaged() from error
    notices = []
    if any(name.endswith("vbaProject.bin") for name in names):
        notices.append("The workbook holds macros; only its values were read.")
    return RawTable(_rows(sheet, unread), notices)


def check_members(archive: zipfile.ZipFile) -> list[str]:
    """Names of the members of a workbook, none of which has been unpacked yet.

    Raises:
        InputError: It is no workbook, made to break readers, or too large when unpacked.
    """
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(members) > MAX_MEMBERS or len(set(names)) < len(names):
        raise _damaged()
    if any(name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) for name in names):
        raise _damaged()
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise InputError(
            f"The workbook is larger than {MAX_UNPACKED_BYTES // 1_000_000} MB when unpacked.",
            "Delete what is not needed, or divide it.",
        )
    for name, what in _OTHER_KINDS:
        if name in names:
            raise InputError(f"This is {what}.", "Save it as .xlsx or .csv and try again.")
    if "xl/workbook.xml" not in names:
        raise InputError(
            "This is a ZIP file, not a workbook.", "Unpack it and choose the table in it."
        )
    return names


def _sheet_of(book: Any, name: str | None) -> Any:
    sheets = list(book.worksheets)
    if name is not None:
        found = [sheet for sheet in sheets if sheet.title == name]
        if not found:
            raise InputError("The workbook has no sheet of that name.", _choose(sheets))
        return found[0]
    visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    if len(visible) != 1:
        what = "several sheets" if visible else "no visible sheet"
        raise InputError(f"The workbook has {what}.", _choose(visible or sheets))
    return visible[0]


def _choose(sheets: list[Any]) -> str:
    return f"Name one of its sheets: {', '.join(str(sheet.title) for sheet in sheets[:20])}."


def _has_formulas(data: bytes, names: list[str]) -> bool:
    """Whether any sheet may hold a formula; read in pieces, so that little memory is used."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in names:
            if not name.startswith("xl/worksheets/"):
                continue
            with archive.open(name) as part:
                before = b""
                while piece := part.read(1 << 20):
                    if _FORMULA.search(before + piece):
                        return True
                    before = piece[-40:]
    return False


def _formulas(data: bytes, title: str) -> set[tuple[int, int]]:
    """Rows and columns of the cells that hold formulas."""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False)
    sheet = book[title]
    sheet.reset_dimensions()
    return {
        (cell.row, cell.column)
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None and cell.data_type == "f"
    }


def _rows(sheet: Any, formulas: set[tuple[int, int]]) -> Iterator[RawRow]:
    # What a sheet says of its own size may be wrong; without it the library looks.
    sheet.reset_dimensions()
    try:
        for number, row in enumerate(sheet.iter_rows(), 1):
            if not row:
                continue
            read = [_read(cell) for cell in row]
            kinds = [kind for _, kind in read]
            for column, (text, _) in enumerate(read, 1):
                if not text and (number, column) in formulas:
                    kinds[column - 1] = CellKind.FORMULA_WITHOUT_VALUE
            yield RawRow(number, [text for text, _ in read], "".join(kinds))
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a damaged file can break the library anywhere
        raise _damaged() from error


def _read(cell: Any) -> tuple[str, CellKind]:
    value = cell.value
    match value:
        case None:
            return "", CellKind.TEXT
        case bool():
            return str(value).upper(), CellKind.TRUTH
        case int():
            return str(value), CellKind.NUMBER
        case float():
            return _number(value), CellKind.NUMBER
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat(), CellKind.DATE
        case str():
            return value, CellKind.FAULT if cell.data_type == "e" else CellKind.TEXT
        case _:
            return str(value), CellKind.DATE  # a span of time


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _damaged() -> InputError:
    return InputError(
        "The workbook is damaged, or made so that it breaks the reader.",
        "Open it in the program that made it and save it again, or save it as CSV.",
    )
