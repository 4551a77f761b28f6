"""Corpora of every format come out as the same texts, and faults are told by row."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.corpus_source import (
    CorpusSource,
    CorrectionsSource,
    HocLevel,
    HocSource,
    JsonLinesSource,
    TableSource,
)
from kdh_desktop.core.errors import InputError, TrainingError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, Label, LabelSet
from tests.data.tiny_corpus import write_tiny_table
from trainer.corpus import LabelledText, read_corpora, read_corpus
from trainer.corpus.guess import source_of
from trainer.corpus.label_names import labels_from_names, tidy_name
from trainer.corpus.read import read_raw

AB = labels_from_names(["a", "b"])


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def write_lines(path: Path, *records: Any) -> Path:
    lines = [x if isinstance(x, str) else json.dumps(x, ensure_ascii=False) for x in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def names_of(texts: Sequence[LabelledText], labels: LabelSet) -> list[set[str]]:
    assert all(text.targets is not None for text in texts)
    return [
        {labels.names[x] for x in np.flatnonzero(text.targets)}
        for text in texts
        if text.targets is not None
    ]


# Tables


def test_names_in_one_column_are_parted_and_trimmed(tmp_path: Path) -> None:
    rows = [["id", "text", "labels"], ["7", "One. Two.", " b ;a; ;b"], ["8", "Three.", ""]]
    path = write_csv(tmp_path / "a.csv", rows)
    texts, labels = read_corpus(TableSource(str(path), "text", "labels", id_column="id"))
    assert labels.names == ("a", "b")
    assert names_of(texts, labels) == [{"a", "b"}, set()]
    assert [text.id for text in texts] == ["7", "8"]
    assert texts[0].sentences == texts[0].tokenised == ("One.", "Two.")
    assert texts[0].sentence_targets is None


def test_columns_that_say_yes_or_no_are_the_labels(tmp_path: Path) -> None:
    rows = [
        ["text", "Resisting cell death", "Other"],
        ["One.", "1", "no"],
        ["Two.", "False", "X"],
        ["Three.", "0", "YES"],
    ]
    path = write_csv(tmp_path / "a.csv", rows)
    source = TableSource(str(path), "text", label_columns=("Other", "Resisting cell death"))
    texts, labels = read_corpus(source)
    assert labels.ids == ("other", "resisting_cell_death")
    expected = [{"Resisting cell death"}, {"Other"}, {"Other"}]
    assert names_of(texts, labels) == expected
    assert [text.id for text in texts] == ["2", "3", "4"]


def test_an_empty_cell_means_no_where_only_yes_is_marked(tmp_path: Path) -> None:
    rows = [["text", "a", "b"], ["One.", "x", ""], ["Two.", "", ""]]
    path = write_csv(tmp_path / "a.csv", rows)
    texts, labels = read_corpus(TableSource(str(path), "text", label_columns=("a", "b")))
    assert names_of(texts, labels) == [{"a"}, set()]


def test_an_empty_cell_beside_a_no_is_undecided_and_the_text_left_out(tmp_path: Path) -> None:
    rows = [["text", "a", "b"], ["One.", "1", "0"], ["Two.", "1", ""]]
    path = write_csv(tmp_path / "a.csv", rows)
    texts, _ = read_corpus(TableSource(str(path), "text", label_columns=("a", "b")))
    assert [text.text for text in texts] == ["One."]


def test_a_cell_that_says_neither_is_told_by_its_row(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["text", "a"], ["One.", "1"], ["Two.", "perhaps"]])
    with pytest.raises(TrainingError, match="row 3 says neither yes nor no"):
        read_corpus(TableSource(str(path), "text", label_columns=("a",)))


def test_title_and_group_come_with_the_text(tmp_path: Path) -> None:
    rows = [["t", "text", "l", "g"], ["Growth of cells", "It\ngrew. Fast.", "a", "p1"]]
    rows += [["", "No title.", "a", " "]]
    path = write_csv(tmp_path / "a.csv", rows)
    texts, _ = read_corpus(TableSource(str(path), "text", "l", title_column="t", group_column="g"))
    assert texts[0].sentences[0] == "Growth of cells"
    assert texts[0].text == "Growth of cells\n\nIt\ngrew. Fast."
    assert [text.group for text in texts] == ["p1", None]


def test_texts_are_cleaned_as_pasted_ones_are(tmp_path: Path) -> None:
    rows = [["text", "l"], ["\ufeffTP53\u200b cafe\u0301\u202e.", "a"], ["\u200b \n", "a"]]
    texts, _ = read_corpus(TableSource(str(write_csv(tmp_path / "a.csv", rows)), "text", "l"))
    assert [text.text for text in texts] == ["TP53 caf\u00e9."]


def test_a_workbook_reads_as_the_same_table(tmp_path: Path) -> None:
    table = write_tiny_table(tmp_path / "a.csv", rows=12)
    book = openpyxl.Workbook()
    for row in csv.reader(table.read_text(encoding="utf-8").splitlines()):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    first, second = (
        read_corpus(TableSource(str(tmp_path / name), "abstract", "labels", id_column="pmid"))
        for name in ("a.csv", "a.xlsx")
    )
    assert first[1] == second[1]
    for one, other in zip(first[0], second[0], strict=True):
        assert (one.id, one.text) == (other.id, other.text)
        np.testing.assert_array_equal(one.targets, other.targets)


def test_a_formula_without_a_value_is_no_empty_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["text", "l"], ["One.", "a"], ['="Two."', "a"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(TrainingError, match="text in row 3 is a formula without a value"):
        read_corpus(TableSource(str(tmp_path / "a.xlsx"), "text", "l"))


def test_a_missing_column_is_told_with_those_there_are(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["id", "text"], ["1", "x"]])
    with pytest.raises(InputError, match=r"no column called 'labels'.*id, text"):
        read_corpus(TableSource(str(path), "text", "labels"))


def test_a_row_that_does_not_fit_is_told(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["text", "l"], ["x", "a"], ["y"]])
    with pytest.raises(TrainingError, match="Row 3 does not fit"):
        read_corpus(TableSource(str(path), "text", "l"))


# JSON lines


def test_json_lines_are_read_field_by_field(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "a.jsonl",
        {"key": 7, "head": "T", "body": "胸痛。\u2028三天。", "tags": ["症状:胸痛"], "d": "d1"},
        "",
        {"body": "Nothing.", "tags": []},
    )
    source = JsonLinesSource(
        str(path), "body", "tags", id_field="key", title_field="head", group_field="d"
    )
    texts, labels = read_corpus(source)
    assert [text.id for text in texts] == ["7", "3"]
    assert [text.group for text in texts] == ["d1", None]
    assert texts[0].text == "T\n\n胸痛。\n三天。"
    assert texts[0].sentences == ("T", "胸痛。", "三天。")
    assert names_of(texts, labels) == [{"症状:胸痛"}, set()]


def test_another_field_gives_other_labels(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", {"text": "x y", "labels": ["a"], "kinds": ["b"]})
    _, labels = read_corpus(JsonLinesSource(str(path), labels_field="kinds"))
    assert labels.names == ("b",)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "is no JSON object"),
        ("[1]", "is no JSON object"),
        ("[" * 100_000, "is no JSON object"),
        ({"labels": []}, "has no field text"),
        ({"text": 1.5, "labels": []}, "has a field text that is no text"),
        ({"text": True, "labels": []}, "has a field text that is no text"),
        ({"text": "x"}, "has no list of labels"),
        ({"text": "x", "labels": "a"}, "has no list of labels"),
        ({"text": "x", "labels": [1]}, "has no list of labels"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_bad_line_is_told_by_its_number(tmp_path: Path, line: object, words: str) -> None:
    path = write_lines(tmp_path / "a.jsonl", {"text": "x", "labels": ["a"]}, line)
    with pytest.raises(TrainingError, match=f"Line 2 {words}"):
        read_corpus(JsonLinesSource(str(path)))


# Corrected records

HEAD = {
    "format": "kdh-corrections",
    "version": 1,
    "labels": [
        {"id": "b", "name": "Label B", "definition": "What B is."},
        {"id": "a", "name": "Label A", "definition": ""},
    ],
}


def record(**decisions: bool | None) -> dict[str, object]:
    return {"id": "1", "text": "One. Two.", "decisions": decisions, "decided_by": "me"}


def read_records(
    path: Path, *records: object, labels: LabelSet | None = None
) -> tuple[list[set[str]], LabelSet]:
    source = CorrectionsSource(str(write_lines(path / "records.jsonl", *records)))
    texts, found = read_corpus(source, labels)
    return names_of(texts, found), found


def test_the_first_line_says_which_labels_there_are(tmp_path: Path) -> None:
    found, labels = read_records(tmp_path, HEAD, record(a=True, b=False))
    assert found == [{"Label A"}]
    assert labels == LabelSet((Label("b", "Label B", "What B is."), Label("a", "Label A", "")))


def test_without_it_the_ids_that_were_decided_on_are_the_labels(tmp_path: Path) -> None:
    found, labels = read_records(tmp_path, record(a=True, b=False), record(b=True, a=True))
    assert labels.names == ("a", "b")
    assert found == [{"a"}, {"a", "b"}]


def test_a_given_label_set_is_decided_on_by_id(tmp_path: Path) -> None:
    decisions = dict.fromkeys(HALLMARKS_OF_CANCER.ids, False) | {"cellular_energetics": True}
    found, labels = read_records(tmp_path, record(**decisions), labels=HALLMARKS_OF_CANCER)
    assert labels is HALLMARKS_OF_CANCER
    assert found == [{"Cellular energetics"}]


@pytest.mark.parametrize("open_", [{}, {"b": None}])
def test_a_record_that_is_not_decided_on_whole_is_left_out(
    tmp_path: Path, open_: dict[str, None]
) -> None:
    found, _ = read_records(tmp_path, HEAD, record(a=True, **open_), record(a=False, b=False))
    assert found == [set()]


def test_labels_that_are_asked_for_must_be_decided_beside_those_of_the_first_line(
    tmp_path: Path,
) -> None:
    source = CorrectionsSource(
        str(write_lines(tmp_path / "a.jsonl", HEAD, record(a=True, b=False)))
    )
    assert [text.undecided for text in read_raw(source).texts] == [()]
    more = labels_from_names(["a", "b", "c"])
    assert [text.undecided for text in read_raw(source, more).texts] == [("c",)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"text": "x", "decisions": {}}, "Line 2 has no id"),
        ({"id": "1", "decisions": {}}, "Line 2 has no text"),
        ({"id": "1", "text": None, "decisions": {}}, "Line 2 has no text"),
        ({"id": "1", "text": "x"}, "Line 2 has no decisions"),
        ({"id": "1", "text": "x", "decisions": ["a"]}, "Line 2 has no decisions"),
        (record(a=True) | {"decisions": {"a": 1}}, "Line 2 has a decision that is neither"),
    ],
)
def test_a_damaged_record_is_told_by_its_line(tmp_path: Path, line: object, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        read_records(tmp_path, record(a=True), line)


@pytest.mark.parametrize(
    "change", [{"format": "other"}, {"version": 2}, {"labels": []}, {"labels": [{"id": "a"}]}]
)
def test_another_kind_or_version_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(InputError, match="corrected records"):
        read_records(tmp_path, HEAD | change, record(a=True))


def test_a_decision_on_a_label_that_is_not_in_the_set_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"row 2 carries a label that is not in the label set\. C"
    ):
        read_records(tmp_path, HEAD, record(a=True, b=True, c=True))


# HoC's deeper paths


def write_hoc(folder: Path, segments: Sequence[str]) -> Path:
    for name in ("text", "labels"):
        (folder / name).mkdir(parents=True)
    (folder / "text" / "1.txt").write_text("A sentence .\n" * len(segments), "utf-8")
    (folder / "labels" / "1.txt").write_text("<" + "<".join(segments), "utf-8")
    (folder / "train.txt").write_text("1\n", "utf-8")
    return folder


def test_whole_paths_are_labels_of_their_own(tmp_path: Path) -> None:
    growth, genome = HALLMARKS_OF_CANCER[0].name, HALLMARKS_OF_CANCER[6].name
    segments = [
        f"{genome}--DNA damage--Adducts AND {growth}--",
        f"{genome}--DNA damage--",
        f"NULL AND{growth}--Receptors",
    ]
    folder = write_hoc(tmp_path / "hoc", segments)
    (text,), labels = read_corpus(HocSource(str(folder), level=HocLevel.PATH))
    assert labels.names == (
        f"{genome} -- DNA damage",
        f"{genome} -- DNA damage -- Adducts",
        growth,
        f"{growth} -- Receptors",
    )
    assert text.sentence_targets is not None
    assert text.sentence_targets.tolist() == [[0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    (text,), labels = read_corpus(HocSource(str(folder)))
    assert labels is HALLMARKS_OF_CANCER
    assert names_of([text], labels) == [{growth, genome}]


# Labels and several sources


def test_ids_are_made_of_names() -> None:
    names = [
        "Resisting cell death",
        "route: food",
        "Größe é",
        "检查:ct",
        "症状",
        "a-b",
        "A B",
        "x" * 99,
    ]
    ids = labels_from_names(names).ids
    assert ids[:3] == ("resisting_cell_death", "route_food", ids[2])
    assert re.fullmatch(r"ct_[0-9a-f]{8}", ids[3])
    assert re.fullmatch(r"label_[0-9a-f]{8}", ids[4])
    assert all(re.fullmatch(r"a_b_[0-9a-f]{8}", x) for x in ids[5:7])
    assert labels_from_names(reversed(names)).ids == ids[::-1]


@given(st.lists(st.text(min_size=1, max_size=90).map(tidy_name).filter(bool), min_size=1))
def test_ids_are_unique_and_plain_whatever_the_names(names: list[str]) -> None:
    labels = labels_from_names(names)
    assert labels.names == tuple(dict.fromkeys(names))
    assert all(re.fullmatch(r"[a-z0-9_]{1,60}", x) for x in labels.ids)


def test_an_unknown_label_is_told_by_its_row(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["text", "l"], ["x", "a; c"]])
    with pytest.raises(
        TrainingError, match=r"row 2 carries a label that is not in the label set\. C"
    ):
        read_corpus(TableSource(str(path), "text", "l"), AB)


def test_a_source_that_leaves_out_a_label_that_is_asked_for_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["text", "a"], ["x", "1"], ["y", "0"]])
    with pytest.raises(TrainingError, match="does not say of each label"):
        read_corpus(TableSource(str(path), "text", label_columns=("a",)), AB)
    texts, _ = read_corpus(TableSource(str(path), "text", label_columns=("a",)))
    assert len(texts) == 2


def test_labels_keep_the_order_that_is_asked_for(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["text", "l"], ["x", "b"], ["y", "a"]])
    backwards = labels_from_names(["b", "a"])
    texts, labels = read_corpus(TableSource(str(path), "text", "l"), backwards)
    assert labels is backwards
    assert [text.targets.tolist() for text in texts if text.targets is not None] == [[1, 0], [0, 1]]


def test_several_sources_are_one_corpus(tmp_path: Path) -> None:
    folder = write_hoc(tmp_path / "hoc", [HALLMARKS_OF_CANCER[2].name])
    decisions = dict.fromkeys(HALLMARKS_OF_CANCER.ids, False) | {"cellular_energetics": True}
    records = write_lines(tmp_path / "r.jsonl", record(**decisions))
    sources: list[CorpusSource] = [HocSource(str(folder)), CorrectionsSource(str(records))]
    texts, labels = read_corpora(sources)
    assert labels is HALLMARKS_OF_CANCER
    assert names_of(texts, labels) == [{"Resisting cell death"}, {"Cellular energetics"}]
    assert [text.sentence_targets is None for text in texts] == [False, True]


def test_sources_with_other_labels_are_no_corpus(tmp_path: Path) -> None:
    paths = [
        write_csv(tmp_path / f"{name}.csv", [["text", name], ["x", "1"]]) for name in ("a", "b")
    ]
    sources = [TableSource(str(path), "text", label_columns=(path.stem,)) for path in paths]
    with pytest.raises(TrainingError, match="do not have the same labels"):
        read_corpora(sources)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "holds no text"),
        ([["", "a"]], "None of the texts can be used"),
        ([["x", ""]], "carries a label"),
    ],
)
def test_a_corpus_with_nothing_to_learn_is_refused(
    tmp_path: Path, rows: list[list[str]], words: str
) -> None:
    path = write_csv(tmp_path / "a.csv", [["text", "l"], *rows])
    with pytest.raises(TrainingError, match=words):
        read_corpus(TableSource(str(path), "text", "l"))


# Guessing


def test_a_path_alone_is_enough_where_columns_are_named_so(tmp_path: Path) -> None:
    table = write_tiny_table(tmp_path / "a.csv", rows=5)
    assert source_of(table) == TableSource(
        str(table), "abstract", "labels", id_column="pmid", title_column="title",
        group_column="patient",
    )  # fmt: skip
    marked = write_csv(tmp_path / "b.csv", [["ID", "Text", "a", "b"], ["1", "x", "1", ""]])
    assert source_of(marked) == TableSource(
        str(marked), "Text", label_columns=("a", "b"), id_column="ID"
    )
    lines = write_lines(
        tmp_path / "a.jsonl", {"id": "1", "dialogue": "d", "text": "", "labels": []}
    )
    assert source_of(lines) == JsonLinesSource(str(lines), id_field="id", group_field="dialogue")
    records = write_lines(tmp_path / "b.jsonl", record(a=True))
    assert source_of(records) == CorrectionsSource(str(records))
    hoc = write_hoc(tmp_path / "hoc", [""])
    assert source_of(hoc) == HocSource(str(hoc))
    assert source_of(hoc / "train.txt") == HocSource(str(hoc), "train.txt")
    described = write_lines(tmp_path / "a.json", {"kind": "hoc", "folder": "x", "level": "path"})
    assert source_of(described) == HocSource("x", level=HocLevel.PATH)


def test_columns_that_could_be_anything_are_not_guessed(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["text", "notes"], ["x", "perhaps"]])
    with pytest.raises(TrainingError, match="do not say which"):
        source_of(path)
    with pytest.raises(TrainingError, match="do not say which"):
        source_of(write_lines(tmp_path / "a.jsonl", {"body": "x"}))
