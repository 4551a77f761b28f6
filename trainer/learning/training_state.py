"""Everything that a training has come to, so that it can go on as if it had never stopped."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import nn

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.training_config import Schedule
from trainer.learning.batching import Batch
from trainer.learning.gradients import Gradients
from trainer.learning.optimisation import optimizer_for, rate_factor
from trainer.learning.weight_average import WeightAverage
from trainer.process.device import random_state, restore_random_state

_LOOK_EVERY = 16


class Diverged(TrainingError):
    """The loss is no longer a number: with these settings the network cannot be trained."""


"""Steps after which a graphics card is asked for its losses; asking makes it wait."""


class TrainingState:
    """A network in training: what moves it, how far it is, and the best that it has been.

    Attributes:
        epoch: Epochs that are over.
        batch: Batches of the next epoch that are done.
    """

    def __init__(
        self, network: nn.Module, gradients: Gradients, schedule: Schedule, *, steps: int
    ) -> None:
        """Begin before the first of `steps` steps."""
        self.epoch = 0
        self.batch = 0
        self._network = network
        self._gradients = gradients
        self._optimizer = optimizer_for(network, schedule)
        self._rates = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, lambda step: rate_factor(step, steps=steps, warmup=schedule.warmup)
        )
        self._average = (
            WeightAverage(network, schedule.weight_average) if schedule.weight_average else None
        )
        self._device = next(network.parameters()).device
        self._random: dict[str, torch.Tensor] | None = None
        self._losses: list[float] = []
        self._unseen: list[torch.Tensor] = []
        self._best: dict[str, Any] | None = None
        self._epochs_since_best = 0

    def begin_epoch(self, seed: int) -> None:
        """Draw random numbers from `seed`, or go on drawing where a checkpoint was saved."""
        torch.manual_seed(seed)
        if self._random is not None:
            restore_random_state(self._random, self._device)
            self._random = None
        self._network.train()

    def step(self, batch: Batch) -> None:
        """Learn from one batch.

        Raises:
            Diverged: The loss is no longer a number.
            TrainingError: Memory is short.
        """
        loss = self._gradients.of(batch)
        norm = nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._rates.step()
        if self._average is not None:
            self._average.update()
        self.batch += 1
        # Gradients without bound spoil the weights though the loss was still a number.
        self._unseen.append(loss + 0 * norm)
        if self._device.type == "cpu" or len(self._unseen) >= _LOOK_EVERY:
            self._look_at_losses()

    def end_epoch(
        self, validate: Callable[[nn.Module], float] | None
    ) -> tuple[float, float | None]:
        """Judge the weights, and stand before the next epoch.

        Returns:
            The mean loss over the epoch's batches, and what `validate` gave.
        """
        self._look_at_losses()
        loss = math.fsum(self._losses) / len(self._losses)
        score = None
        if validate is not None:
            with nullcontext() if self._average is None else self._average.in_place():
                score = validate(self._network)
                self._note(score)
        self.epoch += 1
        self.batch = 0
        self._losses = []
        return loss, score

    def has_lost_patience(self, patience: int) -> bool:
        """Whether `patience` epochs in a row were not better than the best; 0 waits for ever."""
        return 0 < patience <= self._epochs_since_best

    def settle(self) -> None:
        """Leave the network with the best weights, else the averaged ones, else the last."""
        self._look_at_losses()
        if self._best is not None:
            self._network.load_state_dict(self._best["network"])
        elif self._average is not None:
            self._average.exchange()

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes.

        Raises:
            Diverged: The loss is no longer a number, so that nothing here is worth keeping.
        """
        self._look_at_losses()
        return {
            "epoch": self.epoch,
            "batch": self.batch,
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self._rates.last_epoch,
            "average": None if self._average is None else self._average.state_dict(),
            "random": random_state(self._device) if self.batch else None,
            "losses": self._losses,
            "parts": self._gradients.parts,
            "best": self._best,
            "epochs_since_best": self._epochs_since_best,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state of the same training."""
        self.epoch, self.batch = int(state["epoch"]), int(state["batch"])
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._rates.load_state_dict({**self._rates.state_dict(), "last_epoch": state["step"]})
        if self._average is not None:
            self._average.load_state_dict(state["average"])
        self._random = state["random"]
        self._losses = list(state["losses"])
        self._gradients.parts = int(state["parts"])
        self._best = state["best"]
        self._epochs_since_best = int(state["epochs_since_best"])

    def _note(self, score: float) -> None:
        if self._best is not None and not score > self._best["score"]:
            self._epochs_since_best += 1
            return
        weights = self._network.state_dict()
        kept = {name: value.detach().cpu().clone() for name, value in weights.items()}
        self._best = {"score": score, "network": kept}
        self._epochs_since_best = 0

    def _look_at_losses(self) -> None:
        if not self._unseen:
            return
        losses = torch.stack(self._unseen).tolist()
        self._unseen = []
        if not all(map(math.isfinite, losses)):
            raise Diverged(
                "The training diverged: its loss is no longer a number.",
                "Lower the learning rates, and begin a new training with them.",
            )
        self._losses += losses
