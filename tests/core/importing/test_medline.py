"""PubMed's MEDLINE format: whole records are kept, halves are listed and never taken for whole."""

from __future__ import annotations

import re
from pathlib import Path

from kdh_desktop.core.importing.imported import FileFormat, ImportedRecord, Reading
from tests.core.importing.readings import notices_in, parse, records_in, refused_in, write
from tests.data.nasty_references import abstract_of, medline_record, title_of


def parse_medline(folder: Path, content: str) -> list[Reading]:
    return parse(write(folder, content), FileFormat.PUBMED_MEDLINE)


def test_every_field_finds_its_place(tmp_path: Path) -> None:
    (record,) = records_in(parse_medline(tmp_path, "\n" + medline_record(1)))
    assert record == ImportedRecord(
        row=1,
        title=title_of(1),
        abstract=abstract_of(1),
        source_id="10000001",
        pmid="10000001",
        doi="10.5555/invented.1",
        year=1991,
        journal="Journal of invented results",
        authors="Muster, Ada; Beispiel, Bert; Invented Study Group",
        keywords=(
            "Apoptosis; Cell Count/methods; "
            "a keyword so long that the program which wrote it had to break it"
        ),
        extra=record.extra,
    )
    extra = dict(record.extra)
    assert extra["volume"] == "7"
    assert extra["ISSN"] == "1234-5678 (Electronic)"
    assert extra["language"] == "eng"
    assert extra["AID"] == "10.5555/Invented.1 [doi]; S1234-5678(1) [pii]"
    assert extra["AU"] == "Muster A; Beispiel B"


def test_a_record_cut_in_half_is_listed(tmp_path: Path) -> None:
    half = medline_record(2)
    half = half[: half.index("RESULTS")]
    rows = parse_medline(tmp_path, f"{medline_record(1)}\n{half}\n\n{medline_record(3)}")
    assert [record.title for record in records_in(rows)] == [title_of(1), title_of(3)]
    (refused,) = refused_in(rows)
    assert refused.row == 2
    line = medline_record(1).count("\n") + 2
    assert refused.reason == (
        f"The record that begins in line {line} breaks off: its last lines are missing."
    )


def test_two_halves_run_together_are_two_records(tmp_path: Path) -> None:
    first, second = medline_record(1), medline_record(2)
    rows = parse_medline(tmp_path, first[: first.index("FAU")] + second)
    assert [row.row for row in refused_in(rows)] == [1]
    assert [record.title for record in records_in(rows)] == [title_of(2)]


def test_the_second_half_of_a_record_is_listed(tmp_path: Path) -> None:
    first = medline_record(1)
    rows = parse_medline(tmp_path, first[first.index("AB  -") :] + "\n" + medline_record(2))
    assert "has lost its beginning (PMID)" in refused_in(rows)[0].reason
    assert [record.title for record in records_in(rows)] == [title_of(2)]


def test_a_file_cut_at_its_end(tmp_path: Path) -> None:
    whole = medline_record(1) + "\n" + medline_record(2)
    for cut in range(len(medline_record(1)) + 20, len(whole) - 80, 37):
        rows = parse_medline(tmp_path, whole[:cut])
        assert [record.row for record in records_in(rows)] == [1]
        assert len(refused_in(rows)) == 1


def test_lines_between_records_are_counted(tmp_path: Path) -> None:
    rows = parse_medline(tmp_path, f"from my mail\n\n{medline_record(1)}\n> see above\n\n")
    assert len(records_in(rows)) == 1
    assert "Lines outside of the records, left out: 2," in notices_in(rows)


def test_records_of_other_programs_need_no_source(tmp_path: Path) -> None:
    rows = parse_medline(tmp_path, "PMID- 1\nTI  - A title\nAB  - An abstract.\n\n")
    assert records_in(rows) == [
        ImportedRecord(1, title="A title", abstract="An abstract.", source_id="1", pmid="1")
    ]


def test_pubmeds_own_tags_without_a_source_are_no_fault_where_no_record_has_one(
    tmp_path: Path,
) -> None:
    content = "\n".join(
        re.sub(r"(?m)^SO  - .*\n", "", medline_record(number)) for number in (1, 2, 3)
    )
    assert len(records_in(parse_medline(tmp_path, content))) == 3
    rows = parse_medline(tmp_path, content[:-40])
    assert [row.row for row in refused_in(rows)] == [3]


def test_a_single_record_cut_in_half_is_listed(tmp_path: Path) -> None:
    content = medline_record(1)
    rows = parse_medline(tmp_path, content[: content.index("RESULTS") + 20])
    assert "breaks off" in refused_in(rows)[0].reason


def test_a_book_has_a_title_too(tmp_path: Path) -> None:
    rows = parse_medline(tmp_path, "PMID- 1\nBTI - A book\nAB  - Counted.\nCTDT- 2020/01/02\n")
    assert records_in(rows)[0].title == "A book"
