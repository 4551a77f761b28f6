"""What tests of readers share: a file from its content, and a look at what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kdh_desktop.core.importing.imported import (
    FileFormat,
    ImportedRecord,
    ImportPlan,
    Reading,
    ReadingEnd,
    RefusedRow,
)
from kdh_desktop.core.importing.parsing import parser_of


def write(folder: Path, content: str | bytes, name: str = "export.dat") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def parse(path: Path, plan: ImportPlan | FileFormat) -> list[Reading]:
    """All that the parser gives, in this process and checked to add up."""
    plan = ImportPlan(plan) if isinstance(plan, FileFormat) else plan
    rows = [*parser_of(plan.format)(path, plan)]
    assert_adds_up(rows)
    return rows


def records_in(rows: Sequence[Reading]) -> list[ImportedRecord]:
    return [row for row in rows if isinstance(row, ImportedRecord)]


def refused_in(rows: Sequence[Reading]) -> list[RefusedRow]:
    return [row for row in rows if isinstance(row, RefusedRow)]


def notices_in(rows: Sequence[Reading]) -> str:
    return " ".join(notice for row in rows if isinstance(row, ReadingEnd) for notice in row.notices)


def assert_adds_up(rows: Sequence[Reading]) -> None:
    end = rows[-1]
    assert isinstance(end, ReadingEnd)
    assert len(records_in(rows)) + len(refused_in(rows)) == len(rows) - 1 == end.rows_in_file
    places = [row.row for row in rows if not isinstance(row, ReadingEnd)]
    assert places == sorted(set(places))
    assert all(row.reason and row.remedy for row in refused_in(rows))
    assert all(record.title or record.abstract for record in records_in(rows))
