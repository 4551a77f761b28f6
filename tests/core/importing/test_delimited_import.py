"""Delimited text comes in to the letter; a broken row costs itself alone, told by its line."""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.delimited import DelimitedText
from kdh_desktop.core.importing.imported import ColumnRole, FileFormat, ImportPlan
from kdh_desktop.core.importing.reading import (
    inspect_file,
    inspect_pasted_table,
    read_pasted_table,
    read_records,
)
from kdh_desktop.core.importing.table import TableLayout
from kdh_desktop.core.importing.table_parsing import RawRow
from tests.core.importing.trip import (
    COLUMNS,
    laid_out,
    mapped,
    references,
    settled,
    trip,
    write,
)


def as_csv(
    rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\r\n", *, quotes: bool = False
) -> str:
    made = io.StringIO()
    writer = csv.writer(made, delimiter=delimiter, lineterminator=end)
    if quotes:
        writer = csv.writer(made, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows(rows)
    return made.getvalue()


def raw(text: str, delimiter: str | None = None) -> list[RawRow]:
    """Rows as they are read, without a process of their own."""
    layout = TableLayout(encoding="utf-8", delimiter=delimiter)
    file = io.BytesIO(text.encode("utf-8", "surrogatepass"))
    return list(DelimitedText(file).read(layout).rows)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found(tmp_path: Path, end: str) -> None:
    for delimiter in ",;\t|^~":
        rows = [row.cells for row in raw(as_csv(references(9), delimiter, end))]
        assert rows == [list(row) for row in references(9)]
    found = trip(write(tmp_path, as_csv(references(30), ";", end)))
    assert found.inspection.plan.format is FileFormat.DELIMITED
    assert not found.inspection.needs_look
    assert found.rows == list(range(2, 32))
    assert [(r.source_id, r.title, r.abstract) for r in found.records] == references(30)[1:]


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_unicode_comes_in_without_a_question(tmp_path: Path, encoding: str) -> None:
    rows = [*references(2), ("3", "Größe 5 µm", "心電図検査 \U0001f9ec")]
    found = trip(write(tmp_path, as_csv(rows).encode(encoding)))
    assert not found.inspection.needs_look
    assert found.inspection.encodings == ()
    assert (found.records[2].title, found.records[2].abstract) == rows[3][1:]


LEGACY = {
    "cp1252": "Die Größe der Tumoren nahm bei 5 µm ab.",
    "latin-1": "Les tumeurs étaient très petites après le traitement.",
    "cp932": "心電図検査の結果、腫瘍が小さくなった。",
    "gb18030": "我们研究了该药物对肿瘤细胞凋亡的影响。",
}


@pytest.mark.parametrize("encoding", LEGACY)
def test_other_encodings_are_asked_for_with_a_preview(tmp_path: Path, encoding: str) -> None:
    rows = [*references(20), ("21", "A title", LEGACY[encoding])]
    path = write(tmp_path, as_csv(rows).encode(encoding))
    found = trip(path)
    assert found.inspection.needs_look
    assert len(found.inspection.encodings) > 1
    assert LEGACY[encoding] in found.inspection.sample
    assert found.records[-1].abstract == LEGACY[encoding]
    assert "not certain" in found.notices
    other = found.inspection.encodings[-1]
    again = inspect_file(path, plan=laid_out(found.inspection.plan, encoding=other))
    assert again.plan.layout.encoding == other
    assert LEGACY[encoding] not in again.sample


def test_rows_in_another_encoding_than_the_rest_are_listed(tmp_path: Path) -> None:
    rows = [(str(n), "Größe", f"Der Tumor wurde kleiner ({n}).") for n in range(30)]
    data = as_csv([COLUMNS, *rows]).encode() + "31,Größe,x\r\n".encode("cp1252")
    found = trip(write(tmp_path, data))
    assert found.inspection.needs_look
    assert found.inspection.plan.layout.encoding == "utf-8"
    assert len(found.records) == 30
    assert [row.row for row in found.refused] == [32]
    assert "not in the encoding" in found.refused[0].reason


def test_characters_without_meaning_are_cleaned_and_counted(tmp_path: Path) -> None:
    dirty = "a\x00b\x0bc\x07d\ufffee".encode() + b"\xed\xa0\x80f"
    data = as_csv(references(2)).encode() + b'9,A title,"' + dirty + b'"\r\n'
    found = trip(write(tmp_path, data))
    assert found.records[-1].abstract == "ab\ncdef"
    assert "5 characters were taken out" in found.notices


def test_letters_that_another_program_lost_are_pointed_out(tmp_path: Path) -> None:
    found = trip(write(tmp_path, as_csv([*references(1), ("2", "Gr\ufffd\ufffde", "Words.")])))
    assert "In line 3 column 2 is the sign \ufffd" in found.notices
    assert found.records[1].title == "Gr\ufffd\ufffde"


def test_ragged_rows_are_listed_by_their_line(tmp_path: Path) -> None:
    rows = as_csv(references(3)) + '5,"a\nb"\r\n\r\n6,t,a,too much\r\n' + as_csv(references(2)[1:])
    found = trip(write(tmp_path, rows))
    assert found.rows == [2, 3, 4, 9, 10]
    assert [(row.row, row.reason) for row in found.refused] == [
        (5, "It has 2 cells, and the header has 3."),
        (8, "It has 4 cells, and the header has 3."),
    ]


SWALLOWED = 1_000
BROKEN = {
    "up to the end": ('500,"open,words here\n', ""),
    "up to a quoted cell": ('500,"open,words here\n', '9000,"A title",words\n'),
    "closed by a later mark": ('500,"open,words here\n', '9000,a title",words\n'),
    "closed in silence": ('500,words,"open\n', '9000,words,closed"\n'),
    "text after a mark": ('500,"a" b,words\n', ""),
}


@pytest.mark.parametrize(("broken", "end"), BROKEN.values(), ids=BROKEN)
def test_an_unclosed_quotation_mark_costs_one_row(tmp_path: Path, broken: str, end: str) -> None:
    before = "".join(f"{n},A title,Growth of cells {n}.\n" for n in range(1, 500))
    after = "".join(f"{n},A title,Growth of cells {n}.\n" for n in range(501, 501 + SWALLOWED))
    found = trip(write(tmp_path, f"{','.join(COLUMNS)}\n{before}{broken}{after}{end}"))
    assert [row.row for row in found.refused] == [501]
    assert "quotation mark" in found.refused[0].reason
    assert found.end.rows_in_file == 500 + SWALLOWED + bool(end)
    assert found.records[-1].title


def test_a_broken_row_of_several_lines_counts_once(tmp_path: Path) -> None:
    good = "".join(f'{n},A title,"First line.\nSecond, longer, line."\n' for n in range(1, 50))
    broken = '50,A title,"He said "no".\nThen, he left.\nAnd, last, this."\n'
    found = trip(write(tmp_path, f"{','.join(COLUMNS)}\n{good}{broken}{good}"))
    assert [row.row for row in found.refused] == [100]
    assert "line 102" in found.refused[0].reason
    assert len(found.records) == 98


def test_texts_of_several_lines_are_not_taken_for_rows(tmp_path: Path) -> None:
    abstract = "AIM: To see.\nMETHODS: Cells, mice.\n\nRESULTS: 3, 4 and 5.\n12, at most."
    rows = [COLUMNS, *((str(n), "A title", f"{abstract} {n}") for n in range(40))]
    found = trip(write(tmp_path, as_csv(rows)))
    assert [record.abstract for record in found.records] == [row[2] for row in rows[1:]]
    assert found.refused == ()


def test_a_field_of_200_kilobytes_is_read(tmp_path: Path) -> None:
    text = "growth, " * 25_000 + "end"
    found = trip(write(tmp_path, as_csv([*references(2), ("3", "A title", text)])))
    assert found.records[-1].abstract == text


def test_quotation_marks_of_tab_separated_text_are_letters(tmp_path: Path) -> None:
    rows = "".join(f'{n}\t"Growth" of cells {n}\tWords "here".\n' for n in range(40))
    found = trip(write(tmp_path, "\t".join(COLUMNS) + "\n" + rows))
    assert len(found.records) == 40
    assert found.records[0].title == '"Growth" of cells 0'
    assert "Quotation marks were taken as part of the texts" in found.notices


def test_quotation_marks_may_be_escaped_by_backslashes(tmp_path: Path) -> None:
    rows = "".join(f'{n},"A \\"title\\", {n}","Cells \\alpha, slow."\n' for n in range(40))
    found = trip(write(tmp_path, ",".join(COLUMNS) + "\n" + rows))
    assert len(found.records) == 40
    assert found.records[3].title == 'A "title", 3'
    assert found.records[3].abstract == "Cells \\alpha, slow."
    assert "backslash" in found.notices


def test_names_that_are_repeated_below_are_no_record(tmp_path: Path) -> None:
    found = trip(write(tmp_path, as_csv(references(2)) + as_csv(references(2))))
    assert len(found.records) == 4
    assert [(row.row, row.reason) for row in found.refused] == [
        (4, "It repeats the names of the columns.")
    ]


def test_a_line_that_names_the_delimiter_is_believed(tmp_path: Path) -> None:
    found = trip(write(tmp_path, "sep=;\r\n" + as_csv(references(5), ";")))
    assert found.rows == [3, 4, 5, 6, 7]
    assert not found.inspection.needs_look


def test_dates_that_spreadsheets_wrote_for_genes_are_pointed_out(tmp_path: Path) -> None:
    rows = [*references(1), ("2", "1-Sep", "Words."), ("2.31E+13", "Mar-02", "Words.")]
    found = trip(write(tmp_path, as_csv(rows)))
    assert "In line 3 column 2, line 4 column 2 is a date" in found.notices
    assert "In line 4 column 1 is a number that may have lost digits" in found.notices


def test_one_column_of_texts_is_no_table_of_commas(tmp_path: Path) -> None:
    lines = ["text", "Cells, mice and men.", "Growth, slow, was seen.", "None.", "One, two; three."]
    found = trip(write(tmp_path, "\n".join(lines)))
    assert [record.abstract for record in found.records] == lines[1:]


def test_a_packed_table_is_unpacked(tmp_path: Path) -> None:
    found = trip(write(tmp_path, gzip.compress(as_csv(references(30)).encode())))
    assert len(found.records) == 30


def test_a_header_of_one_name_twice_keeps_both_columns(tmp_path: Path) -> None:
    found = trip(write(tmp_path, "id,id,abstract,\n1,2,Words.,x\n3,4,More words.,\n"))
    assert found.inspection.needs_look
    assert found.records[0].extra == (("id", "1"), ("id", "2"), ("Column D", "x"))


def test_a_pasted_table_is_read_without_a_file(tmp_path: Path) -> None:
    text = as_csv([*references(3), ("4", "A title", "Two\nlines, \ud83e.")], "\t")
    inspection = inspect_pasted_table(text)
    found = settled(inspection, read_pasted_table(text, inspection.plan))
    assert not inspection.needs_look
    assert found.rows == [2, 3, 4, 5]
    assert found.records[-1].abstract == "Two\nlines, ."
    *rest, end = read_pasted_table(text, inspection.plan, after_row=4)
    assert (rest, end) == ([found.records[-1]], found.end)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="Nothing was pasted"):
        inspect_pasted_table(" \n")


def test_pasted_rows_without_header_are_asked_about() -> None:
    text = as_csv(references(3)[1:], "\t")
    inspection = inspect_pasted_table(text)
    assert inspection.needs_look
    assert inspection.plan.layout.header_row == 0
    assert len(inspection.records) == 3


def test_reading_goes_on_after_a_row(tmp_path: Path) -> None:
    path = write(tmp_path, as_csv(references(30)))
    plan = inspect_file(path).plan
    whole = list(read_records(path, plan))
    assert list(read_records(path, plan, after_row=20)) == whole[19:]


def test_a_table_without_a_column_of_texts_takes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n1,2\n3,4\n")
    found = trip(path)
    assert found.inspection.needs_look
    assert "No column seems to hold texts." in found.notices
    assert (len(found.records), len(found.refused)) == (0, 2)
    chosen = mapped(found.inspection.plan, {ColumnRole.ABSTRACT: 1})
    assert len(trip(path, chosen).records) == 2


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\x1f\ufeff", exclude_categories=["Cs"]),
    max_size=40,
)
TABLES = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), min_size=1, max_size=9)
)


@given(rows=TABLES, delimiter=st.sampled_from(",;\t|"), end=st.sampled_from(["\n", "\r\n"]))
def test_any_table_comes_back_as_it_was_written(
    rows: list[list[str]], delimiter: str, end: str
) -> None:
    text = as_csv(
        [["id", "text", "c", "d", "e"][: len(rows[0])], *rows], delimiter, end, quotes=True
    )
    read = [row.cells for row in raw(text, delimiter)[1:]]
    assert read == rows


@given(rows=TABLES, at=st.integers(0, 400), cut=st.integers(0, 3))
def test_whatever_breaks_a_text_every_line_of_it_is_accounted_for(
    rows: list[list[str]], at: int, cut: int
) -> None:
    text = as_csv([["id", "text", "c", "d", "e"][: len(rows[0])], *rows])
    at %= len(text)
    damaged = text[:at] + '"' + text[at + cut :]
    assume(damaged.strip())
    numbers = [row.number for row in raw(damaged, ",")]
    assert numbers == sorted(set(numbers))
    lines = damaged.count("\n") + damaged.count("\r") + 1
    assert all(1 <= number <= lines for number in numbers)


def test_broken_texts_of_many_rows_are_read_in_a_straight_line() -> None:
    chance = random.Random(1)
    lines = [
        f'{n},"A title" x,"words{chance.choice(["", chr(34)])}\n' if n % 2 else f'{n},t,"a ""\n'
        for n in range(20_000)
    ]
    rows = raw("id,title,abstract\n" + "".join(lines))
    assert len(rows) > 1


def test_a_plan_of_another_delimiter_is_followed(tmp_path: Path) -> None:
    path = write(tmp_path, "id;text\n1;a, b\n2;c, d\n")
    plan = laid_out(inspect_file(path).plan, delimiter=",")
    assert isinstance(plan, ImportPlan)
    again = inspect_file(path, plan=plan)
    assert again.table is not None
    assert again.table.columns == ("id;text",)


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("style", ["plain", "quoted", "lines", "marks"])
def test_one_wrong_quotation_mark_costs_at_most_one_row(style: str, delimiter: str) -> None:
    chance = random.Random(style + delimiter)
    replaced = {"lines": (". ", ".\n"), "marks": ("cells", '"cells"')}.get(style, ("", ""))
    rows = [[a, b, c.replace(*replaced) if replaced[0] else c] for a, b, c in references(60)]
    text = as_csv(rows, delimiter, "\n", quotes=style == "quoted")
    sound = {tuple(row) for row in rows[1:]}
    for _ in range(25):
        at = chance.randrange(text.index("\n") + 1, len(text))
        marks = [place for place, letter in enumerate(text) if letter == '"' and place > at]
        damaged = text[:at] + '"' + text[at:]
        if marks and chance.random() < 0.5:
            damaged = text[: marks[0]] + text[marks[0] + 1 :]
        kept = {tuple(row.cells) for row in raw(damaged)} & sound
        assert len(kept) >= len(sound) - 1
