"""The columns of a table that was opened, and the rows below their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.cell_text import clean_cell
from kdh_desktop.core.importing.column_guess import LOOKED_AT_ROWS, guess_columns
from kdh_desktop.core.importing.sheet_scan import column_letters
from kdh_desktop.core.importing.table_parsing import MAX_COLUMNS, RawRow, RawTable, too_wide

SHOWN_ABOVE = 40
"""Rows up to the header that are shown, so that another can be chosen."""


@dataclass(frozen=True, slots=True)
class TableHead:
    """What the beginning of a table tells.

    Attributes:
        header_row: Number of the row that names the columns; 0 where none does.
        columns: Their names; one without a name is called by its letters.
        above: Rows up to and with that row.
        first: The first rows of the table, for a guess.
        below: The rows below it, which can be gone through once.
        is_sheet: Whether cells have addresses.
    """

    header_row: int
    columns: tuple[str, ...]
    above: tuple[RawRow, ...]
    first: tuple[RawRow, ...]
    below: Iterator[RawRow]
    is_sheet: bool


def head_of(table: RawTable, header_row: int | None) -> TableHead:
    """Read a table up to the first rows below the names of its columns.

    Args:
        table: The table.
        header_row: As in `TableLayout`; None for the likeliest.

    Raises:
        InputError: That row is empty or cannot be read, or there are too many columns.
    """
    rows = iter(table.rows)
    first = tuple(islice(rows, LOOKED_AT_ROWS))
    if header_row is None:
        header_row = guess_columns(first).header_row
    elif header_row:
        header_row = max(header_row, table.first_row)
    above: list[RawRow] = []
    rest = chain(first, rows)
    if header_row:
        for row in rest:
            if row.number <= header_row and len(above) < SHOWN_ABOVE:
                above.append(row)
            if row.number >= header_row:
                break
        else:
            row = RawRow(header_row, [])
        if row.number > header_row or row.is_empty or row.problem:
            raise InputError(
                f"Row {header_row} is empty or cannot be read, and should name the columns.",
                "Say which row names them, or that none does.",
            )
        names = row.cells
    else:
        names = []
    soon = tuple(islice(rest, LOOKED_AT_ROWS))
    columns = _columns(names, soon, is_sheet=table.is_sheet)
    return TableHead(header_row, columns, tuple(above), first, chain(soon, rest), table.is_sheet)


def name_of(place: int) -> str:
    """What a column without a name is called."""
    return f"Column {column_letters(place)}"


def width_of(cells: Sequence[str]) -> int:
    """Cells up to the last one that holds something."""
    return max((place for place, cell in enumerate(cells, 1) if cell.strip()), default=0)


def _columns(names: Sequence[str], below: Sequence[RawRow], *, is_sheet: bool) -> tuple[str, ...]:
    """Names up to the last column that has one or, in the first rows, something below it."""
    widths = [width_of(row.cells) for row in below]
    if is_sheet:
        # Far cells are no columns; they are dealt with row by row.
        filled = max((width for width in widths if width <= MAX_COLUMNS), default=0)
    elif names:
        filled = min(len(names), max(widths, default=0))
    else:
        usual = Counter(len(row.cells) for row in below if not row.problem and any(row.cells))
        filled = usual.most_common(1)[0][0] if usual else 0
    width = max(width_of(names), filled)
    if width > MAX_COLUMNS:
        raise too_wide()
    given = [" ".join(clean_cell(name)[0].split()) for name in names[:width]]
    given += [""] * (width - len(given))
    return tuple(name or name_of(place) for place, name in enumerate(given))
