"""A copy of delimited text with columns added: each original line stays as it is, to the byte.

Runs in the disposable process, which may write no file: the copy goes back in pieces.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.exporting.copy_request import CopyRequest, in_pieces, original
from kdh_desktop.core.exporting.rows import Cell
from kdh_desktop.core.formula_guard import guarded
from kdh_desktop.core.importing.delimited import DelimitedText, Dialect
from kdh_desktop.core.importing.encoding import open_text
from kdh_desktop.core.importing.table_parsing import RawRow
from kdh_desktop.core.importing.text_file import open_file
from kdh_desktop.core.json_values import build

# The longer mark first: UTF-16's is the beginning of UTF-32's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def copy_delimited(argument: dict[str, Any]) -> Iterator[Any]:
    """What the parent should know, as an object; then the copy, in pieces of base64.

    Args:
        argument: A `CopyRequest` and, as ``rows``, cells by the line that their row begins in.

    Raises:
        InputError: It is another file, damaged, or cannot take the columns.
    """
    rows = {int(number): cells for number, cells in argument.pop("rows").items()}
    request = build(CopyRequest, argument, "request")
    copy = io.BytesIO()
    with original(request.path, request.sha256) as file:
        text = DelimitedText(file)
        encoding, dialect = text.shape(request.layout)
        if not dialect.delimiter.isprintable() and dialect.delimiter != "\t":
            raise InputError(
                "The file has one column, and nothing that tells columns apart.",
                "Save its records as a new .xlsx file.",
            )
        places = [_place_of(row) for row in text.read(request.layout).rows]
    with open_file(Path(request.path)) as file:  # anew, because its reader closes it
        writing = _Writing(file, encoding, copy)
        _write(writing, places, request=request, rows=rows, dialect=dialect)
    if writing.sha256 != request.sha256:
        raise InputError(
            "The file's encoding does not let its lines be written as they were.",
            "Save it in UTF-8 and import it again, or save its records as a new .xlsx file.",
        )
    runs = sum(place.formulas for place in places)
    what = "1 cell of the original begins" if runs == 1 else f"{runs:,} cells of the original begin"
    notice = f"{what} like a formula, as it was: a spreadsheet program may run that."
    yield {"notices": [notice] if runs else []}
    yield from in_pieces(copy)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row is: its first line, its number of cells; -1 where it cannot be read."""

    line: int
    cells: int
    formulas: int


def _place_of(row: RawRow) -> _Place:
    formulas = sum(guarded(cell) != cell for cell in row.cells)
    return _Place(row.number, -1 if row.problem else len(row.cells), formulas)


class _Writing:
    """Lines of the original, written with or without something behind them."""

    def __init__(self, file: BinaryIO, encoding: str, copy: io.BytesIO) -> None:
        mark, self._codec = _mark_and_codec(file, encoding)
        text = open_text(file, encoding)
        self._lines = iter(text)
        self._errors = text.errors or "strict"
        self._copy = copy
        self._digest = hashlib.sha256(mark)
        copy.write(mark)

    @property
    def sha256(self) -> str:
        """Hash of all original lines as they were written again."""
        return self._digest.hexdigest()

    def write(self, lines: int | None, behind: str = "") -> None:
        """Write so many lines, all that are left for None, and something before the last's end."""
        raw = "".join(islice(self._lines, lines))
        data = raw.encode(self._codec, self._errors)
        self._digest.update(data)
        if behind:
            body = raw.rstrip("\r\n")
            data = (body + behind + raw[len(body) :]).encode(self._codec, self._errors)
        self._copy.write(data)


def _mark_and_codec(file: BinaryIO, encoding: str) -> tuple[bytes, str]:
    """The mark that the text begins with, and how to encode what follows it."""
    name = codecs.lookup(encoding).name
    head = file.read(4)
    for mark, codec in _MARKS:
        is_meant = name in {"utf-8-sig", codec, codec.removesuffix("-le").removesuffix("-be")}
        if head.startswith(mark) and is_meant and not name.endswith(("-le", "-be")):
            return mark, codec
    unmarked = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
    return b"", unmarked.get(name, name)


def _write(
    writing: _Writing,
    places: Sequence[_Place],
    *,
    request: CopyRequest,
    rows: Mapping[int, Sequence[Cell]],
    dialect: Dialect,
) -> None:
    header_row = max(request.header_row, dialect.first_line)
    titles = [column.title for column in request.columns]
    nothing: list[Cell] = [None] * len(titles)
    named = {header_row, *rows}
    width = max((place.cells for place in places if place.line in named), default=0)
    line = 1
    try:
        for place, following in zip(places, [*places[1:], None], strict=True):
            writing.write(place.line - line)  # what stands above the first row
            added: Sequence[Cell] = rows.get(place.line, nothing)
            if place.line == header_row:
                added = titles
            is_below = place.line > header_row and place.cells == width
            missing = [None] * (width - place.cells)
            # What does not fit under the header was refused, and stays as it is.
            fits = place.line in named or is_below
            behind = _behind([*missing, *added], dialect) if fits else ""
            line = place.line if following is None else following.line
            writing.write(None if following is None else line - place.line, behind)
    except UnicodeEncodeError as error:
        raise InputError(
            "The names of the labels cannot be written in the file's encoding.",
            "Save its records as a new .xlsx file.",
        ) from error


def _behind(cells: Sequence[Cell], dialect: Dialect) -> str:
    """Cells as they are written behind others of their row."""
    line = io.StringIO()
    writer = csv.writer(
        line,
        delimiter=dialect.delimiter,
        quotechar='"' if dialect.is_quoted else None,
        quoting=csv.QUOTE_MINIMAL if dialect.is_quoted else csv.QUOTE_NONE,
        lineterminator="",
    )
    # Only these are ours to guard; the originals in front stay as they were.
    writer.writerow(["", *(guarded(cell) if isinstance(cell, str) else cell for cell in cells)])
    return line.getvalue()
