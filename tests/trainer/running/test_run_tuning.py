"""A run may begin with a swarm that chooses its configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.search_space import Real, TuningConfig
from kdh_desktop.core.training_config import RunConfig
from kdh_desktop.core.training_protocol import Event, StageStarted, SwarmIterationFinished
from trainer.process.control import RunControl
from trainer.running.steps import RunFiles, TrainingRun
from trainer.running.tuning import tune_run


@pytest.mark.timeout(120)
def test_the_teacher_that_taught_the_swarm_is_taken_up_by_the_run(
    tiny_config: RunConfig,
    tiny_corpus: Path,
    tiny_transfer: Path,
    tiny_encoder: Path,
    tmp_path: Path,
) -> None:
    tuning = TuningConfig(
        2, 2, {"distillation.alpha": Real(0.1, 0.9)}, folds=2, epoch_share=0.1, texts=24
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
    again: list[Event] = []
    changed = TrainingRun(best, files, emit=again.append, control=RunControl())
    teacher = changed.teacher
    assert (len(teacher.labelled), len(teacher.unlabelled)) == (60, 10)
    assert [type(event) for event in again] == [StageStarted] * len(again)
