"""Write records to a file: exactly those, with exactly these columns, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TypeVar, assert_never

from kdh_desktop.core.errors import Cancelled
from kdh_desktop.core.exporting.atomic import staged
from kdh_desktop.core.exporting.columns import ExportColumn
from kdh_desktop.core.exporting.flat_files import write_csv, write_json_lines
from kdh_desktop.core.exporting.outcome import ExportFormat, ExportOutcome
from kdh_desktop.core.exporting.provenance import Provenance
from kdh_desktop.core.exporting.ris_file import write_ris
from kdh_desktop.core.exporting.rows import Row, RowMaker, names_of
from kdh_desktop.core.exporting.source import RecordSource
from kdh_desktop.core.exporting.workbook_file import check_columns, is_sound, write_workbook
from kdh_desktop.core.records.stored import RecordDetail

_T = TypeVar("_T")
_NEVER = Event().is_set
_REPORT_EVERY = 200

OnProgress = Callable[[int, int], None]
"""Is told how many records are done, and of how many."""


def no_progress(_done: int, _total: int) -> None:
    """For who does not want to know."""


def export_records(
    store: RecordSource,
    ids: Sequence[int],
    target: Path,
    *,
    file_format: ExportFormat,
    columns: Sequence[ExportColumn],
    on_progress: OnProgress = no_progress,
    should_stop: Callable[[], bool] = _NEVER,
) -> ExportOutcome:
    """Write records, in the order of their ids, in place of what the target was.

    Args:
        store: Where the records are.
        ids: Which.
        target: The file.
        file_format: Its format; RIS has columns of its own.
        columns: What is written of each record.
        on_progress: Is called from this thread, now and then.
        should_stop: Is asked for every record.

    Raises:
        ExportError: The file cannot be written; the old one is as it was.
        InputError: The format cannot hold so many columns.
        Cancelled: `should_stop` said so; the old file is as it was.
    """
    labels = store.active_labels
    maker = RowMaker(columns, labels)
    if file_format is ExportFormat.WORKBOOK:
        check_columns(len(maker.titles))
    provenance = Provenance(labels)
    passing = provenance.watch(store.details(ids))
    details = passed_on(passing, len(ids), on_progress=on_progress, should_stop=should_stop)
    rows = _Rows(maker, details)
    check = is_sound if file_format is ExportFormat.WORKBOOK else None
    with staged(target, check=check) as path:
        match file_format:
            case ExportFormat.WORKBOOK:
                outcome = write_workbook(rows, path, titles=maker.titles, provenance=provenance)
            case ExportFormat.CSV:
                outcome = write_csv(rows, path, titles=maker.titles)
            case ExportFormat.JSON_LINES:
                outcome = write_json_lines(rows, path, titles=maker.titles)
            case ExportFormat.RIS:
                outcome = write_ris(details, path, names=names_of(labels))
            case _:
                assert_never(file_format)
    notices = (*outcome.notices, *rows.notices())
    return replace(outcome, files=(target,), notices=notices)


def passed_on(
    items: Iterable[_T],
    total: int,
    *,
    on_progress: OnProgress,
    should_stop: Callable[[], bool],
) -> Iterator[_T]:
    """The items as they are, with progress told and a stop heeded.

    Raises:
        Cancelled: `should_stop` said so.
    """
    done = 0
    for done, item in enumerate(items, 1):
        if should_stop():
            raise Cancelled("Saving was stopped; no file was changed.")
        yield item
        if done % _REPORT_EVERY == 0:
            on_progress(done, total)
    on_progress(done, total)


class _Rows:
    """Rows as they are asked for, and what had to be left out of them."""

    def __init__(self, maker: RowMaker, details: Iterable[RecordDetail]) -> None:
        self._maker = maker
        self._details = details
        self._removed = 0

    def __iter__(self) -> Iterator[Row]:
        for detail in self._details:
            row = self._maker.row(detail)
            self._removed += row.removed
            yield row

    def notices(self) -> Iterator[str]:
        if self._removed:
            yield f"{self._removed:,} characters that no file can hold were left out."
