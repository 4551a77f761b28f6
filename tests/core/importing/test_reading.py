"""One door for all formats: told by content, read to the last row, each row accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from kdh_desktop.core.importing.imported import (
    FileFormat,
    ImportPlan,
    Reading,
    ReadingEnd,
)
from kdh_desktop.core.importing.reading import inspect_file, read_records
from kdh_desktop.core.paths import AppPaths
from tests.core.importing.readings import assert_adds_up, records_in, write
from tests.data.nasty_references import FILES, NUMBERS, abstract_of, title_of

each_format = pytest.mark.parametrize("file_format", FILES)


def read(path: Path, *, after_row: int = 0) -> list[Reading]:
    return [*read_records(path, inspect_file(path).plan, after_row=after_row)]


@each_format
def test_a_format_is_told_by_content_and_read_whole(
    tmp_path: Path, file_format: FileFormat
) -> None:
    path = write(tmp_path, FILES[file_format])
    found = inspect_file(path)
    assert found.plan == ImportPlan(file_format)
    assert not found.needs_look
    assert len(found.records) == 20
    rows = read(path)
    assert_adds_up(rows)
    assert rows[-1] == ReadingEnd(30)
    assert records_in(rows)[:20] == list(found.records)
    for number, record in zip(NUMBERS, records_in(rows), strict=True):
        assert record.row == number
        assert record.title == title_of(number)
        assert record.abstract.replace("\n", " ").split() == abstract_of(number).split()
        assert record.year == 1990 + number % 30
        assert record.doi == f"10.5555/invented.{number}"
        assert record.authors.startswith("Muster, Ada")
        if file_format is not FileFormat.RIS:
            assert record.pmid == str(10_000_000 + number)


@each_format
def test_reading_goes_on_after_a_row(tmp_path: Path, file_format: FileFormat) -> None:
    path = write(tmp_path, FILES[file_format])
    assert read(path, after_row=25) == read(path)[25:]
    assert read(path, after_row=30) == [ReadingEnd(30)]


def test_the_sample_that_ships_comes_in_whole() -> None:
    path = AppPaths.default().sample_references
    found = inspect_file(path)
    assert found.plan.format is FileFormat.PUBMED_MEDLINE
    rows = [*read_records(path, found.plan)]
    assert len(records_in(rows)) == len(rows) - 1 > 10
