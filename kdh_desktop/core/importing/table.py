"""Tables out of spreadsheets and delimited text, read to the letter.

Nothing is guessed that a user could not see: rows that do not fit are listed with their numbers,
cells that are no text are marked, hidden sheets are not read unless they are named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Any

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.sandbox import DEFAULT_LIMITS, Limits, run_in_child
from kdh_desktop.core.json_values import to_json_value

_NEVER = Event().is_set


class CellKind(StrEnum):
    """What a cell holds; only workbooks have other cells than text."""

    TEXT = "t"
    NUMBER = "n"
    DATE = "d"
    TRUTH = "b"
    FAULT = "e"
    FORMULA_WITHOUT_VALUE = "f"


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a table lies in its file.

    Attributes:
        sheet: Name of the sheet; None where the workbook has one that is visible.
        header_row: Number of the row that names the columns, from 1; 0 where none does, and None
            where the likeliest is to be found, which only `inspect_file` does.
        encoding: Of delimited text, as Python names it; None for UTF-8 or what a mark says.
        delimiter: Of delimited text; None to take the one that gives even rows.
    """

    sheet: str | None = None
    header_row: int | None = 1
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row below the header.

    Attributes:
        number: Row of a sheet, or line of a text that it begins in, from 1.
        cells: One text a column.
        kinds: One `CellKind` letter a column; empty where all are text.
    """

    number: int
    cells: tuple[str, ...]
    kinds: str = ""

    def kind(self, column: int) -> CellKind:
        """What the cell in a column holds."""
        return CellKind(self.kinds[column]) if self.kinds else CellKind.TEXT


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that does not fit under the header, and why as one sentence."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds.

    Attributes:
        columns: Names as they are written, blanks around them taken off; they may repeat.
        rows: Rows that fit, in order; rows without any content are left out.
        rejected: Rows that do not.
        notices: What the user should know of the file as a whole.
    """

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    rejected: tuple[RejectedRow, ...]
    notices: tuple[str, ...]

    def column(self, name: str) -> int:
        """Place of the column called `name`.

        Raises:
            InputError: There is none, or more than one.
        """
        places = [place for place, column in enumerate(self.columns) if column == name]
        if len(places) == 1:
            return places[0]
        if places:
            raise InputError(
                f"{len(places)} columns are called {name!r}.", "Give each column its own name."
            )
        raise InputError(
            f"There is no column called {name!r}.",
            f"Choose one of these: {_listed(self.columns)}.",
        )


def read_table(
    path: Path,
    layout: TableLayout,
    *,
    limits: Limits = DEFAULT_LIMITS,
    should_stop: Callable[[], bool] = _NEVER,
) -> Table:
    """Read a workbook or delimited text, told apart by content, in a disposable process.

    Raises:
        InputError: It is neither, damaged, protected, too large, or laid out otherwise.
        Cancelled: `should_stop` said so.
    """
    from kdh_desktop.core.importing.table_parsing import parse_table

    argument = {"path": str(path.absolute()), "layout": to_json_value(layout)}
    answer = run_in_child(parse_table, argument, limits=limits, should_stop=should_stop)
    head, *rest, end = answer
    rows: list[TableRow] = []
    rejected: list[RejectedRow] = []
    for number, content, kinds in rest:
        if isinstance(content, str):
            rejected.append(RejectedRow(number, content))
        else:
            rows.append(TableRow(number, tuple(content), kinds))
    columns, notices = _texts(head["columns"]), _texts(end["notices"])
    return Table(columns, tuple(rows), tuple(rejected), notices)


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _listed(columns: Sequence[str], most: int = 20) -> str:
    named = [column for column in columns if column]
    return ", ".join(named[:most]) + (" and others" if len(named) > most else "")
