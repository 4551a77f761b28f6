"""``kdh-trainer evaluate --run``: a candidate beside the model in force, in real processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from kdh_desktop.core.classification.comparison import (
    Direction,
    ModelComparison,
    comparison_from_json,
    labels_in_words,
    seen_in_words,
)
from kdh_desktop.core.classification.gate import judge_gate
from kdh_desktop.core.classification.signing import write_public_key
from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, Label, LabelSet
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.training_runs import RunFolder
from tests.data.tiny_bundle import make_tiny_bundle, tiny_key
from tests.data.tiny_corpus import write_tiny_corpus
from tests.data.tiny_installation import make_tiny_installation
from tests.data.tiny_run import NEVER, make_tiny_run
from tests.trainer.conftest import ROOT, trainer_environment
from trainer.__main__ import _QUIET, main
from trainer.corpus import corpus_digest, read_hoc
from trainer.judging.comparing import compare_candidate

Evaluate = Callable[..., ModelComparison]


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    return make_tiny_installation(tmp_path / "installation", bundle_id="shipped")


@pytest.fixture(autouse=True)
def own_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key of this machine is trusted, and few rounds and draws are enough."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("trainer.judging.turns._LEAST_S", 0.0)
    quick = partial(compare_candidate, draws=300)
    monkeypatch.setattr("trainer.judging.comparing.compare_candidate", quick)
    for name, value in _QUIET.items():
        monkeypatch.setenv(name, value)


def options(run: RunFolder, paths: AppPaths, against: Path | None = None) -> list[str]:
    return [
        *("evaluate", "--run", str(run.folder), "--against", str(against or paths.bundled_model)),
        *("--public-keys", str(paths.publisher_keys), str(run.folder.parent / "first" / "keys")),
        *("--known-sentences", str(paths.known_sentences)),
    ]


@pytest.fixture
def evaluate(paths: AppPaths, capsys: pytest.CaptureFixture[str]) -> Evaluate:
    def evaluate(run: RunFolder, against: Path | None = None) -> ModelComparison:
        assert main([*options(run, paths, against), "--json"]) == 0
        return comparison_from_json(capsys.readouterr().out)

    return evaluate


def test_a_candidate_as_good_as_the_model_in_force_passes(
    evaluate: Evaluate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = evaluate(make_tiny_run(tmp_path / "runs" / "one"))
    assert (found.run, found.candidate.bundle_id, found.active.bundle_id) == (
        *("one", "ours", "shipped"),
    )
    assert found.has_same_labels, "in another order"
    assert 50 <= found.texts <= 70, "half of the texts were kept back"
    assert found.candidate.figures["micro_f1"].value > 0.95
    assert found.differences["micro_f1"].value == 0
    assert found.changed == ()
    assert (found.checks.known_right, found.checks.known_sentences) == (10, 10)
    assert found.candidate.texts_per_s is not None
    assert found.candidate.texts_per_s > 1
    assert judge_gate(found).passes


def test_a_label_that_is_lost_is_named_and_refused(evaluate: Evaluate, tmp_path: Path) -> None:
    lost = "inducing_angiogenesis"
    run = make_tiny_run(tmp_path / "runs" / "one", texts=200, intercepts={lost: NEVER})
    found = evaluate(run)
    (worse,) = found.labels_that_are(Direction.WORSE)
    assert worse.id == lost
    assert labels_in_words(found) == "Better on 0, same on 9, worse on 1: Inducing angiogenesis."
    assert found.changed
    assert all("Inducing angiogenesis" in text.truth for text in found.changed)
    assert all("Inducing angiogenesis" not in text.after for text in found.changed)
    assert found.changed[0].first_words.startswith("We studied")
    verdict = judge_gate(found)
    assert any("Inducing angiogenesis becomes worse" in reason for reason in verdict.reasons)


def test_a_model_in_force_of_other_labels_leaves_the_candidate_alone(
    evaluate: Evaluate, tmp_path: Path
) -> None:
    labels = LabelSet((Label("growth", "Growth", ""), Label("death", "Death", "")))
    other, _ = make_tiny_bundle(tmp_path / "other", labels=labels, bundle_id="other")
    found = evaluate(make_tiny_run(tmp_path / "runs" / "one"), other)
    assert not found.has_same_labels
    assert found.active.figures == {}
    assert found.differences == {}
    assert found.candidate.figures["micro_f1"].value > 0.95
    assert "judged alone" in labels_in_words(found)
    assert judge_gate(found).passes


def test_a_model_in_force_that_learnt_from_these_texts_is_said_to_be_flattered(
    evaluate: Evaluate, tmp_path: Path
) -> None:
    corpus = write_tiny_corpus(tmp_path / "hoc", train=60, dev=30)
    run = make_tiny_run(
        tmp_path / "runs" / "one", corpus=(HocSource(str(corpus), "dev.txt"),), judged_share=0.5
    )
    texts = read_hoc(corpus, ids_file="dev.txt", labels=HALLMARKS_OF_CANCER)
    learnt, _ = make_tiny_bundle(
        tmp_path / "learnt",
        bundle_id="learnt",
        manifest_changes={"provenance": {"labelled_sha256": corpus_digest(texts)}},
    )
    found = evaluate(run, learnt)
    assert found.active.seen.texts == found.texts
    assert "trained on these very texts" in seen_in_words(found)


def test_a_model_of_an_earlier_run_is_known_to_have_seen_its_texts(
    evaluate: Evaluate, tmp_path: Path
) -> None:
    first = make_tiny_run(tmp_path / "runs" / "first", name="first", judged_share=0.2)
    second = make_tiny_run(tmp_path / "runs" / "second", name="second")
    found = evaluate(second, first.candidate)
    assert 0 < found.active.seen.texts < found.texts
    assert "of these" in seen_in_words(found)


def test_a_model_of_an_earlier_run_whose_texts_are_gone_may_have_seen_some(
    evaluate: Evaluate, tmp_path: Path
) -> None:
    first = make_tiny_run(tmp_path / "runs" / "first", name="first")
    (tmp_path / "texts" / "first.csv").unlink()
    found = evaluate(make_tiny_run(tmp_path / "runs" / "second", name="second"), first.candidate)
    assert (found.active.seen.texts, found.active.seen.may_be_more) == (0, True)
    assert "may have been trained on some" in seen_in_words(found)


def test_a_model_of_this_site_whose_run_was_deleted_may_have_seen_some(
    evaluate: Evaluate, paths: AppPaths, tmp_path: Path
) -> None:
    key = tiny_key(7)
    kept, _ = make_tiny_bundle(tmp_path / "kept", bundle_id="kept", key=key)
    write_public_key(paths.publisher_keys / "site.pub", key.public_key())
    found = evaluate(make_tiny_run(tmp_path / "runs" / "one"), kept)
    assert found.active.seen.may_be_more
    assert "may have been trained on some" in seen_in_words(found)


def test_texts_that_were_changed_since_the_run_are_not_judged_on(
    paths: AppPaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_tiny_run(tmp_path / "runs" / "one")
    table = tmp_path / "texts" / "one.csv"
    table.write_text(table.read_text("utf-8").replace("The tumor grew.", "It grew."), "utf-8")
    assert main(options(run, paths)) == 2
    out, said = capsys.readouterr()
    assert out == ""
    assert "not what they were" in said


def test_a_candidate_that_its_run_did_not_sign_is_refused(paths: AppPaths, tmp_path: Path) -> None:
    run = make_tiny_run(tmp_path / "runs" / "one")
    (run.candidate / "MODEL_CARD.md").write_text("# Another\n", "utf-8")
    assert main(options(run, paths)) == 4


def test_a_model_in_force_that_is_not_trusted_is_not_the_candidates_fault(
    paths: AppPaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_tiny_run(tmp_path / "runs" / "one")
    other = make_tiny_run(tmp_path / "runs" / "two", name="other")
    assert main(options(run, paths, other.candidate)) == 2
    assert "The model in force cannot be used." in capsys.readouterr().err


def test_a_run_that_kept_nothing_back_cannot_be_judged(evaluate: Evaluate, tmp_path: Path) -> None:
    found = evaluate(make_tiny_run(tmp_path / "runs" / "one", judged_share=0.0))
    assert found.texts == 0
    (reason,) = judge_gate(found).reasons
    assert "No texts were kept back" in reason


def test_tables_are_printed_for_people(
    paths: AppPaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_tiny_run(tmp_path / "runs" / "one", intercepts={"cellular_energetics": NEVER})
    assert main(options(run, paths)) == 0
    out = capsys.readouterr().out
    assert "The gate refuses it:" in out
    assert "Cellular energetics" in out
    assert "We studied" not in out, "no text is printed for people"


@pytest.mark.slow
def test_in_a_process_of_its_own_progress_is_told_and_the_end_of_its_input_ends_it(
    paths: AppPaths, tmp_path: Path
) -> None:
    run = make_tiny_run(tmp_path / "runs" / "one", texts=60)
    command = [sys.executable, "-m", "trainer", *options(run, paths), "--json", "--controlled"]
    environment = trainer_environment(tmp_path / "home")
    kept = {"cwd": ROOT, "env": environment, "encoding": "utf-8"}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **kept,  # type: ignore[call-overload]
    ) as child:
        out, said = child.stdout.read(), child.stderr.read()
        assert child.wait(timeout=60) == 0, said
    assert comparison_from_json(out).texts > 20
    assert "... texts: " in said
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **kept) as child:  # type: ignore[call-overload]
        child.stdin.close()
        assert child.wait(timeout=30) == 3
