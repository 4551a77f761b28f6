"""One plain epoch loop that teachers and students share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from torch import nn

from kdh_desktop.core.training_config import Augmentation, Schedule
from trainer.learning.batching import Batch, Batches
from trainer.learning.checkpoint import Checkpoint
from trainer.learning.forward import forward, sentence_means
from trainer.learning.gradients import Gradients, Objective
from trainer.learning.training_state import TrainingState
from trainer.process.control import RunControl

__all__ = ["EpochOutcome", "LoopHooks", "Objective", "forward", "sentence_means", "train"]

Validate = Callable[[nn.Module], float]
"""From a network to a figure on texts that were kept back; the higher the better."""


@dataclass(frozen=True, slots=True)
class EpochOutcome:
    """What one epoch gave.

    Attributes:
        epoch: Its number, from 1.
        epochs: How many there are to be.
        loss: Mean over its batches.
        score: Figure on texts that were kept back, or None.
    """

    epoch: int
    epochs: int
    loss: float
    score: float | None = None


def _tell_nobody(*_numbers: int) -> None:
    """Stands for whoever is not interested."""


@dataclass(frozen=True, slots=True)
class LoopHooks:
    """What the loop tells and asks while it works.

    Attributes:
        on_batch: Takes the epoch from 1, the batch from 1, and the number of batches.
        on_epoch: Takes what an epoch gave.
        control: Is checked before every batch.
        on_checkpoint: Takes epoch and batch that a checkpoint stands at.
        on_division: Takes the parts in which batches go through when memory is short.
        on_begin: Takes the epochs that were over before, the batches of the next one, and the
            number of batches.
    """

    on_batch: Callable[[int, int, int], None]
    on_epoch: Callable[[EpochOutcome], None]
    control: RunControl
    on_checkpoint: Callable[[int, int], None] = _tell_nobody
    on_division: Callable[[int], None] = _tell_nobody
    on_begin: Callable[[int, int, int], None] = _tell_nobody


def train(
    network: nn.Module,
    batches: Batches,
    *,
    objective: Objective,
    schedule: Schedule,
    augmentation: Augmentation,
    seed: int,
    hooks: LoopHooks,
    checkpoint: Checkpoint | None = None,
    validate: Validate | None = None,
) -> None:
    """Train `network` in place, going on from `checkpoint` where one was saved.

    It ends with the weights that `validate` liked best; without it with the averaged ones where
    the schedule asks for them, else with the last.

    When the run is to keep its best, training ends before the next batch, once it has gone through
    all texts; one that begins after that wish lasts one epoch at most.

    Raises:
        Cancelled: `hooks.control` said so; what was done is in the checkpoint.
        Diverged: The loss is no longer a number.
        TrainingError: Memory is short.
    """
    gradients = Gradients(
        network, objective, r_drop=schedule.r_drop, tell_division=hooks.on_division
    )
    is_short = hooks.control.is_keeping_best
    epochs = min(schedule.epochs, 1) if is_short else schedule.epochs
    state = TrainingState(network, gradients, schedule, steps=epochs * batches.batches_per_epoch)
    training = _Training(state, hooks, checkpoint, is_short=is_short)
    hooks.on_begin(state.epoch, state.batch, batches.batches_per_epoch)
    while state.epoch < epochs and not state.has_lost_patience(schedule.patience):
        rng = np.random.default_rng([seed, state.epoch])
        state.begin_epoch(seed * 1000 + state.epoch)
        drawn = islice(batches.epoch(rng=rng, augmentation=augmentation), state.batch, None)
        if not training.has_gone_through(drawn, batches.batches_per_epoch):
            break
        loss, score = state.end_epoch(validate)
        training.save_when_due(is_boundary=True)
        hooks.on_epoch(EpochOutcome(state.epoch, epochs, loss, score))
    state.settle()


class _Training:
    """A training as its run sees it: it can be stopped, and keeps where it is."""

    def __init__(
        self,
        state: TrainingState,
        hooks: LoopHooks,
        checkpoint: Checkpoint | None,
        *,
        is_short: bool,
    ) -> None:
        """Take up what the checkpoint holds; one that `is_short` is not to be stopped early."""
        self._state = state
        self._hooks = hooks
        self._checkpoint = checkpoint
        self._is_short = is_short
        saved = None if checkpoint is None else checkpoint.load()
        if saved is not None:
            state.load_state_dict(saved)

    def has_gone_through(self, batches: Iterator[Batch], in_epoch: int) -> bool:
        """Learn from batches; False where the run is to keep its best before they are over."""
        state, control = self._state, self._hooks.control
        for batch in batches:
            if control.is_paused or control.is_cancelled:
                self._save()
            control.check()
            # In its first epoch a network has not seen all texts, and nothing of it was judged.
            if control.is_keeping_best and state.epoch and not self._is_short:
                return False
            state.step(batch)
            self._hooks.on_batch(state.epoch + 1, state.batch, in_epoch)
            self.save_when_due()
        return True

    def save_when_due(self, *, is_boundary: bool = False) -> None:
        """Save a checkpoint where the last one is long ago."""
        if self._checkpoint is not None and self._checkpoint.is_due(is_boundary=is_boundary):
            self._save()

    def _save(self) -> None:
        if self._checkpoint is not None:
            self._checkpoint.save(self._state.state_dict())
            epoch = self._state.epoch + bool(self._state.batch)
            self._hooks.on_checkpoint(epoch, self._state.batch)
