"""One door for all formats: told by content, read to the last row, each row accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from kdh_desktop.core.importing.imported import (
    FileFormat,
    ImportedRecord,
    ImportPlan,
    Reading,
    ReadingEnd,
    RefusedRow,
)
from kdh_desktop.core.importing.reading import inspect_file, read_records
from tests.data.nasty_references import (
    abstract_of,
    medline_record,
    pubmed_article,
    pubmed_file,
    ris_record,
    title_of,
    web_of_science_file,
    web_of_science_record,
)


def json_record(number: int) -> str:
    return (
        f'{{"id": "acc-{number}", "title": "{title_of(number)}", '
        f'"text": "{abstract_of(number)}", "year": {1990 + number % 30}, '
        f'"doi": "https://doi.org/10.5555/Invented.{number}", "PMID": {10_000_000 + number}, '
        f'"authors": ["Muster, Ada", "Beispiel, Bert"], "cited": {{"by": 3}}}}\n'
    )


NUMBERS = range(1, 31)
FILES = {
    FileFormat.RIS: "\n".join(map(ris_record, NUMBERS)),
    FileFormat.PUBMED_MEDLINE: "\n" + "\n".join(map(medline_record, NUMBERS)),
    FileFormat.WEB_OF_SCIENCE: web_of_science_file([*map(web_of_science_record, NUMBERS)]),
    FileFormat.PUBMED_XML: pubmed_file([*map(pubmed_article, NUMBERS)]),
    FileFormat.JSON_LINES: "".join(map(json_record, NUMBERS)),
}
each_format = pytest.mark.parametrize("file_format", FILES)


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "export.dat"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, *, after_row: int = 0) -> list[Reading]:
    return [*read_records(path, inspect_file(path).plan, after_row=after_row)]


def records_in(rows: list[Reading]) -> list[ImportedRecord]:
    return [row for row in rows if isinstance(row, ImportedRecord)]


def refused_in(rows: list[Reading]) -> list[RefusedRow]:
    return [row for row in rows if isinstance(row, RefusedRow)]


def assert_adds_up(rows: list[Reading]) -> None:
    end = rows[-1]
    assert isinstance(end, ReadingEnd)
    assert len(records_in(rows)) + len(refused_in(rows)) == len(rows) - 1 == end.rows_in_file
    places = [row.row for row in rows if not isinstance(row, ReadingEnd)]
    assert places == sorted(set(places))


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
