"""What speaks against training is said before it starts, with what to do, and never with a text."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import Unigram, WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from kdh_desktop.core.corpus_report import (
    CorpusReport,
    Place,
    Problem,
    ProblemKind,
    Severity,
    report_from_json,
)
from kdh_desktop.core.corpus_source import (
    CorpusSource,
    CorrectionsSource,
    HocLevel,
    HocSource,
    JsonLinesSource,
    TableSource,
)
from kdh_desktop.core.errors import InputError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from tests.data.tiny_corpus import tiny_texts_and_names, write_tiny_table
from tests.trainer.conftest import ROOT, trainer_environment
from trainer.commands.check import as_text
from trainer.corpus.check import CheckPlan, check_corpus

DATA = Path(os.environ.get("KDH_CORPUS", ROOT.parent / "shared" / "data" / "hoc")).parent
needs_data = pytest.mark.skipif(
    not (DATA / "cei" / "train.csv").is_file(), reason="the corpora are not there"
)

Row = tuple[str, list[str]]
ROWS = tiny_texts_and_names(60)
PLAN = CheckPlan(folds=2)


def table(path: Path, rows: Sequence[Row], *, groups: Sequence[str] | None = None) -> TableSource:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "text", "labels", "group"])
        for number, (text, names) in enumerate(rows):
            group = groups[number] if groups else ""
            lines.writerow([f"id{number}", text, "; ".join(names), group])
    group_column = "group" if groups else None
    return TableSource(str(path), "text", "labels", id_column="id", group_column=group_column)


def checked(
    folder: Path,
    rows: Sequence[Row],
    *,
    test: Sequence[Row] = (),
    plan: CheckPlan = PLAN,
    groups: Sequence[str] | None = None,
) -> CorpusReport:
    source = table(folder / "train.csv", rows, groups=groups)
    tests = [table(folder / "test.csv", test)] if test else []
    return check_corpus([source], plan, test_sources=tests)


def found(report: CorpusReport, kind: ProblemKind) -> Problem:
    """The one problem of a kind."""
    (only,) = [problem for problem in report.problems if problem.kind is kind]
    return only


def kinds(report: CorpusReport) -> set[ProblemKind]:
    return {problem.kind for problem in report.problems}


def blocking(report: CorpusReport) -> set[ProblemKind]:
    return {problem.kind for problem in report.blocking}


def test_sound_texts_are_counted_and_may_be_trained_on(tmp_path: Path) -> None:
    report = checked(tmp_path, ROWS, test=tiny_texts_and_names(10, seed=1))
    assert blocking(report) == set()
    train, test = report.sources
    assert (train.name, train.rows, train.texts, train.without_labels) == ("train.csv", 60, 60, 6)
    assert (test.is_test, test.texts, test.groups) == (True, 10, 0)
    assert report.labels_per_text == pytest.approx(sum(len(names) for _, names in ROWS) / len(ROWS))
    for one in report.labels:
        assert one.positives == sum(one.name in names for _, names in ROWS)
        assert one.share == one.positives / 60
    assert report.lengths is None


def test_lengths_are_those_of_the_pieces(tmp_path: Path, tiny_encoder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tiny_encoder / "tokenizer.json"))
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    rows = [
        ("cells " * (1 + number % 50) + str(number), names)
        for number, (_, names) in enumerate(ROWS)
    ]
    plan = CheckPlan(folds=2, window=42, tokenizer=tokenizer)
    report = checked(tmp_path, rows, plan=plan)
    assert report.lengths is not None
    assert 40 < report.lengths.longest <= 60
    assert 0.1 < report.lengths.share_over < 0.4
    assert report.lengths.unknown_share == 0
    assert found(report, ProblemKind.LONG_TEXTS).severity is Severity.WARNING
    chinese = [("患者胸痛" * 5 + str(number), names) for number, (_, names) in enumerate(ROWS)]
    report = checked(tmp_path, chinese, plan=plan)
    assert found(report, ProblemKind.UNKNOWN_PIECES).severity is Severity.WARNING


@pytest.mark.parametrize(
    "model",
    [
        WordLevel({"<unk>": 0, "cells": 1, "grew": 2}, unk_token="<unk>"),
        Unigram([("<unk>", 0.0), ("cells", -1.0), ("grew", -1.0)], unk_id=0),
    ],
)
def test_the_unknown_piece_is_the_one_that_the_tokenizer_names(
    tmp_path: Path, model: WordLevel | Unigram
) -> None:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = WhitespaceSplit()
    rows = [(f"cells grew {number:x<9}", names) for number, (_, names) in enumerate(ROWS)]
    report = checked(tmp_path, rows, plan=CheckPlan(folds=2, tokenizer=tokenizer))
    assert report.lengths is not None
    assert report.lengths.unknown_share == pytest.approx(1 / 3)
    assert ProblemKind.UNKNOWN_PIECES in kinds(report)


# What the brief on nasty inputs lists


def test_one_label_only(tmp_path: Path) -> None:
    rows = [(text, ["a"] if number % 2 else []) for number, (text, _) in enumerate(ROWS)]
    report = checked(tmp_path, rows)
    assert found(report, ProblemKind.ONE_LABEL).labels == ("a",)
    assert blocking(report) == set()
    everywhere = checked(tmp_path, [(text, ["a"]) for text, _ in ROWS])
    assert blocking(everywhere) == {ProblemKind.NO_NEGATIVES}


def test_three_rows(tmp_path: Path) -> None:
    report = checked(tmp_path, ROWS[1:4])
    assert found(report, ProblemKind.FEW_TEXTS).severity is Severity.BLOCKING
    assert "only 3 texts" in found(report, ProblemKind.FEW_TEXTS).message


def test_fewer_texts_than_a_useful_model_needs_are_a_warning(tmp_path: Path) -> None:
    report = checked(tmp_path, ROWS)
    assert found(report, ProblemKind.FEW_TEXTS).severity is Severity.WARNING


def test_no_row_at_all(tmp_path: Path) -> None:
    assert {ProblemKind.NO_TEXTS, ProblemKind.NO_POSITIVES} == blocking(checked(tmp_path, []))


def test_misspelt_labels_of_a_given_set_are_told_with_the_nearest_name(tmp_path: Path) -> None:
    rows = [*ROWS, ("A text.", ["Resisting cel death"]), ("Another.", ["Resisting cel death"])]
    rows += [("A third.", ["Weather"])]
    report = checked(tmp_path, rows, plan=CheckPlan(labels=HALLMARKS_OF_CANCER, folds=2))
    first, second = [x for x in report.blocking if x.kind is ProblemKind.UNKNOWN_LABELS]
    assert (first.labels, first.count) == (("Resisting cel death",), 2)
    assert first.places == (Place(0, 62, "id60"), Place(0, 63, "id61"))
    assert "Did you mean Resisting cell death?" in first.remedy
    assert not any(x.labels[0] in f"{x.message} {x.remedy}" for x in (first, second))
    told = as_text(report)
    assert "Label: Resisting cel death" in told
    assert "Label: Weather" in told
    assert (second.labels, "Did you mean" in second.remedy) == (("Weather",), False)


@pytest.mark.parametrize(
    "odd", ["resisting cell death", "Resisting  cell-death", "Resisting cel death"]
)
def test_misspelt_labels_are_seen_without_a_label_set_too(tmp_path: Path, odd: str) -> None:
    rows = [(f"Text number {number}.", ["Resisting cell death"]) for number in range(40)]
    report = checked(tmp_path, [*rows, *ROWS[:20], ("A text.", [odd])])
    similar = found(report, ProblemKind.SIMILAR_LABELS)
    assert set(similar.labels) >= {"Resisting cell death"}
    assert similar.severity is Severity.WARNING


def test_labels_that_only_look_alike_are_left_alone(tmp_path: Path) -> None:
    pairs = [
        ("高血压", "高血糖"),
        ("grade 1 tumour", "grade 2 tumour"),
        ("route: food", "route: dust"),
    ]
    rows = [
        (f"Text number {number}.", [often if number % 20 else rare for often, rare in pairs])
        for number in range(80)
    ]
    assert ProblemKind.SIMILAR_LABELS not in kinds(checked(tmp_path, rows))


def test_the_same_text_in_train_and_test(tmp_path: Path) -> None:
    again = (ROWS[3][0].upper() + " ", ROWS[3][1])
    nearly = (ROWS[5][0] + " Indeed.", ROWS[5][1])
    test = [*tiny_texts_and_names(5, seed=1), again, nearly]
    report = checked(tmp_path, ROWS, test=test)
    assert blocking(report) == {ProblemKind.IN_TRAIN_AND_TEST}
    shared = found(report, ProblemKind.IN_TRAIN_AND_TEST)
    assert shared.places == (Place(1, 7, "id5", 5, 0),)
    close = found(report, ProblemKind.NEARLY_IN_TRAIN_AND_TEST)
    assert close.places == (Place(1, 8, "id6", 7, 0),)


def test_empty_texts(tmp_path: Path) -> None:
    rows = [*ROWS, ("", ["Weather"]), (" \u200b\n", [])]
    report = checked(tmp_path, rows)
    empty = found(report, ProblemKind.EMPTY_TEXTS)
    assert (empty.count, empty.severity) == (2, Severity.WARNING)
    assert [place.row for place in empty.places] == [62, 63]
    assert report.sources[0].texts == 60
    assert report.sources[0].rows == 62


# Further faults


def test_equal_texts_with_and_without_the_same_labels(tmp_path: Path) -> None:
    rows = [*ROWS, ROWS[1], (ROWS[2][0], ["Cellular energetics"])]
    report = checked(tmp_path, rows)
    assert found(report, ProblemKind.EXACT_DUPLICATES).count == 2
    conflict = found(report, ProblemKind.CONFLICTING_LABELS)
    assert conflict.places == (Place(0, 63, "id61", 4, 0),)
    assert blocking(report) == set()


def test_nearly_equal_texts(tmp_path: Path) -> None:
    rows = [*ROWS, (ROWS[1][0] + " Indeed.", ROWS[1][1])]
    near = found(checked(tmp_path, rows), ProblemKind.NEAR_DUPLICATES)
    assert near.places == (Place(0, 62, "id60", 3, 0),)
    groups = [str(number % 50) for number in range(60)] + ["1"]
    assert ProblemKind.NEAR_DUPLICATES not in kinds(checked(tmp_path, rows, groups=groups))


def test_ids_that_are_used_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,labels\n1,One.,a\n1,Two.,b\n2,Three.,\n", encoding="utf-8")
    source = TableSource(str(path), "text", "labels", id_column="id")
    again = found(check_corpus([source], PLAN), ProblemKind.DUPLICATE_IDS)
    assert [place.row for place in again.places] == [2, 3]


def test_labels_with_too_few_texts_for_the_folds(tmp_path: Path) -> None:
    rows = [*ROWS, ("A text.", ["Rare"]), ("Another.", ["Rare"])]
    assert ProblemKind.FEW_POSITIVES in kinds(checked(tmp_path, rows))
    few = found(checked(tmp_path, rows, plan=CheckPlan(folds=5)), ProblemKind.FEW_POSITIVES)
    assert "Rare" in few.labels
    assert few.severity is Severity.WARNING
    report = checked(tmp_path, ROWS[:25], plan=CheckPlan(folds=2, labels=HALLMARKS_OF_CANCER))
    assert found(report, ProblemKind.FEW_POSITIVES).message.count("(") >= 1


def test_a_label_that_no_text_carries(tmp_path: Path) -> None:
    rows = [
        (text, [name for name in names if name != "Cellular energetics"]) for text, names in ROWS
    ]
    report = checked(tmp_path, rows, plan=CheckPlan(folds=2, labels=HALLMARKS_OF_CANCER))
    assert blocking(report) == {ProblemKind.NO_POSITIVES}
    assert found(report, ProblemKind.NO_POSITIVES).labels == ("Cellular energetics",)


def test_a_column_that_holds_texts_and_not_labels(tmp_path: Path) -> None:
    report = checked(
        tmp_path, [(f"Text {number}", [text]) for number, (text, _) in enumerate(ROWS)]
    )
    odd = found(report, ProblemKind.NOT_LABELS)
    assert odd.labels == ()
    assert ROWS[0][0] not in odd.message


def test_fewer_different_texts_than_folds(tmp_path: Path) -> None:
    """Copies of a text stay together, so that they fill one fold."""
    few = found(checked(tmp_path, ROWS[1:5] * 15, plan=CheckPlan(folds=5)), ProblemKind.FEW_GROUPS)
    assert few.severity is Severity.BLOCKING
    assert few.message == "There are only 4 different texts, and 5 folds are needed."


def test_groups_that_are_too_few_or_on_both_sides(tmp_path: Path) -> None:
    train = table(tmp_path / "a.csv", ROWS, groups=["p1", "p2", "p3"] * 20)
    other = tiny_texts_and_names(4, seed=1)
    test = table(tmp_path / "b.csv", other, groups=["p3", "p4", "p5", "p3"])
    report = check_corpus([train], CheckPlan(folds=5), test_sources=[test])
    assert blocking(report) == {ProblemKind.FEW_GROUPS, ProblemKind.GROUP_IN_TRAIN_AND_TEST}
    assert found(report, ProblemKind.GROUP_IN_TRAIN_AND_TEST).count == 2
    assert report.sources[0].groups == 3


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    source = table(tmp_path / "a.csv", ROWS)
    path = Path(source.path)
    path.write_text(path.read_text(encoding="utf-8") + "x,y\nx,y,z,a,b\n", encoding="utf-8")
    report = check_corpus([source], PLAN)
    bad = found(report, ProblemKind.UNREADABLE_ROWS)
    assert (bad.severity, bad.count) == (Severity.BLOCKING, 2)
    assert [place.row for place in bad.places] == [62, 63]
    assert "Row 62 does not fit" in bad.message
    assert "1 more like it" in bad.message
    assert report.sources[0].rows == 62


def test_records_that_nobody_decided_on_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [
        {
            "id": str(number),
            "text": text,
            "decisions": {x: x in names for x in ("a", "b")[: 1 + number % 2]},
        }
        for number, (text, names) in enumerate(ROWS)
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    report = check_corpus([CorrectionsSource(str(path))], PLAN)
    assert found(report, ProblemKind.INCOMPLETE).count == 30
    assert report.sources[0].texts == 30


def test_the_hoc_layout_with_a_text_that_does_not_fit(tiny_corpus: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_corpus, tmp_path / "hoc"))
    (folder / "labels" / "1003.txt").write_text("<", "utf-8")
    (folder / "text" / "1004.txt").write_text(" \n", "utf-8")
    report = check_corpus([HocSource(str(folder))], PLAN)
    assert blocking(report) == {ProblemKind.UNREADABLE_ROWS, ProblemKind.EMPTY_TEXTS}
    assert found(report, ProblemKind.UNREADABLE_ROWS).places == (Place(0, 4, "1003"),)
    assert report.sources[0].texts == report.sources[0].with_sentence_labels == 58


def test_sources_with_other_labels_block(tmp_path: Path) -> None:
    sources = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}.csv"
        path.write_text(f"text,{name}\nOne {name},1\nTwo {name},0\n", encoding="utf-8")
        sources.append(TableSource(str(path), "text", label_columns=(name,)))
    report = check_corpus(sources, PLAN)
    assert any("do not have the same labels" in x.message for x in report.blocking)


def marked_table(path: Path, names: Sequence[str], *, seed: int = 0) -> TableSource:
    """Texts with a column for each of some labels that says yes or no."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["text", *names])
        for text, carried in tiny_texts_and_names(40, seed=seed):
            lines.writerow([text, *(int(name in carried) for name in names)])
    return TableSource(str(path), "text", label_columns=tuple(names))


def corrections(path: Path, ids: Sequence[str], *, has_head: bool = True) -> CorrectionsSource:
    """Records that some labels of the ten were decided on."""
    head = {
        "format": "kdh-corrections",
        "version": 1,
        "labels": [{"id": id_, "name": id_, "definition": ""} for id_ in ids],
    }
    decisions = dict.fromkeys(ids, False)
    lines = [
        {"id": str(number), "text": text, "decisions": decisions}
        for number, (text, _) in enumerate(tiny_texts_and_names(10, seed=2))
    ]
    written = [head, *lines] if has_head else lines
    path.write_text("\n".join(map(json.dumps, written)), encoding="utf-8")
    return CorrectionsSource(str(path))


def test_a_source_to_judge_on_that_leaves_labels_out_blocks(tmp_path: Path) -> None:
    names, ids = HALLMARKS_OF_CANCER.names, HALLMARKS_OF_CANCER.ids
    train = marked_table(tmp_path / "train.csv", names)
    whole: list[CorpusSource] = [
        marked_table(tmp_path / "whole.csv", names[::-1], seed=1),
        corrections(tmp_path / "whole.jsonl", ids),
    ]
    assert blocking(check_corpus([train], PLAN, test_sources=whole)) == set()
    for short in (
        marked_table(tmp_path / "short.csv", names[:8], seed=1),
        corrections(tmp_path / "short.jsonl", ids[:8]),
    ):
        report = check_corpus([train], PLAN, test_sources=[short])
        (lacking,) = report.blocking
        assert (lacking.kind, lacking.labels) == (ProblemKind.INCOMPLETE, names[8:])
        assert f"2 labels: {names[8]}, {names[9]}." in lacking.message


def test_records_to_judge_on_are_left_out_where_a_trained_label_is_open(tmp_path: Path) -> None:
    train = marked_table(tmp_path / "train.csv", HALLMARKS_OF_CANCER.names)
    bare = corrections(tmp_path / "bare.jsonl", HALLMARKS_OF_CANCER.ids[:8], has_head=False)
    report = check_corpus([train], PLAN, test_sources=[bare])
    assert found(report, ProblemKind.INCOMPLETE).count == 10
    assert report.sources[1].texts == 0


def test_a_file_that_cannot_be_read_at_all_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        check_corpus([TableSource(str(tmp_path / "a.csv"), "text", "labels")], PLAN)


def test_no_report_quotes_a_text(tmp_path: Path) -> None:
    secret = "Patient Xaverine Quux"
    rows = [(f"{secret} {number} {text}", names) for number, (text, names) in enumerate(ROWS)]
    rows += [rows[1], (rows[2][0], ["Rare"]), (rows[3][0] + " more", []), ("", [])]
    report = checked(tmp_path, rows, test=rows[4:8])
    assert len(report.problems) > 4
    assert secret.split()[1] not in repr(report)


# The command


def run_check(*arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trainer", "check", *map(str, arguments)],
        cwd=ROOT,
        env=trainer_environment(home),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_command_says_it_in_words_or_json(tmp_path: Path, tiny_encoder: Path) -> None:
    path = write_tiny_table(tmp_path / "a.csv")
    done = run_check(path, "--encoder", tiny_encoder, "--folds", 2, home=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a.csv: 60 of 60 rows can be used" in done.stdout
    assert done.stdout.endswith("Training can start.\n")
    done = run_check(path, "--test", path, "--encoder", tiny_encoder, "--json", home=tmp_path)
    assert done.returncode == 2
    report = report_from_json(done.stdout)
    assert ProblemKind.IN_TRAIN_AND_TEST in blocking(report)
    assert report.lengths is not None


def test_the_command_says_what_it_cannot_read(tmp_path: Path) -> None:
    done = run_check(tmp_path / "none.csv", home=tmp_path)
    assert done.returncode == 2
    assert "There is no such file." in done.stderr
    assert "Traceback" not in done.stderr


# The corpora themselves

BIG = CheckPlan(folds=5)


@needs_data
@pytest.mark.corpus
@pytest.mark.parametrize(("level", "labels"), [(HocLevel.HALLMARK, 10), (HocLevel.PATH, 36)])
def test_hoc_can_be_trained_on(level: HocLevel, labels: int) -> None:
    train, dev = (HocSource(str(DATA / "hoc"), f"{x}.txt", level) for x in ("train", "dev"))
    report = check_corpus([train], BIG, test_sources=[dev])
    assert blocking(report) <= {ProblemKind.NO_POSITIVES}
    assert [source.texts for source in report.sources] == [1295, 186]
    assert len(report.labels) == labels


@needs_data
@pytest.mark.corpus
def test_cei_can_be_trained_on() -> None:
    train, dev = (
        TableSource(str(DATA / "cei" / f"{x}.csv"), "abstract", "labels", id_column="pmid")
        for x in ("train", "dev")
    )
    report = check_corpus([train], BIG, test_sources=[dev])
    assert blocking(report) == set()
    assert [source.texts for source in report.sources] == [2562, 366]
    assert len(report.labels) == 18
    assert sum(one.positives for one in report.labels) == 5096


@needs_data
@pytest.mark.corpus
@pytest.mark.parametrize(("field", "labels"), [("labels", 67), ("categories", 4)])
def test_mie_can_be_trained_on_by_dialogue(field: str, labels: int) -> None:
    train, dev = (
        JsonLinesSource(
            str(DATA / "mie_zh" / f"{x}.jsonl"),
            labels_field=field,
            id_field="id",
            group_field="dialogue",
        )
        for x in ("train", "dev")
    )
    report = check_corpus([train], BIG)
    assert blocking(report) == set()
    assert (report.sources[0].texts, report.sources[0].groups) == (2285, 136)
    assert len(report.labels) == labels
    both = check_corpus([train], BIG, test_sources=[dev])
    assert ProblemKind.GROUP_IN_TRAIN_AND_TEST not in kinds(both)
    assert found(both, ProblemKind.IN_TRAIN_AND_TEST).count == 1
