"""Cells of CSV files that a spreadsheet would run as formulas: guarded, and taken back.

CSV has no way to say that a cell is text. So what begins like a formula gets an apostrophe in
front when we write it. When one of our own files is read, it is taken off again; in a file of
somebody else's it may be a letter of the text, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LABELS_TITLE, PROBABILITY_PREFIX = "labels", "p: "

_RUNS = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"-[0-9]+([.,][0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_FEWEST_PROBABILITIES = 2


def guarded(text: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    if not _RUNS.match(text) or _NUMBER.fullmatch(text):
        return text
    return "'" + text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text.startswith("'") and _RUNS.match(text) else text


def is_own_header(titles: Sequence[str]) -> bool:
    """Whether columns are called as only we call them: labels, and the probability of each.

    A file of ours without probabilities cannot be told from others, and is read as it stands.
    """
    probabilities = sum(title.startswith(PROBABILITY_PREFIX) for title in titles)
    return LABELS_TITLE in titles and probabilities >= _FEWEST_PROBABILITIES
