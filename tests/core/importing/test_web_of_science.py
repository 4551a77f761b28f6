"""Web of Science's tagged export."""

from __future__ import annotations

from pathlib import Path

from kdh_desktop.core.importing.imported import FileFormat, ImportedRecord, Reading
from tests.core.importing.readings import notices_in, parse, records_in, refused_in, write
from tests.data.nasty_references import (
    abstract_of,
    title_of,
    web_of_science_file,
    web_of_science_record,
)

ADDRESSES = (
    "[Muster, Ada] Univ Nowhere, Dept Counting, Nowhere.; [Beispiel, Bert] Inst Anywhere, Anywhere."
)


def parse_export(folder: Path, content: str) -> list[Reading]:
    return parse(write(folder, content), FileFormat.WEB_OF_SCIENCE)


def test_every_field_finds_its_place(tmp_path: Path) -> None:
    content = web_of_science_file([web_of_science_record(1, "QQ what is it")])
    (record,) = records_in(parse_export(tmp_path, content))
    assert record == ImportedRecord(
        row=1,
        title=title_of(1),
        abstract=abstract_of(1),
        source_id="WOS:000000000000001",
        pmid="10000001",
        doi="10.5555/invented.1",
        year=1991,
        journal="JOURNAL OF INVENTED RESULTS",
        authors="Muster, Ada; Beispiel, Bert",
        keywords="apoptosis; counting by hand; CELLS",
        extra=(
            ("publication type", "J"),
            ("authors", "Muster, A; Beispiel, B"),
            ("language", "English"),
            (
                "author address",
                ADDRESSES,
            ),
            ("volume", "7"),
            ("QQ", "what is it"),
        ),
    )


def test_a_number_of_medline_is_a_pubmed_id(tmp_path: Path) -> None:
    content = web_of_science_record(1).replace("UT WOS:000000000000001", "UT MEDLINE:31234567")
    (record,) = records_in(parse_export(tmp_path, content.replace("PM 10000001\n", "")))
    assert record.pmid == "31234567"


def test_a_record_without_an_end_or_a_beginning(tmp_path: Path) -> None:
    endless = web_of_science_record(1).removesuffix("ER\n")
    headless = web_of_science_record(2).removeprefix("PT J\n")
    rows = parse_export(
        tmp_path, web_of_science_file([endless, web_of_science_record(3), headless])
    )
    assert [record.title for record in records_in(rows)] == [title_of(n) for n in (1, 3, 2)]
    assert "Records without an end (ER), read up to the next: 1," in notices_in(rows)


def test_a_file_cut_at_its_end_loses_its_last_record_only(tmp_path: Path) -> None:
    content = web_of_science_file([web_of_science_record(1), web_of_science_record(2)])
    rows = parse_export(tmp_path, content[: content.rindex("Half of") + 7])
    assert [record.row for record in records_in(rows)] == [1]
    assert "breaks off" in refused_in(rows)[0].reason


def test_lines_that_lost_their_indent_are_still_text(tmp_path: Path) -> None:
    content = web_of_science_record(1).replace("\n   ", "\n")
    (record,) = records_in(parse_export(tmp_path, content.replace("\nBeispiel", "\n   Beispiel")))
    assert record.abstract == abstract_of(1)
