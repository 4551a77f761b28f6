"""A network for each label is, together, a network for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from trainer.corpus import LabelledText
from trainer.learning.batching import Encoder, Example, SoftTargets
from trainer.networks.binary_relevance import BinaryRelevance, of_one_label


class _Constant(nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        batch, tokens = input_ids.shape
        return torch.full((batch, 1), self.value), torch.full((batch, tokens, 1), -self.value)


@pytest.fixture
def examples(tiny_texts: list[LabelledText], encoder: Encoder) -> list[Example]:
    return encoder.examples(tiny_texts[:4])


def test_columns_stand_in_the_order_of_the_networks() -> None:
    network = BinaryRelevance([_Constant(1.0), _Constant(2.0), _Constant(3.0)])
    ids = torch.ones(2, 5, dtype=torch.int64)
    logits, token_logits = network(ids, torch.ones_like(ids))
    assert logits.tolist() == [[1.0, 2.0, 3.0]] * 2
    assert token_logits.shape == (2, 5, 3)
    assert token_logits[1, 4].tolist() == [-1.0, -2.0, -3.0]


def test_one_label_is_left_of_texts_and_sentences(examples: list[Example]) -> None:
    for column in (0, 9):
        for whole, one in zip(examples, of_one_label(examples, column), strict=True):
            assert whole.text_targets is not None
            assert whole.sentence_targets is not None
            assert one.pieces == whole.pieces
            np.testing.assert_array_equal(one.text_targets, whole.text_targets[[column]])
            np.testing.assert_array_equal(one.sentence_targets, whole.sentence_targets[:, [column]])


def test_texts_labelled_as_a_whole_stay_so(examples: list[Example]) -> None:
    bare = [replace(example, sentence_targets=None) for example in examples]
    assert all(one.sentence_targets is None for one in of_one_label(bare, 3))


def test_soft_targets_are_not_for_binary_networks(examples: list[Example]) -> None:
    zeros = np.zeros((len(examples[0].pieces), 10), np.float32)
    taught = replace(examples[0], soft=SoftTargets(zeros[0], zeros))
    with pytest.raises(ValueError, match="hard labels"):
        of_one_label([taught], 0)
