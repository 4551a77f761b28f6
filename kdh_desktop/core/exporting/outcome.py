"""What an export tells of itself when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class ExportFormat(StrEnum):
    """A format that records can be written in; the value is the ending of its files."""

    WORKBOOK = "xlsx"
    CSV = "csv"
    JSON_LINES = "jsonl"
    RIS = "ris"


@dataclass(frozen=True, slots=True)
class Cut:
    """A text that a format cannot hold whole.

    Attributes:
        record_id: The record.
        column: Title of the column.
        kept: Characters that were written.
        length: Characters that there were.
    """

    record_id: int
    column: str
    kept: int
    length: int


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """What was written.

    Attributes:
        rows: Records written.
        files: Files written, the one that was asked for first.
        cuts: Every text that was cut.
        notices: What else a person should know, one sentence each.
    """

    rows: int
    files: tuple[Path, ...]
    cuts: tuple[Cut, ...] = ()
    notices: tuple[str, ...] = ()
