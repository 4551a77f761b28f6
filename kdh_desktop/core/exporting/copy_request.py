"""What the disposable process is asked for when a table is handed back, and how it answers."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.exporting.sheet_edit import NewColumn
from kdh_desktop.core.importing.source_file import is_packed, open_source
from kdh_desktop.core.importing.table import TableLayout

PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """What the copy shall be, but for the cells.

    Attributes:
        path: The original.
        sha256: What its bytes hash to, hexadecimal; any other file is refused.
        layout: How the table lies in it.
        columns: Columns to add.
        about: Names and values for the added sheet.
        about_title: What to call that sheet.
    """

    path: str
    sha256: str
    layout: TableLayout
    columns: tuple[NewColumn, ...]
    about: tuple[tuple[str, str | int | float | None], ...]
    about_title: str

    @property
    def header_row(self) -> int:
        """Row that names the columns, from 1."""
        return self.layout.header_row or 1


@contextmanager
def original(path: str, sha256: str) -> Iterator[BinaryIO]:
    """An original, which must be what was imported.

    Raises:
        InputError: It is not, or the file cannot be read.
    """
    with open_source(Path(path)) as file:
        if is_packed(file):
            raise InputError(
                "The file is packed by gzip, and only one that is not can be handed back as it "
                "was.",
                "Unpack it and import that, or save its records as a new .xlsx file.",
            )
        digest = hashlib.sha256()
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
        if digest.hexdigest() != sha256:
            raise InputError(
                "The file has changed since it was imported.",
                "Import it again and save that copy, or bring the old file back.",
            )
        file.seek(0)
        yield file


def in_pieces(copy: io.BytesIO) -> Iterator[str]:
    """What was written, in pieces of base64."""
    with copy.getbuffer() as view:
        for start in range(0, len(view), PIECE_BYTES):
            yield base64.b64encode(view[start : start + PIECE_BYTES]).decode("ascii")
