"""PubMed's XML, packed by gzip or not: one article at a time, so that a bad one costs one row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.cell_text import clean_cell, has_undecoded
from kdh_desktop.core.importing.encoding import encoding_shown_by
from kdh_desktop.core.importing.imported import (
    ImportedRecord,
    ImportPlan,
    Reading,
    RefusedRow,
)
from kdh_desktop.core.importing.pubmed_article import UnreadableArticle, record_of_article
from kdh_desktop.core.importing.source_file import open_source
from kdh_desktop.core.importing.source_text import open_source_text
from kdh_desktop.core.importing.tally import MAX_RECORD_CHARACTERS, Tally

_BEGIN = re.compile(r"<(PubmedArticle|PubmedBookArticle|MedlineCitation)(?=[\s>])")
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_OWN_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
_LONGEST_MARK = 40
_PIECE_CHARACTERS = 1 << 18


@dataclass(frozen=True, slots=True)
class _Article:
    """What stands between the first mark of an article and its last.

    Attributes:
        line: Line of the file that it begins in, from 1.
        text: Its XML.
        has_end: Whether its last mark is there.
    """

    line: int
    text: str
    has_end: bool


def parse_pubmed_xml(path: Path, plan: ImportPlan) -> Iterator[Reading]:
    """Articles of a file of PubMed's; `row` is the number of the article.

    Raises:
        InputError: It cannot be opened, holds no article, or defines entities of its own.
    """
    tally = Tally()
    with open_source_text(path, plan.encoding or _declared_encoding(path)) as source:
        for article in _articles(source.stream):
            yield _row_of(article, tally)
        if not tally.rows:
            raise InputError("The file holds no article of PubMed's.", "Export the records again.")
        yield tally.end(source.notice)


def _declared_encoding(path: Path) -> str | None:
    """The encoding that the first line names, unless the bytes show that it is another."""
    with open_source(path) as source:
        head = source.read(1 << 16)
    declared = _DECLARED.match(head.lstrip())
    return declared[1].decode() if declared and encoding_shown_by(head) is None else None


def _row_of(article: _Article, tally: Tally) -> ImportedRecord | RefusedRow:
    row, where = tally.rows + 1, f"The article that begins in line {article.line}"
    if len(article.text) > MAX_RECORD_CHARACTERS:
        return tally.refuse(row, f"{where} is longer than an article can be.")
    if not article.has_end:
        return tally.refuse(row, f"{where} breaks off: its last mark is missing.")
    if not article.text.isascii() and has_undecoded(article.text):
        return tally.refuse(row, f"{where} holds letters that are not in the encoding of the file.")
    try:
        return tally.take(_record_of(article.text, row, tally), where)
    except UnreadableArticle:
        return tally.refuse(row, f"{where} is no sound XML.")


def _record_of(text: str, row: int, tally: Tally) -> ImportedRecord:
    try:
        return record_of_article(text, row)
    except UnreadableArticle:
        # XML allows no control characters, not even those that mean nothing.
        clean, removed = clean_cell(text)
        if not removed:
            raise
    record = record_of_article(clean, row)
    tally.removed += removed
    return record


class _Window:
    """A text of any length, of which only what is looked at lies in memory."""

    def __init__(self, stream: TextIO) -> None:
        self.text = ""
        self.line = 1
        self._stream = stream
        self._is_over = False

    def grow(self) -> bool:
        """Read on; whether there was anything."""
        piece = "" if self._is_over else self._stream.read(_PIECE_CHARACTERS)
        self._is_over = not piece
        self.text += piece
        return bool(piece)

    def drop(self, count: int) -> None:
        """Forget the first characters."""
        self.line += self.text.count("\n", 0, count)
        self.text = self.text[count:]


def _articles(stream: TextIO) -> Iterator[_Article]:
    """Articles in order; one whose end is missing ends where the next begins."""
    window = _Window(stream)
    while (mark := _next_begin(window)) is not None:
        window.drop(mark.start())
        yield _article_at_start(window, mark[1])


def _next_begin(window: _Window) -> re.Match[str] | None:
    while True:
        mark = _BEGIN.search(window.text)
        before = window.text if mark is None else window.text[: mark.start()]
        if _OWN_ENTITY.search(before):
            raise InputError(
                "The file defines entities of its own, which PubMed's files never do.",
                "Export the records from PubMed again.",
            )
        if mark is not None:
            return mark
        window.drop(max(0, len(window.text) - _LONGEST_MARK))
        if not window.grow():
            return None


def _article_at_start(window: _Window, name: str) -> _Article:
    """The article with which the window begins; it is dropped from there."""
    border = re.compile(rf"</{name}\s*>|<{name}(?=[\s>])")
    line, at = window.line, 1
    while (mark := border.search(window.text, at)) is None:
        at = max(1, len(window.text) - _LONGEST_MARK)
        if len(window.text) > MAX_RECORD_CHARACTERS or not window.grow():
            break
    has_end = mark is not None and mark[0].startswith("</")
    end = len(window.text) if mark is None else mark.end() if has_end else mark.start()
    text = window.text[:end]
    window.drop(end)
    return _Article(line, text, has_end)
