"""The gradients of one batch, in as many parts as memory allows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from trainer.learning.batching import Batch
from trainer.learning.division import Division, parts_of
from trainer.learning.forward import forward, placed

Objective = Callable[[torch.Tensor, torch.Tensor, Batch], torch.Tensor]
"""From text logits (batch, labels), sentence logits (sentences, labels) and the batch to a loss."""


class Gradients:
    """Computes the loss of batches and its gradients, and halves batches when memory is short."""

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        *,
        r_drop: float,
        tell_division: Callable[[int], None],
    ) -> None:
        """Take what is computed.

        Args:
            network: Its parameters' ``grad`` is filled.
            objective: Gives the loss.
            r_drop: Weight of the distance between two passes; with 0 there is one.
            tell_division: Takes the number of parts when batches are halved.
        """
        self._network = network
        self._objective = objective
        self._r_drop = r_drop
        self._device = next(network.parameters()).device
        self._division = Division(
            self._device,
            forget=lambda: network.zero_grad(set_to_none=True),
            tell=tell_division,
        )

    @property
    def parts(self) -> int:
        """In how many parts batches go through."""
        return self._division.parts

    @parts.setter
    def parts(self, parts: int) -> None:
        self._division.parts = parts

    def of(self, batch: Batch) -> torch.Tensor:
        """Fill the gradients of one batch, and give its loss, a scalar on the device.

        Raises:
            TrainingError: Memory is short even for an eighth of the batch.
        """
        texts = len(batch.input_ids)
        return self._division.attempt(texts, lambda size: self._accumulated(batch, size))

    def _accumulated(self, batch: Batch, size: int) -> torch.Tensor:
        """Each part counts by its share of the texts, so that the step is that of the batch."""
        texts = len(batch.input_ids)
        losses = [
            self._backward(part, share=len(part.input_ids) / texts)
            for part in parts_of(batch, size)
        ]
        return torch.stack(losses).sum()

    def _backward(self, batch: Batch, *, share: float) -> torch.Tensor:
        loss = self._loss(placed(batch, self._device)) * share
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _loss(self, batch: Batch) -> torch.Tensor:
        logits, sentence_logits = forward(self._network, batch, self._device)
        loss = self._objective(logits, sentence_logits, batch)
        if self._r_drop == 0:
            return loss
        others, other_sentences = forward(self._network, batch, self._device)
        loss = (loss + self._objective(others, other_sentences, batch)) / 2
        apart = disagreement(logits, others) + disagreement(sentence_logits, other_sentences)
        return loss + self._r_drop * apart


def disagreement(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Mean over all labels of (KL(one || other) + KL(other || one)) / 2 between Bernoullis.

    With probabilities p and q of logits a and b the sum of the two is (p - q)(a - b).

    Source: R-Drop, Liang et al. 2021, equation 2, with one Bernoulli per label.
    """
    return ((torch.sigmoid(one) - torch.sigmoid(other)) * (one - other)).mean() / 2
