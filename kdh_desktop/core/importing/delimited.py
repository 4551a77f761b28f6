"""Delimited text (CSV and its kin), read to the letter and row by row.

The standard library's reader, not pandas': it fills no short row in silence and knows the line
that each row begins in.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, TextIO

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.cell_text import has_undecoded
from kdh_desktop.core.importing.encoding import EncodingGuess, guess_encoding, open_text
from kdh_desktop.core.importing.row_recovery import RowShape
from kdh_desktop.core.importing.table import TableLayout
from kdh_desktop.core.importing.table_parsing import RawRow, RawTable
from kdh_desktop.core.importing.table_shape import DELIMITERS
from kdh_desktop.core.importing.text_file import check_is_text

MAX_FIELD = 20_000_000

_NEVER = "\x1f"
"""For texts of one column: no program writes it between cells, or within them."""

_SAMPLE_CHARACTERS = 500_000
_SAMPLE_ROWS = 60
_MIN_EVEN = 0.6
"""Share of rows of one width from which a delimiter is believed."""

_MAX_FOREIGN_SHARE = 0.1
_FOREIGN_RUN = re.compile(b"[\x80-\xff]{4}")
"""So many in a row are no Western word."""

_MARKUP = re.compile(
    r"\s*<(?:!doctype|\?xml|html|head|meta|style|table|script|body)\b", re.IGNORECASE
)
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(.)"?\r?\n?', re.IGNORECASE)

_ENCLOSED = re.compile(r'(?:^|\t)"[^\t\r\n]*"(?=[\t\r\n])', re.MULTILINE)

_READ_AS_WINDOWS = "The file is not UTF-8 and was read as Windows-1252: look at its accents."
_LITERAL_QUOTES = "Quotation marks were taken as part of the texts, as cells are not enclosed."
_ESCAPED_QUOTES = "A backslash before a quotation mark was taken for a sign that it is a letter."
_UNCLOSED = "A quotation mark is not closed, or stands where none may."
_UNDECODED = "It holds bytes that are not in the encoding of the file."


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are told apart.

    Attributes:
        delimiter: Between cells.
        is_quoted: Whether quotation marks enclose cells; else they are letters as any other.
        escapes: Whether a backslash stands before each quotation mark within a cell; else it is
            doubled.
        first_line: Where the table begins, from 1: after a line that names the delimiter.
    """

    delimiter: str
    is_quoted: bool = True
    escapes: bool = False
    first_line: int = 1


class DelimitedText:
    """Delimited text in a file."""

    sheets = ()

    def __init__(self, file: BinaryIO) -> None:
        """Look at nothing yet."""
        self._file = file

    def guess_encoding(self) -> EncodingGuess:
        """The encoding, by content."""
        return guess_encoding(self._file)

    def shape(self, layout: TableLayout) -> tuple[str, Dialect]:
        """The encoding, and how cells are told apart, as `read` takes them.

        Raises:
            InputError: It is not text, or its encoding is not clear.
        """
        encoding = layout.encoding or _safe_encoding(self._file, [])
        return encoding, dialect_of(_beginning_of(self._file, encoding), layout.delimiter)

    def read(self, layout: TableLayout) -> RawTable:
        """All rows, those above the header and those that cannot be read included.

        Raises:
            InputError: It is not text, or its encoding is not clear.
        """
        notices: list[str] = []
        check_is_text(self._file.read(16))
        encoding = layout.encoding or _safe_encoding(self._file, notices)
        sample = _beginning_of(self._file, encoding)
        if _MARKUP.match(sample):
            raise InputError(
                "This is a web page or XML, not a table.",
                "Open it in a spreadsheet program, save it as .xlsx or .csv and try again.",
            )
        dialect = dialect_of(sample, layout.delimiter)
        if not dialect.is_quoted:
            notices.append(_LITERAL_QUOTES)
        if dialect.escapes:
            notices.append(_ESCAPED_QUOTES)
        text = open_text(self._file, encoding)
        rows = _with_undecoded_marked(_rows(text, dialect, _usual_width(sample, dialect)))
        return RawTable(rows, notices, is_sheet=False, first_row=dialect.first_line)


def dialect_of(sample: str, delimiter: str | None = None) -> Dialect:
    """How the cells of a text are told apart: by whatever gives most rows the same width."""
    if (named := _SEPARATOR_LINE.match(sample)) is not None:
        return Dialect(delimiter or named[1], first_line=2)
    dialects = [_quoted_best(Dialect(one), sample) for one in delimiter or DELIMITERS]
    scored = [(_evenness(sample, one), -place, one) for place, one in enumerate(dialects)]
    (even, _), _, best = max(scored)
    return best if delimiter or even >= _MIN_EVEN else Dialect(_NEVER)


def _quoted_best(dialect: Dialect, sample: str) -> Dialect:
    """A dialect, with quotation marks taken otherwise where that lets all rows be read."""
    problems = _widths(sample, dialect)[0]
    if not problems:
        return dialect
    others = []
    if '\\"' in sample:
        others.append(replace(dialect, escapes=True))
    if dialect.delimiter == "\t" and len(_ENCLOSED.findall(sample)) <= problems:
        # Programs that write a TAB between cells often enclose nothing at all.
        others.append(replace(dialect, is_quoted=False))
    even = _evenness(sample, dialect)
    better = (one for one in others if not _widths(sample, one)[0])
    return next((one for one in better if _evenness(sample, one) >= even), dialect)


def _evenness(sample: str, dialect: Dialect) -> tuple[float, int]:
    """Share of rows that have the usual width, and that width; 0 where it is one cell."""
    widths = _widths(sample, dialect)
    width = _most_usual(widths)
    return (round(widths[width] / widths.total(), 1), width) if width > 1 else (0.0, 0)


def _usual_width(sample: str, dialect: Dialect) -> int:
    return _most_usual(_widths(sample, dialect))


def _widths(sample: str, dialect: Dialect) -> Counter[int]:
    """How many rows have how many cells; rows that cannot be read count as of none."""
    widths = Counter[int]()
    for row in _rows(io.StringIO(sample, newline=""), dialect, 0):
        if row.problem:
            widths[0] += 1
        elif any(row.cells):
            widths[len(row.cells)] += 1
        if widths.total() == _SAMPLE_ROWS:
            break
    return widths


def _most_usual(widths: Counter[int]) -> int:
    known = {width: count for width, count in widths.items() if width}
    return max(known, key=lambda width: (known[width], width), default=0)


def _beginning_of(file: BinaryIO, encoding: str) -> str:
    text = open_text(file, encoding)
    try:
        sample = text.read(_SAMPLE_CHARACTERS)
        whole = sample if len(sample) < _SAMPLE_CHARACTERS else sample + text.readline()
    except UnicodeError as error:
        raise _unreadable_as(encoding) from error
    finally:
        text.detach()
    return whole


def _safe_encoding(file: BinaryIO, notices: list[str]) -> str:
    """The encoding where it is certain, or all but: a Western text with some accents."""
    guess = guess_encoding(file)
    if guess.is_certain:
        return guess.encoding
    sample = file.read(_SAMPLE_CHARACTERS)
    file.seek(0)
    foreign = sum(byte > 127 for byte in sample)
    is_western = foreign <= _MAX_FOREIGN_SHARE * len(sample) and not _FOREIGN_RUN.search(sample)
    if guess.encoding != "cp1252" or not is_western:
        raise InputError(
            "The file is no text in UTF-8, and its encoding is not clear.",
            "Save it as CSV in UTF-8, or name its encoding.",
        )
    notices.append(_READ_AS_WINDOWS)
    return guess.encoding


class _Lines(Iterator[str]):
    """The lines of a text, of which those of the row in hand can be given back."""

    def __init__(self, text: TextIO, dialect: Dialect) -> None:
        self._text = text
        self._escapes = dialect.escapes
        self._waiting = deque[str]()
        self.row: list[str] = []
        self.first = 1

    def __next__(self) -> str:
        if self._waiting:
            line = self._waiting.popleft()
        else:
            line = next(self._text)
            if self._escapes:
                line = line.replace('\\"', '""')
        self.row.append(line)
        return line

    def begin_row(self) -> None:
        """Let go of the row in hand: the next line is the first of another."""
        self.first += len(self.row)
        self.row.clear()

    def give_back(self, kept: int) -> None:
        """Keep the first lines of the row in hand, and give the others once more."""
        self._waiting.extendleft(reversed(self.row[kept:]))
        del self.row[kept:]


def _rows(text: TextIO, dialect: Dialect, width: int) -> Iterator[RawRow]:
    lines = _Lines(text, dialect)
    shape = RowShape(dialect.delimiter, width)
    for _ in range(dialect.first_line - 1):
        next(lines, "")
    csv.field_size_limit(MAX_FIELD)
    reader = _reader(lines, dialect)
    while True:
        lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield _broken(lines, shape)
            reader = _reader(lines, dialect)
            continue
        if len(lines.row) > 1 and shape.has_swallowed(lines.row):
            yield _broken(lines, shape)
            reader = _reader(lines, dialect)
            continue
        shape.learn(cells, len(lines.row))
        yield RawRow(lines.first, cells)


def _reader(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    if dialect.is_quoted:
        return csv.reader(lines, delimiter=dialect.delimiter, strict=True)
    return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)


def _broken(lines: _Lines, shape: RowShape) -> RawRow:
    """The row in hand as one that cannot be read, up to the line where the next row begins."""
    broken = lines.row[0]
    kept = 1
    while True:
        if kept == len(lines.row) and next(lines, None) is None:
            break
        if shape.begins_row(lines.row[kept], broken):
            break
        kept += 1
    lines.give_back(kept)
    last = lines.first + len(lines.row) - 1
    span = "" if last == lines.first else f" It goes on to line {last}."
    return RawRow(lines.first, [], problem=_UNCLOSED + span)


def _with_undecoded_marked(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    try:
        for row in rows:
            if not row.problem and any(map(has_undecoded, row.cells)):
                yield RawRow(row.number, [], problem=_UNDECODED)
            else:
                yield row
    except UnicodeError as error:
        raise _unreadable_as("this encoding") from error


def _unreadable_as(encoding: str) -> InputError:
    return InputError(
        f"The file cannot be read as {encoding}.", "Name the encoding it was saved in."
    )
