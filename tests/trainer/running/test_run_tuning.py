"""A run may begin with a swarm that chooses its configuration."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.classification.model_bundle import open_bundle
from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.search_space import Real, TuningConfig
from kdh_desktop.core.training_config import RunConfig, TeacherMethod
from kdh_desktop.core.training_protocol import (
    Event,
    PositionJudged,
    RunEstimated,
    StageStarted,
    SwarmIterationFinished,
)
from trainer.process.control import RunControl
from trainer.process.work_folder import is_cut_short
from trainer.run import run_training
from trainer.running.planned_search import planned_search
from trainer.running.planned_stages import CorpusSize, StageWork
from trainer.running.steps import RunFiles, TrainingRun
from trainer.running.tuning import search_devices, tune_run
from trainer.tuning import TuningOutcome


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_what_a_search_chose_is_kept(
    tiny_config: RunConfig,
    tiny_corpus: Path,
    tiny_transfer: Path,
    tiny_encoder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tuning = TuningConfig(
        2, 2, {"distillation.alpha": Real(0.1, 0.9)}, folds=3, epoch_share=0.1, texts=24
    )
    config = replace(tiny_config, tuning=tuning)
    files = RunFiles(
        corpus=(HocSource(str(tiny_corpus)),),
        judged=(HocSource(str(tiny_corpus), "dev.txt"),),
        transfer=tiny_transfer,
        encoder=tiny_encoder,
        work=tmp_path / "work",
        out=tmp_path / "bundle",
    )
    told: list[Event] = []
    run = TrainingRun(config, files, emit=told.append, control=RunControl())
    best, found = tune_run(run, tuning, jobs=1, emit=told.append, control=RunControl())
    assert best.tuning is None
    assert 0.1 <= best.distillation.alpha <= 0.9
    assert isinstance(found, dict)
    assert found["swarm"]["best_values"] == {"distillation.alpha": best.distillation.alpha} or (
        found["control"]["best_values"] == {"distillation.alpha": best.distillation.alpha}
    )
    iterations = [event for event in told if isinstance(event, SwarmIterationFinished)]
    assert isinstance(told[0], RunEstimated)
    left = [event.seconds for event in told if isinstance(event, RunEstimated)]
    assert len(left) == 1 + len(iterations) == 5
    assert left == sorted(left, reverse=True)
    assert left[0] - left[-1] == pytest.approx(run.search_s, abs=0.1)
    assert run.search_s > 0

    def search_again(*_args: object, **_options: object) -> None:
        raise AssertionError("what was chosen once is kept")

    monkeypatch.setattr("trainer.running.tuning.tune_config", search_again)
    again: list[Event] = []
    control = RunControl()
    assert tune_run(run, tuning, jobs=1, emit=again.append, control=control) == (best, found)
    assert again == []
    assert not is_cut_short(files.work)


def test_a_search_that_was_ended_with_its_best_marks_the_run_and_is_over(
    tiny_config: RunConfig, tiny_corpus: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    """Else a resumed run would go on searching, and join what it finds with stages of this one."""
    space = {"teacher.schedule.peak_rate": Real(1e-4, 1e-2)}
    tuning = TuningConfig(2, 2, space, folds=2, texts=24)
    files = RunFiles(
        corpus=(HocSource(str(tiny_corpus)),),
        judged=(),
        transfer=None,
        encoder=tiny_encoder,
        work=tmp_path / "work",
        out=tmp_path / "bundle",
    )
    control = RunControl()
    run = TrainingRun(tiny_config, files, emit=lambda _: None, control=control)
    control.keep_best()
    best, _ = tune_run(run, tuning, jobs=1, emit=lambda _: None, control=control)
    assert best == tiny_config
    assert is_cut_short(files.work)
    other = RunControl()
    again: list[Event] = []
    assert tune_run(run, tuning, jobs=1, emit=again.append, control=other)[0] == best
    assert again == []


def test_a_disk_that_is_too_small_is_told_before_the_search(
    tiny_config: RunConfig,
    tiny_corpus: Path,
    tiny_encoder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def search(*_args: object, **_options: object) -> None:
        raise AssertionError("hours would be lost")

    tuning = TuningConfig(2, 2, {"distillation.alpha": Real(0.1, 0.9)})
    run = a_run(replace(tiny_config, tuning=tuning), tiny_corpus, tiny_encoder, tmp_path)
    monkeypatch.setattr("trainer.running.tuning.tune_config", search)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=12_000_000))
    with pytest.raises(TrainingError, match="this training needs"):
        tune_run(run, tuning, jobs=1, emit=lambda _: None, control=RunControl())


@pytest.mark.parametrize(("jobs", "expected"), [(1, ["cpu"]), (2, ["cpu"] * 2), (9, ["cpu"] * 4)])
def test_a_search_has_as_many_processes_as_the_run(
    tiny_config: RunConfig,
    tiny_corpus: Path,
    tiny_encoder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    jobs: int,
    expected: list[str],
) -> None:
    asked: list[object] = []

    def search(config: RunConfig, *_: object, **options: object) -> tuple[RunConfig, object]:
        asked.append(options["devices"])
        return config, TuningOutcome(None, None, None, None)

    tuning = TuningConfig(4, 2, {"distillation.alpha": Real(0.1, 0.9)})
    run = a_run(replace(tiny_config, tuning=tuning), tiny_corpus, tiny_encoder, tmp_path)
    monkeypatch.setattr("trainer.running.tuning.tune_config", search)
    tune_run(run, tuning, jobs=jobs, emit=lambda _: None, control=RunControl())
    assert asked == [expected]


def test_a_search_has_all_graphics_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    any_card = torch.device("cuda")
    assert search_devices(any_card, jobs=1, most=6) == ["cuda:0", "cuda:1"]
    assert search_devices(any_card, jobs=3, most=6) == ["cuda:0", "cuda:1", "cuda:0"]
    assert search_devices(torch.device("cuda:1"), jobs=2, most=6) == ["cuda:1", "cuda:1"]


def test_a_search_is_planned_as_it_trains(tiny_config: RunConfig) -> None:
    size = CorpusSize([100] * 60, [], 0)

    def planned(path: str, **changes: Any) -> list[StageWork]:
        tuning = TuningConfig(2, 3, {path: Real(0.1, 0.9)}, is_stopping_early=False)
        config = replace(tiny_config, tuning=replace(tuning, has_random_control=False))
        config = replace(config, teacher=replace(config.teacher, **changes))
        return planned_search(config, size, labels=10)

    teacher, how = tiny_config.teacher.schedule, tiny_config.distillation
    students = 6 * 3 * 4000
    of_students = [students * how.distil.epochs, students * how.fine_tune.epochs]
    assert [work.trained_tokens for work in planned("distillation.alpha")] == [
        *[2000 * teacher.epochs] * 3,
        *of_students,
    ]
    assert [work.trained_tokens for work in planned("augmentation.sentence_dropout")] == [
        6 * 3 * 2000 * teacher.epochs,
        *of_students,
    ]
    assert [work.trained_tokens for work in planned("teacher.schedule.warmup")] == [
        6 * 3 * 4000 * teacher.epochs
    ]
    each = planned("distillation.alpha", method=TeacherMethod.BINARY_RELEVANCE)
    assert len(each) == 3 * 10 + 2
    assert planned_search(tiny_config, size, labels=10) == []


@pytest.mark.stress
@pytest.mark.timeout(600)
def test_a_run_that_searches_first_comes_to_its_bundle_however_often_it_is_killed(
    small_config: RunConfig, tiny_corpus: Path, tmp_path: Path
) -> None:
    space = {"distillation.alpha": Real(0.1, 0.9)}
    tuning = TuningConfig(2, 2, space, folds=3, epoch_share=0.5, texts=30)
    config, key = replace(small_config, tuning=tuning), Ed25519PrivateKey.generate()

    def run(name: str, is_last: Callable[[Event], bool] = lambda _: False) -> list[Event]:
        told: list[Event] = []

        def emit(event: Event) -> None:
            told.append(event)
            if is_last(event):
                raise Killed

        files = RunFiles(
            corpus=(HocSource(str(tiny_corpus)),),
            judged=(HocSource(str(tiny_corpus), "dev.txt"),),
            transfer=None,
            encoder=tmp_path / "none",
            work=tmp_path / name / "work",
            out=tmp_path / name / "bundle",
        )
        cpu = torch.device("cpu")
        with suppress(Killed):
            run_training(config, files, key=key, emit=emit, control=RunControl(), device=cpu)
        return told

    def is_in_search(event: Event) -> bool:
        return isinstance(event, SwarmIterationFinished) and event.search == "swarm"

    def is_in_run(event: Event) -> bool:
        return isinstance(event, StageStarted) and event.name == "student-distil"

    whole = run("unbroken")
    parts = [run("killed", is_in_search), run("killed", is_in_run), run("killed")]
    unbroken, resumed = (
        open_bundle(tmp_path / name / "bundle", trusted_keys=[key.public_key()])
        for name in ("unbroken", "killed")
    )
    assert positions_in(*parts) == positions_in(whole)
    assert positions_in(parts[-1]) == []
    assert resumed.model == unbroken.model
    assert resumed.manifest.metrics == unbroken.manifest.metrics
    found = resumed.manifest.metrics["tuning"]
    best = max((found["swarm"], found["control"]), key=lambda one: (one["best_score"], one["name"]))
    chosen = resumed.manifest.provenance["config"]
    assert chosen["distillation"]["alpha"] == best["best_values"]["distillation.alpha"]
    assert chosen["tuning"] is None
    stages = [event for event in parts[-1] if isinstance(event, StageStarted)]
    assert [one.stage for one in stages] == list(range(1, stages[0].stages + 1))


class Killed(Exception):
    """The run ends here."""


def positions_in(*runs: list[Event]) -> list[PositionJudged]:
    return [event for told in runs for event in told if isinstance(event, PositionJudged)]


def a_run(config: RunConfig, corpus: Path, encoder: Path, folder: Path) -> TrainingRun:
    files = RunFiles(
        corpus=(HocSource(str(corpus)),),
        judged=(),
        transfer=None,
        encoder=encoder,
        work=folder / "work",
        out=folder / "bundle",
    )
    (folder / "work").mkdir()
    return TrainingRun(
        config, files, emit=lambda _: None, control=RunControl(), device=torch.device("cpu")
    )
