"""A run's first step where it is asked for: let a particle swarm choose its configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.search_space import TuningConfig
from kdh_desktop.core.training_config import RunConfig, config_from_json, config_to_json
from kdh_desktop.core.training_protocol import Event
from trainer.process.control import RunControl
from trainer.process.durable import read_hashed, write_hashed
from trainer.process.work_folder import note_cut_short
from trainer.running.steps import TrainingRun
from trainer.tuning.tuned_config import TrainingTexts, tune_config

_CHOSEN = "tuned"
"""File of what was chosen, in the run's work folder."""


def tune_run(
    run: TrainingRun,
    tuning: TuningConfig,
    *,
    emit: Callable[[Event], None],
    control: RunControl,
) -> tuple[RunConfig, object]:
    """Search for the best configuration of a run on the texts that it trains on.

    What was chosen once is kept: the run's stages are called alike whatever the position, and must
    never be taken up for another one.

    Returns:
        The run's configuration at the best position, without the search, and what the search
        came to, as JSON values.

    Raises:
        TrainingError: Nothing could be trained.
        Cancelled: The user stopped it; it can be resumed.
    """
    chosen = run.files.work / _CHOSEN
    kept = _read(chosen)
    if kept is not None:
        return kept
    best, outcome = tune_config(
        replace(run.config, tuning=None),
        tuning,
        texts=TrainingTexts(run.config, run.files.corpus, run.files.judged),
        encoder=run.files.encoder,
        work=run.files.work / "tuning",
        devices=[str(run.device)],
        emit=emit,
        control=control,
    )
    found = {"is_swarm_better": outcome.is_swarm_better, **to_json_value(outcome)}
    if control.is_keeping_best:
        note_cut_short(run.files.work)
    told = {"config": config_to_json(best), "found": found}
    write_hashed(chosen, json.dumps(told).encode())
    return best, found


def _read(chosen: Path) -> tuple[RunConfig, object] | None:
    """What was chosen before, or None where nothing was."""
    data = read_hashed(chosen)
    if data is None:
        return None
    told = json.loads(data)
    return config_from_json(told["config"]), told["found"]
