"""The gradients of one batch, in as many parts as memory allows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch
from torch import nn

from kdh_desktop.core.errors import TrainingError
from trainer.learning.batching import Batch
from trainer.learning.forward import forward, placed
from trainer.process.device import give_memory_back, random_state, restore_random_state
from trainer.process.memory import is_memory_short

Objective = Callable[[torch.Tensor, torch.Tensor, Batch], torch.Tensor]
"""From text logits (batch, labels), sentence logits (sentences, labels) and the batch to a loss."""

MOST_PARTS = 8
"""A batch is halved three times, and no more."""


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
        self._tell_division = tell_division
        self._device = next(network.parameters()).device
        self.parts = 1

    def of(self, batch: Batch) -> torch.Tensor:
        """Fill the gradients of one batch, and give its loss, a scalar on the device.

        An attempt that memory was too short for leaves no trace, be it in gradients or in random
        numbers.

        Raises:
            TrainingError: Memory is short even for an eighth of the batch.
        """
        while True:
            before = random_state(self._device)
            loss = self._tried(batch)
            if loss is not None:
                return loss
            self._network.zero_grad(set_to_none=True)
            give_memory_back(self._device)
            restore_random_state(before, self._device)
            self._divide(len(batch.input_ids))

    def _tried(self, batch: Batch) -> torch.Tensor | None:
        try:
            return self._accumulated(batch)
        except (MemoryError, RuntimeError) as error:
            if not is_memory_short(error):
                raise
        return None

    def _divide(self, texts: int) -> None:
        if self.parts >= min(MOST_PARTS, texts):
            raise TrainingError(
                "Memory is too short for this network, even with batches cut into "
                f"{self.parts} parts.",
                "Lower max_tokens, choose a smaller network, or compute on another device.",
            )
        self.parts *= 2
        self._tell_division(self.parts)

    def _accumulated(self, batch: Batch) -> torch.Tensor:
        """Each part counts by its share of the texts, so that the step is that of the batch."""
        texts = len(batch.input_ids)
        if self.parts == 1:
            return self._backward(batch, share=1.0)
        losses: list[torch.Tensor] = []
        size = -(-texts // self.parts)
        for first in range(0, texts, size):
            part = part_of(batch, first, min(first + size, texts))
            losses.append(self._backward(part, share=len(part.input_ids) / texts))
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


def part_of(batch: Batch, first: int, last: int) -> Batch:
    """The texts of a batch from `first` up to but not with `last`, as if batched by themselves.

    The batch must lie on the CPU, its sentences in the order of its texts.
    """
    owners = batch.text_of_sentence
    inside = (owners >= first) & (owners < last)
    before = int((owners < first).sum())
    width = int(batch.attention_mask[first:last].sum(dim=1).max())
    tokens = batch.sentence_of_token[first:last, :width]

    def rows(values: torch.Tensor | None) -> torch.Tensor | None:
        return None if values is None else values[first:last]

    def sentences(values: torch.Tensor | None) -> torch.Tensor | None:
        return None if values is None else values[inside]

    knows, sentence_targets = rows(batch.is_text_with_sentences), sentences(batch.sentence_targets)
    # A mixed batch may fall into parts that are not: a mean over no text would be no number.
    if knows is not None and not knows.any():
        knows = sentence_targets = None
    elif knows is not None and knows.all():
        knows = None
    return dataclasses.replace(
        batch,
        input_ids=batch.input_ids[first:last, :width],
        attention_mask=batch.attention_mask[first:last, :width],
        sentence_of_token=torch.where(tokens >= 0, tokens - before, tokens),
        text_of_sentence=owners[inside] - first,
        text_targets=rows(batch.text_targets),
        sentence_targets=sentence_targets,
        soft_text_logits=rows(batch.soft_text_logits),
        soft_sentence_logits=sentences(batch.soft_sentence_logits),
        is_text_with_sentences=knows,
    )
