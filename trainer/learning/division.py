"""Batches in as many parts as memory allows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from kdh_desktop.core.errors import TrainingError
from trainer.learning.batching import Batch
from trainer.process.device import give_memory_back, random_state, restore_random_state
from trainer.process.memory import is_memory_short

MOST_PARTS = 8
"""A batch is halved three times, and no more."""

_T = TypeVar("_T")


class Division:
    """Lets batches go through in parts, twice as many whenever memory is short.

    Attributes:
        parts: In how many they go through now.
    """

    def __init__(
        self,
        device: torch.device,
        *,
        forget: Callable[[], None] = lambda: None,
        tell: Callable[[int], None] = lambda _parts: None,
    ) -> None:
        """Begin with whole batches.

        Args:
            device: Computes them.
            forget: Throws away what an attempt that failed has left, such as gradients.
            tell: Takes the number of parts when batches are halved.
        """
        self.parts = 1
        self._device = device
        self._forget = forget
        self._tell = tell

    def attempt(self, rows: int, work: Callable[[int], _T]) -> _T:
        """Do some work on a batch, again in smaller parts as long as memory is too short for it.

        An attempt that failed so leaves no trace, be it in gradients or in random numbers.

        Args:
            rows: How many the batch has.
            work: Takes the number of rows in a part.

        Raises:
            TrainingError: Memory is short even for an eighth of the batch.
        """
        while True:
            before = random_state(self._device)
            try:
                return work(-(-rows // self.parts))
            except (MemoryError, RuntimeError) as error:
                if not is_memory_short(error):
                    raise
            # Not before the error is gone, which holds on to all that was computed.
            self._forget()
            give_memory_back(self._device)
            restore_random_state(before, self._device)
            self._divide(rows)

    def _divide(self, rows: int) -> None:
        if self.parts >= min(MOST_PARTS, rows):
            raise TrainingError(
                "Memory is too short for this network, even with batches cut into "
                f"{self.parts} parts.",
                "Choose shorter pieces of text or a smaller network, or compute on another device.",
            )
        self.parts *= 2
        self._tell(self.parts)


def parts_of(batch: Batch, size: int) -> Iterator[Batch]:
    """The texts of a batch, `size` at a time; the batch must be as `part_of` needs it."""
    texts = len(batch.input_ids)
    if size >= texts:
        yield batch
        return
    for first in range(0, texts, size):
        yield part_of(batch, first, min(first + size, texts))


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
