"""A run's first step where it is asked for: let a particle swarm choose its configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.search_space import TuningConfig
from kdh_desktop.core.training_config import RunConfig, config_from_json, config_to_json
from kdh_desktop.core.training_protocol import Event, RunEstimated, SwarmIterationFinished
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
    jobs: int,
    emit: Callable[[Event], None],
    control: RunControl,
) -> tuple[RunConfig, object]:
    """Search for the best configuration of a run on the texts that it trains on.

    What was chosen once is kept: the run's stages are called alike whatever the position, and must
    never be taken up for another one.

    Args:
        run: The run, as it was asked for.
        tuning: What may change, and the budget.
        jobs: Positions judged side by side; each graphics card judges one at least.
        emit: Takes events.
        control: Is followed.

    Returns:
        The run's configuration at the best position, without the search, and what the search
        came to, as JSON values.

    Raises:
        TrainingError: The disk has not enough room, or nothing could be trained.
        Cancelled: The user stopped it; it can be resumed.
    """
    chosen = run.files.work / _CHOSEN
    kept = _read(chosen)
    if kept is not None:
        return kept
    estimated = run.estimate(jobs)
    emit(estimated)
    best, outcome = tune_config(
        replace(run.config, tuning=None),
        tuning,
        texts=TrainingTexts(run.config, run.files.corpus, run.files.judged),
        encoder=run.files.encoder,
        work=run.files.work / "tuning",
        devices=search_devices(run.device, jobs=jobs, most=tuning.particles),
        emit=_telling_the_rest(estimated, tuning, search_s=run.search_s, emit=emit),
        control=control,
    )
    found = {"is_swarm_better": outcome.is_swarm_better, **to_json_value(outcome)}
    if control.is_keeping_best:
        note_cut_short(run.files.work)
    told = {"config": config_to_json(best), "found": found}
    write_hashed(chosen, json.dumps(told).encode())
    return best, found


def search_devices(device: torch.device, *, jobs: int, most: int) -> list[str]:
    """Devices of a search, in turns: all graphics cards where the run has them, else its own.

    Args:
        device: The run's.
        jobs: How many are wanted, a name as often as needed.
        most: How many can be busy at a time.
    """
    names = [str(device)]
    if names == ["cuda"]:
        names = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    many = min(max(jobs, len(names)), most)
    return [names[number % len(names)] for number in range(many)]


def _telling_the_rest(
    estimated: RunEstimated, tuning: TuningConfig, *, search_s: float, emit: Callable[[Event], None]
) -> Callable[[Event], None]:
    """Tell after each iteration, too, what is left of the search and the run behind it."""
    searches = ["swarm", "random"][: 1 + tuning.has_random_control]

    def tell(event: Event) -> None:
        emit(event)
        if isinstance(event, SwarmIterationFinished):
            done = searches.index(event.search) * event.iterations + event.iteration
            over_s = search_s * done / (len(searches) * event.iterations)
            emit(replace(estimated, seconds=round(estimated.seconds - over_s, 1)))

    return tell


def _read(chosen: Path) -> tuple[RunConfig, object] | None:
    """What was chosen before, or None where nothing was."""
    data = read_hashed(chosen)
    if data is None:
        return None
    told = json.loads(data)
    return config_from_json(told["config"]), told["found"]
