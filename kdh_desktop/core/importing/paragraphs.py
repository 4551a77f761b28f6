"""Paragraphs of a pasted text: what stands between blank lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Atomic groups, or else "\r\n" would be read as a line break "\r" and a blank line "\n".
_BLANK_LINES = re.compile(r"(?>\r\n?|\n)(?:[^\S\r\n]*(?>\r\n?|\n))+")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of a longer text.

    Attributes:
        start: First character, as an offset into the longer text.
        end: One past the last character, as an offset into the longer text.
        text: What stands there, without blanks around it.
    """

    start: int
    end: int
    text: str


def paragraphs_of(text: str, start: int = 0, end: int | None = None) -> list[Paragraph]:
    """Split part of a text at its blank lines; empty paragraphs are left out.

    Args:
        text: The longer text; line ends may be of any system.
        start: First character to look at.
        end: One past the last character to look at; the end of the text by default.
    """
    stop = len(text) if end is None else end
    found: list[Paragraph] = []
    begin = start
    for match in _BLANK_LINES.finditer(text, start, stop):
        _append(found, text, begin, match.start())
        begin = match.end()
    _append(found, text, begin, stop)
    return found


def _append(found: list[Paragraph], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    piece = piece.strip()
    if piece:
        found.append(Paragraph(start, start + len(piece), piece))
