"""What an export has done in the background: plain functions of frozen inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from kdh_desktop.core.audit_notes import AuditNotes, ExportKind
from kdh_desktop.core.records.record_filter import Field, RecordFilter
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from kdh_desktop.gui.exporting.export_choice import (
    Destination,
    ExportChoice,
    OwnTable,
    export_columns,
)
from kdh_desktop.gui.jobs import Job

if TYPE_CHECKING:
    from kdh_desktop.core.exporting.corrections_in import Conflict, CorrectionsFound
    from kdh_desktop.core.exporting.outcome import ExportFormat, ExportOutcome
    from kdh_desktop.core.labels import LabelSet
    from kdh_desktop.core.records.record_store import RecordStore


@dataclass(frozen=True, slots=True)
class Progress:
    """How many records are done, and of how many."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """Records to write, and where to.

    Attributes:
        ids: Which records, in their order.
        shown: Columns of the list, as fields and ids of labels.
        choice: What was chosen.
        target: The file.
    """

    ids: Sequence[int]
    shown: tuple[Field | str, ...]
    choice: ExportChoice
    target: Path


def tables_work(store: RecordStore) -> Callable[[Job], tuple[OwnTable, ...]]:
    """Find the imported tables that can be handed back, latest first."""

    def work(_job: Job) -> tuple[OwnTable, ...]:
        from kdh_desktop.core.exporting.workbook_copy import can_be_handed_back

        found = [batch for batch in store.batches() if can_be_handed_back(batch)]
        return tuple(
            OwnTable(batch, store.count_unpredicted(RecordFilter(batches=(batch.id,))))
            for batch in reversed(found)
        )

    return work


def noted_work(
    work: Callable[[Job], ExportOutcome], notes: AuditNotes, kind: ExportKind
) -> Callable[[Job], ExportOutcome]:
    """The same work, noted in the audit log when it is done."""
    return lambda job: notes.export_done(work(job), kind)


def export_work(
    store: RecordStore, order: ExportOrder, notes: AuditNotes
) -> Callable[[Job], ExportOutcome]:
    """Write records; the work reports `Progress`, and raises `ExportError` and `InputError`."""

    def work(job: Job) -> ExportOutcome:
        from kdh_desktop.core.exporting.outcome import ExportFormat

        match order.choice.destination:
            case Destination.WORKBOOK:
                return _records(store, order, job, ExportFormat.WORKBOOK)
            case Destination.CSV:
                return _records(store, order, job, ExportFormat.CSV)
            case Destination.JSON_LINES:
                return _records(store, order, job, ExportFormat.JSON_LINES)
            case Destination.RIS:
                return _records(store, order, job, ExportFormat.RIS)
            case Destination.REPORT | Destination.REPORT_PDF:
                return _report(store, order, job, notes)
            case Destination.OWN_TABLE:
                raise AssertionError("a table is handed back by `copy_work`")
            case _:
                assert_never(order.choice.destination)

    return work


def copy_work(
    store: RecordStore, batch_id: int, *, original: Path, target: Path
) -> Callable[[Job], ExportOutcome]:
    """Hand a table back; the work reports `Progress`, and raises as `export_workbook_copy`."""

    def work(job: Job) -> ExportOutcome:
        from kdh_desktop.core.exporting.workbook_copy import export_workbook_copy

        return export_workbook_copy(
            store,
            batch_id,
            original,
            target,
            on_progress=_reporting(job),
            should_stop=job.should_stop,
        )

    return work


def retraining_work(
    store: RecordStore, ids: Sequence[int], *, labels: LabelSet, target: Path
) -> Callable[[Job], ExportOutcome]:
    """Write what people decided for the trainer; the work reports `Progress`."""

    def work(job: Job) -> ExportOutcome:
        from kdh_desktop.core.exporting.corrections import export_corrections

        return export_corrections(
            store,
            ids,
            target,
            labels=labels,
            on_progress=_reporting(job),
            should_stop=job.should_stop,
        )

    return work


def corrections_work(store: RecordStore, path: Path) -> Callable[[Job], CorrectionsFound]:
    """Read a corrected table; the work raises `InputError` where it is none."""

    def work(job: Job) -> CorrectionsFound:
        from kdh_desktop.core.exporting.corrections_in import read_corrections

        return read_corrections(path, store, should_stop=job.should_stop)

    return work


def take_work(
    store: RecordStore, changes: Sequence[ReviewChange], *, corrections: int, notes: AuditNotes
) -> Callable[[Job], str]:
    """Take corrections over, as one operation; gives a notice, or nothing."""

    def work(_job: Job) -> str:
        store.review(changes, kind=OperationKind.TAKE_CORRECTIONS)
        return notes.corrections_done(corrections=corrections, records=len(changes))

    return work


def conflicts_work(conflicts: Sequence[Conflict], target: Path) -> Callable[[Job], None]:
    """Write a list of conflicts; the work raises `ExportError`."""

    def work(_job: Job) -> None:
        from kdh_desktop.core.exporting.conflicts_file import write_conflicts

        write_conflicts(conflicts, target)

    return work


def _records(
    store: RecordStore, order: ExportOrder, job: Job, file_format: ExportFormat
) -> ExportOutcome:
    from kdh_desktop.core.exporting.records_file import export_records

    label_ids = [label.id for label in store.active_labels]
    return export_records(
        store,
        order.ids,
        order.target,
        file_format=file_format,
        columns=export_columns(order.shown, order.choice, label_ids),
        on_progress=_reporting(job),
        should_stop=job.should_stop,
    )


def _report(store: RecordStore, order: ExportOrder, job: Job, notes: AuditNotes) -> ExportOutcome:
    from kdh_desktop.core.exporting.outcome import ExportOutcome
    from kdh_desktop.core.exporting.report import gather_report, print_html, write_report

    figures = gather_report(
        store,
        order.ids,
        title=order.choice.title,
        audit=notes.state(),
        on_progress=_reporting(job),
        should_stop=job.should_stop,
    )
    if order.choice.destination is Destination.REPORT:
        return write_report(figures, order.target)
    from kdh_desktop.gui.exporting.report_pdf import write_report_pdf

    write_report_pdf(print_html(figures), order.target, title=figures.title)
    return ExportOutcome(figures.provenance.records, (order.target,))


def _reporting(job: Job) -> Callable[[int, int], None]:
    return lambda done, total: job.report(Progress(done, total))
