"""``kdh-trainer suspects`` and ``check-encoder``: what the wizard asks a child process."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kdh_desktop.core.classification.signing import write_public_key
from kdh_desktop.core.encoder_report import encoder_report_from_json
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.suspicious_labels import suspects_from_json
from tests.data.tiny_bundle import KEYWORDS, make_tiny_bundle
from tests.data.tiny_corpus import write_tiny_encoder
from tests.trainer.conftest import ROOT, trainer_environment
from trainer.__main__ import _QUIET, main

NAMES = {label.id: label.name for label in HALLMARKS_OF_CANCER}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suspects")
    _, key = make_tiny_bundle(folder / "model")
    write_public_key(folder / "keys" / "tiny.pub", key)
    return folder


@pytest.fixture(autouse=True)
def own_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name, value in _QUIET.items():
        monkeypatch.setenv(name, value)


def write_table(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "text", "labels"])
        lines.writerows(rows)
    return path


def text_of(label: str) -> str:
    return f"This study of cancer cells showed {' and '.join(KEYWORDS[label])}."


def suspects(model: Path, *sources: Path) -> list[str]:
    options = ("--bundle", model / "model", "--public-keys", model / "keys", "--json")
    return ["suspects", *map(str, sources), *map(str, options)]


def test_the_label_that_the_model_would_not_give_comes_first(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = list(KEYWORDS)[:2]
    rows = [(label, text_of(label), NAMES[label]) for label in KEYWORDS]
    rows[0] = (first, text_of(first), NAMES[second])
    assert main(suspects(model, write_table(tmp_path / "texts.csv", rows))) == 0
    found = suspects_from_json(capsys.readouterr().out)
    assert found.texts == len(rows)
    wrong = {(one.id, one.label, one.is_labelled) for one in found.suspects}
    assert (first, NAMES[second], True) in wrong
    distances = [one.disagreement for one in found.suspects]
    assert distances == sorted(distances, reverse=True)
    assert all(one.beginning.startswith("This study") for one in found.suspects)


def test_labels_that_the_model_does_not_know_are_left_out_and_named(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label = next(iter(KEYWORDS))
    rows = [("1", text_of(label), f"{NAMES[label]}; Diabetes"), ("2", text_of(label), "Diabetes")]
    assert main(suspects(model, write_table(tmp_path / "texts.csv", rows))) == 0
    found = suspects_from_json(capsys.readouterr().out)
    assert found.unknown == ("Diabetes",)
    assert found.compared == (NAMES[label],)


def test_nothing_is_compared_where_the_model_knows_no_label(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write_table(tmp_path / "texts.csv", [("1", "A text.", "Diabetes")])
    assert main(suspects(model, table)) == 0
    assert not suspects_from_json(capsys.readouterr().out).is_comparable


def test_a_sound_encoder_is_described_without_being_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_tiny_encoder(tmp_path / "encoder")
    named = tmp_path / "named.json"
    named.write_text(json.dumps({"folder": str(folder)}), "utf-8")
    assert main(["check-encoder", str(named), "--json"]) == 0
    report = encoder_report_from_json(capsys.readouterr().out)
    assert (report.kind, report.layers, report.width) == ("bert", 2, 32)
    assert report.max_tokens == 128
    assert report.weights > 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"auto_map": {"AutoModel": "code.Model"}}, "a program of its own"),
        ({"attn_implementation": "someone/kernel"}, "a kernel from elsewhere"),
        ({"use_kernels": True}, "a kernel from elsewhere"),
        (None, "lacks its file model.safetensors"),
    ],
)
def test_an_encoder_that_asks_for_code_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object] | None, words: str
) -> None:
    folder = write_tiny_encoder(tmp_path / "encoder")
    if change is None:
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    else:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        (folder / "config.json").write_text(json.dumps(config | change), "utf-8")
    assert main(["check-encoder", str(folder), "--json"]) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert told.out == ""


def test_a_question_ends_with_the_program_that_asked(tiny_corpus: Path, tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "trainer", "check", str(tiny_corpus), "--json", "--controlled"],
        cwd=ROOT,
        env=trainer_environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, _ = child.communicate(timeout=60)  # closes stdin at once
    assert child.returncode == 3
    assert out == b""
