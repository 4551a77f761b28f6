"""A run's first step where it is asked for: let a particle swarm choose its configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.search_space import TuningConfig
from kdh_desktop.core.training_config import RunConfig
from kdh_desktop.core.training_protocol import Event
from trainer.process.control import RunControl
from trainer.running.steps import TrainingRun
from trainer.tuning.tuned_config import TrainingTexts, tune_config


def tune_run(
    run: TrainingRun,
    tuning: TuningConfig,
    *,
    emit: Callable[[Event], None],
    control: RunControl,
) -> tuple[RunConfig, object]:
    """Search for the best configuration of a run on the texts that it trains on.

    A teacher that is not tuned itself is trained in the run's own folder, where it is taken up.

    Returns:
        The run's configuration at the best position, without the search, and what the search
        came to, as JSON values.

    Raises:
        TrainingError: Nothing could be trained.
        Cancelled: The user stopped it; it can be resumed.
    """
    best, outcome = tune_config(
        replace(run.config, tuning=None),
        tuning,
        texts=TrainingTexts(run.config, run.files.corpus, run.files.judged),
        encoder=run.files.encoder,
        work=run.files.work / "tuning",
        devices=[str(run.device)],
        emit=emit,
        control=control,
        teacher_work=run.files.work,
    )
    found = {"is_swarm_better": outcome.is_swarm_better, **to_json_value(outcome)}
    return best, found
