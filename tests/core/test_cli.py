"""`kdh` says what it is asked, refuses what it must, and always ends with the right code."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from kdh_desktop import cli
from kdh_desktop.commands import classify
from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.paths import AppPaths
from tests.data.tiny_installation import make_tiny_installation

ROOT = Path(__file__).parents[2]
DEATH = "This study of cancer cells showed apoptosis and caspase."
VESSELS = "The treatment of these patients reduced vegf and angiogenesis in the tumor."
LONG = (
    "In this study of cancer cells the treatment induced apoptosis and caspase in the tumor. "
    "The expression of the gene was increased in mice and in human cells after the treatment. "
    "These results showed reduced growth of the tumor in the patients that we treated for this."
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> AppPaths:
    return make_tiny_installation(tmp_path_factory.mktemp("installation"))


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


class Kdh:
    """Runs `kdh` in this process."""

    def __init__(self, paths: AppPaths, capsys: pytest.CaptureFixture[str]) -> None:
        self._paths = paths
        self._capsys = capsys

    def __call__(self, *argv: str, code: int = 0) -> str:
        assert cli.main(argv, self._paths) == code, self._capsys.readouterr().err
        captured = self._capsys.readouterr()
        if code == 0:
            assert captured.err == ""
        self.err = captured.err
        return captured.out

    def json(self, *argv: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self("classify", "--json", *argv).splitlines()]


@pytest.fixture
def kdh(paths: AppPaths, capsys: pytest.CaptureFixture[str]) -> Kdh:
    return Kdh(paths, capsys)


# What it says


def test_json_of_a_text_has_every_field_of_the_contract(kdh: Kdh) -> None:
    text = f"We treated human cells in mice. {DEATH}"
    (answer,) = kdh.json(text)
    assert list(answer) == ["id", "labels", "model", "tokens", "windows", "warnings"]
    assert (answer["id"], answer["model"], answer["windows"]) == ("1", "tiny-0", 1)
    assert answer["tokens"] > 10
    assert len(answer["labels"]) == 10
    first, *others = answer["labels"]
    assert list(first) == ["id", "name", "probability", "present", "band", "evidence"]
    assert (first["id"], first["name"]) == ("resisting_cell_death", "Resisting cell death")
    assert (first["present"], first["band"]) == (True, "present")
    (evidence,) = first["evidence"]
    assert text[evidence["start"] : evidence["end"]] == evidence["text"] == DEATH
    assert 0.5 <= evidence["score"] <= 1
    falling = [label["probability"] for label in answer["labels"]]
    assert falling == sorted(falling, reverse=True)
    assert not any(label["present"] or label["evidence"] for label in others)


def test_table_shows_hallmarks_by_falling_probability_with_band_and_sentence(kdh: Kdh) -> None:
    lines = kdh("classify", DEATH).splitlines()
    assert lines[0].startswith("1 (")
    present = next(line for line in lines if "Resisting cell death" in line)
    assert present.split()[0] == "present"
    assert present.split()[2] == "%"
    assert lines[lines.index(present) + 1].strip().startswith("“This study of cancer cells")
    assert f"“{DEATH}”" in " ".join(" ".join(lines).split())
    assert sum(line.split()[:1] == ["absent"] for line in lines) == 9
    assert lines[-1] == "Model tiny-0. For research, not for diagnosis."


def test_warnings_are_told_to_people_and_to_programs(kdh: Kdh) -> None:
    recipe = "Stir two eggs into warm milk, add sugar, then bake it slowly until golden brown."
    (answer,) = kdh.json(recipe)
    assert answer["warnings"][0]["code"] == "out_of_domain"
    assert answer["warnings"][0]["message"] in " ".join(kdh("classify", recipe).split())


def test_text_without_anything_to_read_has_a_warning_and_no_labels(kdh: Kdh) -> None:
    (answer,) = kdh.json("\u200b")
    assert (answer["labels"], answer["tokens"], answer["windows"]) == ([], 0, 0)
    assert answer["warnings"][0]["code"] == "empty"
    assert "Note:" in kdh("classify", "\u200b")


def test_terminal_escapes_in_a_text_are_not_passed_on(kdh: Kdh) -> None:
    text = "This study of \x1b[31mcancer\x07 cells\u202e \x9b2Jshowed apoptosis and\x00 caspase."
    printed = kdh("classify", text)
    assert not set(printed) & set("\x1b\x07\u202e\x9b\x00")
    assert "apoptosis" in printed


def test_several_texts_on_standard_input_are_numbered(
    kdh: Kdh, standard_input: Callable[[bytes], None]
) -> None:
    standard_input(f"{DEATH}\n---\n{VESSELS}\n".encode())
    answers = kdh.json("-")
    assert [answer["id"] for answer in answers] == ["1", "2"]
    firsts = [answer["labels"][0]["id"] for answer in answers]
    assert firsts == ["resisting_cell_death", "inducing_angiogenesis"]


def test_standard_input_is_read_when_nothing_is_named(
    kdh: Kdh, standard_input: Callable[[bytes], None]
) -> None:
    standard_input(DEATH.encode())
    assert kdh.json()[0]["labels"][0]["id"] == "resisting_cell_death"


def test_answer_is_the_same_from_argument_file_and_standard_input(
    kdh: Kdh, standard_input: Callable[[bytes], None], tmp_path: Path
) -> None:
    standard_input(LONG.encode())
    file = tmp_path / "a.txt"
    file.write_text(LONG, encoding="utf-8")
    answers = [kdh.json(argument)[0] for argument in (LONG, "-", str(file))]
    assert [answer.pop("id") for answer in answers] == ["1", "1", "a.txt"]
    assert answers[0] == answers[1] == answers[2]


# What files it reads


def test_files_are_named_by_their_names_and_numbers(kdh: Kdh, tmp_path: Path) -> None:
    one, two = tmp_path / "one.txt", tmp_path / "two"
    one.write_text(DEATH, encoding="utf-8")
    two.write_text(f"{DEATH}\n---\n{VESSELS}", encoding="utf-8")
    answers = kdh.json(str(one), str(two), str(one))
    assert [x["id"] for x in answers] == ["one.txt", "two:1", "two:2", "one.txt (2)"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_files_of_these_encodings_are_read_right(
    kdh: Kdh, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "a.txt"
    text = f"β-catenin naïve “cells”. {DEATH}"
    file.write_bytes(text.encode(encoding))
    (evidence,) = kdh.json(str(file))[0]["labels"][0]["evidence"]
    assert text[evidence["start"] : evidence["end"]] == DEATH


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\t ", "no text to classify"),
        (b"\xef\xbb\xbf", "no text to classify"),
        ("naïve".encode("latin-1"), "not UTF-8"),
        ("naïve cells".encode("utf-16-le"), "not UTF-8"),
        (b"\xff\xfea", "not UTF-8"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"PK\x03\x04....", "Excel"),
        (b"{\\rtf1 }", "rich-text"),
        (b"\x00" * 50, "not UTF-8"),
    ],
)
def test_file_that_is_no_text_is_refused_with_a_way_out(
    kdh: Kdh, tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "secret-name.txt"
    file.write_bytes(content)
    assert kdh("classify", str(file), code=2) == ""
    assert reason in kdh.err
    assert kdh.err.startswith("kdh: Input 1: ")
    assert kdh.err.count(".") >= 2, "what happened, and what to do"
    assert "secret-name" not in kdh.err


def test_one_bad_file_among_good_ones_stops_everything_before_any_result(
    kdh: Kdh, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text(DEATH, encoding="utf-8")
    bad.write_bytes(b"")
    assert kdh("classify", "--json", str(good), str(bad), code=2) == ""
    assert "Input 2: The file is empty." in kdh.err


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", ["folder", "fifo", "device", "loop", "missing", "denied"])
def test_what_is_no_ordinary_file_is_refused_at_once(kdh: Kdh, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.txt"
    match kind:
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "loop":
            path.symlink_to(path)
        case "denied":
            if os.geteuid() == 0:
                pytest.skip("nothing is denied to root")
            path.write_text(DEATH, encoding="utf-8")
            path.chmod(0)
        case _:
            pass
    assert kdh("classify", str(path), code=2) == ""
    assert kdh.err.startswith("kdh: Input 1: ")


def test_file_over_the_limit_is_refused_unread(kdh: Kdh, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    with file.open("wb") as sparse:
        sparse.truncate(50_000_000_000)
    kdh("classify", str(file), code=2)
    assert "larger than 40 MB" in kdh.err


# What arguments it takes


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["unknown"],
        ["classify", "--unknown"],
        ["classify", ""],
        ["classify", " \n "],
        ["classify", "no-such-file.txt"],
        ["classify", "no/such/file"],
        ["classify", "words", "without", "quotation", "marks"],
        ["classify", "-Smith"],
        ["classify", "invalid \udcff bytes"],
        ["models"],
        ["models", "verify"],
        ["models", "verify", "no-such-folder"],
        ["selfcheck", "surplus"],
    ],
)
def test_bad_arguments_end_with_one_line_that_does_not_repeat_them(
    kdh: Kdh, argv: list[str]
) -> None:
    assert kdh(*argv, code=2) == ""
    assert kdh.err.startswith("kdh: ")
    assert kdh.err.count("\n") == 1
    for word in ("Smith", "such-file", "such/file", "quotation-", "surplus", "unknown"):
        assert word not in kdh.err


def test_text_that_begins_with_a_dash_goes_after_two_dashes(kdh: Kdh) -> None:
    (answer,) = kdh.json("--", f"-catenin. {DEATH}")
    assert answer["labels"][0]["id"] == "resisting_cell_death"


def test_text_longer_than_any_file_name_is_a_text(kdh: Kdh) -> None:
    assert len(kdh.json(f"{LONG} " * 60)) == 1


def test_terminal_without_any_text_is_told_what_to_give(
    kdh: Kdh, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    kdh("classify", code=2)
    assert "no text to classify" in kdh.err


# Models


def test_sound_model_is_verified(kdh: Kdh, paths: AppPaths) -> None:
    assert "tiny-0 is whole" in kdh("models", "verify", str(paths.bundled_model))


def test_model_with_one_changed_byte_ends_with_code_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = make_tiny_installation(tmp_path)
    model = paths.bundled_model / "model.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    kdh = Kdh(paths, capsys)
    for argv in (
        ["models", "verify", str(paths.bundled_model)],
        ["classify", DEATH],
        ["selfcheck"],
    ):
        assert kdh(*argv, code=4) == ""
        assert kdh.err.startswith("kdh: ")


def test_model_that_computes_no_numbers_is_not_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = make_tiny_installation(tmp_path, nan_outputs=True)
    Kdh(paths, capsys)("models", "verify", str(paths.bundled_model), code=4)


# Self-check


def test_selfcheck_prints_model_provider_versions_and_folders(kdh: Kdh, paths: AppPaths) -> None:
    printed = kdh("selfcheck")
    for word in ("tiny-0", "CPUExecutionProvider", "onnxruntime", "python", str(paths.data)):
        assert word in printed
    assert "10 of 10 known ones came out right" in printed
    answer = json.loads(kdh("selfcheck", "--json"))
    assert answer["sound"] is True
    assert answer["versions"]["kdh-desktop"] == "0.1.0"


def test_selfcheck_fails_when_a_known_sentence_comes_out_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = make_tiny_installation(tmp_path)
    sentences = json.loads(paths.known_sentences.read_text(encoding="utf-8"))
    sentences[3]["label"] = "cellular_energetics"
    paths.known_sentences.write_text(json.dumps(sentences), encoding="utf-8")
    kdh = Kdh(paths, capsys)
    assert "9 of 10" in kdh("selfcheck", code=4)
    assert "gets 1 known sentences wrong" in kdh.err


def test_selfcheck_asks_a_model_of_other_labels_no_sentence_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = make_tiny_installation(tmp_path)
    sentences = [{"label": "a_label_of_ours", "text": DEATH}]
    paths.known_sentences.write_text(json.dumps(sentences), encoding="utf-8")
    kdh = Kdh(paths, capsys)
    assert "none are known for the labels of this model" in kdh("selfcheck")
    assert json.loads(kdh("selfcheck", "--json"))["sentences"] == []


def test_selfcheck_says_when_its_sentences_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = make_tiny_installation(tmp_path)
    paths.known_sentences.unlink()
    kdh = Kdh(paths, capsys)
    kdh("selfcheck", code=2)
    assert "known sentences are missing" in kdh.err


# Endings


def test_interrupt_ends_the_work_between_two_windows_with_code_3(
    kdh: Kdh, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGINT)
    windows = 0
    run = OnnxClassifier.score_window

    def run_and_interrupt(self: OnnxClassifier, pieces: Any) -> Any:
        nonlocal windows
        windows += 1
        if windows == 5:  # the first few are the classifier's own probes
            os.kill(os.getpid(), signal.SIGINT)
        return run(self, pieces)

    monkeypatch.setattr(OnnxClassifier, "score_window", run_and_interrupt)
    assert kdh("classify", "\n---\n".join([LONG] * 500), code=3) == ""
    assert windows < 400
    assert kdh.err.startswith("kdh: ")
    assert signal.getsignal(signal.SIGINT) is before


def test_interrupt_before_the_work_ends_with_code_3(
    kdh: Kdh, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(classify, "load_active_classifier", interrupt)
    kdh("classify", DEATH, code=3)
    assert kdh.err == "kdh: Stopped.\n"


def start_kdh(
    paths: AppPaths, *argv: str, stdout: IO[bytes] | int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    code = (
        "import sys; from pathlib import Path; from kdh_desktop.cli import main; "
        "from kdh_desktop.core.paths import AppPaths; "
        "sys.exit(main(sys.argv[5:], AppPaths(*map(Path, sys.argv[1:5]))))"
    )
    folders = [str(x) for x in (paths.resources, paths.data, paths.config, paths.logs)]
    return subprocess.Popen(
        [sys.executable, "-c", code, *folders, *argv],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


def test_reader_that_goes_away_is_no_error(paths: AppPaths) -> None:
    with start_kdh(paths, "classify", "--json", "-") as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.write(f"{LONG}\n---\n".encode() * 100)
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_child_process_prints_plain_ascii_json_whatever_the_locale(
    paths: AppPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    text = f"Größe – β. {DEATH}".encode()
    for argv in (["classify", "--json", "-"], ["classify", "-"]):
        with start_kdh(paths, *argv) as process:
            out, err = process.communicate(text, timeout=60)
        assert (process.returncode, err) == (0, b"")
        assert out.isascii()
        assert b"apoptosis" in out


def test_help_starts_without_qt_or_onnxruntime() -> None:
    code = (
        "import sys; from kdh_desktop.cli import main; main(['--help']); "
        "main(['classify', 'no-such-file.txt']); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert "kdh_desktop" in loaded
    assert loaded & {"PySide6", "onnxruntime", "numpy", "tokenizers", "cryptography"} == set()


def test_interrupts_are_left_alone_where_they_were_ignored(kdh: Kdh) -> None:
    assert threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        kdh("classify", DEATH)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_results_that_the_disk_has_no_room_for_are_said_to_be_lost(paths: AppPaths) -> None:
    for argv in (["classify", DEATH], ["classify", "--json", DEATH]):
        with Path("/dev/full").open("wb") as full, start_kdh(paths, *argv, stdout=full) as process:
            _, said = process.communicate(timeout=60)
        assert process.returncode == 2
        assert said.startswith(b"kdh: The results cannot be written.")
        assert said.count(b"\n") == 1


def test_work_goes_on_though_what_is_said_of_it_cannot_be_written(
    kdh: Kdh, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullDisk(io.StringIO):
        def write(self, _words: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stderr", FullDisk())
    kdh("classify", " ", code=2)


def test_a_pipe_that_windows_says_is_gone_is_no_error(
    kdh: Kdh, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(io.StringIO):
        def write(self, _words: str) -> int:
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(sys, "stdout", Gone())
    kdh("classify", DEATH)
