"""The moving average of a network's weights, which often judges better than the last ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class WeightAverage:
    """Exponential moving average of the weights, not drawn towards where they began.

    After t steps the weights of step s count as decay^(t-s), and all counts add up to one.

    Source: Polyak and Juditsky 1992; bias correction after Kingma and Ba 2015, section 3.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        """Begin with nothing averaged; `decay` lies in 0..1."""
        self._parameters = [x for x in network.parameters() if x.requires_grad]
        self._means = [parameter.detach().clone() for parameter in self._parameters]
        self._decay = decay
        self._steps = 0

    def update(self) -> None:
        """Take in the weights after one step."""
        self._steps += 1
        share = (1 - self._decay) / (1 - self._decay**self._steps)
        take_in = get_ema_multi_avg_fn(1 - share)  # type: ignore[no-untyped-call]
        take_in(self._means, self._parameters, None)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the network have the averaged weights for a while."""
        self.exchange()
        try:
            yield
        finally:
            self.exchange()

    def exchange(self) -> None:
        """Give the network the averaged weights, and keep its own; a second time, back again."""
        for index, parameter in enumerate(self._parameters):
            self._means[index], parameter.data = parameter.data, self._means[index]

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        return {"steps": self._steps, "means": self._means}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved average of the same network."""
        self._steps = int(state["steps"])
        with torch.no_grad():
            for mean, saved in zip(self._means, state["means"], strict=True):
                mean.copy_(saved)
