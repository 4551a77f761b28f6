"""What a clipboard or a drop holds, as plain text or as a reason why not.

Only plain text is ever taken. HTML, rich text and images stay unread, because reading them is
what makes a program open the files and network shares that they name.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

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
    NOT_A_TEXT_FILE = "not_a_text_file"
    TOO_LARGE = "too_large"


def content_of(mime: QMimeData) -> str | Path | Refusal:
    """The text, or the one local text file, that is pasted or dropped; nothing is opened."""
    urls = [url for url in mime.urls() if url.isLocalFile() or url.scheme() == "file"]
    if urls:
        return _file_of(urls)
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


def _file_of(urls: list[QUrl]) -> Path | Refusal:
    # Judged by the words alone: even asking whether a share exists would send the user's name
    # and a hash of the password to whoever runs it.
    path = urls[0].toLocalFile()
    if urls[0].host() or path.startswith(("//", "\\\\")):
        return Refusal.NETWORK_FILE
    if len(urls) > 1 or not path.lower().endswith(".txt"):
        return Refusal.NOT_A_TEXT_FILE
    return Path(path)


def normalised(text: str) -> str:
    """The text as a text box holds it: one kind of line end, and half characters marked.

    Length and order of what remains are those of the box, so offsets fit both.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else _LONE_SURROGATES.sub("\ufffd", text)


def is_blank(text: str) -> bool:
    """Whether there is nothing but blanks; at once, however long the text is."""
    return not text or text.isspace()
