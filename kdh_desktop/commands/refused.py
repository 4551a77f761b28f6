"""What `kdh` says of rows that were not taken in."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.commands.outcome_words import records_words
from kdh_desktop.core.errors import InputError
from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.commands.progress import ProgressLine
    from kdh_desktop.commands.reading_options import PlannedFile
    from kdh_desktop.core.importing.imported import RefusedRow
    from kdh_desktop.core.records.import_batch import ImportBatch
    from kdh_desktop.core.records.record_store import RecordStore

_SHOWN = 10


def add_refused_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a file for refused rows."""
    parser.add_argument(
        "--refused",
        type=Path,
        metavar="FILE",
        help="write the rows that cannot be read to this CSV file, with reasons and remedies",
    )


def check_refused_to(
    refused_to: Path | None, inputs: Sequence[str], *, output: Path | None = None
) -> None:
    """Refuse a file for refused rows that would take another file's place, before any work.

    Raises:
        InputError: It is one of the inputs, or the output.
    """
    if refused_to is None:
        return
    for position, name in enumerate(inputs, start=1):
        with contextlib.suppress(OSError):
            if refused_to.samefile(name):
                raise InputError(
                    f"The file that --refused names is input {position}.", "Name another file."
                )
    if output is not None and os.path.realpath(refused_to) == os.path.realpath(output):
        raise InputError("The file that --refused names is the output.", "Name another file.")


def say_notices(line: ProgressLine, files: Sequence[PlannedFile]) -> None:
    """Say what a look at the inputs told, such as sheets that are not read."""
    for position, file in enumerate(files, start=1):
        who = f"Input {position}: " if len(files) > 1 else ""
        for notice in file.inspection.notices:
            line.say(f"{who}Note: {printable(notice)}")


def say_intake(
    line: ProgressLine,
    store: RecordStore,
    batches: Sequence[ImportBatch],
    *,
    files: Sequence[PlannedFile],
    refused_to: Path | None,
    known: Collection[int] = (),
) -> None:
    """Say what was taken in of each input, and list what was not.

    Args:
        line: Where to say it.
        store: Where the batches are.
        batches: One for each input, in their order.
        files: The inputs, whose notices were said before.
        refused_to: File for all refused rows; None where only some are said.
        known: Ids of batches that an earlier command took in; they are said to be so.

    Raises:
        ExportError: The file cannot be written.
    """
    for position, (batch, file) in enumerate(zip(batches, files, strict=True), start=1):
        who = f"Input {position}: " if len(batches) > 1 else ""
        if batch.id in known:
            line.say(
                f"{who}Nothing was taken in: it is among the records already, as import "
                f"{batch.id}. --again takes it in once more."
            )
            continue
        line.say(f"{who}{_counts(batch)}")
        for notice in batch.notices:
            if notice not in file.inspection.notices:
                line.say(f"  Note: {printable(notice)}")
        if batch.refused and refused_to is None:
            for words in refused_words(store.refused_rows(batch.id), total=batch.refused):
                line.say(f"  {words}")
    if refused_to is not None:
        from kdh_desktop.core.exporting.refused_file import write_refused

        rows = ((one.source.name, row) for one in batches for row in store.refused_rows(one.id))
        write_refused(rows, refused_to)


def refused_words(rows: Iterable[RefusedRow], *, total: int) -> list[str]:
    """The first refused rows, a line each, and how many more there are."""
    words = [
        f"Row {row.row}: {printable(row.reason)} {printable(row.remedy)}"
        for row in islice(rows, _SHOWN)
    ]
    if total > _SHOWN:
        words.append(f"... and {total - _SHOWN:,} more; --refused FILE writes all of them.")
    return words


def _counts(batch: ImportBatch) -> str:
    records = records_words(batch.records)
    if not batch.refused:
        return f"{records} read."
    rows = "1 row" if batch.refused == 1 else f"{batch.refused:,} rows"
    return f"{records} read, {rows} left out."
