"""RIS as databases really write it: good records are kept, bad ones listed, none is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from kdh_desktop.core.importing.imported import FileFormat, ImportedRecord, Reading
from tests.core.importing.readings import notices_in, parse, records_in, refused_in, write
from tests.data.nasty_references import abstract_of, ris_record, title_of

OVID = """1.
TY  - JOUR
DB  - Ovid MEDLINE(R) ALL <1946 to Invented 2024>
AN  - 30000001
T1  - Ovid's invented title.
A1  - Muster, A
A1  - Beispiel, B
Y1  - 2019//
N2  - BACKGROUND: One. RESULTS: Two. Copyright 2019.
KW  - *Apoptosis
KW  - Humans
JF  - Invented medicine
JA  - Invent Med
VO  - 7
XT  - Journal Article
M3  - https://dx.doi.org/10.5555/ovid(19)1
ER  -

"""
EMBASE = """TY  - JOUR
M1  - (Muster A.) Univ. Nowhere
AU  - Muster A.
TI  - Embase's invented title
Y1  - 2020
U2  - L2000000001
C5  - 30000002
DB  - Embase
U4  - 2020-05-01
N2  - Only one section here.
DO  - 10.5555/EMBASE.2.
LK  - http://dx.doi.org/10.5555/EMBASE.2
ER  -

"""
SCOPUS = """TY  - JOUR
TI  - Scopus' invented title
T2  - Invented Letters
J2  - Invent. Lett.
VL  - 3
PY  - 2021
DO  - 10.5555/scopus.3
UR  - https://www.scopus.example/inward/record.uri?eid=2-s2.0-3&doi=10.5555%2fscopus.3
AD  - Univ. Nowhere
AB  - Cells were counted.
KW  - counting
C2  - 30000003
DB  - Scopus
N1  - Export Date: 1 May 2024; Cited By: 3
ER  -

"""
COCHRANE = """TY  - JOUR
AN  - CN-00000004
TI  - Cochrane's invented title
JA  - Invent. trials
PY  - 2018
VL  - 1
C3  - PUBMED 30000004,EMBASE 60000004
AB  - AIM: To count. METHODS: By hand.
RESULTS: It works.

CONCLUSION: Count on.
UR  - https://www.cochrane.example/central/doi/10.1002/central/CN-00000004/full
ER  -

"""


def parse_ris(folder: Path, content: str | bytes) -> list[Reading]:
    return parse(write(folder, content), FileFormat.RIS)


def test_every_field_finds_its_place(tmp_path: Path) -> None:
    (record,) = records_in(
        parse_ris(tmp_path, ris_record(1, "ZZ  - unknown", "N1  - a", "N1  - b"))
    )
    assert record == ImportedRecord(
        row=1,
        title=title_of(1),
        abstract=abstract_of(1),
        source_id="acc-1",
        doi="10.5555/invented.1",
        year=1991,
        journal="Journal of Invented Results",
        authors="Muster, Ada 1; Beispiel, B.",
        keywords="apoptosis; counting",
        extra=(
            ("type of reference", "JOUR"),
            ("volume", "7"),
            ("notes", "a; b"),
            ("ZZ", "unknown"),
        ),
    )


def test_exports_of_several_databases_in_one_file(tmp_path: Path) -> None:
    rows = parse_ris(tmp_path, OVID + EMBASE + SCOPUS + COCHRANE)
    found = records_in(rows)
    assert [record.pmid for record in found] == ["30000001", "30000002", "30000003", "30000004"]
    assert [record.doi for record in found] == [
        "10.5555/ovid(19)1",
        "10.5555/embase.2",
        "10.5555/scopus.3",
        "10.1002/central/cn-00000004/full",
    ]
    assert [record.year for record in found] == [2019, 2020, 2021, 2018]
    assert [record.journal for record in found] == [
        "Invented medicine",
        "",
        "Invented Letters",
        "Invent. trials",
    ]
    assert found[0].title == "Ovid's invented title."
    assert found[0].authors == "Muster, A; Beispiel, B"
    assert found[1].source_id == "L2000000001"
    assert found[1].abstract == "Only one section here."
    assert ("XT", "Journal Article") in found[0].extra
    assert found[3].abstract == (
        "AIM: To count. METHODS: By hand.\nRESULTS: It works.\nCONCLUSION: Count on."
    )
    assert refused_in(rows) == []
    assert notices_in(rows) == "Lines outside of the records, left out: 1, the first is line 1."


def test_junk_between_records_is_left_out_and_counted(tmp_path: Path) -> None:
    junk = "\n----\nRecord 2 of 3\nVolume 12 - see below\n\n"
    rows = parse_ris(tmp_path, ris_record(1) + junk + ris_record(2) + junk)
    assert [record.title for record in records_in(rows)] == [title_of(1), title_of(2)]
    assert [record.extra for record in records_in(rows)] == [
        (("type of reference", "JOUR"), ("volume", "7"))
    ] * 2
    assert "Lines outside of the records, left out: 6, the first is line 15." in notices_in(rows)


def test_a_record_without_an_end_ends_where_the_next_begins(tmp_path: Path) -> None:
    content = ris_record(1) + ris_record(2, end="") + "\nsome junk\n" + ris_record(3)
    rows = parse_ris(tmp_path, content + ris_record(4, end=""))
    assert [record.title for record in records_in(rows)] == [title_of(n) for n in (1, 2, 3, 4)]
    assert "junk" not in str(records_in(rows))
    assert "Records without an end (ER), read up to the next: 2, " in notices_in(rows)
    assert "the first begins in line 14" in notices_in(rows)


def test_no_record_with_an_end_at_all(tmp_path: Path) -> None:
    rows = parse_ris(tmp_path, "".join(ris_record(n, end="") for n in range(5)).rstrip("\n"))
    assert len(records_in(rows)) == 5


def test_a_record_without_a_beginning_is_read_all_the_same(tmp_path: Path) -> None:
    headless = ris_record(2).split("\n", 1)[1]
    rows = parse_ris(tmp_path, ris_record(1) + headless + ris_record(3))
    assert [record.title for record in records_in(rows)] == [title_of(n) for n in (1, 2, 3)]


def test_what_is_left_of_a_record_is_listed(tmp_path: Path) -> None:
    middle = "TI  - A title\nAB  - Half an abst\n"
    rows = parse_ris(tmp_path, ris_record(1) + middle + ris_record(3))
    assert [record.row for record in records_in(rows)] == [1, 3]
    (refused,) = refused_in(rows)
    assert refused.row == 2
    assert refused.reason == (
        "The record that begins in line 14 has lost its beginning (TY) and its end (ER)."
    )


def test_a_file_cut_in_the_middle_of_a_line_loses_its_last_record_only(tmp_path: Path) -> None:
    content = ris_record(1) + ris_record(2)
    rows = parse_ris(tmp_path, content[: content.index("Counting helps", 500) + 5])
    assert [record.row for record in records_in(rows)] == [1]
    (refused,) = refused_in(rows)
    assert "begins in line 14 breaks off" in refused.reason


def test_a_record_without_title_and_abstract_is_listed(tmp_path: Path) -> None:
    rows = parse_ris(tmp_path, ris_record(1) + "TY  - JOUR\nAU  - Muster\nER  - \n")
    (refused,) = refused_in(rows)
    assert refused.row == 2
    assert "line 14 has neither a title nor an abstract" in refused.reason


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(tmp_path: Path, line_end: str) -> None:
    content = (ris_record(1) + "\n" + ris_record(2)).replace("\n", line_end).encode()
    assert len(records_in(parse_ris(tmp_path, content))) == 2


def test_files_put_together_bring_their_marks_along(tmp_path: Path) -> None:
    content = (ris_record(1).encode("utf-8-sig") + ris_record(2).encode("utf-8-sig")) * 2
    assert len(records_in(parse_ris(tmp_path, content))) == 4


def test_habits_of_writing_tags(tmp_path: Path) -> None:
    loose = ris_record(1).replace("  - ", " - ")
    indented = "".join(f"  {line}\n" for line in ris_record(2).splitlines())
    bare_end = ris_record(3).replace("ER  - ", "ER  -")
    rows = parse_ris(tmp_path, loose + indented + bare_end)
    first, second, third = records_in(rows)
    assert (first.title, second.title, third.title) == (title_of(1), title_of(2), title_of(3))
    assert first.extra == second.extra == third.extra
    assert notices_in(rows) == ""


def test_a_line_of_an_abstract_that_looks_like_a_loose_tag_is_text(tmp_path: Path) -> None:
    content = ris_record(1).replace("Half of them", "Half of\nIL - 6 was high. Them")
    (record,) = records_in(parse_ris(tmp_path, content))
    assert "Half of IL - 6 was high." in record.abstract


def test_what_is_said_twice_is_kept_twice(tmp_path: Path) -> None:
    (record,) = records_in(parse_ris(tmp_path, ris_record(1, "VL  - 8", "AB  - More of it.")))
    assert ("volume", "7; 8") in record.extra
    assert record.abstract.endswith("Counting helps. More of it.")


def test_characters_without_meaning_are_taken_out_and_counted(tmp_path: Path) -> None:
    nasty = "Cells\x00 and\x0bmice\ufffe gr\x07ew\U0001f9ec"
    content = ris_record(1).replace(title_of(1), nasty).encode()
    rows = parse_ris(tmp_path, content.replace(b"Half of", b"Half\xed\xa0\x80 of"))
    (record,) = records_in(rows)
    assert record.title == "Cells and mice grew\U0001f9ec"
    assert "Half of them" in record.abstract
    assert "Characters without meaning that were taken out: 4." in notices_in(rows)


def test_letters_that_another_program_lost_are_pointed_out(tmp_path: Path) -> None:
    rows = parse_ris(tmp_path, ris_record(1).replace("TP53", "TNF-\ufffd"))
    assert "Records in which another program has lost letters" in notices_in(rows)


def test_a_record_in_another_encoding_is_listed_and_the_others_kept(tmp_path: Path) -> None:
    foreign = ris_record(2).replace("Ada", "Zoë")
    content = (
        foreign.encode() + foreign.encode("cp1252") + ris_record(3).replace("Ada", "数").encode()
    )
    rows = parse_ris(tmp_path, content)
    assert [record.row for record in records_in(rows)] == [1, 3]
    (refused,) = refused_in(rows)
    assert "letters that are not in the encoding" in refused.reason
    assert "encoding" in refused.remedy


def test_a_record_without_bounds_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = "kdh_desktop.core.importing.tagged_records.MAX_RECORD_CHARACTERS"
    monkeypatch.setattr(limit, 10_000)
    rows = parse_ris(tmp_path, ris_record(1) + ris_record(2, *["N1  - note"] * 2_000))
    assert [record.row for record in records_in(rows)] == [1]
    assert "longer than a record can be" in refused_in(rows)[0].reason
