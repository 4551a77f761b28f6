"""What an import has done in the background: plain functions of frozen inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.audit_notes import AuditNotes
from kdh_desktop.core.errors import Cancelled, InputError, KdhError
from kdh_desktop.core.importing.imported import FileInspection, ImportPlan
from kdh_desktop.core.records.import_batch import BatchKind, BatchSource, ImportBatch
from kdh_desktop.gui.incoming_files import MAX_FILES, expand_folders
from kdh_desktop.gui.jobs import Job

if TYPE_CHECKING:
    from kdh_desktop.core.importing.imported import RefusedRow
    from kdh_desktop.core.records.record_store import RecordStore


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file to take in."""

    path: Path

    @property
    def name(self) -> str:
        """What it is called on the screen."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class PastedTable:
    """A table to take in that was copied from another program; it is never on our disk."""

    text: str
    name: str


GivenSource = GivenFile | PastedTable


@dataclass(frozen=True, slots=True)
class PlannedSource:
    """A file or table of which it is settled how it is read.

    Attributes:
        given: What.
        plan: How.
        columns: Names of a table's columns.
        rows: How many rows it has, as far as anybody knows; 0 for unknown.
        is_wanted_again: Whether it is taken in although it was before.
    """

    given: GivenSource
    plan: ImportPlan
    columns: tuple[str, ...]
    rows: int = 0
    is_wanted_again: bool = False


@dataclass(frozen=True, slots=True)
class SourceOutcome:
    """What became of one file or table.

    Attributes:
        given: Which.
        batch: What was taken in; of a cut import what there is so far.
        error: Why it was not taken in, or not to its end.
        known: It was taken in before and was left out now, so that nothing is there twice.
    """

    given: GivenSource
    batch: ImportBatch | None = None
    error: KdhError | None = None
    known: PlannedSource | None = None

    @property
    def name(self) -> str:
        """What it is called on the screen."""
        return self.given.name

    @property
    def is_cancelled(self) -> bool:
        """Whether a person stopped it."""
        return isinstance(self.error, Cancelled)


def expand_work(paths: Sequence[Path]) -> Callable[[Job], tuple[Path, ...]]:
    """Find the files in folders.

    The work raises `InputError` where there are none, or far too many.
    """

    def work(_job: Job) -> tuple[Path, ...]:
        files = expand_folders(paths)
        if not files:
            raise InputError("The folder holds no files.", "Choose another one.")
        if len(files) > MAX_FILES:
            raise InputError(
                f"These are more than {MAX_FILES:,} files.", "Take them in folder by folder."
            )
        return files

    return work


def inspect_work(
    given: GivenSource, plan: ImportPlan | None = None
) -> Callable[[Job], FileInspection]:
    """Take a look at a file or table; the work raises `InputError` where it cannot be read."""

    def work(job: Job) -> FileInspection:
        from kdh_desktop.core.importing.reading import inspect_file, inspect_pasted_table

        match given:
            case GivenFile(path):
                return inspect_file(path, plan=plan, should_stop=job.should_stop)
            case PastedTable(text):
                return inspect_pasted_table(text, plan=plan, should_stop=job.should_stop)

    return work


def take_work(
    store: RecordStore, planned: PlannedSource, notes: AuditNotes
) -> Callable[[Job], SourceOutcome]:
    """Take a file or table in, and note it; the work reports `IntakeProgress`.

    What cannot be read is an outcome, too; only a cancelled job has none: see `stopped_work`.
    """

    def work(job: Job) -> SourceOutcome:
        from kdh_desktop.core.records.intake import source_of, take_in_pasted, take_in_source

        given, plan = planned.given, planned.plan
        try:
            if isinstance(given, PastedTable):
                source = BatchSource(
                    BatchKind.PASTED, given.name, plan=plan, columns=planned.columns
                )
                batch = take_in_pasted(
                    store, given.text, source, on_progress=job.report, should_stop=job.should_stop
                )
                return SourceOutcome(given, notes.import_done(batch))
            source = source_of(
                given.path, plan, columns=planned.columns, should_stop=job.should_stop
            )
            if not planned.is_wanted_again and _is_known(store, source):
                return SourceOutcome(given, known=planned)
            batch = take_in_source(
                store, given.path, source, on_progress=job.report, should_stop=job.should_stop
            )
            return SourceOutcome(given, notes.import_done(batch))
        except Cancelled:
            raise
        except KdhError as error:
            return SourceOutcome(given, _cut_batch(store, given, notes), error)

    return work


def stopped_work(
    store: RecordStore, given: GivenSource, notes: AuditNotes
) -> Callable[[Job], SourceOutcome]:
    """See what a cancelled import has taken in, and note it."""

    def work(_job: Job) -> SourceOutcome:
        return SourceOutcome(given, _cut_batch(store, given, notes), stopped())

    return work


def stopped() -> Cancelled:
    """Why a file was not taken in to its end, or not at all."""
    return Cancelled("Stopped.", "Import the file again to go on where it stopped.")


def _is_known(store: RecordStore, source: BatchSource) -> bool:
    return any(
        batch.source.sha256 == source.sha256 and batch.is_finished and not batch.is_removed
        for batch in store.batches()
    )


def _cut_batch(store: RecordStore, given: GivenSource, notes: AuditNotes) -> ImportBatch | None:
    """What a cut import has taken in so far: the last batch, where it is of this file."""
    path = str(given.path.absolute()) if isinstance(given, GivenFile) else ""
    found = [
        batch
        for batch in store.batches()
        if batch.source.path == path and batch.source.name == given.name and not batch.is_finished
    ]
    return notes.import_done(found[-1]) if found else None


def refused_work(
    store: RecordStore, batches: Sequence[ImportBatch]
) -> Callable[[Job], list[tuple[str, RefusedRow]]]:
    """Read which rows were refused, with the names of their files."""

    def work(_job: Job) -> list[tuple[str, RefusedRow]]:
        return [
            (batch.source.name, row) for batch in batches for row in store.refused_rows(batch.id)
        ]

    return work
