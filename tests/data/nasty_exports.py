"""Texts that spoil tables, and disks that fill up, for tests of what is written."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator, Mapping

FORMULAS: Mapping[str, str] = {
    "hyperlink": '=HYPERLINK("http://example.invalid","x")',
    "plus": "+1",
    "command": "-cmd|' /C calc'!A0",
    "at": "@SUM(1,1)",
    "tab then equals": "\t=1+1",
    "array": "{=1+1}",
    "after a line end": "\n=1+1",
    "apostrophe then equals": "'=1+1",
    "full width": "＝1+1",
}

LETTERS: Mapping[str, str] = {
    "gene that looks like a date": "SEPT1",
    "another": "MARCH1",
    "clone that looks like a number": "2310009E13",
    "short one": "1E5",
    "truth": "TRUE",
    "missing": "NA",
    "not a number": "NaN",
    "none": "None",
    "leading zeros": "00123",
    "20 digits": "12345678901234567890",
    "negative": "-0.530",
    "blanks around": "  x  ",
    "escape of Excel": "_x0041_ and _x000D_",
    "link": "https://example.invalid/",
    "line ends": "one\n\ntwo\n",
    "quotes": "say \"this\"; 'that', and so on",
    "emoji": "😀 family 👨‍👩‍👧",
    "right to left": "\u202eabc",
    "line separator": "one\u2028two",
}

UNWRITABLE = "NUL \x00, bell \x07, half a pair \ud83d, no character \ufffe\uffff."
UNWRITABLE_CLEANED = "NUL , bell , half a pair , no character ."
UNWRITABLE_COUNT = 5


@contextlib.contextmanager
def disk_full_at(size: int) -> Iterator[None]:
    """Files of this process cannot grow over `size` bytes, as if the disk were full."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
