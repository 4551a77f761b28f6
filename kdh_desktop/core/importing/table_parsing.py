"""The parsing of tables, which runs in the disposable process only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.table import CellKind, TableLayout
from kdh_desktop.core.importing.text_file import read_bytes
from kdh_desktop.core.json_values import build

MAX_FILE_BYTES = 200_000_000
MAX_COLUMNS = 1_000

_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_PROTECTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as a format gives it: its number, its cells, and their kinds (empty: all text)."""

    number: int
    cells: list[str]
    kinds: str = ""


@dataclass(frozen=True, slots=True)
class RawTable:
    """Rows of a sheet or text, header and all before it included, and notices."""

    rows: Iterable[RawRow]
    notices: list[str]


def parse_table(argument: dict[str, Any]) -> Iterator[Any]:
    """Header first, as an object; then ``[number, cells, kinds]`` or ``[number, reason, ""]``.

    Raises:
        InputError: It is no table, damaged, protected, too large, or laid out otherwise.
    """
    layout = build(TableLayout, argument["layout"], "layout")
    data = read_bytes(Path(argument["path"]), max_bytes=MAX_FILE_BYTES)
    table = _table_of(data, layout)
    rows = iter(table.rows)
    header = next((row for row in rows if row.number >= layout.header_row), None)
    if header is None or header.number > layout.header_row or not any(header.cells):
        raise InputError(
            f"Row {layout.header_row} is empty, and should name the columns.",
            "Write the names of the columns there, or say which row names them.",
        )
    columns = _without_end(header.cells)
    if len(columns) > MAX_COLUMNS:
        raise _too_wide()
    yield {"columns": [name.strip() for name in columns], "notices": table.notices}
    yield from _below(rows, len(columns))


def _table_of(data: bytes, layout: TableLayout) -> RawTable:
    if not data:
        raise InputError("The file is empty.", "Choose a file that holds a table.")
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"The file is larger than {MAX_FILE_BYTES // 1_000_000} MB.", "Divide it.")
    if data.startswith(b"PK\x03\x04"):
        from kdh_desktop.core.importing.workbook import parse_workbook

        return parse_workbook(data, layout)
    if data.startswith(_OLD_OFFICE):
        if _PROTECTED in data:
            raise InputError(
                "The workbook is protected by a password.",
                "Open it with the password and save a copy without one.",
            )
        raise InputError("This is an old workbook (.xls).", "Save it as .xlsx and try again.")
    from kdh_desktop.core.importing.delimited import parse_delimited

    return parse_delimited(data, layout)


def _below(rows: Iterator[RawRow], width: int) -> Iterator[Any]:
    for row in rows:
        cells = _without_end(row.cells)
        is_empty = not cells and CellKind.FORMULA_WITHOUT_VALUE not in row.kinds
        if is_empty:
            continue
        if len(cells) > width:
            reason = f"It has {len(cells)} cells, and the header has {width}."
            yield [row.number, reason, ""]
        elif len(row.cells) < width and not row.kinds:
            reason = f"It has {len(row.cells)} cells, and the header has {width}."
            yield [row.number, reason, ""]
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


def _too_wide() -> InputError:
    return InputError(
        f"The table has more than {MAX_COLUMNS} columns.",
        "Keep the columns that are needed, and delete the others.",
    )
