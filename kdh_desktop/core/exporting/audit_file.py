"""The audit log as a table for people; the log itself stays what counts."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from kdh_desktop.core.audit_log import AuditEntry
from kdh_desktop.core.exporting.atomic import staged
from kdh_desktop.core.formula_guard import guarded

_TITLES = ("number", "utc", "actor", "action", "details", "before", "hash")


def write_audit_table(entries: Iterable[AuditEntry], target: Path) -> None:
    """Write entries as CSV, one a line, in their order.

    Raises:
        ExportError: The file cannot be written; the old one is as it was.
    """
    with staged(target) as path, path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file, lineterminator="\r\n")
        lines.writerow(_TITLES)
        for entry in entries:
            details = "; ".join(f"{name}={value}" for name, value in entry.details)
            words = (entry.utc, entry.actor, str(entry.action), details, entry.before, entry.hash)
            lines.writerow([str(entry.number), *map(guarded, words)])
