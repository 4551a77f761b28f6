"""A person's own table back, with labels: every original cell as it was, new columns behind.

Workbooks and delimited text can be handed back. The original is a stranger's file, so the copy is
made in the disposable process and comes here in pieces; only this process writes.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.exporting.atomic import staged
from kdh_desktop.core.exporting.copy_columns import copy_cells, copy_columns
from kdh_desktop.core.exporting.copy_request import CopyRequest
from kdh_desktop.core.exporting.delimited_copy import copy_delimited
from kdh_desktop.core.exporting.outcome import ExportOutcome
from kdh_desktop.core.exporting.provenance import Provenance
from kdh_desktop.core.exporting.records_file import OnProgress, no_progress, passed_on
from kdh_desktop.core.exporting.rows import Cell, without_unwritable
from kdh_desktop.core.exporting.source import RecordSource
from kdh_desktop.core.exporting.workbook_edit import copy_workbook
from kdh_desktop.core.exporting.workbook_file import is_sound
from kdh_desktop.core.formula_guard import guarded
from kdh_desktop.core.importing.imported import FileFormat, ImportPlan
from kdh_desktop.core.importing.sandbox import Limits, Parser, stream_from_child
from kdh_desktop.core.importing.text_file import open_file
from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.records.import_batch import ImportBatch
from kdh_desktop.core.records.record_filter import RecordFilter, RecordOrder

ABOUT_TITLE = "KDH provenance"

_ORIGINAL_SHA256 = "Original file, SHA-256"
_MOST_OF_ABOUT = 1 << 20

_NEVER = Event().is_set
COPY_LIMITS = Limits(
    memory_bytes=3_000_000_000,
    seconds=900.0,
    pause_s=900.0,  # a copy is put together before its first piece goes out
    answer_bytes=1_000_000_000,
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How originals of a format are copied, and how the copy's name may end."""

    parser: Parser
    endings: tuple[str, ...]
    is_text: bool


_KINDS = {
    FileFormat.WORKBOOK: _Kind(copy_workbook, (".xlsx",), is_text=False),
    FileFormat.DELIMITED: _Kind(copy_delimited, (".csv", ".tsv", ".txt", ".tab"), is_text=True),
}


class BatchStore(RecordSource, Protocol):
    """What a copy needs of the record store beside the records."""

    def batch(self, batch_id: int) -> ImportBatch:
        """One import."""

    def batches(self) -> Sequence[ImportBatch]:
        """All imports."""

    def merged_rows(self, batch_id: int) -> Sequence[tuple[int, int]]:
        """Rows of an import that were merged away, each with the record that it ended in."""

    def ids(self, where: RecordFilter, order: RecordOrder) -> Sequence[int]:
        """Ids of the records that fit."""


def can_be_handed_back(batch: ImportBatch) -> bool:
    """Whether a copy with labels can be made of what an import took in."""
    plan = batch.source.plan
    is_table = plan is not None and plan.format in _KINDS and bool(plan.layout.header_row)
    return is_table and bool(batch.source.path) and not batch.is_removed


def name_of_copy(batch: ImportBatch) -> str:
    """A file name for a copy, with an ending that fits what it will be."""
    name = Path(batch.source.name)
    plan = batch.source.plan
    endings = _KINDS[plan.format].endings if plan is not None and plan.format in _KINDS else ("",)
    ending = name.suffix if name.suffix.casefold() in endings else endings[0]
    return f"{name.stem} labelled{ending}"


def export_workbook_copy(
    store: BatchStore,
    batch_id: int,
    original: Path,
    target: Path,
    *,
    on_progress: OnProgress = no_progress,
    should_stop: Callable[[], bool] = _NEVER,
) -> ExportOutcome:
    """Write a copy of an imported table with labels, drop-downs and probabilities added.

    Args:
        store: Where the records are.
        batch_id: The import; its sheet gets the columns.
        original: The file that was imported, unchanged since.
        target: Where the copy shall lie; never the original itself.
        on_progress: Is called from this thread, now and then.
        should_stop: Is asked for every record, and while the copy is made.

    Raises:
        ExportError: The file cannot be written; an old one is as it was.
        InputError: It is no table, another file than was imported, or has no room.
        Cancelled: `should_stop` said so; an old file is as it was.
    """
    batch = store.batch(batch_id)
    plan = _plan_of(batch)
    _check_places(original, target, plan)
    labels = store.active_labels
    if not labels:
        raise InputError("There is no model, so there are no labels.", "Activate a model first.")
    provenance = Provenance(labels)
    ids = store.ids(RecordFilter(batches=(batch_id,)), RecordOrder())
    passing = provenance.watch(store.details(ids))
    details = passed_on(passing, len(ids), on_progress=on_progress, should_stop=should_stop)
    rows = {str(detail.imported.row): copy_cells(detail, labels) for detail in details}
    merged = store.merged_rows(batch_id)
    survivors = {detail.id: detail for detail in store.details(sorted({one for _, one in merged}))}
    for row, record_id in merged:
        rows[str(row)] = copy_cells(survivors[record_id], labels, is_merged=True)
    about = (*provenance.lines(), *_about_copy(batch, rows))
    request = CopyRequest(
        path=str(original.absolute()),
        sha256=batch.source.sha256,
        layout=replace(plan.layout, encoding=plan.layout.encoding or plan.encoding),
        columns=copy_columns(labels, batch.source.columns),
        about=about,
        about_title=ABOUT_TITLE,
    )
    kind = _KINDS[plan.format]
    answer = stream_from_child(
        kind.parser,
        to_json_value(request) | {"rows": rows},
        limits=COPY_LIMITS,
        should_stop=should_stop,
    )
    files = [target]
    with contextlib.ExitStack() as stack:
        if kind.is_text:
            files.append(_about_place(target))
            _write_about(stack.enter_context(staged(files[1])), about)
        path = stack.enter_context(staged(target, check=None if kind.is_text else is_sound))
        head = _write(answer, path)
    return ExportOutcome(len(rows), tuple(files), notices=tuple(map(str, head["notices"])))


def _plan_of(batch: ImportBatch) -> ImportPlan:
    plan = batch.source.plan
    if plan is None or plan.format not in _KINDS:
        raise InputError(
            "Only a workbook (.xlsx) or delimited text can be handed back as it was.",
            "Save its records as a new .xlsx file.",
        )
    if not plan.layout.header_row:
        raise InputError(
            "The table has no row that names its columns, so no column can be added to it.",
            "Write such a row and import the table again, or save its records as a new .xlsx file.",
        )
    return plan


def _check_places(original: Path, target: Path, plan: ImportPlan) -> None:
    endings = _KINDS[plan.format].endings
    if target.suffix.casefold() not in endings:
        raise InputError(
            "The copy is a file of another kind than its name says.",
            f"Save it under a name that ends in {' or '.join(endings)}.",
        )
    if not original.exists():
        raise InputError(
            "The original file is not there any more.", "Say where it is, or bring it back."
        )
    if target.exists() and target.samefile(original):
        raise InputError(
            "The copy would take the place of the original.", "Save it under another name."
        )
    if _KINDS[plan.format].is_text and not _is_free(_about_place(target)):
        raise InputError(
            "A file with the copy's provenance is written beside it, and another file has its "
            "name already.",
            "Save the copy under another name.",
        )


def _about_place(target: Path) -> Path:
    """Where it is said what the labels in a copy of a text come from."""
    return target.with_name(f"{target.stem} provenance.csv")


def _is_free(place: Path) -> bool:
    """Whether there is nothing at a place but what an earlier copy has written there."""
    try:
        with open_file(place) as file:
            head = file.read(_MOST_OF_ABOUT)
    except InputError:
        return not os.path.lexists(place)
    lines = csv.reader(head.decode("utf-8-sig", "replace").splitlines())
    with contextlib.suppress(csv.Error):
        return any(line[:1] == [_ORIGINAL_SHA256] for line in lines)
    return False


def _about_copy(batch: ImportBatch, rows: Mapping[str, Sequence[Cell]]) -> list[tuple[str, Cell]]:
    return [
        ("Original file", without_unwritable(batch.source.name)[0]),
        (_ORIGINAL_SHA256, batch.source.sha256),
        ("Rows with labels", len(rows)),
        ("Rows refused at import", batch.refused),
        ("Original cells changed", 0),
    ]


def _write_about(path: Path, about: Sequence[tuple[str, Cell]]) -> None:
    """Write beside a text what a workbook holds on a sheet of its own."""
    lines = [[guarded(cell) if isinstance(cell, str) else cell for cell in line] for line in about]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows(lines)


def _write(answer: Generator[Any], path: Path) -> dict[str, Any]:
    """Write the pieces of a copy, and give what was said of it."""
    with contextlib.closing(answer), path.open("wb") as file:
        head = next(answer)
        for piece in answer:
            file.write(base64.b64decode(piece))
    return dict(head)
