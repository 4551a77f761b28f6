"""What a clipboard or a drop holds, as plain text or as a reason why not.

Only plain text is ever taken. HTML, rich text and images stay unread, because reading them is
what makes a program open the files and network shares that they name.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QMimeData

from kdh_desktop.gui.incoming_files import GivenFiles, files_of

MAX_CHARACTERS = 20_000_000
"""About 10,000 abstracts; more is work for files, not for a paste."""

MAX_FILE_BYTES = 4 * MAX_CHARACTERS

_LONE_SURROGATES = re.compile(r"[\ud800-\udfff]")


class Refusal(StrEnum):
    """Why nothing was taken."""

    EMPTY = "empty"
    FORMATTED_ONLY = "formatted_only"
    IMAGE_ONLY = "image_only"
    NETWORK_FILE = "network_file"
    TOO_LARGE = "too_large"


def content_of(mime: QMimeData) -> str | Path | GivenFiles | Refusal:
    """What is pasted or dropped; nothing is opened.

    Returns:
        A text; or the one text file, to be read into the text box; or other files, which are work
        for an import.
    """
    given = files_of(mime)
    if given is not None:
        return _files_of(given)
    if mime.hasFormat("text/plain"):
        text = mime.text()
        if len(text) > MAX_CHARACTERS:
            return Refusal.TOO_LARGE
        return text or Refusal.EMPTY
    if mime.hasImage():
        return Refusal.IMAGE_ONLY
    if mime.hasHtml() or mime.formats():
        return Refusal.FORMATTED_ONLY
    return Refusal.EMPTY


def _files_of(given: GivenFiles) -> Path | GivenFiles | Refusal:
    if not given.paths:
        return Refusal.NETWORK_FILE
    is_one_text = len(given.paths) == 1 and given.paths[0].suffix.lower() == ".txt"
    return given.paths[0] if is_one_text and not given.has_network_files else given


_LOOKED_AT = 100_000


def looks_like_table(text: str) -> bool:
    """Whether a text is rows that were copied from a spreadsheet: tabs in most of its lines."""
    lines = [line for line in text[:_LOOKED_AT].split("\n") if line.strip()]
    with_tabs = sum("\t" in line.strip() for line in lines)
    return with_tabs >= 2 and 2 * with_tabs > len(lines)


def normalised(text: str) -> str:
    """The text as a text box holds it: one kind of line end, and half characters marked.

    Length and order of what remains are those of the box, so offsets fit both.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else _LONE_SURROGATES.sub("\ufffd", text)


def is_blank(text: str) -> bool:
    """Whether there is nothing but blanks; at once, however long the text is."""
    return not text or text.isspace()
