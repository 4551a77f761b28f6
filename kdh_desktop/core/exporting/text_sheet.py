"""A sheet on which every string is a text, whatever it looks like."""

from __future__ import annotations

from typing import Any

from xlsxwriter.worksheet import Worksheet


class TextSheet(Worksheet):  # type: ignore[misc]  # the library has no types
    """A sheet of a workbook that is written row by row.

    The library takes a string that begins with ``<r>`` and ends with ``</r>`` for formatted text
    that it made itself, and writes it as it stands: a title could bring a formula with it, or
    spoil the sheet. Nothing here is formatted inside a cell, so such a string is a text as well.
    It offers no other way: what is written as formatted text gets its escapes twice.
    """

    def _xml_rich_inline_string(self, string: str, attributes: Any = ()) -> None:
        has_blanks_around = False  # between two such tags there are none
        self._xml_inline_string(string, has_blanks_around, attributes)
