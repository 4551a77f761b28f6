"""Delimited text (CSV and its kin), read to the letter.

The standard library's reader, not pandas': it fills no short row in silence and knows the line
that each row begins in.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.table import TableLayout
from kdh_desktop.core.importing.table_parsing import RawRow, RawTable
from kdh_desktop.core.importing.text_file import decode_text

MAX_FIELD = 20_000_000

_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 50
_MAX_FOREIGN_SHARE = 0.1
"""Share of bytes over 127 up to which a text may be one in a Western alphabet."""

_FOREIGN_RUN = re.compile(b"[\x80-\xff]{4}")
"""So many in a row are no Western word."""

_READ_AS_WINDOWS = "The file is not UTF-8 and was read as Windows-1252: look at its accents."


def parse_delimited(data: bytes, layout: TableLayout) -> RawTable:
    """Rows of delimited text.

    Raises:
        InputError: It is not text, its encoding is not clear, or a quotation mark is not closed.
    """
    if data.lstrip()[:1] == b"<":
        raise InputError(
            "This is a web page or XML, not a table.", "Save it as .xlsx or .csv and try again."
        )
    text, notices = _decoded(data, layout.encoding)
    if "\x00" in text:
        text = text.replace("\x00", "")
        notices.append("Characters without meaning (NUL) were taken out.")
    csv.field_size_limit(MAX_FIELD)
    delimiter = layout.delimiter or _delimiter_of(text, layout.header_row)
    return RawTable(_rows(text, delimiter), notices)


def _decoded(data: bytes, encoding: str | None) -> tuple[str, list[str]]:
    if encoding is not None:
        try:
            codecs.lookup(encoding)
            return data.decode(encoding).removeprefix("\ufeff"), []
        except (LookupError, UnicodeDecodeError) as error:
            raise InputError(
                f"The file cannot be read as {encoding}.", "Name the encoding it was saved in."
            ) from error
    if (guess := _unmarked_utf16(data)) is not None:
        return data.decode(guess), []
    try:
        return decode_text(data, max_bytes=len(data)), []
    except InputError as error:
        foreign = sum(byte > 127 for byte in data)
        is_text = data.count(0) == 0 and foreign <= _MAX_FOREIGN_SHARE * len(data)
        is_western = is_text and not _FOREIGN_RUN.search(data)
        if is_western and not error.remedy.startswith("Save its text"):
            try:
                return data.decode("cp1252"), [_READ_AS_WINDOWS]
            except UnicodeDecodeError:
                pass
        raise InputError(
            "The file is no text in UTF-8, and its encoding is not clear.",
            "Save it as CSV in UTF-8, or name its encoding.",
        ) from error


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark, which shows by the NULs in its Western letters and line ends."""
    sample = data[:2000]
    if len(data) % 2 or data[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return None
    high, low = sample[0::2].count(0), sample[1::2].count(0)
    for name, zeros, others in (("utf-16-le", low, high), ("utf-16-be", high, low)):
        if zeros > 0.2 * len(sample) / 2 and others == 0:
            return name
    return None


def _delimiter_of(text: str, header_row: int) -> str:
    """The delimiter that gives most rows the width of the header, and the header most columns."""
    scored = []
    for delimiter in _DELIMITERS:
        try:
            rows = list(islice(_rows(text, delimiter), header_row - 1, header_row + _SAMPLE_ROWS))
        except InputError:
            continue
        widths = Counter(len(row.cells) for row in rows if any(row.cells))
        width = len(rows[0].cells) if rows else 0
        even = widths[width] / max(1, widths.total())
        scored.append((width > 1, round(even, 1), width, delimiter))
    return max(scored)[3] if scored and max(scored)[0] else ","


def _rows(text: str, delimiter: str) -> Iterator[RawRow]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in lines:
            yield RawRow(number, cells)
            number = lines.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"The row that begins in line {number} cannot be read: a quotation mark is not "
            "closed or stands where none may.",
            "Mend that line: double a quotation mark that belongs to a text.",
        ) from error
