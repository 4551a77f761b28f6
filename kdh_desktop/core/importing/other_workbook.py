"""Workbooks in other formats than .xlsx (.xls, .xlsb, .ods), by calamine.

It is quick, and ends its process on a sheet whose cells lie far apart: only the disposable process
loads it. It gives no formulas and takes errors for empty cells, which a notice says.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.imported import Sheet
from kdh_desktop.core.importing.table import TableLayout
from kdh_desktop.core.importing.table_parsing import RawRow, RawTable, TableFile
from kdh_desktop.core.importing.workbook import cell_of, choose_sheet
from kdh_desktop.core.importing.zipped import check_whole, damaged

_SHEET_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_OLD_WORKBOOK_STREAMS = ("Workbook", "Book")
_PROTECTED_STREAM = "EncryptedPackage"
_NO_FAULTS = (
    "In this format, errors and formulas without a value cannot be told from empty cells; "
    "saved as .xlsx they are pointed out."
)


def open_other_workbook(file: BinaryIO, archive: zipfile.ZipFile) -> TableFile:
    """A workbook in a ZIP file whose members were checked: .xlsb or .ods.

    Raises:
        InputError: It is none, damaged or protected.
    """
    names = archive.namelist()
    if "content.xml" in names:
        kind = archive.read("mimetype") if "mimetype" in names else _SHEET_TYPE
        if not kind.startswith(_SHEET_TYPE):
            raise InputError(
                "This is an OpenDocument file, but no spreadsheet.",
                "Save its text as .docx or .txt and try again.",
            )
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise _protected()
        if b"<!ENTITY" in archive.read("content.xml"):
            raise damaged()
    check_whole(archive)
    return OtherWorkbook(file)


def open_old_workbook(file: BinaryIO) -> TableFile:
    """A workbook in an OLE file: .xls, or a protected one in a newer format.

    Raises:
        InputError: It is none, damaged or protected.
    """
    data = file.read()
    if _PROTECTED_STREAM.encode("utf-16-le") in data:
        raise _protected()
    if not any(name.encode("utf-16-le") in data for name in _OLD_WORKBOOK_STREAMS):
        raise InputError(
            "This is an old Office file, but no workbook.",
            "Save it as .docx, .xlsx or .txt and try again.",
        )
    return OtherWorkbook(file)


class OtherWorkbook:
    """A workbook that calamine reads, sheet by sheet."""

    def __init__(self, file: BinaryIO) -> None:
        """Read what it says of its sheets.

        Raises:
            InputError: It is damaged or protected.
        """
        file.seek(0)
        try:
            self._book = CalamineWorkbook.from_filelike(file)
        except PasswordError as error:
            raise _protected() from error
        except (CalamineError, OSError, ValueError) as error:
            raise damaged() from error

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """All sheets."""
        return tuple(
            Sheet(one.name, is_hidden=one.visible != SheetVisibleEnum.Visible, rows=None)
            for one in self._book.sheets_metadata
        )

    def read(self, layout: TableLayout) -> RawTable:
        """All rows of one sheet.

        Raises:
            InputError: It is damaged, or there is no such sheet, or not just one.
        """
        name = choose_sheet(self.sheets, layout.sheet).name
        try:
            sheet = self._book.get_sheet_by_name(name)
        except (CalamineError, OSError, ValueError) as error:
            raise damaged() from error
        merged = tuple(_range(*one) for one in sheet.merged_cell_ranges or ())
        return RawTable(_rows(sheet), [_NO_FAULTS], merged=merged)


def _rows(sheet: Any) -> Iterator[RawRow]:
    if sheet.start is None:
        return
    margin = [""] * sheet.start[1]
    try:
        for number, row in enumerate(sheet.iter_rows(), 1):
            read = [cell_of(value if value != "" else None) for value in row]
            if any(text for text, _ in read):
                texts = [*margin, *(text for text, _ in read)]
                kinds = "".join(kind for _, kind in read)
                yield RawRow(number, texts, "t" * len(margin) + kinds)
    except CalamineError as error:
        raise damaged() from error


def _range(start: tuple[int, int], end: tuple[int, int]) -> str:
    from kdh_desktop.core.importing.sheet_scan import column_letters

    return ":".join(f"{column_letters(column)}{row + 1}" for row, column in (start, end))


def _protected() -> InputError:
    return InputError(
        "The workbook is protected by a password.",
        "Open it with the password and save a copy without one.",
    )
