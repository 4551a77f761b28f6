"""Records as an Excel workbook, written row by row so that memory stays flat.

Every text is a text cell with the format for text, whatever it looks like: nothing is run as a
formula, followed as a link, or turned into a number, a date or a truth value.
"""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from traceback import walk_tb
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.exporting.outcome import Cut, ExportOutcome
from kdh_desktop.core.exporting.provenance import Provenance
from kdh_desktop.core.exporting.rows import Cell, Row
from kdh_desktop.core.exporting.xml_edit import make_parser
from kdh_desktop.core.importing.zipped import main_part

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ROWS = 1_048_576
"""Rows of a sheet, header included; what is more goes to further sheets."""
MAX_COLUMNS = 16_384
MAX_CELL_UNITS = 32_767
"""UTF-16 units that a cell holds; an emoji takes two."""

_OPTIONS: dict[str, Any] = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "use_zip64": True,
}
_PIECE_BYTES = 1 << 20
_WIDE, _NARROW = 48, 14
_WIDE_TITLES = {"title", "abstract", "text", "labels"}


def check_columns(count: int) -> None:
    """Refuse more columns than a sheet has, before any work is done.

    Raises:
        InputError: There are more.
    """
    if count > MAX_COLUMNS:
        raise InputError(
            f"A sheet holds {MAX_COLUMNS:,} columns, and there are {count:,}.",
            "Choose fewer columns, or save as CSV.",
        )


def write_workbook(
    rows: Iterable[Row],
    path: Path,
    *,
    titles: Sequence[str],
    provenance: Provenance,
    max_rows: int = MAX_ROWS,
) -> ExportOutcome:
    """Write a workbook with the rows, and a sheet that says where their labels come from.

    Args:
        rows: The records.
        path: Where to write; files on the way lie in the same folder.
        titles: Names of the columns.
        provenance: What is known of the records when all have passed.
        max_rows: Rows of a sheet, header included.

    Raises:
        OSError: The file could not be written.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError

    book = Workbook(str(path), {**_OPTIONS, "tmpdir": str(path.parent)})
    try:
        writing = _Writing(book, titles)
        waiting = iter(rows)
        number = 1
        while (first := next(waiting, None)) is not None or number == 1:
            own = islice(waiting, max_rows - 2)
            writing.add_sheet(number, chain([first] if first is not None else [], own))
            number += 1
        _add_about(book, provenance, writing)
        book.close()
    except BaseException as error:
        _abandon(book, error)
        if isinstance(error, FileCreateError) and isinstance(error.__context__, OSError):
            raise error.__context__ from error
        raise
    notices = []
    if number > 2:
        notices.append(
            f"A sheet holds {max_rows - 1:,} records, so there are {number - 1} sheets of them."
        )
    return ExportOutcome(writing.written, (path,), tuple(writing.cuts), tuple(notices))


def is_sound(path: Path) -> bool:
    """Whether every part of a finished workbook can be read back, and every sheet is sound XML."""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                _read_back(archive, member)
            return main_part(archive.namelist()) is not None
    except (OSError, zipfile.BadZipFile, EOFError, zlib.error, expat.ExpatError, InputError):
        return False


def _read_back(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read a part to its end, where its checksum is compared; only sheets are looked into."""
    is_sheet = PurePosixPath(member.filename.casefold()).match("worksheets/*.xml")
    parser = make_parser() if is_sheet else None
    with archive.open(member) as part:
        while piece := part.read(_PIECE_BYTES):
            if parser is not None:
                parser.Parse(piece, False)  # noqa: FBT003 - the library's own signature
    if parser is not None:
        parser.Parse(b"", True)  # noqa: FBT003 - the library's own signature


@dataclass(frozen=True, slots=True)
class _Formats:
    header: Any
    text: Any
    probability: Any


class _Writing:
    """The sheets of records of one workbook."""

    def __init__(self, book: Any, titles: Sequence[str]) -> None:
        as_text = {"num_format": "@", "quote_prefix": True}
        self.formats = _Formats(
            header=book.add_format({**as_text, "bold": True, "bottom": 1, "valign": "top"}),
            text=book.add_format({**as_text, "valign": "top"}),
            probability=book.add_format({"num_format": "0.000", "valign": "top"}),
        )
        self.cuts: list[Cut] = []
        self.written = 0
        self._book = book
        self._titles = titles

    def add_sheet(self, number: int, rows: Iterator[Row]) -> None:
        name = "Records" if number == 1 else f"Records {number}"
        sheet = _added_sheet(self._book, name)
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(self._titles):
            is_wide = title.casefold() in _WIDE_TITLES
            sheet.set_column(column, column, _WIDE if is_wide else _NARROW)
            self._write(sheet, (0, column), title, record_id=0)
        place = 0
        for place, row in enumerate(rows, 1):
            for column, cell in enumerate(row.cells):
                self._write(sheet, (place, column), cell, record_id=row.record_id)
        self.written += place
        if self._titles:
            sheet.autofilter(0, 0, place, len(self._titles) - 1)

    def _write(self, sheet: Any, at: tuple[int, int], cell: Cell, *, record_id: int) -> None:
        match cell:
            case None | "":
                return
            case str():
                self._write_text(sheet, at, cell, record_id=record_id)
            case int():
                sheet.write_number(*at, cell)
            case float():
                sheet.write_number(*at, cell, self.formats.probability)

    def _write_text(self, sheet: Any, at: tuple[int, int], text: str, *, record_id: int) -> None:
        lines = text.replace("\r\n", "\n").replace("\r", "\n")
        fitting = fit(lines)
        text_format = self.formats.text if at[0] else self.formats.header
        if sheet.write_string(*at, fitting, text_format) != 0 or len(fitting) < len(lines):
            cut = Cut(record_id, self._titles[at[1]], len(fitting), len(lines))
            self.cuts.append(cut)


def _added_sheet(book: Any, name: str) -> Any:
    from kdh_desktop.core.exporting.text_sheet import TextSheet

    return book.add_worksheet(name, TextSheet)


def fit(text: str, units: int = MAX_CELL_UNITS) -> str:
    """The text, cut where it needs more than so many UTF-16 units; no character is halved."""
    if len(text) * 2 <= units or len(text.encode("utf-16-le", "surrogatepass")) <= units * 2:
        return text
    cut = text.encode("utf-16-le", "surrogatepass")[: units * 2]
    return cut.decode("utf-16-le", "ignore")


def _add_about(book: Any, provenance: Provenance, writing: _Writing) -> None:
    sheet = _added_sheet(book, "Provenance")
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 72)
    lines = [*provenance.lines(), ("Texts cut to the length of a cell", len(writing.cuts))]
    for row, (name, value) in enumerate(lines):
        sheet.write_string(row, 0, name, writing.formats.header)
        if isinstance(value, str):
            sheet.write_string(row, 1, fit(value), writing.formats.text)
        elif value is not None:
            sheet.write_number(row, 1, value)


def _abandon(book: Any, error: BaseException) -> None:
    """Let go of a workbook that will not be finished, without another try to write it.

    The library leaves the file open that it was writing, so that the folder could not be deleted
    everywhere. It is found in the calls that failed.
    """
    book.fileclosed = True
    writers = list(book.worksheets())
    for one in (error, error.__context__):
        if one is not None:
            writers += [frame.f_locals.get("self") for frame, _ in walk_tb(one.__traceback__)]
    for writer in writers:
        for file in (getattr(writer, "fh", None), getattr(writer, "row_data_fh", None)):
            if file is not None:
                with contextlib.suppress(OSError, ValueError):
                    file.close()
