"""Records as CSV and as JSON lines, written as they come.

CSV is UTF-8 with a byte order mark and CRLF, because a spreadsheet takes it for something else
without. A cell that begins like a formula gets an apostrophe in front (`formula_guard`), unless it
is a plain number, and the outcome counts them. Workbooks and JSON lines hold every text to the
letter.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kdh_desktop.core.exporting.outcome import ExportOutcome
from kdh_desktop.core.exporting.rows import Cell, Row
from kdh_desktop.core.formula_guard import guarded

_SHOWN = 32_767


def write_csv(rows: Iterable[Row], path: Path, *, titles: Sequence[str]) -> ExportOutcome:
    """Write CSV, header first."""
    written = guarded_cells = long_cells = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file, lineterminator="\r\n")
        lines.writerow([guarded(title) for title in titles])
        for row in rows:
            cells = [guarded(cell) if isinstance(cell, str) else cell for cell in row.cells]
            guarded_cells += sum(map(_differs, cells, row.cells))
            long_cells += sum(isinstance(cell, str) and len(cell) > _SHOWN for cell in cells)
            lines.writerow(["" if cell is None else cell for cell in cells])
            written += 1
    return ExportOutcome(written, (path,), notices=tuple(_notices(guarded_cells, long_cells)))


def write_json_lines(rows: Iterable[Row], path: Path, *, titles: Sequence[str]) -> ExportOutcome:
    """Write one JSON object a line, with a value for each column; null where there is none."""
    written = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            values = dict(zip(titles, row.cells, strict=True))
            file.write(json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n")
            written += 1
    return ExportOutcome(written, (path,))


def _differs(cell: Cell, other: Cell) -> bool:
    return cell is not other


def _notices(guarded_cells: int, long_cells: int) -> Iterator[str]:
    if guarded_cells:
        what = "1 cell begins" if guarded_cells == 1 else f"{guarded_cells:,} cells begin"
        yield (
            f"{what} like a formula and got an apostrophe in front, so that no spreadsheet runs "
            "it. Save as .xlsx or JSON lines to keep such texts to the letter."
        )
    if long_cells:
        what = "1 text is" if long_cells == 1 else f"{long_cells:,} texts are"
        yield (
            f"{what} longer than the {_SHOWN:,} characters that a cell of a spreadsheet holds; "
            "the file holds all of it, but a spreadsheet does not show it whole."
        )
