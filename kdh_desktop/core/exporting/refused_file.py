"""Rows that were not taken in, as a file to work through."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from kdh_desktop.core.exporting.atomic import staged
from kdh_desktop.core.formula_guard import guarded
from kdh_desktop.core.importing.imported import RefusedRow

TITLES = ("file", "row", "reason", "remedy")


def write_refused(rows: Iterable[tuple[str, RefusedRow]], target: Path) -> None:
    """Write refused rows as CSV that spreadsheets open, in place of what the target was.

    Args:
        rows: Each with the name of its file.
        target: The file.

    Raises:
        ExportError: The file cannot be written; the old one is as it was.
    """
    with staged(target) as path, path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file, lineterminator="\r\n")
        lines.writerow(TITLES)
        lines.writerows(
            (guarded(name), row.row, guarded(row.reason), guarded(row.remedy)) for name, row in rows
        )
