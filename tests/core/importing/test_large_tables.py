"""Tables of a hundred thousand rows and more go through without filling this process."""

from __future__ import annotations

import csv
import resource
import sys
from collections import Counter
from pathlib import Path

import pytest
import xlsxwriter

from kdh_desktop.core.importing.reading import inspect_file, read_records
from tests.core.importing.trip import COLUMNS, reference

MOST_MB = 100
pytestmark = [
    pytest.mark.stress,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in kilobytes on Linux"),
]


def read_whole(path: Path) -> Counter[str]:
    """How many records, refused rows and ends a file gives, none of them kept."""
    plan = inspect_file(path).plan
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kinds = Counter(type(item).__name__ for item in read_records(path, plan))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < MOST_MB
    return kinds


def test_a_workbook_of_100_000_rows(tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate((COLUMNS, *map(reference, range(100_000)))):
            sheet.write_row(row, 0, cells)
    assert read_whole(path) == {"ImportedRecord": 100_000, "ReadingEnd": 1}


def test_a_text_of_more_rows_than_a_sheet_holds(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((n, f"Title {n}", "Growth was slow.") for n in range(1_048_577))
        file.write("one cell\n")
    assert read_whole(path) == {"ImportedRecord": 1_048_577, "RefusedRow": 1, "ReadingEnd": 1}
