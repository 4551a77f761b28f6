"""Where the next row of delimited text begins, after one whose quotation marks do not close.

A quotation mark that is not closed swallows all rows up to the next one, or up to the end of the
file. What follows is not lost: rows of one file look alike, so the lines that begin like all the
rows before are read again as rows of their own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

_TOKEN = re.compile(r"(?=\S*\d)\S{1,64}")
_MANY = 5
_MOST = 0.9


class _Beginning(Enum):
    """What the first cells of all rows so far are."""

    NUMBERS = "numbers"
    TOKENS = "tokens"
    ANY = "any"


@dataclass(slots=True)
class RowShape:
    """What the rows of one text have in common, learned from those that were read.

    Attributes:
        delimiter: Between cells.
        width: Cells of a row; 0 where not known yet.
    """

    delimiter: str
    width: int = 0
    _has_header: bool = False
    _beginning: _Beginning | None = None
    _spans_lines: bool = False

    def learn(self, cells: Sequence[str], lines: int) -> None:
        """Take a row that was read as an example; the first names the columns, as a rule."""
        if not cells or len(cells) != self.width:
            return
        if self._has_header:
            self._beginning = _weaker(self._beginning, cells[0].strip())
            self._spans_lines |= lines > 1
        self._has_header = True

    def begins_row(self, line: str, broken: str) -> bool:
        """Whether a line after a broken row, whose first line is given, begins another row."""
        cells, is_open = _alone(line, self.delimiter)
        if not any(cells) or not self.width:
            return any(cells)
        is_whole = len(cells) == self.width
        match self._beginning or _weaker(None, _alone(broken, self.delimiter)[0][0]):
            case _Beginning.NUMBERS:
                return cells[0].strip().isdecimal() and len(cells) > 1
            case _Beginning.TOKENS:
                return _TOKEN.fullmatch(cells[0].strip()) is not None and (is_whole or is_open)
            case _:
                return is_whole and (not self._spans_lines or line.startswith('"'))

    def has_swallowed(self, lines: Sequence[str]) -> bool:
        """Whether the second and later lines of one row are rows by themselves.

        One or two lines of a text may look so by chance, therefore a few need more than many:
        that they begin as all rows do, and number on.
        """
        rows = [cells for line in lines[1:] if (cells := self._tight_row(line)) is not None]
        if not rows or len(rows) < _MOST * (len(lines) - 1):
            return False
        if self._beginning in {_Beginning.NUMBERS, _Beginning.TOKENS}:
            first = _alone(lines[0], self.delimiter)[0][0].strip()
            numbers_on = first.isdecimal() and rows[0][0].strip() == str(int(first) + 1)
            return len(rows) > 1 or numbers_on
        return len(rows) >= _MANY and self.width > 1

    def _tight_row(self, line: str) -> list[str] | None:
        """The cells of a line that looks like a row; after the comma of a sentence is a blank."""
        cells, _ = _alone(line, self.delimiter)
        if len(cells) != self.width or self.width < 2 or cells[1][:1].isspace():
            return None
        fits = {
            _Beginning.NUMBERS: cells[0].strip().isdecimal(),
            _Beginning.TOKENS: _TOKEN.fullmatch(cells[0].strip()) is not None,
        }
        return cells if self._beginning is None or fits.get(self._beginning, True) else None


def _weaker(known: _Beginning | None, cell: str) -> _Beginning:
    """What is true of all cells so far and of this one."""
    if known is _Beginning.ANY:
        return known
    if cell.isdecimal() and known in {None, _Beginning.NUMBERS}:
        return _Beginning.NUMBERS
    return _Beginning.TOKENS if _TOKEN.fullmatch(cell) else _Beginning.ANY


def _alone(line: str, delimiter: str) -> tuple[list[str], bool]:
    """The cells of one line by itself, and whether its last one is left open."""
    try:
        cells = next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [""])
    except csv.Error:
        return [line], False
    return cells or [""], line.count('"') % 2 == 1
