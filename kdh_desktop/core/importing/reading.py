"""The one door through which files come in: a first look, then their rows one by one.

Whatever the format, a stranger's file is parsed in a disposable process. Here it is only opened,
to see that it is an ordinary file and how it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.file_format import recognise
from kdh_desktop.core.importing.imported import (
    FileFormat,
    FileInspection,
    ImportedRecord,
    ImportPlan,
    Reading,
    ReadingEnd,
    RefusedRow,
)
from kdh_desktop.core.importing.parsing import parse_beginning, parse_file
from kdh_desktop.core.importing.row_values import from_value
from kdh_desktop.core.importing.sandbox import Limits, broken_file, run_in_child, stream_from_child
from kdh_desktop.core.importing.table import TableLayout
from kdh_desktop.core.importing.table_inspection import inspect_table
from kdh_desktop.core.json_values import build, to_json_value

READING_LIMITS = Limits(seconds=3_600.0, pause_s=60.0, answer_bytes=16_000_000_000)
"""For a million records; a file that gives nothing for a minute is given up."""

MAX_PASTED_CHARACTERS = 50_000_000

_UNKNOWN_LAYOUT = TableLayout(header_row=None)
"""The row that names the columns is looked for."""

_NEVER = Event().is_set


def inspect_file(
    path: Path,
    *,
    plan: ImportPlan | None = None,
    should_stop: Callable[[], bool] = _NEVER,
) -> FileInspection:
    """Look at a file without taking anything in.

    Args:
        path: Any file; its name does not matter.
        plan: How to read it this time, e.g. with another sheet, header row or encoding; None for
            what its content suggests.
        should_stop: Is asked about twenty times a second, in another thread.

    Raises:
        InputError: It is no ordinary file, empty, in no format that can be read, protected, or
            nothing of it can be read.
        Cancelled: `should_stop` said so.
    """
    wanted = plan or ImportPlan(recognise(path))
    if wanted.format.is_table:
        if plan is None:
            wanted = replace(wanted, layout=_UNKNOWN_LAYOUT)
        return _inspect_table(_argument(path, wanted), should_stop)
    return _inspect_records(path, wanted, should_stop)


def inspect_pasted_table(
    text: str,
    *,
    plan: ImportPlan | None = None,
    should_stop: Callable[[], bool] = _NEVER,
) -> FileInspection:
    """Look at a table that was pasted, e.g. from a spreadsheet, as `inspect_file` does.

    Raises:
        InputError: It is empty, or no table.
        Cancelled: `should_stop` said so.
    """
    wanted = plan or ImportPlan(FileFormat.DELIMITED, layout=_UNKNOWN_LAYOUT)
    return _inspect_table(_pasted(text, wanted), should_stop)


def read_pasted_table(
    text: str,
    plan: ImportPlan,
    *,
    should_stop: Callable[[], bool] = _NEVER,
    after_row: int = 0,
) -> Generator[Reading]:
    """Read a table that was pasted, as `read_records` reads a file; nothing touches the disk.

    Raises:
        InputError: It is empty, or laid out otherwise than `plan` says.
        Cancelled: `should_stop` said so.
    """
    yield from _read(_pasted(text, plan) | {"after_row": after_row}, should_stop)


def read_records(
    path: Path,
    plan: ImportPlan,
    *,
    should_stop: Callable[[], bool] = _NEVER,
    after_row: int = 0,
) -> Generator[Reading]:
    """Read a file row by row, never more of it at a time than a pipe holds.

    Args:
        path: The file.
        plan: How to read it, as `inspect_file` suggested it or a person changed it.
        should_stop: Is asked about twenty times a second, in another thread.
        after_row: Rows up to this one are left out; 0 for none.

    Yields:
        Each row of the file as a record or as refused, in rising order of `row`; then one
        `ReadingEnd`.

    Raises:
        InputError: The file cannot be read, or not to its end; what came before stays true.
        Cancelled: `should_stop` said so.
    """
    yield from _read(_argument(path, plan) | {"after_row": after_row}, should_stop)


def _read(argument: dict[str, Any], should_stop: Callable[[], bool]) -> Generator[Reading]:
    values = stream_from_child(parse_file, argument, limits=READING_LIMITS, should_stop=should_stop)
    with closing(values):
        for value in values:
            if value is not None:
                yield _taken(value)


def _inspect_records(
    path: Path, plan: ImportPlan, should_stop: Callable[[], bool]
) -> FileInspection:
    found, *values = run_in_child(parse_beginning, _argument(path, plan), should_stop=should_stop)
    rows = [_taken(value) for value in values]
    records = tuple(row for row in rows if isinstance(row, ImportedRecord))
    refused = [row for row in rows if isinstance(row, RefusedRow)]
    notices = [notice for row in rows if isinstance(row, ReadingEnd) for notice in row.notices]
    if refused:
        count = f"{len(refused)} of the first {len(refused) + len(records)} records"
        notices.insert(0, f"{count} cannot be read, the first because: {refused[0].reason}")
    return FileInspection(
        plan=replace(plan, encoding=found["encoding"]),
        needs_look=(bool(found["fitting"]) and plan.encoding is None) or not records,
        encodings=tuple(found["fitting"]),
        sample=found["sample"],
        table=None,
        records=records,
        notices=tuple(notices),
    )


def _inspect_table(argument: dict[str, Any], should_stop: Callable[[], bool]) -> FileInspection:
    values = run_in_child(inspect_table, argument, should_stop=should_stop)
    try:
        return build(FileInspection, values[0], "inspection")
    except (IndexError, TypeError, ValueError) as error:
        raise broken_file() from error


def _pasted(text: str, plan: ImportPlan) -> dict[str, Any]:
    if not text.strip():
        raise InputError("Nothing was pasted.", "Copy the cells of a table first.")
    if len(text) > MAX_PASTED_CHARACTERS:
        raise InputError("Too much was pasted at once.", "Save it as a file and import that.")
    return {"text": text, "plan": to_json_value(plan)}


def _argument(path: Path, plan: ImportPlan) -> dict[str, Any]:
    return {"path": str(path.absolute()), "plan": to_json_value(plan)}


def _taken(value: Any) -> Reading:
    try:
        return from_value(value)
    except ValueError as error:
        raise broken_file() from error
