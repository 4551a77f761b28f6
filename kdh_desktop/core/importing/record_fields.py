"""Texts and lists of references, brought from the lines of a file to one form."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SECTION = re.compile(r"[A-Z][A-Za-z]*(?:[ /&,-]+[A-Za-z]+){0,5}\s?:(?!//)")
_ENDS_SENTENCE = (".", "!", "?", ".)", ":", "\u3002")


def one_line(text: str) -> str:
    """A text without line breaks, and with one blank where there were several."""
    return " ".join(text.split())


def joined(values: Iterable[str]) -> str:
    """A list as one text, each value once and on one line."""
    return "; ".join(dict.fromkeys(filter(None, map(one_line, values))))


def paragraphs_joined(lines: Iterable[str]) -> str:
    """Lines of an abstract as one text: broken where a section or, after a blank, a new one begins.

    Programs break lines anywhere, so only a line that begins with a heading after the end of a
    sentence, and one after an empty line, keep their break.
    """
    pieces: list[str] = []
    is_apart = False
    for line in map(one_line, lines):
        if not line:
            is_apart = True
            continue
        if pieces:
            is_section = pieces[-1].endswith(_ENDS_SENTENCE) and _SECTION.match(line)
            pieces.append("\n" if is_apart or is_section else " ")
        pieces.append(line)
        is_apart = False
    return "".join(pieces)
