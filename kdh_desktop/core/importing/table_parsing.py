"""The parsing of tables, which runs in the disposable process only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.imported import Sheet
from kdh_desktop.core.importing.source_file import open_source
from kdh_desktop.core.importing.table import CellKind, TableLayout
from kdh_desktop.core.json_values import build

MAX_COLUMNS = 1_000

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as a format gives it.

    Attributes:
        number: Row of a sheet, or line of a text that it begins in, from 1.
        cells: Its texts.
        kinds: One `CellKind` letter a cell; empty where all are text.
        problem: Why it cannot be read, as one sentence; empty where it can.
    """

    number: int
    cells: list[str]
    kinds: str = ""
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it that a person wrote."""
        is_blank = not self.problem and CellKind.FORMULA_WITHOUT_VALUE not in self.kinds
        return is_blank and not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class RawTable:
    """A sheet or text, header and all before it included.

    Attributes:
        rows: In rising order; may leave out empty ones.
        notices: What a person should know of it; may grow while rows are read.
        is_sheet: Whether its cells have addresses, so that a row of another width is no fault.
        first_row: Where the table begins: later than 1 where a line names the delimiter.
        merged: Cells that are merged, as ranges such as ``A1:C1``.
    """

    rows: Iterable[RawRow]
    notices: list[str]
    is_sheet: bool = True
    first_row: int = 1
    merged: tuple[str, ...] = ()


class TableFile(Protocol):
    """An open file that holds tables."""

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """Sheets of a workbook in its order; none of a text."""

    def read(self, layout: TableLayout) -> RawTable:
        """One of its tables.

        Raises:
            InputError: It is damaged, or there is none of that name, or not just one.
        """


def parse_table(argument: dict[str, Any]) -> Iterator[Any]:
    """Names of the columns; then ``[number, cells, kinds]`` or ``[number, reason, ""]``; notices.

    Raises:
        InputError: It is no table, damaged, protected, too large, or laid out otherwise.
    """
    layout = build(TableLayout, argument["layout"], "layout")
    with open_source(Path(argument["path"])) as file:
        table = open_table(file).read(layout)
        rows = iter(table.rows)
        named = max(layout.header_row or 1, table.first_row)
        header = next((row for row in rows if row.number >= named), None)
        if header is None or header.number > named or not any(header.cells):
            raise InputError(
                f"Row {named} is empty, and should name the columns.",
                "Write the names of the columns there, or say which row names them.",
            )
        columns = _without_end(header.cells)
        if len(columns) > MAX_COLUMNS:
            raise too_wide()
        yield {"columns": [name.strip() for name in columns]}
        has_nul = False
        for row in _below(rows, len(columns)):
            if isinstance(row[1], list) and any("\0" in cell for cell in row[1]):
                has_nul = True
                row[1] = [cell.replace("\0", "") for cell in row[1]]
            yield row
        if has_nul:
            table.notices.append("Characters without meaning (NUL) were taken out.")
        yield {"notices": table.notices}


def open_table(file: BinaryIO) -> TableFile:
    """The tables of a file, told apart by content.

    Raises:
        InputError: It is no table, damaged or protected.
    """
    head = file.read(8)
    file.seek(0)
    if head.startswith(_ZIP):
        from kdh_desktop.core.importing.workbook import open_zipped_workbook

        return open_zipped_workbook(file)
    if head.startswith(_OLD_OFFICE):
        from kdh_desktop.core.importing.other_workbook import open_old_workbook

        return open_old_workbook(file)
    from kdh_desktop.core.importing.delimited import DelimitedText

    return DelimitedText(file)


def misfit(cells: int, width: int) -> str:
    """Why a row does not fit under a header, as one sentence."""
    return f"It has {cells} cells, and the header has {width}."


def too_wide() -> InputError:
    """The failure of a table of too many columns."""
    return InputError(
        f"The table has more than {MAX_COLUMNS} columns.",
        "Keep the columns that are needed, and delete the others.",
    )


def _below(rows: Iterator[RawRow], width: int) -> Iterator[Any]:
    for row in rows:
        if row.is_empty:
            continue
        cells = _without_end(row.cells)
        if row.problem:
            yield [row.number, row.problem, ""]
        elif len(cells) > width:
            yield [row.number, misfit(len(cells), width), ""]
        elif len(row.cells) < width and not row.kinds:
            yield [row.number, misfit(len(row.cells), width), ""]
        else:
            full = [*row.cells[:width], *[""] * (width - len(row.cells))]
            kinds = row.kinds[:width].ljust(width, CellKind.TEXT) if row.kinds else ""
            yield [row.number, full, kinds]


def _without_end(cells: list[str]) -> list[str]:
    """The cells without empty ones at the end."""
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]
