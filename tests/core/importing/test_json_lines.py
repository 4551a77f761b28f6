"""JSON lines: each line is a row, by its own number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kdh_desktop.core.importing.imported import FileFormat, ImportedRecord, Reading
from tests.core.importing.readings import notices_in, parse, records_in, refused_in, write


def parse_lines(folder: Path, *lines: object) -> list[Reading]:
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    return parse(write(folder, "\n".join(texts)), FileFormat.JSON_LINES)


def test_names_are_taken_as_they_are_usually_written(tmp_path: Path) -> None:
    (record,) = records_in(
        parse_lines(
            tmp_path,
            {
                "_id": 17,
                "Title": "A title",
                "abstractText": ["One.", "Two."],
                "PMID": "PMID: 123",
                "doi": "https://doi.org/10.5555/A",
                "publication_date": "2020-05-01",
                "venue": "Invented",
                "authors": [{"family": "Muster", "given": "Ada"}, {"name": "B. Beispiel"}],
                "keywords": ["a", "b"],
                "is_open": True,
                "cited": {"by": [1, 2]},
                "nothing": None,
            },
        )
    )
    assert record == ImportedRecord(
        row=1,
        title="A title",
        abstract="One.\nTwo.",
        source_id="17",
        pmid="123",
        doi="10.5555/a",
        year=2020,
        journal="Invented",
        authors="Muster, Ada; B. Beispiel",
        keywords="a; b",
        extra=(
            ("PMID", "PMID: 123"),
            ("doi", "https://doi.org/10.5555/A"),
            ("publication_date", "2020-05-01"),
            ("is_open", "true"),
            ("cited", '{"by": [1, 2]}'),
        ),
    )


def test_what_does_not_fit_a_field_is_carried_through(tmp_path: Path) -> None:
    rows = parse_lines(tmp_path, {"text": "x", "pmid": "none", "year": "soon", "doi": "n/a"})
    (record,) = records_in(rows)
    assert (record.pmid, record.year, record.doi) == ("", None, "")
    assert record.extra == (("pmid", "none"), ("year", "soon"), ("doi", "n/a"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "half', "no JSON"),
        ('{"text": "a"} {"text": "b"}', "no JSON"),
        ("[1, 2]", "no object"),
        ('"text"', "no object"),
        ("[" * 100_000, "no JSON"),
        ('{"title": "", "text": "  "}', "neither a title nor an abstract"),
        ('{"other": 1}', "neither a title nor an abstract"),
    ],
)
def test_a_bad_line_is_listed_by_its_number(tmp_path: Path, line: str, reason: str) -> None:
    rows = parse_lines(tmp_path, {"text": "one"}, "", line, {"text": "four"})
    assert [record.row for record in records_in(rows)] == [1, 4]
    (refused,) = refused_in(rows)
    assert refused.row == 3
    assert reason in refused.reason
    assert "ine 3 " in refused.reason


def test_escapes_that_are_no_letters_are_taken_out(tmp_path: Path) -> None:
    rows = parse_lines(tmp_path, r'{"text": "a\u0000b\ud800c\ufffe", "doi": "10.5555/\udc80x"}')
    (record,) = records_in(rows)
    assert (record.abstract, record.doi) == ("abc", "10.5555/x")
    assert "Characters without meaning that were taken out: 4." in notices_in(rows)


def test_numbers_of_any_size_are_kept_to_the_letter(tmp_path: Path) -> None:
    rows = parse_lines(tmp_path, '{"text": "x", "id": 12345678901234567890, "n": 1.10, "m": 1e400}')
    (record,) = records_in(rows)
    assert record.source_id == "12345678901234567890"
    assert record.extra == (("n", "1.10"), ("m", "1e400"))


def test_lists_are_carried_through_with_what_they_say_twice(tmp_path: Path) -> None:
    line = {"text": "A text.", "gold": [0, 1, 0, 0], "authors": ["Muster, A", "Muster, A"]}
    (record,) = records_in(parse_lines(tmp_path, line))
    assert record.extra == (("gold", "0; 1; 0; 0"),)
    assert record.authors == "Muster, A; Muster, A"
