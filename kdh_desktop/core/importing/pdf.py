"""PDF files that hold text, not only pictures of it: one file is one text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pypdf import PdfReader

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.imported import ImportedRecord, ImportPlan, Reading
from kdh_desktop.core.importing.source_file import open_source
from kdh_desktop.core.importing.tally import Tally
from kdh_desktop.core.importing.zipped import damaged

MAX_PAGES = 200
MAX_CHARACTERS = 5_000_000

_MIN_LETTERS = 20
"""Of a page that holds text; fewer are a page number or a running head."""

_BROKEN_WORD = re.compile(r"(?<=[a-z][a-z])-\n(?=[a-z][a-z])")
_LINE_END = re.compile(r"(?<=\S)[ \t]*\n(?=\S)")


def parse_pdf(path: Path, plan: ImportPlan) -> Iterator[Reading]:
    """The text of a PDF as one record, its row the first page.

    Raises:
        InputError: It is protected, damaged, too long, or has no text layer.
    """
    del plan  # a PDF says all itself
    with open_source(path) as file:
        try:
            pages = _pages_of(file)
        except (InputError, MemoryError):
            raise
        except Exception as error:  # a damaged file can break the library anywhere
            raise damaged() from error
    empty = sum(not _has_text(page) for page in pages)
    if empty == len(pages):
        raise InputError(
            "The PDF holds pictures of pages, and no text.",
            "Read its text by a program for scans (OCR), or paste the abstract.",
        )
    tally = Tally()
    text = _running("\n\n".join(filter(None, map(str.strip, pages))))
    yield tally.take(ImportedRecord(row=1, abstract=text), "The PDF")
    what = "1 page holds" if empty == 1 else f"{empty} pages hold"
    yield tally.end(
        "A PDF is taken as one text, with all that stands on its pages.",
        f"{what} no text, perhaps a picture of it." if empty else "",
    )


def _pages_of(file: BinaryIO) -> list[str]:
    reader = PdfReader(file)
    if reader.is_encrypted and not reader.decrypt(""):
        raise InputError(
            "The PDF is protected by a password.",
            "Open it with the password and save a copy without one.",
        )
    if len(reader.pages) > MAX_PAGES:
        raise InputError(
            f"The PDF has more than {MAX_PAGES} pages.", "Save the pages that matter as a PDF."
        )
    pages: list[str] = []
    left = MAX_CHARACTERS
    for page in reader.pages:
        pages.append(page.extract_text())
        left -= len(pages[-1])
        if left < 0:
            raise InputError(
                "The PDF holds more text than can be read at once.",
                "Save the pages that matter as a PDF.",
            )
    return pages


def _has_text(page: str) -> bool:
    return sum(map(str.isalpha, page)) >= _MIN_LETTERS


def _running(text: str) -> str:
    """Lines of pages as running text: words that were broken are joined, paragraphs kept."""
    return _LINE_END.sub(" ", _BROKEN_WORD.sub("", text))
