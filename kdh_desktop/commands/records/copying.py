"""A person's own table back with labels, and corrections in it taken over."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.commands.interrupts import stopping_on_interrupt
from kdh_desktop.commands.output import print_line, say_line
from kdh_desktop.commands.parser import Commands, whole_number
from kdh_desktop.commands.progress import ProgressLine
from kdh_desktop.commands.records.opening import open_with_model
from kdh_desktop.commands.records.saving import say_saved
from kdh_desktop.core.audit_log import AuditLog
from kdh_desktop.core.audit_notes import AuditNotes, ExportKind
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.stored import OperationKind
from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.core.exporting.corrections_in import Conflict

_SHOWN = 50


def add_copying(group: Commands) -> None:
    """Add the commands."""
    copy = group.add_parser(
        "copy", help="hand a table back as it was, with columns for labels", allow_abbrev=False
    )
    copy.add_argument(
        "number", metavar="IMPORT", type=whole_number, help="as `kdh records imports` says"
    )
    copy.add_argument("original", metavar="ORIGINAL", type=Path, help="the file that was imported")
    copy.add_argument("-o", "--output", required=True, type=Path, metavar="COPY")
    copy.set_defaults(command=_copy)

    corrections = group.add_parser(
        "corrections", help="take over what people corrected in such a copy", allow_abbrev=False
    )
    corrections.add_argument("path", metavar="COPY", type=Path)
    corrections.add_argument("--dry-run", action="store_true", help="only say what would change")
    corrections.set_defaults(command=_corrections)


def _copy(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.exporting.workbook_copy import export_workbook_copy

    line = ProgressLine()
    with stopping_on_interrupt() as should_stop, open_with_model(paths) as (store, _):
        if arguments.number not in {batch.id for batch in store.batches()}:
            raise InputError("There is no import of that number.", "See `kdh records imports`.")
        try:
            outcome = export_workbook_copy(
                store,
                arguments.number,
                arguments.original,
                arguments.output,
                on_progress=lambda done, total: line.show(f"Copied {done:,} of {total:,}"),
                should_stop=should_stop,
            )
        finally:
            line.clear()
    notes = AuditNotes(AuditLog(paths.audit))
    say_saved(line, notes.export_done(outcome, ExportKind.OWN_TABLE))
    return 0


def _corrections(arguments: argparse.Namespace, paths: AppPaths) -> int:
    from kdh_desktop.core.exporting.corrections_in import read_corrections

    with stopping_on_interrupt() as should_stop, open_with_model(paths) as (store, _):
        found = read_corrections(arguments.path, store, should_stop=should_stop)
        if found.changes and not arguments.dry_run:
            store.review(found.changes, kind=OperationKind.TAKE_CORRECTIONS)
            notice = AuditNotes(AuditLog(paths.audit)).corrections_done(
                corrections=found.corrections, records=len(found.changes)
            )
            if notice:
                say_line(f"Note: {notice}")
    for conflict in found.conflicts[:_SHOWN]:
        say_line(_conflict_words(conflict))
    if len(found.conflicts) > _SHOWN:
        say_line(f"... and {len(found.conflicts) - _SHOWN:,} more conflicts.")
    verb = "would be taken over" if arguments.dry_run else "taken over"
    print_line(
        f"Corrections {verb}: {found.corrections:,}, in {len(found.changes):,} of "
        f"{found.rows:,} rows. Conflicts: {len(found.conflicts):,}. "
        f"Rows without an id: {found.unmatched:,}."
    )
    return 0


def _conflict_words(conflict: Conflict) -> str:
    sheet = f"{conflict.sheet}, " if conflict.sheet else ""
    row = f"row {conflict.row}" if conflict.row else "whole column"
    label = f", {conflict.label}" if conflict.label else ""
    return printable(f"{sheet}{row}{label}: {conflict.message} {conflict.remedy}")
