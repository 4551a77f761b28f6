"""Binary relevance: one network for each label, together as one.

Source: Huang et al. 2022 (ROCLING), the binary-relevance teacher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn

from trainer.learning.batching import Example


class BinaryRelevance(nn.Module):
    """Networks of one label each, side by side; it obeys the forward contract of `networks`."""

    def __init__(self, of_labels: Sequence[nn.Module]) -> None:
        """Take one network per label, in column order."""
        super().__init__()
        self.of_labels = nn.ModuleList(of_labels)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Put the networks' columns beside each other."""
        outputs = [network(input_ids, attention_mask) for network in self.of_labels]
        logits, token_logits = zip(*outputs, strict=True)
        return torch.cat(logits, dim=-1), torch.cat(token_logits, dim=-1)


def of_one_label(examples: Sequence[Example], column: int) -> list[Example]:
    """The same texts with one label alone, the one in `column`.

    Raises:
        ValueError: A text carries soft targets; binary networks learn from hard labels.
    """
    own = slice(column, column + 1)
    narrowed: list[Example] = []
    for example in examples:
        if example.soft is not None:
            raise ValueError("binary networks learn from hard labels")
        text, sentences = example.text_targets, example.sentence_targets
        narrowed.append(
            replace(
                example,
                text_targets=None if text is None else text[own],
                sentence_targets=None if sentences is None else sentences[:, own],
            )
        )
    return narrowed
