"""`kdh bulk` labels whole files, keeps what it did, and leaves no trace when it is done."""

from __future__ import annotations

import csv
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kdh_desktop.commands.bulk_work import open_work, work_folder
from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import open_bundle
from kdh_desktop.core.classification.signing import load_trusted_keys
from kdh_desktop.core.exporting import atomic
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.record import Record
from tests.commands.running import Kdh, start_kdh
from tests.data.reference_files import json_lines_of, ris_of

LABEL_TITLES = ["labels", "p: Sustaining proliferative signaling"]


@pytest.fixture
def ris(tmp_path: Path) -> Path:
    path = tmp_path / "secret-name.ris"
    path.write_text(ris_of(30, bad=(7,)), encoding="utf-8")
    return path


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def work_of(paths: AppPaths) -> list[Path]:
    return list((paths.data / "bulk").iterdir())


def test_output_is_written_though_nobody_reads_how_far_it_is(
    ris: Path, tmp_path: Path, paths: AppPaths
) -> None:
    out = tmp_path / "out.jsonl"
    with start_kdh(paths, "bulk", ris, "-o", out) as process:
        for channel in (process.stdin, process.stdout, process.stderr):
            assert channel
            channel.close()
    assert process.returncode == 0
    assert len(json_lines(out)) == 29
    assert work_of(paths) == []


# What comes out


def test_output_has_original_columns_then_labels_then_probabilities(
    kdh: Kdh, ris: Path, tmp_path: Path, paths: AppPaths
) -> None:
    out = tmp_path / "out.jsonl"
    assert kdh("bulk", ris, "-o", out) == "", "results are in the file"
    records = json_lines(out)
    assert len(records) == 29
    titles = list(records[0])
    at = titles.index("labels")
    assert titles[at : at + 2] == LABEL_TITLES
    assert len(titles[at:]) == 11
    assert "title" in titles[:at]
    keys = load_trusted_keys(paths.publisher_keys)
    classifier = OnnxClassifier(open_bundle(paths.bundled_model, trusted_keys=keys))
    for record in records:
        text = f"{record['title']}\n\n{record['abstract']}"
        (expected,) = classifier.predict([Record("", text)])
        assert record["labels"] == "; ".join(x.label.name for x in expected.scores if x.is_present)
        for score in expected.scores:
            assert record[f"p: {score.label.name}"] == round(score.probability, 6)


def test_formats_hold_the_same(kdh: Kdh, ris: Path, tmp_path: Path) -> None:
    outs = [tmp_path / f"out.{ending}" for ending in ("jsonl", "csv", "xlsx")]
    for out in outs:
        kdh("bulk", ris, "-o", out)
    lines = json_lines(outs[0])
    with outs[1].open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.DictReader(file))
    assert [{k: v or None for k, v in row.items()} for row in cells] == [
        {k: None if v in {None, ""} else str(v) for k, v in row.items()} for row in lines
    ]
    sheet = openpyxl.load_workbook(outs[2])["Records"]
    head, *rows = sheet.iter_rows(values_only=True)
    assert list(head) == list(lines[0])
    assert [list(row) for row in rows] == [
        [value if value != "" else None for value in line.values()] for line in lines
    ]


def test_several_inputs_become_one_table_that_names_their_files(
    kdh: Kdh, ris: Path, tmp_path: Path
) -> None:
    other = tmp_path / "b.jsonl"
    other.write_text(json_lines_of(4), encoding="utf-8")
    out = tmp_path / "out.csv"
    kdh("bulk", ris, other, "-o", out)
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["secret-name.ris"] * 29 + ["b.jsonl"] * 4
    assert "Input 1: 29 records read, 1 row left out." in kdh.err
    assert "Input 2: 4 records read." in kdh.err


# What it says


def test_progress_and_refused_rows_go_to_standard_error(
    kdh: Kdh, ris: Path, tmp_path: Path
) -> None:
    kdh("bulk", ris, "-o", tmp_path / "out.csv")
    assert "29 records read, 1 row left out." in kdh.err
    assert "Row 7: " in kdh.err
    assert "Classified 29 of 29 (100 %)" in kdh.err
    assert "a second" in kdh.err
    assert "29 records classified and saved." in kdh.err
    assert "secret-name" not in kdh.err


def test_refused_rows_can_be_written_to_a_file(kdh: Kdh, ris: Path, tmp_path: Path) -> None:
    refused = tmp_path / "refused.csv"
    kdh("bulk", ris, "-o", tmp_path / "out.csv", "--refused", refused)
    with refused.open(encoding="utf-8-sig", newline="") as file:
        ((name, row, reason, remedy),) = list(csv.reader(file))[1:]
    assert (name, row) == ("secret-name.ris", "7")
    assert reason.endswith(".")
    assert remedy.endswith(".")


# What it leaves


def test_nothing_is_left_when_it_is_done(
    kdh: Kdh, ris: Path, tmp_path: Path, paths: AppPaths
) -> None:
    out = tmp_path / "out.jsonl"
    kdh("bulk", ris, "-o", out)
    assert work_of(paths) == []
    assert {path.name for path in tmp_path.iterdir()} == {
        *("installation", "secret-name.ris", "out.jsonl"),
    }
    assert not (paths.records / "records.db").exists(), "the user's records are not touched"


def test_stopped_command_keeps_its_work_encrypted_and_goes_on(
    kdh: Kdh,
    tmp_path: Path,
    paths: AppPaths,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ris, out = tmp_path / "a.ris", tmp_path / "out.jsonl"
    ris.write_text(ris_of(400), encoding="utf-8")
    with interrupted_after(monkeypatch, windows=250):
        kdh("bulk", ris, "-o", out, code=3)
    assert "the same command with --resume goes on" in kdh.err
    assert not out.exists()
    (work,) = work_of(paths)
    for path in files_below(work):
        assert b"Invented study" not in path.read_bytes(), path.name
        assert b"a.ris" not in path.read_bytes(), path.name
    counted = count_windows(monkeypatch)
    kdh("bulk", ris, "-o", out, "--resume")
    assert counted() < 400 - 64, "what was done is not done again"
    resumed = out.read_bytes()
    kdh("bulk", ris, "-o", out)
    assert out.read_bytes() == resumed
    assert work_of(paths) == []


def test_killed_command_goes_on_with_resume(kdh: Kdh, tmp_path: Path, paths: AppPaths) -> None:
    ris, out = tmp_path / "a.ris", tmp_path / "out.jsonl"
    ris.write_text(ris_of(600), encoding="utf-8")
    with start_kdh(paths, "bulk", ris, "-o", out) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"records read" in line:
                break
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not out.exists()
    (work,) = work_of(paths)
    assert (work / "records.db").exists()
    kdh("bulk", ris, "-o", out, "--resume")
    assert len(json_lines(out)) == 600
    assert work_of(paths) == []
    assert [path.name for path in tmp_path.glob(".*")] == [], "no half file"


def test_without_resume_it_begins_anew(
    kdh: Kdh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: AppPaths
) -> None:
    ris, out = tmp_path / "a.ris", tmp_path / "out.jsonl"
    ris.write_text(ris_of(400), encoding="utf-8")
    with interrupted_after(monkeypatch, windows=250):
        kdh("bulk", ris, "-o", out, code=3)
    ris.write_text(ris_of(5), encoding="utf-8")
    kdh("bulk", ris, "-o", out, "--resume", code=2)
    assert "not those of the command that was cut" in kdh.err
    kdh("bulk", ris, "-o", out)
    assert len(json_lines(out)) == 5
    assert work_of(paths) == []


def test_resume_without_earlier_work_just_begins(kdh: Kdh, ris: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    kdh("bulk", ris, "-o", out, "--resume")
    assert len(json_lines(out)) == 29


def test_resume_after_the_end_of_the_import_skips_it(
    kdh: Kdh, ris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.jsonl"
    with interrupted_after(monkeypatch, windows=3):
        kdh("bulk", ris, ris, "-o", out, code=3)
    kdh("bulk", ris, ris, "-o", out, "--resume")
    assert len(json_lines(out)) == 58


def test_list_of_refused_rows_takes_the_place_of_no_other_file(
    kdh: Kdh, ris: Path, tmp_path: Path
) -> None:
    out, link = tmp_path / "out.csv", tmp_path / "link.csv"
    link.symlink_to(ris)
    before = ris.read_bytes()
    commands: list[list[str | Path]] = [["records", "import", ris], ["bulk", ris, "-o", out]]
    for refused in (ris, link):
        for command in commands:
            kdh(*command, "--refused", refused, code=2)
            assert "that --refused names is input 1" in kdh.err
    kdh("bulk", ris, "-o", out, "--refused", tmp_path / "." / "out.csv", code=2)
    assert "that --refused names is the output" in kdh.err
    assert ris.read_bytes() == before
    assert not out.exists()


def test_second_command_on_the_same_output_is_refused(
    kdh: Kdh, ris: Path, tmp_path: Path, paths: AppPaths
) -> None:
    out = tmp_path / "out.jsonl"
    work = open_work(paths, out, is_resuming=False)
    try:
        kdh("bulk", ris, "-o", out, code=2)
        assert "Another command is at work on this output." in kdh.err
        kdh("bulk", ris, "-o", tmp_path / "other.jsonl")
    finally:
        work.finish()


def test_damaged_work_is_told_apart_and_can_be_begun_anew(
    kdh: Kdh, ris: Path, tmp_path: Path, paths: AppPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.jsonl"
    with interrupted_after(monkeypatch, windows=10):
        kdh("bulk", ris, "-o", out, code=3)
    database = work_folder(paths, out) / "records.db"
    database.write_bytes(os.urandom(len(database.read_bytes())))
    kdh("bulk", ris, "-o", out, "--resume", code=2)
    assert "cannot be gone on with" in kdh.err
    assert "without --resume" in kdh.err
    kdh("bulk", ris, "-o", out)
    assert len(json_lines(out)) == 29


def test_work_that_nobody_goes_on_with_is_deleted_after_a_month(
    kdh: Kdh, ris: Path, tmp_path: Path, paths: AppPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    with interrupted_after(monkeypatch, windows=3):
        kdh("bulk", ris, "-o", tmp_path / "out.jsonl", code=3)
    (work,) = work_of(paths)
    for path in work.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    (work.parent / ".0 of another program").touch()  # listed first, and no folder
    kdh("bulk", ris, "-o", tmp_path / "other.jsonl")
    assert not work.exists()


def test_full_disk_keeps_the_old_output_and_the_work(
    kdh: Kdh, ris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("old", encoding="utf-8")

    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "_flush", full)
        kdh("bulk", ris, "-o", out, code=2)
    assert "disk is full" in kdh.err
    assert "--resume goes on" in kdh.err
    assert out.read_text(encoding="utf-8") == "old"
    counted = count_windows(monkeypatch)
    kdh("bulk", ris, "-o", out, "--resume")
    assert counted() <= 2, "only the classifier's own probes"
    assert len(json_lines(out)) == 29


# What it refuses


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["bulk"], "is missing"),
        (["bulk", "a.ris"], "is missing"),
        (["bulk", "a.ris", "-o", "out.doc"], "ending names no format"),
        (["bulk", "a.ris", "-o", "no/such/folder/out.csv"], "folder of the output"),
        (["bulk", "missing.ris", "-o", "out.csv"], "Input 1: "),
        (["bulk", "a.ris", "missing.ris", "-o", "out.csv"], "Input 2: "),
        (["bulk", "empty.ris", "-o", "out.csv"], "Input 1: "),
        (["bulk", "a.ris", "-o", "a.csv"], "same file as input 1"),
        (["bulk", "a.ris", "-o", "out.csv", "--sheet", "One"], "None of the inputs is a table"),
        (["bulk", "a.ris", "-o", "out.csv", "--text-column", "x"], "None of the inputs is a table"),
        (["bulk", "bad.ris", "-o", "out.csv"], "not one record"),
    ],
)
def test_what_cannot_be_done_is_told_before_any_work(
    kdh: Kdh,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    argv: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.ris").write_text(ris_of(2), encoding="utf-8")
    Path("bad.ris").write_text(ris_of(1, bad=(1,)), encoding="utf-8")
    Path("empty.ris").touch()
    Path("a.csv").symlink_to("a.ris")
    assert kdh(*argv, code=2) == ""
    assert words in kdh.err
    assert kdh.err.splitlines()[-1].startswith("kdh: ")
    assert not Path("out.csv").exists()
    assert not (kdh.paths.data / "bulk").exists() or not work_of(kdh.paths)


@contextmanager
def interrupted_after(monkeypatch: pytest.MonkeyPatch, *, windows: int) -> Iterator[None]:
    """Send Ctrl+C when so many windows are computed."""
    run = OnnxClassifier.score_window
    left = iter(range(windows, -1, -1))

    def run_and_interrupt(classifier: OnnxClassifier, pieces: Any) -> Any:
        if next(left, -1) == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return run(classifier, pieces)

    with monkeypatch.context() as patch:
        patch.setattr(OnnxClassifier, "score_window", run_and_interrupt)
        yield


def count_windows(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Counts windows that are computed from now on."""
    run = OnnxClassifier.score_window
    count = 0

    def run_and_count(classifier: OnnxClassifier, pieces: Any) -> Any:
        nonlocal count
        count += 1
        return run(classifier, pieces)

    monkeypatch.setattr(OnnxClassifier, "score_window", run_and_count)
    return lambda: count


@pytest.mark.skipif(sys.platform == "win32", reason="no pipe and no link without a right to it")
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_output_that_can_be_no_file_is_refused_before_the_work(
    kdh: Kdh, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    source, out = tmp_path / "in.ris", tmp_path / "out.csv"
    source.write_text(ris_of(2), encoding="utf-8")
    make(out)
    kdh("bulk", source, "-o", out, code=2)
    assert "is no file" in kdh.err
    assert "Looking at" not in kdh.err


@pytest.mark.skipif(sys.platform == "win32", reason="no link without a right to it")
def test_link_to_a_file_that_is_not_there_yet_is_filled(kdh: Kdh, tmp_path: Path) -> None:
    source, out = tmp_path / "in.ris", tmp_path / "out.csv"
    source.write_text(ris_of(2), encoding="utf-8")
    out.symlink_to(tmp_path / "there.csv")
    kdh("bulk", source, "-o", out)
    assert (tmp_path / "there.csv").read_bytes().count(b"\n") == 3
