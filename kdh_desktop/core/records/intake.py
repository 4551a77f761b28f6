"""Take a file in: read in the disposable process, kept in the store some hundred rows at a time.

What one transaction has taken in stays, whatever happens afterwards. A batch that was cut goes on
behind its last row when the same bytes are taken in again in the same way.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import Cancelled, InputError
from kdh_desktop.core.importing.imported import (
    ImportedRecord,
    ImportPlan,
    Reading,
    ReadingEnd,
    RefusedRow,
)
from kdh_desktop.core.importing.reading import inspect_file, read_pasted_table, read_records
from kdh_desktop.core.importing.text_file import open_file
from kdh_desktop.core.records.import_batch import BatchKind, BatchSource, ImportBatch

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore

ROWS_AT_ONCE = 500
"""Rows of one transaction: about as many as the child can be ahead, so that both work on."""

_NEVER = Event().is_set
_HASHED_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class IntakeProgress:
    """How far an import got, rows of an earlier, cut attempt included.

    Attributes:
        records: Records taken in.
        refused: Rows refused.
    """

    records: int
    refused: int


def _no_progress(_progress: IntakeProgress) -> None:
    """For who does not want to know."""


def take_in(
    store: RecordStore,
    path: Path,
    plan: ImportPlan,
    *,
    columns: Sequence[str] | None = None,
    on_progress: Callable[[IntakeProgress], None] = _no_progress,
    should_stop: Callable[[], bool] = _NEVER,
) -> ImportBatch:
    """Take in all rows of a file that can be read; the others are listed as refused.

    Args:
        store: Where to.
        path: The file.
        plan: How to read it.
        columns: Names of a table's columns, as an inspection with this plan gave them; None to
            look once more.
        on_progress: Told after each transaction, on the calling thread.
        should_stop: Asked on the calling thread after each transaction, and about twenty times a
            second in another one.

    Returns:
        The batch, finished.

    Raises:
        InputError: The file cannot be read, or not to its end; the batch stays cut.
        Cancelled: `should_stop` said so; the batch stays cut, and can go on or be removed.
        StoreError: The store cannot be written to.
    """
    source = source_of(path, plan, columns=columns, should_stop=should_stop)
    return take_in_source(store, path, source, on_progress=on_progress, should_stop=should_stop)


def take_in_source(
    store: RecordStore,
    path: Path,
    source: BatchSource,
    *,
    on_progress: Callable[[IntakeProgress], None] = _no_progress,
    should_stop: Callable[[], bool] = _NEVER,
) -> ImportBatch:
    """Take in a file of which all is known that the store keeps beside its records; see `take_in`.

    Raises:
        ValueError: The source says not how it is read.
    """
    plan = source.plan
    if plan is None:
        raise ValueError("a file is read by a plan")

    def read(after_row: int) -> Generator[Reading]:
        return read_records(path, plan, should_stop=should_stop, after_row=after_row)

    return _take_in(store, source, read, on_progress=on_progress, should_stop=should_stop)


def take_in_pasted(
    store: RecordStore,
    text: str,
    source: BatchSource,
    *,
    on_progress: Callable[[IntakeProgress], None] = _no_progress,
    should_stop: Callable[[], bool] = _NEVER,
) -> ImportBatch:
    """Take in a table that was pasted, as `take_in` does a file; a cut one cannot go on.

    Args:
        store: Where to.
        text: What was pasted.
        source: What the store keeps of it; its plan says how it is read.
        on_progress: Told after each transaction, on the calling thread.
        should_stop: See `take_in`.

    Raises:
        ValueError: The source says not how it is read.
        InputError: See `take_in`; so are the others.
    """
    plan = source.plan
    if plan is None:
        raise ValueError("a table is read by a plan")

    def read(after_row: int) -> Generator[Reading]:
        return read_pasted_table(text, plan, should_stop=should_stop, after_row=after_row)

    return _take_in(store, source, read, on_progress=on_progress, should_stop=should_stop)


def _take_in(
    store: RecordStore,
    source: BatchSource,
    read: Callable[[int], Generator[Reading]],
    *,
    on_progress: Callable[[IntakeProgress], None],
    should_stop: Callable[[], bool],
) -> ImportBatch:
    batch_id = store.begin_import(source)
    begun = store.batch(batch_id)
    taking = _Taking(store, batch_id, begun.records, begun.refused, on_progress=on_progress)
    rows = read(begun.last_row)
    end: ReadingEnd | None = None
    with closing(rows):
        for row in rows:
            match row:
                case ReadingEnd():
                    end = row
                case _ if taking.add(row) and should_stop():
                    raise Cancelled("The import was stopped; what was taken in is kept.")
    taking.save()
    if end is None or (begun.last_row == 0 and taking.rows != end.rows_in_file):
        raise InputError(
            "The file was not read to its end.", "Try again; it goes on where it stopped."
        )
    store.finish_import(batch_id, end.notices)
    return store.batch(batch_id)


def source_of(
    path: Path,
    plan: ImportPlan,
    *,
    columns: Sequence[str] | None = None,
    should_stop: Callable[[], bool] = _NEVER,
) -> BatchSource:
    """What the store keeps of a file beside its records.

    Raises:
        InputError: The file cannot be read.
        Cancelled: `should_stop` said so.
    """
    if columns is None:
        columns = _columns(path, plan, should_stop) if plan.format.is_table else ()
    return BatchSource(
        kind=BatchKind.FILE,
        name=path.name,
        path=str(path.absolute()),
        sha256=_sha256(path, should_stop),
        plan=plan,
        columns=tuple(columns),
    )


@dataclass(slots=True)
class _Taking:
    """Rows on their way into the store."""

    store: RecordStore
    batch_id: int
    records: int
    refused: int
    on_progress: Callable[[IntakeProgress], None]
    rows: int = 0
    _records: list[ImportedRecord] = field(default_factory=list)
    _refused: list[RefusedRow] = field(default_factory=list)

    def add(self, row: ImportedRecord | RefusedRow) -> bool:
        """Take one row; says whether that made a transaction."""
        self.rows += 1
        if isinstance(row, ImportedRecord):
            self._records.append(row)
        else:
            self._refused.append(row)
        if len(self._records) + len(self._refused) < ROWS_AT_ONCE:
            return False
        self.save()
        return True

    def save(self) -> None:
        """Keep all rows taken so far."""
        if not self._records and not self._refused:
            return
        self.store.add_records(self.batch_id, self._records, self._refused)
        self.records += len(self._records)
        self.refused += len(self._refused)
        self._records, self._refused = [], []
        self.on_progress(IntakeProgress(self.records, self.refused))


def _columns(path: Path, plan: ImportPlan, should_stop: Callable[[], bool]) -> Sequence[str]:
    table = inspect_file(path, plan=plan, should_stop=should_stop).table
    return () if table is None else table.columns


def _sha256(path: Path, should_stop: Callable[[], bool]) -> str:
    digest = hashlib.sha256()
    try:
        with open_file(path) as file:
            while piece := file.read(_HASHED_AT_ONCE):
                digest.update(piece)
                if should_stop():
                    raise Cancelled("The import was stopped.")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "the disk gives an error"
        raise InputError(
            f"The file cannot be read ({reason}).", "Copy it to another place and try again."
        ) from error
    return digest.hexdigest()
