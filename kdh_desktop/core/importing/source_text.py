"""A stranger's file as text, open for one reading from its beginning to its end."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from kdh_desktop.core.importing.encoding import encoding_shown_by, open_text
from kdh_desktop.core.importing.source_file import is_cut, open_source

_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file that is open as text.

    Attributes:
        stream: Its text, line ends as they are; see `encoding.open_text`.
    """

    stream: TextIO
    _source: BinaryIO

    @property
    def notice(self) -> str:
        """What is to be said of the file once it was read, or empty."""
        if not is_cut(self._source):
            return ""
        return "The packed file is damaged or breaks off: what follows could not be read."


@contextmanager
def open_source_text(path: Path, encoding: str | None) -> Generator[SourceText]:
    """Open a file as text, unpacked where gzip packed it.

    Args:
        path: An ordinary file.
        encoding: As Python names it; None for what a mark or its NULs show, and else UTF-8.

    Raises:
        InputError: It is no ordinary file, cannot be opened, is empty or too large; or there is
            no such encoding.
    """
    with open_source(path) as source:
        shown = encoding_shown_by(source.read(_HEAD_BYTES)) or "utf-8"
        with open_text(source, encoding or shown) as stream:
            yield SourceText(stream, source)
