"""What a network says of texts: in their order, for every sentence, and saved whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from kdh_desktop.core.errors import TrainingError
from trainer.corpus import LabelledText
from trainer.learning.batching import Batch, Batches, Encoder
from trainer.learning.forward import forward
from trainer.learning.network_scores import score
from trainer.networks.transformer import TransformerNetwork

NewNetwork = Callable[[], TransformerNetwork]


def batches_of(encoder: Encoder, texts: Sequence[LabelledText]) -> Batches:
    return Batches(
        encoder.examples(texts), piece_ids=encoder.piece_ids, max_tokens=128, batch_size=4
    )


@pytest.fixture
def batches(encoder: Encoder, tiny_texts: list[LabelledText]) -> Batches:
    return batches_of(encoder, tiny_texts[:12])


def test_scores_come_in_the_order_of_the_texts(
    new_network: NewNetwork, encoder: Encoder, tiny_texts: list[LabelledText]
) -> None:
    network, texts = new_network(), tiny_texts[:9]
    together = score(network, batches_of(encoder, texts), is_exact=True)
    alone = [score(network, batches_of(encoder, [text]), is_exact=True) for text in texts]
    np.testing.assert_allclose(
        together.text_logits, np.concatenate([one.text_logits for one in alone]), atol=1e-5
    )
    np.testing.assert_allclose(
        together.sentence_logits, np.concatenate([one.sentence_logits for one in alone]), atol=1e-5
    )
    assert together.sentences.tolist() == [len(text.sentences) for text in texts]


def test_a_sentence_beyond_the_window_has_the_logits_of_its_text(
    new_network: NewNetwork, encoder: Encoder, tiny_texts: list[LabelledText]
) -> None:
    examples = encoder.examples(tiny_texts[:5])
    room = 2 + max(len(example.pieces[0]) for example in examples)
    cut = Batches(examples, piece_ids=encoder.piece_ids, max_tokens=room, batch_size=4)
    found = score(new_network(), cut)
    for logits, sentences in zip(found.text_logits, found.of_sentences(), strict=True):
        np.testing.assert_array_equal(sentences[-1], logits)


def test_when_memory_is_short_texts_are_scored_in_smaller_batches(
    new_network: NewNetwork, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, seen = new_network(), list[int]()
    whole = score(network, batches, is_exact=True)
    fits = 1

    def in_short_memory(
        network: nn.Module, batch: Batch, device: torch.device, *, is_exact: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        seen.append(len(batch.input_ids))
        if seen[-1] > fits:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return forward(network, batch, device, is_exact=is_exact)

    monkeypatch.setattr("trainer.learning.network_scores.forward", in_short_memory)
    found = score(network, batches, is_exact=True)
    assert seen == [4, 2, *[1] * 12]
    np.testing.assert_allclose(found.text_logits, whole.text_logits, atol=1e-5)
    np.testing.assert_allclose(found.sentence_logits, whole.sentence_logits, atol=1e-5)
    fits = 0
    with pytest.raises(TrainingError, match="cut into 4 parts"):
        score(network, batches)


def test_scores_are_saved_and_weighed(
    new_network: NewNetwork, batches: Batches, tmp_path: Path
) -> None:
    found = score(new_network(), batches)
    path = tmp_path / "scores.npz"
    found.save(path)
    again = type(found).load(path)
    np.testing.assert_array_equal(again.sentence_logits, found.sentence_logits)
    assert [file.name for file in tmp_path.iterdir()] == ["scores.npz"]
    best = np.stack([part.max(axis=0) for part in found.of_sentences()])
    np.testing.assert_array_equal(again.decision_logits(0.0), found.text_logits)
    np.testing.assert_array_equal(again.decision_logits(1.0), best)
    np.testing.assert_allclose(
        again.decision_logits(0.25), 0.75 * found.text_logits + 0.25 * best, atol=1e-6
    )


def test_the_mean_of_scores_is_that_of_each_logit(
    new_network: NewNetwork, batches: Batches
) -> None:
    found = score(new_network(), batches)
    doubled = replace(
        found, text_logits=3 * found.text_logits, sentence_logits=3 * found.sentence_logits
    )
    mean = type(found).mean([found, doubled])
    np.testing.assert_allclose(mean.text_logits, 2 * found.text_logits, rtol=1e-6)
    np.testing.assert_allclose(mean.sentence_logits, 2 * found.sentence_logits, rtol=1e-6)
