"""Whether a text is a table: rows of one width, under names that look like names."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import islice

_DELIMITERS = "\t;,|"
_SAMPLE_ROWS = 30
_MIN_EVEN = 0.6
"""Share of rows that have the width of the table; titles above it and broken rows have not."""

_MANY, _MOSTLY_EVEN = 5, 0.9
"""So many rows, so evenly, are no prose even without names above them."""

_MAX_NAME_WORDS = 6
_COLUMN_NAMES = frozenset(
    "abstract abstracts author authors doi id journal keywords label labels pmid text texts title "
    "year".split()
)


def looks_delimited(text: str) -> bool:
    """Whether the beginning of a text looks like delimited rows rather than prose.

    Args:
        text: The beginning, with line feeds for line ends.
    """
    first = next((line for line in text.split("\n") if line.strip()), "")
    if first.strip().strip('"').strip().casefold() in _COLUMN_NAMES:
        return True
    return any(_is_even(text, delimiter) for delimiter in _DELIMITERS)


def _is_even(text: str, delimiter: str) -> bool:
    rows = _rows(text, delimiter)
    widths = Counter(len(row) for row in rows)
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    if width < 2 or count < _MIN_EVEN * len(rows):
        return False
    header = next(row for row in rows if len(row) == width)
    names = [name.strip().casefold() for name in header]
    if len(_COLUMN_NAMES.intersection(names)) >= 2:
        return True
    if count < 2:
        return False
    is_quoted = any(delimiter in cell for row in rows for cell in row)
    is_certain = count >= _MANY and count >= _MOSTLY_EVEN * len(rows)
    return delimiter == "\t" or is_quoted or is_certain or all(map(_may_be_name, names))


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
