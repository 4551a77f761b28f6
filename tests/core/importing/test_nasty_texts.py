"""Text files made to break us, through the one door: no file, no known encoding, no sound rows."""

from __future__ import annotations

import gzip
import os
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from kdh_desktop.core.errors import Cancelled, InputError
from kdh_desktop.core.importing.imported import (
    FileFormat,
    FileInspection,
    ImportPlan,
    Reading,
    ReadingEnd,
)
from kdh_desktop.core.importing.reading import inspect_file, read_records
from tests.core.importing.readings import (
    assert_adds_up,
    notices_in,
    records_in,
    refused_in,
    write,
)
from tests.core.importing.test_file_format import NO_FILES
from tests.data.nasty_references import (
    FILES,
    abstract_of,
    medline_record,
    pubmed_article,
    pubmed_file,
    ris_record,
    title_of,
)

LETTERS = {
    "utf-8": "Größe der Zellen – naïve, Ångström, 数える, подсчёт",
    "utf-8-sig": "Größe der Zellen – naïve, Ångström, 数える, подсчёт",
    "utf-16": "Größe der Zellen – naïve, Ångström, 数える, подсчёт",
    "utf-16-le": "Größe der Zellen – naïve, Ångström, 数える, подсчёт",
    "utf-16-be": "Größe der Zellen – naïve, Ångström, 数える, подсчёт",
    "cp1252": "Die Größe der Zellen – „naïve“ Körper, Ångström, café",
    "latin-1": "Die Größe der Zellen, naïve Körper, Ångström, café",
    "shift_jis": "がん細胞の数を数えることは、治療の効果を知るために役立つ。",
    "gb18030": "我们研究了该药物对肿瘤细胞凋亡的影响,结果表明肿瘤明显缩小。",
}
UNMISTAKABLE = {"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"}


SAME_BUT_LARGER = {"latin-1": "cp1252", "shift_jis": "cp932"}


def saved_in(encoding: str, plan: ImportPlan) -> ImportPlan:
    """A plan as a person makes it who knows the encoding."""
    if plan.format is FileFormat.DELIMITED:
        return replace(plan, layout=replace(plan.layout, encoding=encoding))
    return replace(plan, encoding=encoding)


def read(path: Path, plan: ImportPlan) -> list[Reading]:
    rows = [*read_records(path, plan)]
    assert_adds_up(rows)
    return rows


def look_and_read(path: Path) -> tuple[FileInspection, list[Reading]]:
    found = inspect_file(path)
    return found, read(path, found.plan)


def in_letters(file_format: FileFormat, letters: str) -> str:
    """A file in a format whose second record has these letters for a title."""
    if file_format is FileFormat.DELIMITED:
        return f'id,title,abstract\n1,"{letters}","{abstract_of(1)}"\n2,b,"{abstract_of(2)}"\n'
    if file_format is FileFormat.PLAIN_TEXT:
        return f"{letters}\n\n{abstract_of(2)} {abstract_of(3)}\n"
    return FILES[file_format].replace(title_of(2), letters)


# Item 9: what is no file, or only half of one


@pytest.mark.skipif(os.name != "posix", reason="pipes and links are POSIX")
@pytest.mark.parametrize("make", NO_FILES, ids=lambda make: make.__name__)
def test_what_is_no_file_is_refused_by_each_door_in_time(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "a.xlsx"
    make(path)
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        inspect_file(path)
    assert time.monotonic() - start < 1
    assert caught.value.remedy
    for file_format in (FileFormat.RIS, FileFormat.WORKBOOK, FileFormat.PDF):
        start = time.monotonic()
        with pytest.raises(InputError):
            [*read_records(path, ImportPlan(file_format))]
        assert time.monotonic() - start < 10, "it ends, on a busy machine, too"


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match=r"empty|holds no text"):
        inspect_file(write(tmp_path, content))


@pytest.mark.parametrize("file_format", FILES)
def test_half_a_file_gives_its_whole_records(tmp_path: Path, file_format: FileFormat) -> None:
    content = FILES[file_format].encode()
    _, rows = look_and_read(write(tmp_path, content[: len(content) // 2 + 40]))
    kept = records_in(rows)
    assert [record.title for record in kept] == [title_of(n + 1) for n in range(len(kept))]
    assert 12 <= len(kept) <= 16
    assert [row.row for row in refused_in(rows)] == [len(kept) + 1]


# Item 15: encodings


@pytest.mark.parametrize("encoding", LETTERS)
@pytest.mark.parametrize(
    "file_format",
    [
        FileFormat.RIS,
        FileFormat.PUBMED_MEDLINE,
        FileFormat.WEB_OF_SCIENCE,
        FileFormat.JSON_LINES,
        FileFormat.DELIMITED,
        FileFormat.PLAIN_TEXT,
    ],
)
def test_letters_come_in_right_or_are_asked_about(
    tmp_path: Path, file_format: FileFormat, encoding: str
) -> None:
    letters = LETTERS[encoding]
    path = write(tmp_path, in_letters(file_format, letters).encode(encoding))
    found = inspect_file(path)
    assert found.plan.format is file_format
    plan = found.plan
    if encoding in UNMISTAKABLE:
        assert not found.encodings
    else:
        assert found.needs_look
        assert {encoding, SAME_BUT_LARGER.get(encoding)} & {*found.encodings}
        found = inspect_file(path, plan=saved_in(encoding, plan))
        assert letters[:10] in found.sample
        plan = found.plan
    rows = read(path, plan)
    assert "\ufffd" not in str(rows)
    assert letters in {record.title for record in records_in(rows)}


def test_letters_far_down_are_shown_when_the_encoding_is_asked_for(tmp_path: Path) -> None:
    content = "".join(map(ris_record, range(1_000))) + ris_record(2).replace("TP53", "Größe")
    found = inspect_file(write(tmp_path, content.encode("cp1252")))
    assert found.needs_look
    assert "Größe" in found.sample


@pytest.mark.parametrize("file_format", [FileFormat.RIS, FileFormat.JSON_LINES])
def test_a_person_may_name_the_encoding(tmp_path: Path, file_format: FileFormat) -> None:
    letters = "Zählung nach Müller"
    path = write(tmp_path, in_letters(file_format, letters).encode("cp1252"))
    wrong = inspect_file(path, plan=ImportPlan(file_format, encoding="cp437"))
    assert letters not in {record.title for record in wrong.records}
    right = inspect_file(path, plan=ImportPlan(file_format, encoding="cp1252"))
    assert right.plan.encoding == "cp1252"
    assert letters in {record.title for record in right.records}
    with pytest.raises(InputError, match="no such encoding"):
        inspect_file(path, plan=replace(right.plan, encoding="klingon"))


def test_letters_that_do_not_fit_are_never_taken_in_silence(tmp_path: Path) -> None:
    path = write(tmp_path, in_letters(FileFormat.RIS, "Müller").encode("cp1252"))
    rows = read(path, ImportPlan(FileFormat.RIS))
    assert [row.row for row in refused_in(rows)] == [2]
    assert len(records_in(rows)) == 29


@pytest.mark.parametrize("file_format", FILES)
def test_characters_that_nothing_can_hold_are_cleaned_and_counted(
    tmp_path: Path, file_format: FileFormat
) -> None:
    nasty = "count\x00ed\x0bfor\ufffelong"
    if file_format is FileFormat.JSON_LINES:
        nasty = r"count\u0000ed\u000bfor\ufffelo\ud800ng"
    content = in_letters(file_format, nasty).encode()
    if file_format is not FileFormat.JSON_LINES:
        content = content.replace(b"long", b"lo\xed\xa0\x80ng")
    _, rows = look_and_read(write(tmp_path, content))
    assert refused_in(rows) == []
    title = records_in(rows)[1].title
    assert title.split() == ["counted", "forlong"]
    assert "Characters without meaning that were taken out" in notices_in(rows)


# Item 16: delimited text


def test_a_quotation_mark_that_swallows_a_thousand_rows(tmp_path: Path) -> None:
    lines = [f"{n},{title_of(n)},{abstract_of(n).replace(',', '')}" for n in range(1, 1_201)]
    lines[99] = '100,"A title that never ends,and a text'
    path = write(tmp_path, "\n".join(["id,title,abstract", *lines]) + "\n")
    _, rows = look_and_read(path)
    assert rows[-1] == ReadingEnd(1_200, rows[-1].notices)  # type: ignore[union-attr] # the end
    assert len(records_in(rows)) >= 1_199
    assert all(row.row == 101 for row in refused_in(rows))


def test_a_long_field_and_a_ragged_row(tmp_path: Path) -> None:
    long = "word " * 40_000
    content = f"id,title,abstract\n1,a,{long}\n2,b\n3,c,text,and,more\n4,d,text\n"
    _, rows = look_and_read(write(tmp_path, content))
    assert [record.row for record in records_in(rows)] == [2, 5]
    assert [row.row for row in refused_in(rows)] == [3, 4]
    assert records_in(rows)[0].abstract == long.strip()
    assert all(str(row.row) in row.reason or row.reason for row in refused_in(rows))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, line_end: str) -> None:
    lines = [
        ("id", "title", "abstract"),
        *((str(n), title_of(n), f'"{abstract_of(n)}"') for n in range(1, 40)),
    ]
    content = line_end.join(delimiter.join(line) for line in lines) + line_end
    found, rows = look_and_read(write(tmp_path, content.encode()))
    assert found.plan.format is FileFormat.DELIMITED
    assert [record.title for record in records_in(rows)] == [title_of(n) for n in range(1, 40)]


# Item 17: references


def test_references_of_several_databases_with_all_faults_at_once(tmp_path: Path) -> None:
    good = [ris_record(n, "ZZ  - unknown", "X9  - more") for n in range(1, 7)]
    content = (
        "Database: Invented <1946 to 2024>\nSearch: 17 hits\n\n"
        + good[0]
        + "\n<2 of 17>\n"
        + good[1].replace("ER  - \n", "")
        + "\n======\n\n"
        + good[2].replace("  - ", " - ")
        + "TI  - What is left of a record\nAU  - Muster, A.\n"
        + "TY  - JOUR\nAU  - Nobody\nER  - \n"
        + good[3].encode().decode().replace("\n", "\r\n")
        + "\ufeff"
        + good[4]
        + "\0\0\0\n"
        + good[5][: len(good[5]) // 2]
    )
    _, rows = look_and_read(write(tmp_path, content))
    assert [record.title for record in records_in(rows)] == [title_of(n) for n in range(1, 6)]
    reasons = [row.reason for row in refused_in(rows)]
    assert len(reasons) == 3
    assert "lost its beginning" in reasons[0]
    assert "neither a title nor an abstract" in reasons[1]
    assert "breaks off" in reasons[2]
    assert all("line " in reason for reason in reasons)
    assert "Records without an end (ER), read up to the next: 1," in notices_in(rows)
    assert "Lines outside of the records" in notices_in(rows)


def test_a_medline_record_cut_in_half_is_listed_alone(tmp_path: Path) -> None:
    records = [medline_record(n) for n in range(1, 6)]
    records[2] = records[2][: len(records[2]) // 2]
    _, rows = look_and_read(write(tmp_path, "\n\n".join(records)))
    assert [record.title for record in records_in(rows)] == [title_of(n) for n in (1, 2, 4, 5)]
    assert [row.row for row in refused_in(rows)] == [3]


@pytest.mark.slow
def test_ten_thousand_articles_of_pubmed(tmp_path: Path) -> None:
    articles = [
        pubmed_article(n, title=f"Mutant <i>TP53</i> and anti<i>TP53</i>body {n}")
        for n in range(10_000)
    ]
    path = write(tmp_path, gzip.compress(pubmed_file(articles).encode(), compresslevel=1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = read_records(path, ImportPlan(FileFormat.PUBMED_XML))
    middle, *_ = records_in([*islice(rows, 4_999, 5_000)])
    assert [*islice(rows, 5_000, None)] == [ReadingEnd(10_000)]
    assert middle.title == "Mutant TP53 and antiTP53body 4999"
    assert middle.abstract.split("\n")[2].startswith("RESULTS: Half")
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mb < 20


def test_a_reader_that_nobody_waits_for_stops(tmp_path: Path) -> None:
    path = write(tmp_path, "".join(map(ris_record, range(20_000))))
    taken: list[Reading] = []
    rows = read_records(path, ImportPlan(FileFormat.RIS), should_stop=lambda: len(taken) > 100)
    with pytest.raises(Cancelled):
        taken.extend(one for one in rows)
