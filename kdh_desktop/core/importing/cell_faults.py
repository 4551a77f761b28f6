"""Cells of a table that a person should look at, gathered by what is the matter with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from kdh_desktop.core.importing.sheet_scan import column_letters
from kdh_desktop.core.importing.table import CellKind

NAMED_CELLS = 8
"""Cells of one fault that are named; more are counted."""

_MONTH = "(?:jan|feb|mar|mär|mrz|avr|apr|may|mai|jun|jul|aug|ago|sept?|oct|okt|out|nov|dec|dez|dic)"
_DATED_GENE = re.compile(
    rf"\d{{1,4}}[-. /]{{1,2}}{_MONTH}\.?|{_MONTH}\.?[-. /]\d{{1,4}}", re.IGNORECASE
)
"""What spreadsheets write into CSV for SEPT1, MARCH1 and DEC1."""

_CUT_NUMBER = re.compile(r"\d(?:[.,]\d+)?E\+?\d{1,3}", re.IGNORECASE)
"""What they write for an id of many digits, or for 2310009E13."""

_SAFE_DIGITS = 15


class CellFault(Enum):
    """What is the matter with a cell, as a sentence with room for its place."""

    DATE = (
        "{cells} a date where a text is expected: a spreadsheet may have changed a name such as "
        "SEPT1."
    )
    NUMBER = (
        "{cells} a number where a text is expected: a spreadsheet may have changed what was there."
    )
    TRUTH = "{cells} a truth value where a text is expected."
    ERROR = "{cells} an error of the spreadsheet, which was left out."
    NO_VALUE = "{cells} a formula without a value, which was left out."
    CUT_NUMBER = "{cells} a number that may have lost digits."
    MIXED = (
        "{cells} a date or a number in a column of texts: a spreadsheet may have changed a name "
        "such as SEPT1 or 2310009E13."
    )
    LOST_LETTER = (
        "{cells} the sign \ufffd, which another program wrote for letters that it could not read."
    )
    UNNAMED = "{cells} something beyond the last column that has a name."


_TEXT_FAULTS = {
    CellKind.DATE: CellFault.DATE,
    CellKind.NUMBER: CellFault.NUMBER,
    CellKind.TRUTH: CellFault.TRUTH,
    CellKind.FAULT: CellFault.ERROR,
    CellKind.FORMULA_WITHOUT_VALUE: CellFault.NO_VALUE,
}


def fault_of_text(text: str, kind: CellKind) -> CellFault | None:
    """What is the matter with a cell that should hold a text."""
    if kind is not CellKind.TEXT:
        return _TEXT_FAULTS[kind]
    if len(text) <= 12 and _DATED_GENE.fullmatch(text):
        return CellFault.DATE
    return None


def fault_of_id(text: str, kind: CellKind) -> CellFault | None:
    """What is the matter with a cell that should hold an id, which may be a number."""
    match kind:
        case CellKind.NUMBER:
            digits = len(text.lstrip("-0"))
            is_cut = digits > _SAFE_DIGITS or "e" in text
            return CellFault.CUT_NUMBER if is_cut else None
        case CellKind.TEXT:
            if len(text) <= 12 and _DATED_GENE.fullmatch(text):
                return CellFault.DATE
            return CellFault.CUT_NUMBER if _CUT_NUMBER.fullmatch(text) else None
        case _:
            return _TEXT_FAULTS[kind]


@dataclass(slots=True)
class CellFaults:
    """Faults of one table.

    Attributes:
        is_sheet: Whether cells have addresses such as ``B5``; else lines are named.
    """

    is_sheet: bool
    _counts: dict[CellFault, int] = field(default_factory=dict)
    _places: dict[CellFault, list[str]] = field(default_factory=dict)

    def add(self, fault: CellFault, row: int, place: int) -> None:
        """Note the fault of the cell in a row, at a place from 0."""
        self.add_column(fault, place, rows=(row,), count=1)

    def add_column(self, fault: CellFault, place: int, *, rows: Sequence[int], count: int) -> None:
        """Note faults of so many cells in one column, of which the first rows are given."""
        self._counts[fault] = self._counts.get(fault, 0) + count
        places = self._places.setdefault(fault, [])
        for row in rows[: NAMED_CELLS - len(places)]:
            places.append(self.address(row, place))

    def address(self, row: int, place: int) -> str:
        """How the cell in a row, at a place from 0, is called."""
        if self.is_sheet:
            return f"{column_letters(place)}{row}"
        return f"line {row} column {place + 1}"

    def notices(self) -> list[str]:
        """One sentence a kind of fault."""
        return [
            fault.value.format(cells=self._named(fault))
            for fault in CellFault
            if fault in self._counts
        ]

    def _named(self, fault: CellFault) -> str:
        """The beginning of a sentence: where the fault is."""
        places, count = self._places[fault], self._counts[fault]
        listed = ", ".join(places)
        if count > len(places):
            listed += f" and {count - len(places):,} more"
        if not self.is_sheet:
            return f"In {listed} is"
        return f"Cell {listed} holds" if count == 1 else f"Cells {listed} hold"


class OtherColumns:
    """Columns that have no role, of which only the end shows whether they hold texts."""

    def __init__(self, places: Iterable[int]) -> None:
        """Know nothing yet of the columns at these places."""
        self._texts = dict.fromkeys(places, 0)
        self._spoilt: dict[int, list[int]] = {place: [] for place in self._texts}
        self._counts = dict.fromkeys(self._texts, 0)

    def look_at(self, row: int, place: int, text: str, kind: CellKind) -> None:
        """Count one cell: a text, or what a spreadsheet may have made of one."""
        if kind not in {CellKind.TEXT, CellKind.NUMBER, CellKind.DATE}:
            return
        if fault_of_id(text, kind) is not None:
            self._counts[place] += 1
            if len(self._spoilt[place]) < NAMED_CELLS:
                self._spoilt[place].append(row)
        elif kind is CellKind.TEXT and text:
            self._texts[place] += 1

    def report(self, faults: CellFaults) -> None:
        """Tell of the cells that stand out in columns of texts."""
        for place, count in self._counts.items():
            if 0 < count < self._texts[place]:
                rows = self._spoilt[place]
                faults.add_column(CellFault.MIXED, place, rows=rows, count=count)
