"""Whether a text is a table: rows of one width, under names that look like names."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from kdh_desktop.core.importing.column_names import named_columns
from kdh_desktop.core.importing.imported import ColumnRole

DELIMITERS = "\t,;|^~"

_SAMPLE_ROWS = 30
_HEADER_WITHIN = 10
_MIN_EVEN = 0.6
"""Share of rows that have the width of the table; titles above it and broken rows have not."""

_MANY, _MOSTLY_EVEN = 5, 0.9
"""So many rows, so evenly, are no prose even without names above them."""

_MAX_NAME = 80
_MAX_NAME_WORDS = 6
_LONG_LINE = 150
"""A line of prose that a program broke is shorter than a text on a line of its own."""

_TEXT_ROLES = {ColumnRole.ABSTRACT, ColumnRole.TITLE}


def looks_delimited(text: str) -> bool:
    """Whether the beginning of a text looks like delimited rows rather than prose.

    Args:
        text: The beginning, with line feeds for line ends.
    """
    return _is_one_column(text) or any(_is_even(text, delimiter) for delimiter in DELIMITERS)


def _is_one_column(text: str) -> bool:
    """Whether lines stand under one name; a text may begin with the same word as its heading."""
    name, _, rest = text.strip().partition("\n")
    name = name.strip().strip('"')
    if not {column.role for column in named_columns([name]) if column.is_exact} & _TEXT_ROLES:
        return False
    lines = rest.strip().split("\n")
    are_cells = "\n\n" not in text and all(
        len(line) >= _LONG_LINE or line.startswith('"') for line in lines
    )
    return name.islower() or are_cells


def _is_even(text: str, delimiter: str) -> bool:
    rows = _rows(text, delimiter)
    if any(_known(row) >= 2 for row in rows[:_HEADER_WITHIN]):
        return True
    widths = Counter(len(row) for row in rows)
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    if width < 2 or count < max(2, _MIN_EVEN * len(rows)):
        return False
    names = next(row for row in rows if len(row) == width)
    is_quoted = any(delimiter in cell for row in rows for cell in row)
    is_certain = count >= _MANY and count >= _MOSTLY_EVEN * len(rows)
    return delimiter == "\t" or is_quoted or is_certain or all(map(_may_be_name, names))


def _known(cells: Sequence[str]) -> int:
    """How many roles the names in a row tell; none where one is too long for a name.

    A paragraph may tell of "author, year, journal, and design" as well.
    """
    if any(len(cell) > _MAX_NAME for cell in cells):
        return 0
    return len({column.role for column in named_columns(cells) if column.is_exact})


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """The first rows that hold something; fewer where a quotation mark is never closed."""
    rows: list[list[str]] = []
    lines = csv.reader(text.split("\n"), delimiter=delimiter)
    try:
        rows.extend(row for row in islice(lines, 2 * _SAMPLE_ROWS) if any(map(str.strip, row)))
    except csv.Error:
        return rows
    return rows[:_SAMPLE_ROWS]


def _may_be_name(cell: str) -> bool:
    """Whether a cell could be a name or a value rather than a piece of a sentence."""
    return len(cell.split()) <= _MAX_NAME_WORDS and not cell.endswith((".", "?", "!"))
