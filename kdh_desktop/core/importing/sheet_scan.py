"""What the XML of a sheet says that the reader of its values does not tell.

The parts are looked through in pieces and not parsed, so that a large sheet costs a second and
little memory.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass

from kdh_desktop.core.importing.zipped import damaged, pieces_of

_OVERLAP = 40_000
"""More than the longest formula, so that no cell is cut between two pieces."""

_NAME = rb"(?:\w+:)?"
_FORMULA_WITHOUT_VALUE = re.compile(
    rb"<" + _NAME + rb"c\b(?P<attributes>[^<>]*)>\s*"
    rb"<" + _NAME + rb"f\b(?:[^<>]*/>|[^<>]*>[^<]*</" + _NAME + rb"f>)\s*"
    rb"(?P<value><" + _NAME + rb"v\s*/>|<" + _NAME + rb"v>\s*</" + _NAME + rb"v>)?\s*"
    rb"</" + _NAME + rb"c>"
)
_ADDRESS = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_TEXT_RESULT = re.compile(rb'\bt="str"')
_HIDDEN_ROW = re.compile(rb"<" + _NAME + rb'row\b[^<>]*\bhidden="(?:1|true)"[^<>]*>')
_ROW_NUMBER = re.compile(rb'\br="([0-9]{1,7})"')
_ANY_ROW_NUMBER = re.compile(rb"<" + _NAME + rb'row\b[^<>]*?\br="([0-9]{7,})"')
_LAST_ROW = 1_048_576
_MERGED = re.compile(rb"<" + _NAME + rb'mergeCell\b[^<>]*\bref="([A-Z]{1,3}[0-9]{1,7}:[A-Z0-9]+)"')


@dataclass(frozen=True, slots=True)
class SheetScan:
    """What a sheet's XML tells.

    Attributes:
        unvalued: Rows and columns, from 1, of formulas that no program has computed.
        has_unplaced: Whether there are others in cells that do not say where they are.
        hidden_rows: Numbers of rows that the sheet hides, by hand or by a filter.
        merged: Ranges such as ``A1:C1``.
    """

    unvalued: frozenset[tuple[int, int]]
    has_unplaced: bool
    hidden_rows: frozenset[int]
    merged: tuple[str, ...]


def scan_sheet(archive: zipfile.ZipFile, member: str) -> SheetScan:
    """Look through one sheet of a workbook.

    Raises:
        InputError: A row has a number that no sheet has: readers would fill in all rows before it.
    """
    unvalued: set[tuple[int, int] | None] = set()
    hidden: set[int] = set()
    merged: dict[str, None] = {}
    for piece in pieces_of(archive, member, overlap=_OVERLAP):
        if any(int(number) > _LAST_ROW for number in _ANY_ROW_NUMBER.findall(piece)):
            raise damaged()
        if b"<f" in piece or b":f" in piece:
            unvalued.update(_unvalued(piece))
        if b"hidden=" in piece:
            hidden.update(_hidden(piece))
        if b"mergeCell " in piece:
            merged.update(dict.fromkeys(found.decode() for found in _MERGED.findall(piece)))
    placed = frozenset(place for place in unvalued if place is not None)
    return SheetScan(placed, None in unvalued, frozenset(hidden), tuple(merged))


def column_number(letters: str) -> int:
    """Place of a column, from 1: ``A`` is 1, ``AA`` 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def column_letters(place: int) -> str:
    """Letters of the column at a place from 0: ``A``, ``Z``, ``AA``."""
    letters = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _unvalued(piece: bytes) -> set[tuple[int, int] | None]:
    found: set[tuple[int, int] | None] = set()
    for match in _FORMULA_WITHOUT_VALUE.finditer(piece):
        # An empty value of a formula that gives text is a value.
        if match["value"] and _TEXT_RESULT.search(match["attributes"]):
            continue
        address = _ADDRESS.search(match["attributes"])
        found.add((int(address[2]), column_number(address[1].decode())) if address else None)
    return found


def _hidden(piece: bytes) -> set[int]:
    numbers = (_ROW_NUMBER.search(match[0]) for match in _HIDDEN_ROW.finditer(piece))
    return {int(number[1]) for number in numbers if number is not None}
