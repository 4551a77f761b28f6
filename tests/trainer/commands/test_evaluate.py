"""``kdh-trainer evaluate`` from the command line: tables or JSON out, and exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kdh_desktop.core.classification.signing import write_public_key
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, Label, LabelSet
from kdh_desktop.core.paths import AppPaths
from tests.data.tiny_bundle import make_tiny_bundle
from tests.trainer.conftest import ROOT, trainer_environment
from tests.trainer.corpus.test_corpus import CORPUS
from trainer.__main__ import _QUIET, main
from trainer.corpus import corpus_digest, read_hoc
from trainer.judging.student_choice import StudentForm


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models and the keys that signed them."""
    folder = tmp_path_factory.mktemp("evaluate")
    for seed in (0, 1):
        _, key = make_tiny_bundle(folder / f"model-{seed}", seed=seed)
        write_public_key(folder / "keys" / f"{seed}.pub", key)
    return folder


@pytest.fixture(autouse=True)
def own_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key of this machine is trusted, and the environment is as before afterwards."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name, value in _QUIET.items():
        monkeypatch.setenv(name, value)


def evaluate(folder: Path, corpus: Path, *more: str | Path, model: str = "model-0") -> int:
    options = ("--bundle", folder / model, "--corpus", corpus, "--public-keys", folder / "keys")
    return main(["evaluate", *map(str, options), *map(str, more)])


def test_a_model_is_judged_in_a_process_of_its_own(
    folder: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    options = ("--bundle", folder / "model-0", "--corpus", tiny_corpus, "--ids", "dev.txt")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "trainer", "evaluate", *map(str, options), "--json"),
            *("--public-keys", str(folder / "keys")),
        ],
        cwd=ROOT,
        env=trainer_environment(tmp_path),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (judgement,) = judgements(done.stdout)
    assert judgement["texts"] == 12
    assert 0.3 < judgement["micro_f1"]["value"] < 1
    assert done.stderr.splitlines()[0] == "... texts: 12 of 12"
    assert "Traceback" not in done.stderr


def test_decisions_of_a_model_without_layers_are_not_kept(
    folder: Path, tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decided = tmp_path / "decided.json"
    assert evaluate(folder, tiny_corpus, "--ids", "dev.txt", "--decisions", decided) == 2
    assert "no transformer" in capsys.readouterr().err
    assert not decided.exists()


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(
    folder: Path,
    tiny_corpus: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trainer.judging.student_choice.form_of", lambda _: StudentForm(1))
    nowhere = tmp_path / "nowhere" / "decided.json"
    assert evaluate(folder, tiny_corpus, "--ids", "dev.txt", "--decisions", nowhere) == 2
    said = capsys.readouterr().err
    assert "cannot be used (No such file or directory)" in said
    assert "nowhere" not in said


def judgements(out: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(out)["judgements"]
    return found


def test_a_table_is_printed_for_people(
    folder: Path, tiny_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(folder, tiny_corpus, "--ids", "dev.txt") == 0
    out = capsys.readouterr().out
    assert "on 12 texts" in out
    assert "micro-F1" in out
    assert "Inducing angiogenesis" in out


def test_without_a_list_all_texts_of_the_corpus_are_judged(
    folder: Path, tiny_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(folder, tiny_corpus, "--json") == 0
    assert judgements(capsys.readouterr().out)[0]["texts"] == 72


def test_a_list_may_lie_anywhere(
    folder: Path, tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "mine.txt"
    own.write_text("1003\n1007\n", "utf-8")
    assert evaluate(folder, tiny_corpus, "--ids", own, "--json") == 0
    assert judgements(capsys.readouterr().out)[0]["texts"] == 2


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Texts labelled as a whole, in a table."""
    rows = [
        "id,text,labels",
        "a,In mice apoptosis was blocked. The results were the same.,Resisting cell death",
        "b,We studied angiogenesis. The results were the same.,Inducing angiogenesis",
        "c,We studied cells. The results were the same.,",
    ]
    path = tmp_path / "texts.csv"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def test_texts_of_a_table_are_judged_without_evidence(
    folder: Path, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(folder, table, "--json") == 0
    (found,) = judgements(capsys.readouterr().out)
    assert (found["texts"], found["micro_f1"]["value"]) == (3, 1.0)
    assert found["evidence"] is None
    assert found["deletion"]["labels"] == 2


def test_a_list_chooses_among_the_texts_of_a_table(
    folder: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "mine.txt"
    own.write_text("b\n", "utf-8")
    assert evaluate(folder, table, "--ids", own, "--json") == 0
    assert judgements(capsys.readouterr().out)[0]["texts"] == 1
    own.write_text("b\nx\n", "utf-8")
    assert evaluate(folder, table, "--ids", own) == 2
    assert "1 of the 2 ids" in capsys.readouterr().err


def test_two_models_are_compared_on_the_same_texts(
    folder: Path, tiny_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--ids", "dev.txt", "--against", folder / "model-1")
    assert evaluate(folder, tiny_corpus, *options, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    first, second = found["judgements"]
    difference = found["difference"]
    assert (difference["first"], difference["second"]) == (first["bundle"], second["bundle"])
    assert difference["figures"]["micro_f1"]["difference"] == pytest.approx(
        first["micro_f1"]["value"] - second["micro_f1"]["value"]
    )
    assert evaluate(folder, tiny_corpus, *options) == 0
    assert "McNemar" in capsys.readouterr().out


def test_a_model_of_an_unknown_publisher_is_not_judged(
    folder: Path, tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(folder / "model-0", tmp_path / "model")
    options = ("--bundle", tmp_path / "model", "--corpus", tiny_corpus)
    assert main(["evaluate", *map(str, options)]) == 4
    out, said = capsys.readouterr()
    assert out == ""
    assert "signed" in said


def test_a_model_that_was_changed_is_not_judged(
    folder: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(folder / "model-0", changed)
    (changed / "MODEL_CARD.md").write_text("# Another\n", "utf-8")
    options = ("--bundle", changed, "--corpus", tiny_corpus, "--public-keys", folder / "keys")
    assert main(["evaluate", *map(str, options)]) == 4


def test_a_corpus_that_is_not_there_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(folder, tmp_path) == 2
    assert "list of ids" in capsys.readouterr().err
    assert evaluate(folder, tmp_path / "none", "--ids", "dev.txt") == 2
    assert "no such file" in capsys.readouterr().err


def test_models_of_other_labels_are_not_compared(
    folder: Path, tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = LabelSet((Label("growth", "Growth", "It grows."), Label("death", "Death", "It dies.")))
    _, key = make_tiny_bundle(tmp_path / "other", seed=2, labels=labels)
    write_public_key(folder / "keys" / "2.pub", key)
    assert evaluate(folder, tiny_corpus, "--against", tmp_path / "other") == 2
    assert "same labels" in capsys.readouterr().err


def test_stopping_it_is_no_failure(
    folder: Path, tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("trainer.judging.judgement.score_texts", interrupt)
    assert evaluate(folder, tiny_corpus, "--ids", "dev.txt") == 3


def test_figures_on_the_texts_of_training_are_called_worthless(
    folder: Path, tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = read_hoc(tiny_corpus, ids_file="dev.txt", labels=HALLMARKS_OF_CANCER)
    make_tiny_bundle(
        tmp_path / "model",
        manifest_changes={"provenance": {"labelled_sha256": corpus_digest(texts)}},
    )
    options = ("--bundle", tmp_path / "model", "--corpus", tiny_corpus, "--json")
    trusted = ("--public-keys", folder / "keys")
    assert main(["evaluate", *map(str, (*options, *trusted))]) == 0
    assert "trained on" not in capsys.readouterr().err
    assert main(["evaluate", *map(str, (*options, *trusted)), "--ids", "dev.txt"]) == 0
    assert "trained on these very texts" in capsys.readouterr().err


@pytest.mark.stress
@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not there: name it in KDH_CORPUS")
def test_the_bundled_model_has_the_figures_that_it_claims(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = AppPaths.default().bundled_model
    options = ("--bundle", model, "--corpus", CORPUS, "--ids", "dev.txt", "--json")
    assert main(["evaluate", *map(str, options)]) == 0
    (found,) = judgements(capsys.readouterr().out)
    claimed = json.loads((model / "manifest.json").read_bytes())["metrics"]["student_dev"]
    for name in ("micro_f1", "macro_f1", "calibration_error"):
        # Other processors multiply int8 in other ways, which turns a decision now and then.
        assert found[name]["value"] == pytest.approx(claimed[name], abs=0.01), name
    precision = found["evidence"]["precision_at_1"]["value"]
    assert precision == pytest.approx(claimed["evidence_precision_at_1"], abs=0.01)
    assert found["deletion"]["probability"]["low"] > 0
