"""A run's folder says all that is asked, and gets all that comes of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kdh_desktop.core.classification.model_bundle import open_bundle
from kdh_desktop.core.classification.signing import load_trusted_keys
from kdh_desktop.core.corpus_source import TableSource
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.training_runs import RunFolder, TrainingRuns
from kdh_desktop.core.training_progress import RunState
from kdh_desktop.core.training_protocol import CandidateReady, RunStarted, ScoredOn, from_line
from tests.data.tiny_requests import open_door, tiny_request
from tests.trainer.conftest import ROOT, trainer_environment
from trainer.process import allocator


def train(
    run: RunFolder, home: Path, *options: str, stdin: int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trainer", "run", str(run.folder), *options],
        cwd=ROOT,
        env={**trainer_environment(home), **allocator.SETTINGS},
        stdin=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=150,
        check=False,
    )


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> AppPaths:
    folder = tmp_path_factory.mktemp("installation")
    return AppPaths(folder / "resources", folder / "data", folder / "config", folder / "logs")


@pytest.fixture(scope="module")
def finished_run(
    paths: AppPaths, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RunFolder, subprocess.CompletedProcess[str]]:
    texts = tmp_path_factory.mktemp("texts")
    run = TrainingRuns(paths).create(tiny_request(texts), administrator=open_door())
    return run, train(run, texts / "home")


def test_the_candidate_is_signed_with_the_key_of_the_run(
    finished_run: tuple[RunFolder, subprocess.CompletedProcess[str]],
) -> None:
    run, done = finished_run
    assert done.returncode == 0, done.stderr
    bundle = open_bundle(run.candidate, trusted_keys=load_trusted_keys(run.public_key.parent))
    last = from_line(done.stdout.splitlines()[-1])
    assert last.run == run.id
    assert last.event == CandidateReady(bundle.id)


def test_its_folder_tells_the_whole_run(
    paths: AppPaths, finished_run: tuple[RunFolder, subprocess.CompletedProcess[str]]
) -> None:
    run, _ = finished_run
    summary = TrainingRuns(paths).summary(run)
    assert summary.state is RunState.FINISHED
    assert summary.problem is None
    assert summary.progress.run == run.id
    assert summary.progress.reliability is not None
    assert summary.progress.reliability.scored_on is ScoredOn.JUDGED_TEXTS
    assert sum(one.count for one in summary.progress.reliability.bins) == 12 * 10
    figures = summary.progress.stages[-1].figures
    assert any(name.startswith("f1.") for name in figures)
    for line in run.events.read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=pytest.fail)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_what_a_run_keeps_is_for_its_user_alone(
    finished_run: tuple[RunFolder, subprocess.CompletedProcess[str]],
) -> None:
    run, _ = finished_run
    assert run.folder.stat().st_mode & 0o777 == 0o700
    for path in (run.private_key, run.request, run.about, run.events):
        assert path.stat().st_mode & 0o077 == 0, path.name


@pytest.mark.slow
def test_a_run_that_cannot_begin_tells_why_in_its_folder(paths: AppPaths, tmp_path: Path) -> None:
    runs = TrainingRuns(paths)
    request = tiny_request(tmp_path)
    run = runs.create(request, administrator=open_door())
    (tmp_path / "corpus").rename(tmp_path / "moved")
    done = train(run, tmp_path / "home")
    assert done.returncode == 2, done.stderr
    summary = runs.summary(run)
    assert summary.state is RunState.FAILED
    assert summary.can_resume
    assert summary.progress.failure is not None
    assert str(tmp_path) not in summary.progress.failure.message
    (tmp_path / "moved").rename(tmp_path / "corpus")
    with subprocess.Popen(
        [sys.executable, "-m", "trainer", "run", str(run.folder), "--resume"],
        cwd=ROOT,
        env={**trainer_environment(tmp_path / "home"), **allocator.SETTINGS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as again:
        assert again.stdout is not None
        assert isinstance(from_line(again.stdout.readline()).event, RunStarted)
        assert runs.summary(run).state is RunState.RUNNING
        again.kill()
    assert runs.summary(run).state is RunState.INTERRUPTED


def test_texts_that_cannot_be_trained_on_are_refused_before_any_training(
    paths: AppPaths, tmp_path: Path
) -> None:
    runs = TrainingRuns(paths)
    rows = ["text,labels"] + [f"Cells {n} grew.,Enabling replicative immortality" for n in range(3)]
    (tmp_path / "rows.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    source = TableSource(str(tmp_path / "rows.csv"), "text", labels_column="labels")
    request = replace(tiny_request(tmp_path), corpus=(source,), judged=())
    run = runs.create(request, administrator=open_door())
    assert train(run, tmp_path / "home").returncode == 2
    summary = runs.summary(run)
    assert summary.state is RunState.FAILED
    assert summary.progress.stages == ()
    assert summary.progress.failure is not None
    assert summary.progress.failure.remedy
    assert "rows.csv" not in summary.progress.failure.message


def test_a_request_that_is_damaged_is_told_in_words(paths: AppPaths, tmp_path: Path) -> None:
    run = TrainingRuns(paths).create(tiny_request(tmp_path), administrator=open_door())
    run.request.write_text("{", encoding="utf-8")
    done = train(run, tmp_path / "home")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_texts_must_be_named_for_a_bare_recipe(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    done = train(RunFolder(tmp_path / "config.json"), tmp_path / "home")
    assert done.returncode == 2
    assert "--corpus" in done.stderr
