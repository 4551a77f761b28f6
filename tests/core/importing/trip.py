"""A file's whole way through the one door, with what every test of it holds to be true."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openpyxl

from kdh_desktop.core.importing.imported import (
    ColumnMapping,
    ColumnRole,
    FileInspection,
    ImportedRecord,
    ImportPlan,
    Reading,
    ReadingEnd,
    RefusedRow,
)
from kdh_desktop.core.importing.reading import inspect_file, read_records
from tests.data.nasty_references import abstract_of, title_of

COLUMNS = ("id", "title", "abstract")


@dataclass(frozen=True, slots=True)
class Trip:
    """What came of one file."""

    inspection: FileInspection
    records: tuple[ImportedRecord, ...]
    refused: tuple[RefusedRow, ...]
    end: ReadingEnd

    @property
    def notices(self) -> str:
        """All that was said of it, at the first look and at the end."""
        return "\n".join((*self.inspection.notices, *self.end.notices))

    @property
    def rows(self) -> list[int]:
        """Rows of its records."""
        return [record.row for record in self.records]


def trip(path: Path, plan: ImportPlan | None = None) -> Trip:
    """Look at a file, and read it as that look suggests, or as `plan` says."""
    inspection = inspect_file(path)
    return settled(inspection, read_records(path, plan or inspection.plan))


def settled(inspection: FileInspection, readings: Any) -> Trip:
    """Check that each row is accounted for, and part records from refused rows."""
    items: list[Reading] = list(readings)
    end = items.pop()
    records = tuple(item for item in items if isinstance(item, ImportedRecord))
    refused = tuple(item for item in items if isinstance(item, RefusedRow))
    assert isinstance(end, ReadingEnd)
    assert len(records) + len(refused) == len(items) == end.rows_in_file
    places = [record.row for record in records] + [row.row for row in refused]
    assert len(set(places)) == len(places)
    assert [item.row for item in items if not isinstance(item, ReadingEnd)] == sorted(places)
    assert all(row.reason.endswith(".") and row.remedy for row in refused)
    assert all(notice.endswith(".") for notice in (*inspection.notices, *end.notices))
    return Trip(inspection, records, refused, end)


def write(folder: Path, content: str | bytes, name: str = "export.dat") -> Path:
    """A file of this content, text as UTF-8."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(
    folder: Path, rows: Sequence[Sequence[object]], *changes: Callable[[Any], None]
) -> Path:
    """A workbook of one sheet, changed before it is saved."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    for change in changes:
        change(book)
    path = folder / "export.xlsx"
    book.save(path)
    return path


def reference(number: int) -> tuple[str, str, str]:
    """A row under `COLUMNS`."""
    return f"acc-{number}", title_of(number), abstract_of(number)


def references(count: int) -> list[tuple[str, str, str]]:
    """Names of columns, and so many rows."""
    return [COLUMNS, *map(reference, range(1, count + 1))]


def mapped(plan: ImportPlan, places: Mapping[ColumnRole, int]) -> ImportPlan:
    """A plan with another mapping."""
    return replace(plan, mapping=ColumnMapping(tuple(places.items())))


def laid_out(plan: ImportPlan, **changes: Any) -> ImportPlan:
    """A plan with another layout, its columns to be guessed anew."""
    return replace(plan, layout=replace(plan.layout, **changes), mapping=ColumnMapping())
