"""`kdh records` works on the window's store: takes in, finds, decides, takes back, saves."""

from __future__ import annotations

import csv
import io
import json
import signal
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kdh_desktop.core.corpus_source import CorrectionsSource
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.record_store import RecordStore, open_records
from kdh_desktop.core.records.stored import DuplicateGroup
from tests.commands.running import Kdh, start_kdh
from tests.data.reference_files import abstract_of, json_lines_of, ris_of
from tests.data.tiny_bundle import KEYWORDS
from tests.data.tiny_installation import make_tiny_installation
from tests.data.tiny_store import fill
from trainer.corpus.corrections import read_raw_corrections

LABELS = list(KEYWORDS)


@pytest.fixture
def ris(tmp_path: Path) -> Path:
    path = tmp_path / "secret-name.ris"
    path.write_text(ris_of(30, bad=(7,)), encoding="utf-8")
    return path


@pytest.fixture
def taken_in(kdh: Kdh, ris: Path) -> Kdh:
    kdh("records", "import", ris)
    return kdh


@pytest.fixture
def classified(taken_in: Kdh) -> Kdh:
    taken_in("records", "classify")
    return taken_in


def lines(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def listed(kdh: Kdh, *argv: str | int) -> list[int]:
    return [row["id"] for row in lines(kdh("records", "list", "--json", *argv))]


def shown(kdh: Kdh, record: int) -> dict[str, Any]:
    (found,) = lines(kdh("records", "show", record, "--json"))
    return found


# Taking in


def test_import_says_what_it_took_in_and_what_it_refused(kdh: Kdh, ris: Path) -> None:
    assert kdh("records", "import", ris) == ""
    assert "29 records read, 1 row left out." in kdh.err
    assert "Row 7: " in kdh.err
    (batch,) = lines(kdh("records", "imports", "--json"))
    assert (batch["name"], batch["format"]) == ("secret-name.ris", "ris")
    assert (batch["records"], batch["refused"], batch["finished"]) == (29, 1, True)
    assert "29 records" in kdh("records", "imports")


def test_inspect_tells_how_a_file_would_be_read_and_takes_nothing_in(kdh: Kdh, ris: Path) -> None:
    printed = kdh("records", "inspect", ris)
    assert "Format     ris" in printed
    assert "Invented study 1" in printed
    assert not kdh.paths.records.exists()
    (found,) = lines(kdh("records", "inspect", ris, "--json"))
    assert found["plan"]["format"] == "ris"


def test_one_bad_file_stops_the_import_of_all(kdh: Kdh, ris: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.ris"
    empty.touch()
    kdh("records", "import", ris, empty, code=2)
    assert kdh.err.startswith("Note: ") or kdh.err.startswith("kdh: ")
    assert "Input 2: The file is empty." in kdh.err
    assert kdh("records", "imports") == ""


def test_file_that_is_taken_in_already_is_taken_in_again_only_on_purpose(
    taken_in: Kdh, ris: Path
) -> None:
    taken_in("records", "import", ris, ris)
    assert "Input 2: Nothing was taken in: it is among the records already" in taken_in.err
    assert "as import 1. --again takes" in taken_in.err
    assert len(listed(taken_in)) == 29
    taken_in("records", "import", ris, "--again")
    assert len(listed(taken_in, "--limit", 99)) == 58
    taken_in("records", "undo", "--times", 2)
    taken_in("records", "import", ris)
    assert len(listed(taken_in)) == 29, "what was undone is taken in again"


def test_another_way_of_reading_a_file_is_another_import(kdh: Kdh, tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("title,abstract\n" + f"A title,{abstract_of(1)}\n" * 2, encoding="utf-8")
    kdh("records", "import", table)
    kdh("records", "import", table, "--text-column", "title")
    assert len(listed(kdh)) == 4


def test_command_that_was_cut_at_its_second_file_takes_the_first_in_once(
    kdh: Kdh, ris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / "b.jsonl"
    long.write_text(json_lines_of(1_300), encoding="utf-8")
    add_records = RecordStore.add_records

    def add_and_interrupt(store: RecordStore, *arguments: Any) -> list[int]:
        ids = add_records(store, *arguments)
        if len(store.batches()) == 2:
            signal.raise_signal(signal.SIGINT)
        return ids

    with monkeypatch.context() as patch:
        patch.setattr(RecordStore, "add_records", add_and_interrupt)
        kdh("records", "import", ris, long, code=3)
    assert "the same command goes on behind it" in kdh.err
    assert [one["finished"] for one in lines(kdh("records", "imports", "--json"))] == [True, False]
    kdh("records", "import", ris, long)
    assert "Input 1: Nothing was taken in" in kdh.err
    assert "Input 2: 1,300 records read." in kdh.err
    found = lines(kdh("records", "imports", "--json"))
    assert [(one["records"], one["finished"]) for one in found] == [(29, True), (1300, True)]


# Finding


def test_list_and_search_filter_and_sort(classified: Kdh) -> None:
    assert len(listed(classified)) == 29
    assert listed(classified, "--limit", 3) == [1, 2, 3]
    (first, *_) = lines(classified("records", "list", "--json", "--limit", 1))
    assert first["title"] == "Invented study 1"
    assert first["labels"] == [LABELS[1]]
    found = listed(classified, "--label", LABELS[1])
    assert [number % 10 for number in found] != []
    assert set(found) == set(listed(classified, "--label", LABELS[1].replace("_", " ")))
    studies = lines(classified("records", "search", "study 12", "--json"))
    assert "Invented study 12" in [row["title"] for row in studies]
    years = [
        row["year"] for row in lines(classified("records", "list", "--json", "--sort", "year"))
    ]
    assert years == sorted(years)
    assert listed(classified, "--year", 2005) == [
        row["id"] for row in lines(classified("records", "list", "--json")) if row["year"] == 2005
    ]
    assert listed(classified, "--not-classified") == []
    assert "29 records, 2 shown" in classified("records", "list", "--limit", 2)


@pytest.mark.parametrize("words", [("history", "--limit"), ("show",), ("list", "--import")])
def test_numbers_that_no_database_holds_are_not_understood(
    classified: Kdh, words: tuple[str, ...]
) -> None:
    classified("records", *words, 10**30, code=2)
    assert "An argument is not understood" in classified.err


def test_show_prints_text_scores_evidence_and_history(classified: Kdh) -> None:
    found = shown(classified, 3)
    assert found["text"] == f"Invented study 3\n\n{abstract_of(3)}"
    label = LABELS[3]
    assert found["evidence"][label][0]["text"] in found["text"]
    (score,) = [one for one in found["scores"] if one["id"] == label]
    assert score["present"] is True
    assert score["decision"] is None
    printed = classified("records", "show", 3)
    assert "Invented study 3" in printed
    assert "present" in printed
    assert "\x1b" not in printed


# Deciding


def test_decisions_stand_beside_the_model_and_can_be_taken_back(classified: Kdh) -> None:
    label, other = LABELS[3], LABELS[5]
    classified("records", "decide", 3, "--absent", label, "--present", other, "--unsure")
    found = shown(classified, 3)
    assert found["labels"] == [other]
    assert found["review"] == "unsure"
    scores = {one["id"]: one for one in found["scores"]}
    assert scores[label]["decision"] is False
    assert scores[label]["probability"] > 0.9, "the model's word stays"
    assert "decide" in classified("records", "history")
    assert classified("records", "undo").startswith("Taken back: decide, 1 record")
    assert shown(classified, 3)["labels"] == [label]
    classified("records", "redo")
    assert shown(classified, 3)["labels"] == [other]
    classified("records", "decide", 3, "--undecided", label, "--reopen")
    assert set(shown(classified, 3)["labels"]) == {label, other}


def test_confirming_decides_every_label_as_it_stands(classified: Kdh) -> None:
    classified("records", "decide", 1, 2, "--confirm")
    assert listed(classified, "--review", "confirmed") == [1, 2]
    assert all(one["decision"] is not None for one in shown(classified, 1)["scores"])
    classified("records", "undo")
    assert listed(classified, "--review", "confirmed") == []


def test_confirming_tells_what_there_was_nothing_to_confirm_of(
    taken_in: Kdh, tmp_path: Path
) -> None:
    taken_in("records", "decide", 1, 2, "--confirm", code=2)
    assert "2 records were not confirmed" in taken_in.err
    taken_in("records", "decide", 1, "--present", LABELS[0], "--confirm")
    assert taken_in.err == ""
    taken_in("records", "decide", 1, 2, "--confirm")
    assert "Note: 1 record was not confirmed: not classified" in taken_in.err
    assert listed(taken_in, "--review", "confirmed") == [1]
    taken_in("records", "export", "--for-retraining", "-o", tmp_path / "out.jsonl")
    assert "1 record saved." in taken_in.err


@pytest.mark.parametrize("state", ["removed", "merged"])
def test_record_that_no_list_shows_is_not_there_for_any_command(kdh: Kdh, state: str) -> None:
    store = open_records(kdh.paths.records)
    fill(store, 3)
    if state == "removed":
        store.remove_records([2])
    else:
        store.merge([DuplicateGroup((1, 2), "text", 1.0)])
    store.close()
    for command in (["decide", "2", "--skip"], ["decide", "3", "2", "--confirm"], ["remove", "2"]):
        kdh("records", *command, code=2)
        assert "One of the records is not there." in kdh.err
    kdh("records", "decide", 1, 3, 3, "--skip")
    kdh("records", "remove", 1, 3, 3)


def test_note_comes_from_standard_input(classified: Kdh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Größe fehlt\n".encode())))
    classified("records", "decide", 4, "--note")
    assert shown(classified, 4)["note"] == "Größe fehlt"


def test_import_is_undone_and_done_again_as_a_whole(taken_in: Kdh) -> None:
    taken_in("records", "undo")
    assert listed(taken_in) == []
    assert "(undone)" in taken_in("records", "imports")
    taken_in("records", "redo")
    assert len(listed(taken_in)) == 29


def test_nothing_to_take_back_is_said(kdh: Kdh, taken_in: Kdh) -> None:
    taken_in("records", "undo", "--times", 5)
    kdh("records", "undo", code=2)
    assert "nothing to take back" in kdh.err
    kdh("records", "redo", "--times", 9)
    kdh("records", "redo", code=2)
    assert "nothing to do again" in kdh.err


def test_accepting_without_limits_takes_every_label_as_it_stands(classified: Kdh) -> None:
    classified("records", "decide", 1, "--confirm")
    assert classified("records", "accept") == "28 of 29 records accepted.\n"
    assert len(listed(classified, "--review", "accepted")) == 28
    classified("records", "undo")
    assert listed(classified, "--review", "accepted") == []


def test_accepting_by_sureness_needs_held_out_texts(classified: Kdh) -> None:
    classified("records", "accept", "--sure", "0.9", code=2)
    assert "No label can be accepted" in classified.err
    assert "the model says nothing of held-out texts" in classified.err


@pytest.fixture
def measured(tmp_path: Path, capsys: pytest.CaptureFixture[str], ris: Path) -> Kdh:
    """An installation whose model was right on forty held-out texts of each kind."""
    sure = " ".join("40" if k == 96 else "0" for k in range(100))
    not_there = " ".join("40" if k == 22 else "0" for k in range(100))
    counts = {"positives": sure, "negatives": not_there}
    held_out = {
        "protocol": "Invented texts.",
        "texts": 80,
        "labels": dict.fromkeys(LABELS, counts),
    }
    paths = make_tiny_installation(tmp_path / "measured", manifest_changes={"held_out": held_out})
    kdh = Kdh(paths, capsys)
    kdh("records", "import", ris)
    kdh("records", "classify")
    return kdh


def test_accepting_by_sureness_leaves_the_rest_for_a_look(measured: Kdh) -> None:
    rows = lines(measured("records", "list", "--json"))
    sure = [
        row["id"]
        for row in rows
        if all(x["probability"] < 0.23 or x["probability"] >= 0.96 for x in row["scores"])
    ]
    assert len(sure) > 0
    printed = measured("records", "accept", "--sure", "0.9", "--dry-run")
    assert printed.endswith(f"{len(sure)} of 29 records would be accepted.\n")
    assert "present from 0.96 (40 of 40 held-out decisions right, 91 to 100 %)" in measured.err
    assert "absent below 0.23" in measured.err
    assert listed(measured, "--review", "accepted") == []
    measured("records", "accept", "--sure", "0.9")
    assert listed(measured, "--review", "accepted") == sure
    measured("records", "undo")
    assert listed(measured, "--review", "accepted") == []


def test_one_record_and_one_group_are_spoken_of_as_one(kdh: Kdh, tmp_path: Path) -> None:
    files = [tmp_path / "a.ris", tmp_path / "b.ris"]
    for file in files:
        file.write_text(ris_of(1) + "\n" * files.index(file), encoding="utf-8")
    kdh("records", "import", files[0])
    kdh("records", "classify")
    assert kdh("records", "list").endswith("\n1 record\n")
    assert kdh("records", "accept") == "1 of 1 record accepted.\n"
    kdh("records", "import", files[1])
    assert kdh("records", "duplicates").endswith("\n1 group of 2 records found.\n")


def test_duplicates_are_found_and_merged(kdh: Kdh, ris: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.ris"
    other.write_text(ris_of(3), encoding="utf-8")
    kdh("records", "import", ris, other)
    groups = lines(kdh("records", "duplicates", "--json"))
    pairs = [group["records"] for group in groups]
    assert [1, 30] in pairs
    assert "Invented study 1" in kdh("records", "duplicates")
    assert lines(kdh("records", "duplicates", "--json", "--reason", "doi")) == []
    kdh("records", "duplicates", "--merge", "--reason", "text")
    assert len(listed(kdh)) == 32 - sum(len(pair) - 1 for pair in pairs)
    kdh("records", "undo")
    assert len(listed(kdh)) == 32


def test_records_are_removed_and_come_back(taken_in: Kdh) -> None:
    assert taken_in("records", "remove", 1, 2, 2) == "2 records removed.\n"
    assert listed(taken_in, "--limit", 2) == [3, 4]
    taken_in("records", "undo")
    assert listed(taken_in, "--limit", 2) == [1, 2]


# Saving


def test_report_counts_what_the_filter_leaves(classified: Kdh, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    classified("records", "report", "-o", out, "--title", "My <report>", "--label", LABELS[2])
    assert "3 records saved." in classified.err
    html = out.read_text(encoding="utf-8")
    assert "My &lt;report&gt;" in html
    assert "Resisting cell death" in html


def test_corrected_copy_of_a_workbook_is_taken_over(kdh: Kdh, tmp_path: Path) -> None:
    original, copy = tmp_path / "in.xlsx", tmp_path / "copy.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Nr", "Title", "Abstract"])
    for number in range(1, 7):
        sheet.append([f"00{number}", f"Study {number}", abstract_of(number)])
    book.save(original)
    kdh("records", "import", original)
    kdh("records", "classify")
    kdh("records", "copy", 1, original, "-o", copy)
    book = openpyxl.load_workbook(copy)
    sheet = book.worksheets[0]
    head = [cell.value for cell in sheet[1]]
    assert head[:3] == ["Nr", "Title", "Abstract"]
    assert sheet["A2"].value == "001"
    (column,) = [
        place
        for place, title in enumerate(head, 1)
        if str(title).endswith("Inducing angiogenesis") and not str(title).startswith("p: ")
    ]
    assert sheet.cell(5, column).value == "present"
    sheet.cell(5, column).value = "absent"
    sheet.move_range("A2:Z2", rows=20)
    book.save(copy)
    printed = kdh("records", "corrections", copy, "--dry-run")
    assert printed.startswith("Corrections would be taken over: 1, in 1 of 6 rows. Conflicts: 0.")
    kdh("records", "corrections", copy)
    assert shown(kdh, 4)["labels"] == []
    assert "take corrections, 1 record" in kdh("records", "history")
    kdh("records", "undo")
    assert shown(kdh, 4)["labels"] == [LABELS[4]]


def test_export_holds_the_filter_and_the_columns(classified: Kdh, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    columns = f"id,title,labels,{LABELS[2]}"
    classified("records", "export", "-o", out, "--label", LABELS[2], "--columns", columns)
    said = classified.err
    with out.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = list(csv.reader(file))
    assert head == ["id", "title", "labels", "p: Resisting cell death"]
    assert [int(row[0]) for row in rows] == listed(classified, "--label", LABELS[2])
    assert all(row[2] == "Resisting cell death" for row in rows)
    assert f"{len(rows)} records saved." in said


def test_export_and_bulk_give_the_same_values(classified: Kdh, ris: Path, tmp_path: Path) -> None:
    of_store, of_bulk = tmp_path / "store.jsonl", tmp_path / "bulk.jsonl"
    classified("records", "export", "-o", of_store)
    classified("bulk", ris, "-o", of_bulk)
    one, other = (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in (of_store, of_bulk)
    )
    shared = [title for title in one[0] if title in other[0]]
    assert {"title", "abstract", "labels", "p: Inducing angiogenesis"} <= set(shared)
    for title in shared:
        assert [row[title] for row in one] == [row[title] for row in other]


def test_what_people_decided_goes_to_the_trainer(classified: Kdh, tmp_path: Path) -> None:
    classified("records", "decide", 1, 2, "--confirm")
    classified("records", "decide", 3, "--absent", LABELS[3])
    out = tmp_path / "corrections.jsonl"
    classified("records", "export", "--for-retraining", "-o", out)
    assert "3 records saved." in classified.err
    corpus = read_raw_corrections(CorrectionsSource(str(out)))
    assert corpus.faults == []
    assert corpus.labels is not None
    assert list(corpus.labels.ids) == LABELS
    assert [bool(text.undecided) for text in corpus.texts] == [False, False, True]
    assert corpus.texts[0].labels == (LABELS[1],)


# Keeping


def test_backup_brings_back_what_was(classified: Kdh) -> None:
    assert "made and checked" in classified("records", "backup")
    classified("records", "decide", 1, "--confirm")
    (backup,) = lines(classified("records", "backups", "--json"))
    assert backup["number"] == 1
    classified("records", "restore", 1)
    assert listed(classified, "--review", "confirmed") == []
    assert len(listed(classified)) == 29
    classified("records", "restore", 9, code=2)
    assert "no backup of that number" in classified.err


# Refusing


def test_store_that_the_window_has_open_is_refused_politely(taken_in: Kdh) -> None:
    store = open_records(taken_in.paths.records)
    try:
        for argv in (["list"], ["import", "x.ris"], ["undo"], ["backup"], ["restore", "1"]):
            taken_in("records", *argv, code=2)
            assert taken_in.err.splitlines()[-1].startswith("kdh: ")
    finally:
        store.close()
    taken_in("records", "list")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["records"], "is missing"),
        (["records", "unknown"], "not understood"),
        (["records", "show", "99"], "no record of that number"),
        (["records", "show", "one"], "not understood"),
        (["records", "list", "--label", "nothing"], "knows no label"),
        (["records", "list", "--year", "MM"], "A year is a number"),
        (["records", "list", "--sort", "nothing"], "knows no label"),
        (["records", "decide", "1"], "Nothing was decided"),
        (["records", "decide", "99", "--confirm"], "One of the records is not there"),
        (["records", "decide", "99", "--skip"], "One of the records is not there"),
        (["records", "decide", "1", "2", "--note"], "belongs to one record"),
        (
            ["records", "decide", "1", "--present", LABELS[0], "--absent", LABELS[0]],
            "named twice",
        ),
        (["records", "accept", "--sure", "95"], "share from 0.5"),
        (["records", "export", "-o", "x.doc"], "ending names no format"),
        (["records", "export", "-o", "x.csv", "--for-retraining"], "JSON lines"),
        (["records", "export", "-o", "x.csv", "--columns", "nothing"], "knows no label"),
        (["records", "export", "-o", "x.csv", "--columns", ","], "No column is named"),
        (["records", "copy", "9", "x.xlsx", "-o", "y.xlsx"], "no import of that number"),
        (["records", "remove", "99"], "One of the records is not there"),
        (["records", "report", "-o", "x.pdf"], "written as HTML"),
        (["records", "restore", "1"], "no backup of that number"),
        (["records", "import", "missing.ris"], "Input 1: "),
        (["records", "corrections", "missing.xlsx"], ""),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_code_2(
    taken_in: Kdh, argv: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert taken_in(*argv, code=2) == ""
    last = taken_in.err.splitlines()[-1]
    assert last.startswith("kdh: ")
    assert words in last
    assert not Path("x.csv").exists()


def test_reader_that_goes_away_is_no_error(taken_in: Kdh, paths: AppPaths) -> None:
    with start_kdh(paths, "records", "list", "--json", "--limit", "29") as process:
        assert process.stdout
        process.stdout.close()
        process.stdin.close()  # type: ignore[union-attr]
        assert process.stderr
        said = process.stderr.read()
    assert process.returncode == 0
    assert b"Traceback" not in said


class NobodyReads(io.StringIO):
    def write(self, _words: str) -> int:
        raise BrokenPipeError


def test_work_is_done_though_nobody_reads_what_is_said_of_it(
    taken_in: Kdh, ris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "b.ris"
    other.write_text(ris_of(3), encoding="utf-8")
    out = tmp_path / "out.csv"
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", NobodyReads())
        taken_in("records", "import", other)
        taken_in("records", "classify")
        taken_in("records", "export", "-o", out)
        taken_in("records", "show", 99, code=2)
        taken_in("records", "show", "one", code=2)
    assert len(out.read_bytes().splitlines()) == 33
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", NobodyReads())
        taken_in("records", "duplicates", "--merge", "--json")
    before = len(listed(taken_in))
    assert before < 32
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", NobodyReads())
        taken_in("records", "undo", "--times", 2)
    assert len(listed(taken_in)) == 29


def test_two_files_are_two_imports(kdh: Kdh, ris: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.jsonl"
    other.write_text(json_lines_of(4), encoding="utf-8")
    kdh("records", "import", ris, other)
    assert [batch["records"] for batch in lines(kdh("records", "imports", "--json"))] == [29, 4]
    assert len(listed(kdh, "--import", 2)) == 4
