"""Records into files, in the formats and with the values of the window."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.commands.interrupts import stopping_on_interrupt
from kdh_desktop.commands.outcome_words import cut_words, records_words
from kdh_desktop.commands.parser import Commands
from kdh_desktop.commands.progress import ProgressLine
from kdh_desktop.commands.records.filters import (
    add_filter_options,
    add_order_options,
    filter_of,
    label_id,
    order_of,
)
from kdh_desktop.commands.records.opening import open_with_model
from kdh_desktop.core.audit_log import AuditLog
from kdh_desktop.core.audit_notes import AuditNotes, ExportKind
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.record_filter import Field

if TYPE_CHECKING:
    from kdh_desktop.core.exporting.columns import ExportColumn
    from kdh_desktop.core.exporting.outcome import ExportOutcome
    from kdh_desktop.core.records.record_store import RecordStore

_USUAL = (Field.ID, Field.PMID, Field.DOI, Field.TITLE, Field.ABSTRACT, Field.YEAR, Field.JOURNAL)


def add_saving(group: Commands) -> None:
    """Add the commands."""
    export = group.add_parser("export", help="save records to a file", allow_abbrev=False)
    export.add_argument(
        "-o", "--output", required=True, type=Path, metavar="FILE",
        help="its ending says the format: .xlsx, .csv, .jsonl or .ris",
    )  # fmt: skip
    export.add_argument(
        "--columns",
        metavar="LIST",
        help="columns joined by commas: names of fields, `labels`, and labels for the model's "
        "probabilities; without it the usual ones, labels and all probabilities",
    )
    export.add_argument(
        "--for-retraining",
        action="store_true",
        help="write what people decided, for kdh-trainer, as .jsonl",
    )
    add_filter_options(export)
    add_order_options(export)
    export.set_defaults(command=_export)

    report = group.add_parser("report", help="save a report on records as HTML", allow_abbrev=False)
    report.add_argument("-o", "--output", required=True, type=Path, metavar="FILE")
    report.add_argument("--title", default="", metavar="WORDS", help="what to call it")
    add_filter_options(report)
    report.set_defaults(command=_report)


def _report(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.exporting.report import export_report

    output: Path = arguments.output
    if output.suffix.lower() not in {".html", ".htm"}:
        raise InputError("A report is written as HTML.", "Let the output end in .html.")
    line, notes = ProgressLine(), AuditNotes(AuditLog(paths.audit))
    with stopping_on_interrupt() as should_stop, open_with_model(paths) as (store, _):
        try:
            outcome = export_report(
                store,
                store.ids(filter_of(arguments, store)),
                output,
                title=arguments.title,
                audit=notes.state(),
                on_progress=lambda done, total: line.show(f"Read {done:,} of {total:,}"),
                should_stop=should_stop,
            )
        finally:
            line.clear()
    say_saved(line, notes.export_done(outcome, ExportKind.REPORT))
    return 0


def _export(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.exporting.corrections import export_corrections
    from kdh_desktop.core.exporting.outcome import ExportFormat
    from kdh_desktop.core.exporting.records_file import export_records

    output: Path = arguments.output
    ending = output.suffix.lower().removeprefix(".")
    if ending not in {str(one) for one in ExportFormat}:
        raise InputError(
            "The output's ending names no format that can be written.",
            "Let it end in .xlsx, .csv, .jsonl or .ris.",
        )
    if arguments.for_retraining and ending != ExportFormat.JSON_LINES:
        raise InputError(
            "What is for retraining is written as JSON lines.", "Let the output end in .jsonl."
        )
    line = ProgressLine()

    def show(done: int, total: int) -> None:
        line.show(f"Saved {done:,} of {total:,}")

    with stopping_on_interrupt() as should_stop, open_with_model(paths) as (store, bundle):
        ids = store.ids(filter_of(arguments, store), order_of(arguments, store))
        try:
            if arguments.for_retraining:
                outcome: ExportOutcome = export_corrections(
                    store,
                    ids,
                    output,
                    labels=bundle.labels,
                    on_progress=show,
                    should_stop=should_stop,
                )
            else:
                outcome = export_records(
                    store,
                    ids,
                    output,
                    file_format=ExportFormat(ending),
                    columns=_columns(arguments.columns, store),
                    on_progress=show,
                    should_stop=should_stop,
                )
        finally:
            line.clear()
    kind = ExportKind.RETRAINING if arguments.for_retraining else ExportKind.RECORDS
    say_saved(line, AuditNotes(AuditLog(paths.audit)).export_done(outcome, kind))
    return 0


def say_saved(line: ProgressLine, outcome: ExportOutcome) -> None:
    """Say what was written, and what could not be."""
    for words in (*cut_words(outcome.cuts), *outcome.notices):
        line.say(f"Note: {words}")
    line.say(f"{records_words(outcome.rows)} saved.")


def _columns(wanted: str | None, store: RecordStore) -> tuple[ExportColumn, ...]:
    from kdh_desktop.core.exporting.columns import column_of, label_columns

    if wanted is None:
        return (*map(column_of, _USUAL), *label_columns(store.active_labels))
    fields = {str(field): field for field in Field}
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if not names:
        raise InputError("No column is named.", "Name some, e.g. --columns id,title,labels.")
    return tuple(column_of(fields.get(name) or label_id(store, name)) for name in names)
