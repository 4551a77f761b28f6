"""Sources and reports are kept as JSON, and damaged ones are refused by the field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kdh_desktop.core.corpus_report import (
    CorpusReport,
    LabelBalance,
    Lengths,
    Place,
    Problem,
    ProblemKind,
    Severity,
    SourceCounts,
    report_from_json,
    report_to_json,
)
from kdh_desktop.core.corpus_source import (
    CorpusSource,
    CorrectionsSource,
    HocLevel,
    HocSource,
    JsonLinesSource,
    TableSource,
    source_from_json,
    source_to_json,
)
from kdh_desktop.core.errors import TrainingError

SOURCES: list[CorpusSource] = [
    HocSource("/corpus/hoc", "dev.txt", HocLevel.PATH),
    TableSource("/a.xlsx", "Text", labels_column="Befund", separator="|", sheet="Jänner"),
    TableSource("/a.csv", "text", label_columns=("a", "b"), encoding="cp1252", delimiter=";"),
    JsonLinesSource("/a.jsonl", labels_field="categories", group_field="dialogue"),
    CorrectionsSource("/a.jsonl"),
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.kind))
def test_a_source_comes_back_as_it_was(source: CorpusSource) -> None:
    text = source_to_json(source)
    assert json.loads(text)["kind"] == source.kind
    assert source_from_json(text) == source


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "database"}, "kind must be one of"),
        ({"kind": None}, "kind must be one of"),
        ({"path": 7}, "source.path"),
        ({"colour": "red"}, "unknown field colour"),
        ({"labels_column": None}, "labels_column or label_columns"),
        ({"label_columns": ["a"]}, "labels_column or label_columns"),
        ({"labels_column": None, "label_columns": ["a", "a"]}, "unique"),
        ({"separator": ""}, "separator"),
        ({"header_row": 0}, "header_row"),
        ({"delimiter": ", "}, "delimiter"),
        ({"encoding": "klingon"}, "encoding"),
        ({"encoding": "zip"}, "encoding"),
    ],
)
def test_a_damaged_source_is_refused_by_its_field(changes: dict[str, Any], words: str) -> None:
    whole = {"kind": "table", "path": "/a.csv", "text_column": "t", "labels_column": "l"}
    assert source_from_json(json.dumps(whole)) == TableSource("/a.csv", "t", "l")
    with pytest.raises(TrainingError, match=words):
        source_from_json(json.dumps(whole | changes))


@pytest.mark.parametrize("text", ["", "[]", "7", "{", '{"kind": "hoc"}'])
def test_what_is_no_source_is_refused(text: str) -> None:
    with pytest.raises(TrainingError, match="description of the corpus"):
        source_from_json(text)


REPORT = CorpusReport(
    (SourceCounts("a.csv", is_test=False, rows=9, texts=8, without_labels=1,
                  with_sentence_labels=0, groups=3),),
    (LabelBalance("a", "A", 4, 0.5, 1),),
    1.25,
    5,
    Lengths(100, 200, 300, 400, 512, 0.0, 0.01),
    (
        Problem(ProblemKind.NO_TEXTS, Severity.BLOCKING, "None.", "Add."),
        Problem(
            ProblemKind.NEAR_DUPLICATES, Severity.WARNING, "Some.", "Look.", 1,
            (Place(0, 3, "x", 1, 0),), ("A",),
        ),
    ),
)  # fmt: skip


def test_a_report_comes_back_as_it_was() -> None:
    assert report_from_json(report_to_json(REPORT)) == REPORT
    assert [one.kind for one in REPORT.blocking] == [ProblemKind.NO_TEXTS]
    assert [one.kind for one in REPORT.warnings] == [ProblemKind.NEAR_DUPLICATES]


@pytest.mark.parametrize("text", ["", "{}", '{"sources": 7}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(TrainingError, match="report on the corpus"):
        report_from_json(text)
