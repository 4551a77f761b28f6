"""A run may begin with a swarm that chooses its configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.search_space import Real, TuningConfig
from kdh_desktop.core.training_config import RunConfig
from kdh_desktop.core.training_protocol import Event, SwarmIterationFinished
from trainer.process.control import RunControl
from trainer.process.work_folder import is_cut_short
from trainer.running.steps import RunFiles, TrainingRun
from trainer.running.tuning import tune_run


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
    best, found = tune_run(run, tuning, emit=told.append, control=RunControl())
    assert best.tuning is None
    assert 0.1 <= best.distillation.alpha <= 0.9
    assert isinstance(found, dict)
    assert found["swarm"]["best_values"] == {"distillation.alpha": best.distillation.alpha} or (
        found["control"]["best_values"] == {"distillation.alpha": best.distillation.alpha}
    )
    assert any(isinstance(event, SwarmIterationFinished) for event in told)

    def search_again(*_args: object, **_options: object) -> None:
        raise AssertionError("what was chosen once is kept")

    monkeypatch.setattr("trainer.running.tuning.tune_config", search_again)
    assert tune_run(run, tuning, emit=told.append, control=RunControl()) == (best, found)
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
    best, _ = tune_run(run, tuning, emit=lambda _: None, control=control)
    assert best == tiny_config
    assert is_cut_short(files.work)
    other = RunControl()
    again: list[Event] = []
    assert tune_run(run, tuning, emit=again.append, control=other)[0] == best
    assert again == []
