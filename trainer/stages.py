"""Stages of a run: what each leaves in the work folder, so that a killed run goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.training_config import Augmentation, Schedule
from kdh_desktop.core.training_protocol import (
    BatchesDone,
    CheckpointSaved,
    EpochFinished,
    Event,
    StageStarted,
)
from trainer.batching import Batches
from trainer.checkpoint import EpochCheckpoint, load_state, save_state
from trainer.control import RunControl
from trainer.training_loop import EpochOutcome, LoopHooks, Objective, train

BATCHES_BETWEEN_EVENTS = 20


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What one stage trains with."""

    objective: Objective
    schedule: Schedule
    augmentation: Augmentation
    seed: int
    validate: Callable[[nn.Module], float] | None = None


def claim_work_folder(work: Path, fingerprint: str) -> None:
    """Make a work folder this run's own, or take it up again.

    Args:
        work: The folder; made where there is none.
        fingerprint: What the run's stages depend on, in one line.

    Raises:
        TrainingError: It holds the stages of another configuration, corpus or encoder.
    """
    work.mkdir(parents=True, exist_ok=True)
    claim = work / "run"
    if not claim.exists() and not any(work.iterdir()):
        claim.write_text(fingerprint, encoding="utf-8")
    elif not claim.exists() or claim.read_text(encoding="utf-8") != fingerprint:
        raise TrainingError(
            "The work folder holds the stages of another configuration, corpus or encoder.",
            "Name a new work folder, or go on with what the stages were made from.",
        )


class StageRunner:
    """Trains networks stage by stage, telling of it, and never trains a finished one again."""

    def __init__(
        self,
        work: Path,
        *,
        stages: int,
        emit: Callable[[Event], None],
        control: RunControl,
    ) -> None:
        """Keep states under `work`."""
        self._work = work
        self._stages = stages
        self._stage = 0
        self._emit = emit
        self._control = control

    @property
    def control(self) -> RunControl:
        """What the run is told."""
        return self._control

    def start(self, name: str) -> None:
        """Tell that the stage called `name` begins."""
        self._stage += 1
        self._emit(StageStarted(self._stage, self._stages, name))

    def train(self, name: str, network: nn.Module, batches: Batches, plan: StagePlan) -> None:
        """Train `network` in place, or load what this stage left when it was finished before.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
        """
        self.start(name)
        finished = self._work / f"{name}.finished"
        state = load_state(finished)
        if state is not None:
            network.load_state_dict(state)
            return
        checkpoint = EpochCheckpoint(self._work / f"{name}.checkpoint")
        train(
            network,
            batches,
            objective=plan.objective,
            schedule=plan.schedule,
            augmentation=plan.augmentation,
            seed=plan.seed,
            hooks=self._hooks(),
            checkpoint=checkpoint,
        )
        save_state(finished, dict(network.state_dict()))
        checkpoint.remove()

    def _hooks(self) -> LoopHooks:
        def on_batch(epoch: int, batch: int, batches: int) -> None:
            if batch % BATCHES_BETWEEN_EVENTS == 0 or batch == batches:
                self._emit(BatchesDone(epoch, batch, batches))

        def on_epoch(outcome: EpochOutcome) -> None:
            self._emit(CheckpointSaved(outcome.epoch))
            self._emit(EpochFinished(outcome.epoch, outcome.epochs, outcome.loss))

        return LoopHooks(on_batch, on_epoch, self._control)
