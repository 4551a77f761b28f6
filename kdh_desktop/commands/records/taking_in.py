"""Files into the store: look at them, take them in, list what was taken in."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.commands.interrupts import stopping_on_interrupt
from kdh_desktop.commands.outcome_words import records_words
from kdh_desktop.commands.output import print_json, print_line
from kdh_desktop.commands.parser import Commands
from kdh_desktop.commands.progress import ProgressLine
from kdh_desktop.commands.reading_options import (
    PlannedFile,
    add_reading_options,
    numbered,
    planned_files,
)
from kdh_desktop.commands.records.opening import open_store
from kdh_desktop.commands.refused import (
    add_refused_option,
    check_refused_to,
    say_intake,
    say_notices,
)
from kdh_desktop.core.audit_log import AuditLog
from kdh_desktop.core.audit_notes import AuditNotes
from kdh_desktop.core.errors import Cancelled, InputError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.core.importing.imported import FileInspection
    from kdh_desktop.core.records.import_batch import BatchSource, ImportBatch
    from kdh_desktop.core.records.record_store import RecordStore

_SHOWN_RECORDS = 3
_SHOWN_CHARACTERS = 70


def add_taking_in(group: Commands) -> None:
    """Add the commands."""
    inspect = group.add_parser(
        "inspect", help="say how a file would be read, without taking it in", allow_abbrev=False
    )
    inspect.add_argument("path", metavar="FILE", type=Path)
    inspect.add_argument("--json", action="store_true", help="print one JSON object")
    inspect.set_defaults(command=_inspect)

    take_in = group.add_parser("import", help="take files in", allow_abbrev=False)
    take_in.add_argument("inputs", nargs="+", metavar="FILE")
    take_in.add_argument(
        "--again", action="store_true", help="take in also what is among the records already"
    )
    add_refused_option(take_in)
    add_reading_options(take_in)
    take_in.set_defaults(command=_import)

    imports = group.add_parser("imports", help="list what was taken in", allow_abbrev=False)
    imports.add_argument("--json", action="store_true", help="print one JSON object a line")
    imports.set_defaults(command=_imports)


def _inspect(arguments: argparse.Namespace, _paths: AppPaths) -> int:
    from kdh_desktop.core.importing.reading import inspect_file

    with stopping_on_interrupt() as should_stop:
        found = inspect_file(arguments.path, should_stop=should_stop)
    if arguments.json:
        from kdh_desktop.core.json_values import to_json_value

        print_json(**to_json_value(found))
        return 0
    for line in _inspection_lines(found):
        print_line(line)
    return 0


def _inspection_lines(found: FileInspection) -> list[str]:
    plan = found.plan
    lines = [f"Format     {plan.format}"]
    if found.encodings:
        lines.append(f"Encoding   {plan.encoding or plan.layout.encoding or found.encodings[0]}")
    if found.table is not None:
        for sheet in found.table.sheets:
            hidden = ", hidden" if sheet.is_hidden else ""
            lines.append(f"Sheet      {printable(sheet.name)}{hidden}")
        lines.append(f"Header     row {plan.layout.header_row}")
        for place, name in enumerate(found.table.columns):
            role = plan.mapping.role(place)
            lines.append(f"Column     {printable(name)}{f'  ({role})' if role else ''}")
        if found.table.problem:
            lines.append(f"Problem    {printable(found.table.problem)}")
    lines += [f"Note       {printable(notice)}" for notice in found.notices]
    for record in found.records[:_SHOWN_RECORDS]:
        lines.append(f"Row {record.row:<6} {printable(record.text)[:_SHOWN_CHARACTERS]}")
    if found.needs_look:
        lines.append("It is not certain that this is right: say it with options when you import.")
    return lines


def _import(arguments: argparse.Namespace, paths: AppPaths) -> int:
    check_refused_to(arguments.refused, arguments.inputs)
    line = ProgressLine()
    with stopping_on_interrupt() as should_stop, open_store(paths) as store:
        files = planned_files(arguments.inputs, arguments, should_stop)
        say_notices(line, files)
        intake = _Intake(store, line, should_stop, AuditNotes(AuditLog(paths.audit)))
        batches: list[ImportBatch] = []
        known: set[int] = set()
        try:
            for position, file in enumerate(files, start=1):
                source = intake.source_of(file, position)
                batch = None if arguments.again else _known_batch(store, source)
                if batch is not None:
                    known.add(batch.id)
                batches.append(batch or intake.take_in(file, source, position))
        except Cancelled:
            command = "the same command without --again" if arguments.again else "the same command"
            line.say(f"What was taken in is kept; {command} goes on behind it.")
            raise
        say_intake(line, store, batches, files=files, known=known, refused_to=arguments.refused)
    return 0


@dataclass(frozen=True, slots=True)
class _Intake:
    """Takes one file after the other in."""

    store: RecordStore
    line: ProgressLine
    should_stop: Callable[[], bool]
    notes: AuditNotes

    def source_of(self, file: PlannedFile, position: int) -> BatchSource:
        from kdh_desktop.core.records.intake import source_of

        try:
            return source_of(
                file.path, file.plan, columns=file.columns, should_stop=self.should_stop
            )
        except InputError as error:
            raise numbered(error, position) from error

    def take_in(self, file: PlannedFile, source: BatchSource, position: int) -> ImportBatch:
        from kdh_desktop.core.records.intake import take_in_source

        try:
            batch = take_in_source(
                self.store,
                file.path,
                source,
                on_progress=lambda now: self.line.show(
                    f"Reading input {position}: {records_words(now.records)}"
                ),
                should_stop=self.should_stop,
            )
        except InputError as error:
            _note_cut(self.store, self.notes)
            raise numbered(error, position) from error
        except Cancelled:
            _note_cut(self.store, self.notes)
            raise
        finally:
            self.line.clear()
        return self.notes.import_done(batch)


def _known_batch(store: RecordStore, source: BatchSource) -> ImportBatch | None:
    """The import that took the same bytes in, in the same way; None where one can go on.

    A command that was cut is given once more, and must not double what it took in before.
    """
    same = [
        batch
        for batch in store.batches()
        if (batch.source.sha256, batch.source.plan) == (source.sha256, source.plan)
        and not batch.is_removed
    ]
    return same[-1] if same and all(batch.is_finished for batch in same) else None


def _note_cut(store: RecordStore, notes: AuditNotes) -> None:
    """Note what a cut import has left in the store."""
    for batch in store.batches()[-1:]:
        if not batch.is_finished:
            notes.import_done(batch)


def _imports(arguments: argparse.Namespace, paths: AppPaths) -> int:
    with open_store(paths) as store:
        batches = store.batches()
    for batch in batches:
        if arguments.json:
            print_json(
                id=batch.id,
                name=batch.source.name,
                begun_utc=batch.begun_utc,
                format=None if batch.format is None else str(batch.format),
                sha256=batch.source.sha256,
                finished=batch.is_finished,
                removed=batch.is_removed,
                records=batch.records,
                refused=batch.refused,
            )
        else:
            state = " (undone)" if batch.is_removed else "" if batch.is_finished else " (cut)"
            print_line(
                f"{batch.id:>4}  {batch.begun_utc[:10]}  {batch.records:>8,} records "
                f"{batch.refused:>6,} refused  {printable(batch.source.name)}{state}"
            )
    return 0
