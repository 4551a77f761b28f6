"""`kdh bulk` reads tables as it is told, asks where it is not sure, and keeps every cell."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.commands.running import Kdh
from tests.data.nasty_exports import FORMULAS
from tests.data.reference_files import abstract_of
from tests.data.tiny_bundle import KEYWORDS


def save(path: Path, *rows: Sequence[Any], sheet: str = "Data", **others: Sequence[Any]) -> Path:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = sheet
    for row in rows:
        first.append(list(row))
    for name, content in others.items():
        more = book.create_sheet(name)
        for row in content:
            more.append(list(row))
    book.save(path)
    return path


def table_of(path: Path) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(path)["Records"]
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


ROWS = [[f"00{n}", f"Study {n}", abstract_of(n), "SEPT1", "=1+1"] for n in range(1, 6)]
HEAD = ["Sample", "Title", "Abstract", "Gene", "Remark"]


def test_original_columns_come_first_in_their_order_and_to_the_letter(
    kdh: Kdh, tmp_path: Path
) -> None:
    source = save(tmp_path / "in.xlsx", HEAD[:4], *[row[:4] for row in ROWS])
    out = tmp_path / "out.xlsx"
    kdh("bulk", source, "-o", out)
    rows = table_of(out)
    assert list(rows[0])[:6] == [*HEAD[:4], "labels", "p: Sustaining proliferative signaling"]
    assert [list(row.values())[:4] for row in rows] == [row[:4] for row in ROWS]


def test_fields_of_what_is_no_table_are_carried_through(kdh: Kdh, tmp_path: Path) -> None:
    lines = [
        {"title": f"Study {n}", "abstract": abstract_of(n), "Arm": f"arm {n}", "p": "=1+1"}
        | ({"Dose": 5} if n == 2 else {})
        for n in range(1, 4)
    ]
    source, table = tmp_path / "in.jsonl", tmp_path / "b.csv"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["Title", "Abstract", "Arm"], ["T", abstract_of(1), "own"]])
    out = tmp_path / "out.jsonl"
    kdh("bulk", source, table, "-o", out)
    found = json_lines(out)
    titles = list(found[0])
    assert titles[9:16] == ["Title (2)", "Abstract (2)", "Arm", "p", "Dose", "file", "labels"]
    assert [row["Arm"] for row in found] == ["arm 1", "arm 2", "arm 3", "own"]
    assert [row["Dose"] for row in found] == [None, "5", None, None]
    assert found[0]["p"] == "=1+1"


def test_every_field_of_a_reference_is_in_the_output(kdh: Kdh, tmp_path: Path) -> None:
    source, out = tmp_path / "in.ris", tmp_path / "out.csv"
    record = f"TY  - JOUR\nTI  - Study\nAB  - {abstract_of(1)}\n"
    more = "C1  - first\nC1  - second\nVL  - 12\nER  - \n"
    source.write_text(record + more + f"TY  - JOUR\nAB  - {abstract_of(2)}\nER  - \n", "utf-8")
    kdh("bulk", source, "-o", out)
    with out.open(encoding="utf-8-sig", newline="") as file:
        first, second = csv.DictReader(file)
    held = " ".join(value for name, value in first.items() if not name.startswith("p: "))
    for value in ("first", "second", "12"):
        assert value in held
    assert second["abstract"] == abstract_of(2)


def test_fields_that_are_too_many_are_counted(kdh: Kdh, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.xlsx"
    lines = ({"text": abstract_of(n), f"only {n}": "x"} for n in range(503))
    source.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    kdh("bulk", source, "-o", out)
    assert "Note: 3 more fields of the inputs are not in the output" in kdh.err
    assert list(table_of(out)[0])[9:11] == ["only 0", "only 1"]


def test_text_that_looks_like_a_formula_stays_text(kdh: Kdh, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEAD, *ROWS])
    out = tmp_path / "out.xlsx"
    kdh("bulk", source, "-o", out)
    sheet = openpyxl.load_workbook(out)["Records"]
    assert sheet["E2"].value == "=1+1"
    assert sheet["E2"].data_type == "s"
    assert sheet["A2"].value == "001"


def test_columns_can_be_named(kdh: Kdh, tmp_path: Path) -> None:
    head = ["Nr", "Befund", "Notiz"]
    rows = [[f"x{n}", abstract_of(n), "apoptosis caspase"] for n in range(1, 6)]
    source = save(tmp_path / "in.xlsx", head, *rows)
    out = tmp_path / "out.jsonl"
    kdh("bulk", source, "-o", out, "--text-column", "befund", "--id-column", "Nr")
    found = json_lines(out)
    assert list(found[0])[:4] == [*head, "labels"]
    assert [row["Nr"] for row in found] == [row[0] for row in rows]
    names = {"Inducing angiogenesis"}
    assert {row["labels"] for row in found if row["Nr"] == "x4"} == names
    kdh("bulk", source, "-o", out, "--text-column", "Notiz")
    assert {row["labels"] for row in json_lines(out)} == {"Resisting cell death"}


def test_title_goes_before_the_text_only_where_it_is_named_or_guessed(
    kdh: Kdh, tmp_path: Path
) -> None:
    word = KEYWORDS["cellular_energetics"][0]
    rows = [[f"The {word} of cells", f"{abstract_of(2)} {n}"] for n in range(5)]
    source = save(tmp_path / "in.xlsx", ["Title", "Abstract"], *rows)
    out = tmp_path / "out.jsonl"
    both, one = "Resisting cell death; Cellular energetics", "Resisting cell death"
    kdh("bulk", source, "-o", out)
    assert {row["labels"] for row in json_lines(out)} == {both}
    kdh("bulk", source, "-o", out, "--text-column", "Abstract")
    assert {row["labels"] for row in json_lines(out)} == {one}
    kdh("bulk", source, "-o", out, "--text-column", "Abstract", "--title-column", "Title")
    assert {row["labels"] for row in json_lines(out)} == {both}


def test_sheet_must_be_named_where_there_are_several(kdh: Kdh, tmp_path: Path) -> None:
    source = save(
        tmp_path / "in.xlsx", HEAD[:3], *[row[:3] for row in ROWS],
        Other=[HEAD[:3], *[row[:3] for row in ROWS[:2]]],
    )  # fmt: skip
    out = tmp_path / "out.jsonl"
    kdh("bulk", source, "-o", out, code=2)
    assert "several sheets" in kdh.err
    assert "--sheet" in kdh.err
    kdh("bulk", source, "-o", out, "--sheet", "Other")
    assert len(json_lines(out)) == 2
    kdh("bulk", source, "-o", out, "--sheet", "Missing", code=2)
    assert "Input 1: " in kdh.err


def test_header_row_can_be_named(kdh: Kdh, tmp_path: Path) -> None:
    source = save(
        tmp_path / "in.xlsx", ["Report of 2026"], [], HEAD[:3], *[row[:3] for row in ROWS]
    )
    out = tmp_path / "out.jsonl"
    kdh("bulk", source, "-o", out, "--header-row", "3", "--text-column", "Abstract")
    assert list(json_lines(out)[0])[:3] == HEAD[:3]
    assert len(json_lines(out)) == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "--text-column"),
        (["--text-column", "Missing"], "not in the header row"),
        (["--text-column", "Twice", "--header-row", "1"], "Several columns"),
        (["--encoding", "klingon"], "no encoding of the name"),
    ],
)
def test_what_is_not_certain_is_asked_for(
    kdh: Kdh, tmp_path: Path, options: list[str], words: str
) -> None:
    source = save(tmp_path / "in.xlsx", ["A1", "B1", "Twice", "Twice"], *[["x", "y", "1", "2"]] * 3)
    kdh("bulk", source, "-o", tmp_path / "out.csv", *options, code=2)
    assert ("Input 1: " in kdh.err) == ("--encoding" not in options)
    assert words in kdh.err
    assert "Missing" not in kdh.err


def test_encoding_is_asked_for_where_it_is_not_certain(kdh: Kdh, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    text = f"Title;Abstract\nGr\xf6\xdfe;{abstract_of(4)}\nM\xe4use;{abstract_of(5)}\n"
    source.write_bytes(text.encode("cp1252"))
    out = tmp_path / "out.jsonl"
    kdh("bulk", source, "-o", out, code=2)
    assert "--encoding" in kdh.err
    kdh("bulk", source, "-o", out, "--encoding", "cp1252")
    assert [row["Title"] for row in json_lines(out)] == ["Größe", "Mäuse"]


def test_tables_of_other_shapes_are_joined(kdh: Kdh, tmp_path: Path) -> None:
    one = save(tmp_path / "one.xlsx", HEAD[:3], *[row[:3] for row in ROWS])
    other = tmp_path / "other.csv"
    with other.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["Abstract", "Place"], [abstract_of(4), "Ulm"]])
    out = tmp_path / "out.jsonl"
    kdh("bulk", one, other, "-o", out)
    rows = json_lines(out)
    assert list(rows[0])[:6] == [*HEAD[:3], "Place", "file", "labels"]
    assert [row["Place"] for row in rows] == [None] * 5 + ["Ulm"]
    assert [row["Abstract"] for row in rows] == [*[row[2] for row in ROWS], abstract_of(4)]


def test_inspect_shows_what_the_columns_are_taken_for(kdh: Kdh, tmp_path: Path) -> None:
    source = save(tmp_path / "in.xlsx", HEAD[:4], *[row[:4] for row in ROWS])
    printed = kdh("records", "inspect", source)
    assert "Column     Abstract  (abstract)" in printed
    assert "Column     Gene\n" in printed
    assert "Sheet      Data" in printed


def test_header_row_before_the_first_is_refused(kdh: Kdh, tmp_path: Path) -> None:
    source = save(tmp_path / "in.xlsx", HEAD, *ROWS)
    kdh("bulk", source, "-o", tmp_path / "out.csv", "--header-row", "-1", code=2)
    assert "kdh bulk --help" in kdh.err


def test_texts_that_look_like_formulas_come_back_from_our_own_csv(kdh: Kdh, tmp_path: Path) -> None:
    texts = [*FORMULAS.values(), "Cells grew in mice.", "'quoted' cells", "-0.5"]
    lines = [json.dumps({"abstract": f"{text} in cells"}) for text in texts]
    first, table, again = (tmp_path / name for name in ("a.jsonl", "b.csv", "c.jsonl"))
    first.write_text("\n".join(lines), encoding="utf-8")
    kdh("bulk", first, "-o", table)
    with table.open(encoding="utf-8-sig", newline="") as file:
        written = [row["abstract"] for row in csv.DictReader(file)]
    assert sum(text.startswith("'") for text in written) > len(FORMULAS) // 2
    kdh("bulk", table, "-o", again, "--text-column", "abstract")
    found = [json.loads(line)["abstract"] for line in again.read_bytes().splitlines()]
    assert [one.strip() for one in found] == [f"{text} in cells".strip() for text in texts]


def test_apostrophes_of_other_peoples_csv_stay(kdh: Kdh, tmp_path: Path) -> None:
    source, out = tmp_path / "a.csv", tmp_path / "b.jsonl"
    source.write_text("id,abstract,labels\n1,'=1+1 in cells of mice,x\n", encoding="utf-8")
    kdh("bulk", source, "-o", out, "--text-column", "abstract")
    assert json.loads(out.read_bytes())["abstract"] == "'=1+1 in cells of mice"
