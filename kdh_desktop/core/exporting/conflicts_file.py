"""The conflicts of a corrected table as a list to work through."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from kdh_desktop.core.exporting.atomic import staged
from kdh_desktop.core.exporting.corrections_in import Conflict
from kdh_desktop.core.formula_guard import guarded

_TITLES = ("sheet", "row", "record", "label", "reason", "remedy")


def write_conflicts(conflicts: Iterable[Conflict], target: Path) -> None:
    """Write conflicts as CSV, one a line.

    Raises:
        ExportError: The file cannot be written; the old one is as it was.
    """
    with staged(target) as path, path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file, lineterminator="\r\n")
        lines.writerow(_TITLES)
        for one in conflicts:
            record = "" if one.record_id is None else str(one.record_id)
            row = str(one.row) if one.row else ""
            words = (one.sheet, row, record, one.label, one.message, one.remedy)
            lines.writerow([guarded(word) for word in words])
