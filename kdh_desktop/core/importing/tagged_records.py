"""Files of tagged lines, cut into records: RIS, MEDLINE and Web of Science.

The libraries that know the tags take a whole file and lose their way where one record is
damaged. So the borders are found here, and they are given one record at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol, TextIO

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.cell_text import has_undecoded
from kdh_desktop.core.importing.imported import (
    ImportedRecord,
    ImportPlan,
    Reading,
    RefusedRow,
)
from kdh_desktop.core.importing.source_text import open_source_text
from kdh_desktop.core.importing.tally import MAX_RECORD_CHARACTERS, Tally


class Line(Enum):
    """What a line of a file of tagged lines is."""

    BEGIN = "begin"
    FIELD = "field"
    MORE = "more"
    """Text without a tag, which goes on with the field above it."""
    END = "end"
    BLANK = "blank"
    STRAY = "stray"
    """Text that belongs to no record, wherever it stands."""
    FRAME = "frame"
    """A line of the file as a whole, such as its version."""


@dataclass(slots=True)
class TaggedRecord:
    """The lines of one record.

    Attributes:
        row: Its number in the file, from 1.
        line: Line of the file that it begins in, from 1.
        lines: Its lines without their line ends; empty lines are kept.
        has_begin: Whether its first line is one that records begin with.
        has_end: Whether its last line is one that records end with.
        is_cut_off: Whether the file ends in the middle of its last line.
        is_too_long: Whether it is longer than a record may be; then lines are missing.
    """

    line: int
    lines: list[str] = field(default_factory=list)
    has_begin: bool = True
    has_end: bool = False
    is_cut_off: bool = False
    is_too_long: bool = False
    row: int = 0
    _characters: int = field(default=0, init=False)

    @property
    def where(self) -> str:
        """How a person finds it, as the subject of a sentence."""
        return f"The record that begins in line {self.line}"

    def add(self, line: str) -> None:
        """Add a line, up to the length that a record may have."""
        self._characters += len(line) + 1
        if self._characters > MAX_RECORD_CHARACTERS:
            self.is_too_long = True
        else:
            self.lines.append(line)


@dataclass(slots=True)
class _Strays:
    """Lines that belong to no record."""

    count: int = 0
    first: int = 0

    def add(self, line: int, count: int = 1) -> None:
        self.count += count
        self.first = self.first or line

    @property
    def notice(self) -> str:
        if not self.count:
            return ""
        return (
            f"Lines outside of the records, left out: {self.count}, the first is line {self.first}."
        )


class Borders:
    """How well the records of a file are bordered, where each should have a first and last line.

    A missing last line alone costs nothing, and some programs never write it: only where the
    file breaks off in the middle of a line, after records that had one, text must be missing.
    """

    def __init__(self, *, begin: str, end: str) -> None:
        """Name the two lines as a person sees them."""
        self._begin, self._end = begin, end
        self._has_ends = False
        self._without_end = 0
        self._first_without_end = 0

    def fault_of(self, found: TaggedRecord) -> str:
        """What is wrong with the borders of a record, to follow on `where`; or empty."""
        if found.has_end:
            self._has_ends = True
            return ""
        if not found.has_begin:
            return f"has lost its beginning ({self._begin}) and its end ({self._end})."
        if found.is_cut_off and self._has_ends:
            return "breaks off at the end of the file."
        self._without_end += 1
        self._first_without_end = self._first_without_end or found.line
        return ""

    @property
    def notice(self) -> str:
        """What is to be said of the file at its end, or empty."""
        if not self._without_end:
            return ""
        return (
            f"Records without an end ({self._end}), read up to the next: {self._without_end}, "
            f"the first begins in line {self._first_without_end}."
        )


class TaggedFormat(Protocol):
    """How records of one format begin, end and are read; one for each file."""

    def kind_of(self, line: str) -> Line:
        """What a line is; asked for each line once, in order."""

    def is_row(self, found: TaggedRecord) -> bool:
        """Whether lines without a beginning are what is left of a record."""

    def read(self, found: TaggedRecord) -> ImportedRecord | str:
        """The record, or what is wrong with it, to follow on `TaggedRecord.where`."""

    @property
    def notice(self) -> str:
        """What is to be said of the file at its end, or empty."""


def parse_tagged(path: Path, plan: ImportPlan, tagged: TaggedFormat) -> Iterator[Reading]:
    """Records of a file of tagged lines.

    Raises:
        InputError: It cannot be opened, or holds no record.
    """
    tally, strays = Tally(), _Strays()
    with open_source_text(path, plan.encoding) as source:
        for found in _cut(source.stream, tagged, strays):
            found.row = tally.rows + 1
            yield _row_of(found, tagged, tally)
        if not tally.rows:
            raise InputError(
                "The file holds no record of this format.", "Choose another format or file."
            )
        yield tally.end(strays.notice, tagged.notice, source.notice)


def _row_of(found: TaggedRecord, tagged: TaggedFormat, tally: Tally) -> ImportedRecord | RefusedRow:
    text = "\n".join(found.lines)
    if found.is_too_long:
        return tally.refuse(found.row, f"{found.where} is longer than a record can be.")
    if not text.isascii() and has_undecoded(text):
        return tally.refuse(
            found.row,
            f"{found.where} holds letters that are not in the encoding of the file.",
            "Choose another encoding, or save the file as UTF-8.",
        )
    record = tagged.read(found)
    if isinstance(record, str):
        return tally.refuse(found.row, f"{found.where} {record}")
    return tally.take(record, found.where)


def _cut(text: TextIO, tagged: TaggedFormat, strays: _Strays) -> Iterator[TaggedRecord]:
    """The records of a file; lines that belong to none are counted."""
    found: TaggedRecord | None = None
    line = ""
    for number, line in enumerate(text, 1):
        # A mark may stand before any record, where files were put together.
        content = line.strip("\r\n\ufeff")
        kind = tagged.kind_of(content)
        if kind is Line.FRAME or (found is None and not content.strip()):
            continue
        if kind is Line.STRAY:
            strays.add(number)
            continue
        if kind is Line.BEGIN:
            yield from _whole(found, tagged, strays)
            found = TaggedRecord(number)
        elif found is None:
            if kind is not Line.FIELD:
                strays.add(number)
                continue
            found = TaggedRecord(number, has_begin=False)
        found.add(content)
        if kind is Line.END:
            found.has_end = True
            yield from _whole(found, tagged, strays)
            found = None
    if found is not None:
        found.is_cut_off = not line.endswith(("\n", "\r"))
        yield from _whole(found, tagged, strays)


def _whole(
    found: TaggedRecord | None, tagged: TaggedFormat, strays: _Strays
) -> Iterator[TaggedRecord]:
    if found is None:
        return
    if found.has_begin or tagged.is_row(found):
        yield found
    else:
        strays.add(found.line, sum(bool(line.strip()) for line in found.lines))
