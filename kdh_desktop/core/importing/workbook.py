"""Workbooks (.xlsx, .xlsm): values of one visible sheet, checked before they are unpacked."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import openpyxl

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.imported import Sheet
from kdh_desktop.core.importing.sheet_scan import SheetScan, scan_sheet
from kdh_desktop.core.importing.table import CellKind, TableLayout
from kdh_desktop.core.importing.table_parsing import RawRow, RawTable, TableFile
from kdh_desktop.core.importing.zipped import damaged, main_part, member_names, opened

_OTHER_KINDS = (
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("content.xml", "an OpenDocument file"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a presentation"),
)
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml"
_ESCAPED = re.compile(
    "_x(00[01][0-9A-Fa-f]|[dD][89a-fA-F][0-9A-Fa-f]{2}|[fF]{3}[eEfF])_"
    "|_x005[fF]_(?=x[0-9A-Fa-f]{4}_)"
)
"""Characters that XML cannot hold, as workbooks write them; and what only looks like one."""

_ZEROS = re.compile("0{2,32}")


def open_zipped_workbook(file: BinaryIO) -> TableFile:
    """A workbook that lies in a ZIP file.

    Raises:
        InputError: It is none, damaged, protected, or too large when unpacked.
    """
    with opened(file) as archive:
        names = set(member_names(archive))
        if "xl/workbook.bin" in names or "content.xml" in names:
            from kdh_desktop.core.importing.other_workbook import open_other_workbook

            return open_other_workbook(file, archive)
        check_members(archive)
        if (book := main_part(names)) is not None and _STRICT in archive.read(book):
            raise InputError(
                "The workbook is in the strict form of its format.",
                "Save it as an ordinary workbook (.xlsx) and try again.",
            )
        has_macros = any(name.endswith("vbaProject.bin") for name in names)
        return Workbook(file, has_macros=has_macros)


def check_members(archive: zipfile.ZipFile) -> list[str]:
    """Names of the members of a workbook, none of which has been unpacked yet.

    Raises:
        InputError: It is no workbook, made to break readers, or too large when unpacked.
    """
    names = member_names(archive)
    for name, what in _OTHER_KINDS:
        if name in names:
            raise InputError(f"This is {what}.", "Save it as .xlsx or .csv and try again.")
    if main_part(names) is None:
        raise InputError(
            "This is a ZIP file, not a workbook.", "Unpack it and choose the table in it."
        )
    return names


def choose_sheet(sheets: Sequence[Sheet], name: str | None) -> Sheet:
    """The sheet of a name, or the only one that is visible.

    Raises:
        InputError: There is none of that name, or not just one.
    """
    if name is not None:
        found = [sheet for sheet in sheets if sheet.name == name]
        if not found:
            raise InputError("The workbook has no sheet of that name.", _named(sheets))
        return found[0]
    visible = [sheet for sheet in sheets if not sheet.is_hidden]
    if len(visible) != 1:
        what = "several sheets" if visible else "no visible sheet"
        raise InputError(f"The workbook has {what}.", _named(visible or sheets))
    return visible[0]


def cell_of(value: object) -> tuple[str, CellKind]:
    """The text of a value that a library read, and what it is."""
    match value:
        case None:
            return "", CellKind.TEXT
        case bool():
            return str(value).upper(), CellKind.TRUTH
        case int():
            return str(value), CellKind.NUMBER
        case float():
            return _number(value), CellKind.NUMBER
        case dt.datetime() if value.time() == dt.time():
            return value.date().isoformat(), CellKind.DATE
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat(), CellKind.DATE
        case str():
            return value, CellKind.TEXT
        case _:
            return str(value), CellKind.DATE  # a span of time


class Workbook:
    """A workbook that openpyxl reads, row by row."""

    def __init__(self, file: BinaryIO, *, has_macros: bool) -> None:
        """Read everything but the sheets.

        Raises:
            InputError: It is damaged.
        """
        if not openpyxl.DEFUSEDXML:
            raise InputError("Workbooks cannot be read safely here.", "Install the program again.")
        self._file = file
        self._has_macros = has_macros
        try:
            self._book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except (InputError, MemoryError):
            raise
        except Exception as error:  # a damaged file can break the library anywhere
            raise damaged() from error

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """All that hold cells; charts on sheets of their own do not."""
        return tuple(
            Sheet(str(sheet.title), is_hidden=sheet.sheet_state != "visible", rows=None)
            for sheet in self._book.worksheets
        )

    def read(self, layout: TableLayout) -> RawTable:
        """All rows with a cell of one sheet.

        Raises:
            InputError: It is damaged, or there is no such sheet, or not just one.
        """
        name = choose_sheet(self.sheets, layout.sheet).name
        sheet = next(one for one in self._book.worksheets if one.title == name)
        with opened(self._file) as archive:
            scan = _scan(archive, sheet)
        notices = []
        if self._has_macros:
            notices.append("The workbook holds macros; only its values were read.")
        if scan.has_unplaced:
            notices.append(
                "Formulas without a value were left out, and their cells cannot be named; saved "
                "by a spreadsheet program the workbook holds their values."
            )
        if scan.hidden_rows:
            notices.append(
                f"Rows that the sheet hides ({len(scan.hidden_rows)}) were read like the others."
            )
        return RawTable(_rows(sheet, scan), notices, merged=scan.merged)


def _scan(archive: zipfile.ZipFile, sheet: Any) -> SheetScan:
    # The library knows which part of the file a sheet is, and does not say it otherwise.
    member = sheet._worksheet_path.lstrip("/")  # noqa: SLF001
    return scan_sheet(archive, member)


def _named(sheets: Sequence[Sheet]) -> str:
    return f"Name one of its sheets: {', '.join(sheet.name for sheet in sheets[:20])}."


def _rows(sheet: Any, scan: SheetScan) -> Iterator[RawRow]:
    # What a sheet says of its own size may be wrong; without it the library looks.
    sheet.reset_dimensions()
    unvalued_rows = {row for row, _ in scan.unvalued}
    try:
        for number, row in enumerate(sheet.iter_rows(), 1):
            if not row:
                continue
            read = [_read(cell) for cell in row]
            texts, kinds = [text for text, _ in read], [kind for _, kind in read]
            if number in unvalued_rows:
                for column in range(1, len(read) + 1):
                    if not texts[column - 1] and (number, column) in scan.unvalued:
                        kinds[column - 1] = CellKind.FORMULA_WITHOUT_VALUE
            yield RawRow(number, texts, "".join(kinds))
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a damaged file can break the library anywhere
        raise damaged() from error


def _read(cell: Any) -> tuple[str, CellKind]:
    value = cell.value
    match value:
        case str():
            if "_x" in value:
                value = _ESCAPED.sub(lambda match: chr(int(match[1] or "5F", 16)), value)
            return value, CellKind.FAULT if cell.data_type == "e" else CellKind.TEXT
        case int() if not isinstance(value, bool) and _ZEROS.fullmatch(cell.number_format):
            # A number that is shown with zeros before it, as ids are.
            return str(value).zfill(len(cell.number_format)), CellKind.NUMBER
        case _:
            return cell_of(value)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
