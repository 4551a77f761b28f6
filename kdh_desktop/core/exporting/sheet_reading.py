"""Follow the XML of a sheet, and see how far the sheet reaches.

Pieces are parsed as they come, so that a sheet of any size takes little memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.parsers import expat

from kdh_desktop.core.exporting.xml_edit import make_parser
from kdh_desktop.core.importing.zipped import damaged

MAX_COLUMNS = 16_384
_CONTENT = frozenset(("v", "f", "is"))
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]+)")


@dataclass(slots=True)
class Survey:
    """How far a sheet reaches.

    Attributes:
        last_column: Last column with content, from 1; also of cells that are merged.
        last_row: Last row with content, from 1.
        header_style: Style of the last header cell, or empty.
        filter_area: Area of the sheet's filter, or empty.
        is_protected: Whether the sheet is protected against changes.
    """

    last_column: int = 0
    last_row: int = 0
    header_style: str = ""
    filter_area: str = ""
    is_protected: bool = False


def letters_of(column: int) -> str:
    """Letters of a column: 1 is A, 28 is AB."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_and_row(place: str) -> tuple[int, int]:
    """Column and row of a cell's place, such as ``B7`` or ``$B$7``.

    Raises:
        InputError: It is none.
    """
    match = _PLACE.fullmatch(place)
    if match is None:
        raise damaged()
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column, int(match[2])


def corners(area: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and last cell of an area such as ``A1:G9``; of a single cell, that one twice."""
    first, _, last = area.partition(":")
    return column_and_row(first), column_and_row(last or first)


def widened(area: str, last_column: int) -> str:
    """An area that reaches to another last column."""
    (left, top), (_, bottom) = corners(area)
    return f"{letters_of(left)}{top}:{letters_of(last_column)}{bottom}"


def survey_sheet(pieces: Iterable[bytes], *, header_row: int) -> Survey:
    """Look how far a sheet reaches; what it says of its own size is not believed.

    Raises:
        InputError: It is damaged.
    """
    reading = _Surveying(header_row)
    for piece in pieces:
        reading.take(piece)
    return reading.finish()


class SheetReading:
    """Follows a sheet as it is parsed; knows in which part, row and column it is."""

    def __init__(self) -> None:
        self._parser = make_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._depth = 0
        self._prefix = ""
        self._part = ""
        self._row = 0
        self._column = 0

    def parse(self, piece: bytes, *, is_last: bool) -> None:
        """Go on with the next piece.

        Raises:
            InputError: It is damaged, or declares a document type.
        """
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            raise damaged() from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        depth, self._depth = self._depth, self._depth + 1
        if depth == 0:
            self._prefix = name[: name.index(":") + 1] if ":" in name else ""
            return
        local = name[len(self._prefix) :]
        if depth == 1:
            self._part = local
            self._start_part(local, attributes)
        elif self._part != "sheetData":
            self._start_member(local, attributes)
        elif depth == 2:
            self._row = whole_number(attributes.get("r"), self._row + 1)
            self._column = 0
            self._start_row()
        elif depth == 3:
            place = attributes.get("r")
            self._column = column_and_row(place)[0] if place else self._column + 1
            self._start_cell(attributes)
        elif depth == 4 and local in _CONTENT:
            self._start_content()

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._end_sheet()
        elif self._depth == 1:
            self._end_part(name[len(self._prefix) :])
        elif self._part == "sheetData" and self._depth == 2:
            self._end_row()
        elif self._part == "sheetData" and self._depth == 3:
            self._end_cell()

    def _start_part(self, local: str, attributes: dict[str, str]) -> None:
        """A part of the sheet begins."""

    def _end_part(self, local: str) -> None:
        """A part of the sheet ends."""

    def _end_sheet(self) -> None:
        """The sheet ends."""

    def _start_member(self, local: str, attributes: dict[str, str]) -> None:
        """Something begins in a part that does not hold cells."""

    def _start_row(self) -> None:
        """A row begins."""

    def _end_row(self) -> None:
        """A row ends."""

    def _start_cell(self, attributes: dict[str, str]) -> None:
        """A cell begins."""

    def _start_content(self) -> None:
        """The cell is not empty."""

    def _end_cell(self) -> None:
        """A cell ends."""


class _Surveying(SheetReading):
    def __init__(self, header_row: int) -> None:
        super().__init__()
        self.survey = Survey()
        self._header_row = header_row
        self._style = ""

    def take(self, piece: bytes) -> None:
        self.parse(piece, is_last=False)

    def finish(self) -> Survey:
        self.parse(b"", is_last=True)
        return self.survey

    def _start_part(self, local: str, attributes: dict[str, str]) -> None:
        survey = self.survey
        if local == "autoFilter":
            survey.filter_area = attributes.get("ref", "")
        elif local == "sheetProtection":
            survey.is_protected = attributes.get("sheet") in {"1", "true"}

    def _start_member(self, local: str, attributes: dict[str, str]) -> None:
        if local == "mergeCell":
            _, (column, row) = corners(attributes.get("ref", ""))
            if row >= self._header_row:
                self.survey.last_column = max(self.survey.last_column, column)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._style = attributes.get("s", "")

    def _start_content(self) -> None:
        survey = self.survey
        survey.last_column = max(survey.last_column, self._column)
        survey.last_row = max(survey.last_row, self._row)
        if self._row == self._header_row:
            survey.header_style = self._style


def whole_number(text: str | None, otherwise: int) -> int:
    """A number in an attribute, or another where there is no such attribute.

    Raises:
        InputError: It is no number.
    """
    if text is None:
        return otherwise
    try:
        return int(text)
    except ValueError as error:
        raise damaged() from error
