"""Counts the steps and word pieces of a training, whoever's loop it is."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from trainer.learning.batching import Batch
from trainer.learning.training_loop import Objective

WARM_UP = 2
"""Steps that are not counted: memory is asked for, and the optimiser's state is made."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What was measured between two steps of one training.

    Attributes:
        seconds: From the loss of the one to the loss of the other.
        steps: Whole steps in that time.
        pieces: Word pieces of their batches.
        places: The same with padding.
    """

    seconds: float
    steps: int
    pieces: int
    places: int


class StepMeter:
    """An objective that looks at the clock each time a loss is asked for.

    From one loss to the next lies one whole step of any loop: gradients, optimiser, the next
    batch and its forward pass. So no loop has to be changed to be measured.
    """

    def __init__(self, objective: Objective, *, steps: int) -> None:
        """Measure from the loss after the warm-up to that of step number `steps`, from 1."""
        if steps < WARM_UP + 2:
            raise ValueError("so few steps cannot be measured")
        self._objective = objective
        self._steps = steps
        self._done = self._places = 0
        self._pieces: list[torch.Tensor] = []
        self._begin = self._end = 0.0

    def __call__(
        self, logits: torch.Tensor, sentence_logits: torch.Tensor, batch: Batch
    ) -> torch.Tensor:
        """The loss that the objective gives."""
        loss = self._objective(logits, sentence_logits, batch)
        self._done += 1
        if self._done == WARM_UP + 1:
            self._begin = _now(loss)
        elif WARM_UP + 1 < self._done <= self._steps:
            # Not read before the end: the mask may lie on a device, which must not wait for that.
            self._pieces.append(batch.attention_mask.sum())
            self._places += batch.attention_mask.numel()
            if self._done == self._steps:
                self._end = _now(loss)
        return loss

    @property
    def pace(self) -> Pace:
        """What was measured, once the last step was taken."""
        steps = self._steps - WARM_UP - 1
        pieces = sum(int(one) for one in self._pieces)
        return Pace(self._end - self._begin, steps, pieces, self._places)


def _now(loss: torch.Tensor) -> float:
    if loss.is_cuda:
        torch.cuda.synchronize(loss.device)
    return time.perf_counter()
