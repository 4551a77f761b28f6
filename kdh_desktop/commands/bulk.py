"""`kdh bulk`: files in, one labelled table out, without a window and without a trace."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.commands.bulk_work import BulkWork, open_work, require_same_inputs
from kdh_desktop.commands.interrupts import stopping_on_interrupt
from kdh_desktop.commands.model_loading import load_active_classifier
from kdh_desktop.commands.outcome_words import cut_words, records_words
from kdh_desktop.commands.output import say_line
from kdh_desktop.commands.parser import EPILOG, Commands
from kdh_desktop.commands.progress import ProgressLine, bulk_words
from kdh_desktop.commands.reading_options import (
    PlannedFile,
    add_reading_options,
    numbered,
    planned_files,
)
from kdh_desktop.commands.refused import (
    add_refused_option,
    check_refused_to,
    say_intake,
    say_notices,
)
from kdh_desktop.core.audit_log import AuditLog
from kdh_desktop.core.audit_notes import AuditNotes, ExportKind
from kdh_desktop.core.errors import Cancelled, ExportError, InputError, StoreError
from kdh_desktop.core.paths import AppPaths

if TYPE_CHECKING:
    from kdh_desktop.core.exporting.columns import ExportColumn
    from kdh_desktop.core.exporting.outcome import ExportOutcome
    from kdh_desktop.core.records.import_batch import BatchSource, ImportBatch
    from kdh_desktop.core.records.record_store import RecordStore

_DESCRIPTION = """\
Classify whole files: workbooks, CSV, PubMed, RIS, Web of Science, JSON lines, Word and PDF
files, plain text. The output has the original columns first, then `labels`, then the
probability of each label; its ending says its format: .xlsx, .csv or .jsonl.

The records of the window are not touched. What is done is kept, encrypted, in the program's
data folder until the output is written, so that a command that was stopped or killed can go
on with --resume.
"""
_ENDINGS = (".xlsx", ".csv", ".jsonl")
_MOST_ADDED = 500
"""Columns for fields of inputs that are no tables."""


def add_bulk(commands: Commands) -> None:
    """Add the command."""
    bulk = commands.add_parser(
        "bulk",
        help="classify whole files into one labelled table",
        description=_DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    bulk.add_argument("inputs", nargs="+", metavar="INPUT", help="files in any format that is read")
    bulk.add_argument(
        "-o", "--output", required=True, type=Path, metavar="OUTPUT", help="the file to write"
    )
    bulk.add_argument(
        "--resume", action="store_true", help="go on with the same command that was cut"
    )
    add_refused_option(bulk)
    add_reading_options(bulk)
    bulk.set_defaults(command=_bulk)


def _bulk(arguments: argparse.Namespace, paths: AppPaths) -> int:
    output: Path = arguments.output
    _check_output(output, arguments.inputs)
    check_refused_to(arguments.refused, arguments.inputs, output=output)
    line = ProgressLine()
    with stopping_on_interrupt() as should_stop:
        line.show("Looking at the inputs")
        files = planned_files(arguments.inputs, arguments, should_stop)
        say_notices(line, files)
        work = open_work(paths, output, is_resuming=arguments.resume)
        notes = AuditNotes(AuditLog(paths.audit))
        run = _Run(work.store, files, line, should_stop, notes)
        try:
            run.take_in(refused_to=arguments.refused)
            run.classify(paths)
            outcome = notes.export_done(run.save(output), ExportKind.BULK)
        except BaseException as error:
            line.clear()
            _leave(work, error)
            raise
        work.finish()
    for words in (*cut_words(outcome.cuts), *outcome.notices):
        line.say(f"Note: {words}")
    line.say(
        f"{records_words(outcome.rows)} classified and saved. For research, not for diagnosis."
    )
    return 0


def _check_output(output: Path, inputs: Sequence[str]) -> None:
    """Refuse an output that cannot be, before hours of work are done for it."""
    if output.suffix.lower() not in _ENDINGS:
        raise InputError(
            "The output's ending names no format that can be written.",
            f"Let it end in {', '.join(_ENDINGS[:-1])} or {_ENDINGS[-1]}.",
        )
    if not output.parent.is_dir():
        raise InputError("The folder of the output is not there.", "Make it, or name another.")
    if os.path.lexists(output) and not output.is_file() and not _is_dangling(output):
        raise InputError("What has the output's name is no file.", "Name another output.")
    for position, name in enumerate(inputs, start=1):
        with contextlib.suppress(OSError):
            if output.samefile(name):
                raise InputError(
                    f"The output is the same file as input {position}.", "Name another output."
                )


def _is_dangling(path: Path) -> bool:
    """Whether it is a link to a file that is not there yet, and no loop of links."""
    return path.is_symlink() and not os.path.lexists(os.path.realpath(path))


def _leave(work: BulkWork, error: BaseException) -> None:
    """Keep what was done where the same command can go on with it."""
    holds_records = True
    with contextlib.suppress(StoreError):
        holds_records = work.store.count() > 0
    if not holds_records:
        work.finish()
        return
    work.close()
    if isinstance(error, (Cancelled, KeyboardInterrupt, ExportError, StoreError)):
        say_line("What is done is kept; the same command with --resume goes on.")


@dataclass(frozen=True, slots=True)
class _Run:
    """The steps of one command, each of which takes up what an earlier one left."""

    store: RecordStore
    files: Sequence[PlannedFile]
    line: ProgressLine
    should_stop: Callable[[], bool]
    notes: AuditNotes

    def take_in(self, *, refused_to: Path | None) -> None:
        """Read all inputs.

        Raises:
            InputError: One of them cannot be read, or there are no records in any.
        """
        from kdh_desktop.core.records.intake import source_of

        sources = [
            source_of(one.path, one.plan, columns=one.columns, should_stop=self.should_stop)
            for one in self.files
        ]
        require_same_inputs(self.store, sources)
        known = self.store.batches()
        batches = [
            known[place]
            if place < len(known) and known[place].is_finished
            else self._take_in_one(place, source)
            for place, source in enumerate(sources)
        ]
        say_intake(self.line, self.store, batches, files=self.files, refused_to=refused_to)
        if not self.store.count():
            raise InputError("There is not one record that can be read.", "Name other inputs.")

    def _take_in_one(self, place: int, source: BatchSource) -> ImportBatch:
        from kdh_desktop.core.records.intake import take_in_source

        try:
            batch = take_in_source(
                self.store,
                self.files[place].path,
                source,
                on_progress=lambda now: self.line.show(
                    f"Reading input {place + 1}: {records_words(now.records)}"
                ),
                should_stop=self.should_stop,
            )
        except InputError as error:
            raise numbered(error, place + 1) from error
        return self.notes.import_done(batch)

    def classify(self, paths: AppPaths) -> None:
        """Classify what is not classified yet."""
        from kdh_desktop.core.records.bulk_run import BulkRun

        self.line.show("Loading the model")
        classifier = load_active_classifier(paths)
        bundle = classifier.bundle
        self.store.activate_model(bundle.manifest, manifest_sha256=bundle.manifest_sha256)
        self.line.clear()
        final = BulkRun(self.store, classifier).run(
            lambda now: self.line.show(bulk_words(now)), self.should_stop
        )
        self.line.say(bulk_words(final))

    def save(self, output: Path) -> ExportOutcome:
        """Write the output."""
        from kdh_desktop.core.exporting.columns import label_columns
        from kdh_desktop.core.exporting.outcome import ExportFormat
        from kdh_desktop.core.exporting.records_file import export_records

        originals, left_out = joined_columns(self.store)
        columns = (*originals, *label_columns(self.store.active_labels))
        outcome = export_records(
            self.store,
            self.store.ids(),
            output,
            file_format=ExportFormat(output.suffix.lower().removeprefix(".")),
            columns=columns,
            on_progress=lambda done, total: self.line.show(f"Saved {done:,} of {total:,}"),
            should_stop=self.should_stop,
        )
        if not left_out:
            return outcome
        notice = f"{left_out:,} more fields of the inputs are not in the output: they are too many."
        return replace(outcome, notices=(*outcome.notices, notice))


def joined_columns(store: RecordStore) -> tuple[tuple[ExportColumn, ...], int]:
    """The original columns of all inputs, each once, in the order in which they are met.

    With several inputs the name of the file comes last of them, which tells equal ids apart.

    Returns:
        The columns, and how many were left out: where each record has other fields, as JSON may,
        no program could show a column for each.
    """
    from kdh_desktop.core.exporting.columns import FieldColumn, is_table, original_columns
    from kdh_desktop.core.records.record_filter import Field

    batches = store.batches()
    columns: dict[ExportColumn, None] = {}
    more: dict[ExportColumn, None] = {}
    for batch in batches:
        columns |= dict.fromkeys(original_columns(batch.source))
        if not is_table(batch.source):
            extra = store.extra_names(batch.id)
            more |= dict.fromkeys(original_columns(batch.source, extra))
    added = [column for column in more if column not in columns]
    columns |= dict.fromkeys(added[:_MOST_ADDED])
    if len(batches) > 1:
        columns[FieldColumn(Field.FILE)] = None
    return tuple(columns), max(0, len(added) - _MOST_ADDED)
