"""One import into the record store: where it came from, and how far it got."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kdh_desktop.core.importing.imported import FileFormat, ImportPlan


class BatchKind(StrEnum):
    """Where the records of an import batch come from."""

    FILE = "file"
    PASTED = "pasted"


@dataclass(frozen=True, slots=True)
class BatchSource:
    """What is known of a file before its records are taken in.

    Attributes:
        kind: A file, or what was pasted.
        name: The file's name without its folder, or a word for what was pasted.
        path: Where the file lay; empty for what was pasted.
        sha256: Hash of the file's bytes, hexadecimal; empty for what was pasted.
        plan: How it is read; None for what was pasted.
        columns: Names of a table's columns in order, so that it can be handed back.
    """

    kind: BatchKind
    name: str
    path: str = ""
    sha256: str = ""
    plan: ImportPlan | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """What one import took in.

    Attributes:
        id: Id in the store.
        source: The file.
        begun_utc: When it began, ISO 8601.
        is_finished: Whether the whole file was read; else it was cut and can go on.
        records: Records taken in and not removed.
        refused: Rows refused.
        last_row: Last row that was taken in or refused; 0 for none.
        notices: What the reader said of the file.
        is_removed: Whether the import was undone.
    """

    id: int
    source: BatchSource
    begun_utc: str
    is_finished: bool
    records: int
    refused: int
    last_row: int
    notices: tuple[str, ...]
    is_removed: bool

    @property
    def format(self) -> FileFormat | None:
        """The file's format; None for what was pasted."""
        return None if self.source.plan is None else self.source.plan.format
