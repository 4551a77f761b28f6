"""When memory is short a batch goes through in parts, and nothing else changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.training_config import Augmentation, Schedule
from trainer.corpus import LabelledText
from trainer.learning.batching import Batch, Batches, Encoder
from trainer.learning.division import part_of
from trainer.learning.gradients import Gradients, Objective, disagreement
from trainer.learning.objectives import hard_objective
from trainer.learning.training_loop import LoopHooks, train
from trainer.networks.transformer import TransformerNetwork
from trainer.process.control import RunControl
from trainer.process.memory import is_memory_short

NewNetwork = Callable[[], TransformerNetwork]
TEXTS_ALONE = hard_objective(sentence_loss=0.0)
ON_A_CARD = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
IN_A_LIBRARY = RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")
ON_A_PROCESSOR = RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 12 bytes")


@dataclass
class ShortMemory:
    """An objective for which memory suffices for so many texts at once."""

    texts: int
    error: Exception = ON_A_CARD
    whole: Objective = TEXTS_ALONE
    seen: list[int] = field(default_factory=list)

    def __call__(
        self, logits: torch.Tensor, sentence_logits: torch.Tensor, batch: Batch
    ) -> torch.Tensor:
        if len(logits) > self.texts:
            raise self.error
        self.seen.append(len(logits))
        return self.whole(logits, sentence_logits, batch)


@pytest.fixture
def batches(encoder: Encoder, tiny_texts: list[LabelledText]) -> Batches:
    examples = encoder.examples(tiny_texts[:20])
    return Batches(examples, piece_ids=encoder.piece_ids, max_tokens=128, batch_size=8)


@pytest.fixture
def batch(batches: Batches) -> Batch:
    return next(batches.epoch(rng=np.random.default_rng(1), augmentation=Augmentation()))


def gradients_of(
    network: TransformerNetwork, batch: Batch, objective: Objective, told: list[int]
) -> tuple[float, dict[str, torch.Tensor]]:
    gradients = Gradients(network, objective, r_drop=0.0, tell_division=told.append)
    loss = float(gradients.of(batch))
    return loss, {n: p.grad for n, p in network.named_parameters() if p.grad is not None}


def without_dropout(network: TransformerNetwork) -> TransformerNetwork:
    return network.eval()


@pytest.mark.parametrize("error", [ON_A_CARD, ON_A_PROCESSOR, IN_A_LIBRARY, MemoryError()])
@pytest.mark.parametrize(
    ("texts", "told", "seen"), [(8, [], [8]), (4, [2], [4, 4]), (1, [2, 4, 8], [1] * 8)]
)
def test_parts_add_up_to_the_gradients_of_the_batch(
    new_network: NewNetwork,
    batch: Batch,
    error: Exception,
    texts: int,
    told: list[int],
    seen: list[int],
) -> None:
    expected = gradients_of(without_dropout(new_network()), batch, TEXTS_ALONE, [])
    objective, found_told = ShortMemory(texts, error), list[int]()
    loss, found = gradients_of(without_dropout(new_network()), batch, objective, found_told)
    assert (found_told, objective.seen) == (told, seen)
    assert loss == pytest.approx(expected[0], rel=0.01)
    assert found.keys() == expected[1].keys()
    for name, gradient in found.items():
        size = float(expected[1][name].abs().max())
        torch.testing.assert_close(gradient, expected[1][name], atol=0.02 * size + 1e-6, rtol=0)


def test_an_attempt_that_failed_leaves_no_trace_in_the_random_numbers(
    new_network: NewNetwork, batch: Batch
) -> None:
    network, told = new_network(), list[int]()
    torch.manual_seed(4)
    short = gradients_of(network, batch, ShortMemory(4), told)
    network.zero_grad()
    gradients = Gradients(network, TEXTS_ALONE, r_drop=0.0, tell_division=told.append)
    gradients.parts = 2
    torch.manual_seed(4)
    assert float(gradients.of(batch)) == short[0]
    assert told == [2]


def test_memory_that_is_short_for_an_eighth_is_told_in_words(
    new_network: NewNetwork, batch: Batch
) -> None:
    told: list[int] = []
    with pytest.raises(TrainingError, match="cut into 8 parts"):
        gradients_of(new_network(), batch, ShortMemory(0), told)
    assert told == [2, 4, 8]


def test_one_text_cannot_be_divided(new_network: NewNetwork, batch: Batch) -> None:
    with pytest.raises(TrainingError, match="Memory is too short"):
        gradients_of(new_network(), part_of(batch, 0, 1), ShortMemory(0), [])


def test_other_errors_are_not_taken_for_short_memory(new_network: NewNetwork, batch: Batch) -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        gradients_of(new_network(), batch, ShortMemory(0, RuntimeError("a bug")), [])
    assert not is_memory_short(RuntimeError("a bug"))


def test_no_step_is_lost_or_doubled(new_network: NewNetwork, batches: Batches) -> None:
    told: list[int] = []
    steps: list[tuple[int, int]] = []
    objective = ShortMemory(4)
    train(
        new_network(),
        batches,
        objective=objective,
        schedule=Schedule(2, 1e-3, batch_size=8),
        augmentation=Augmentation(),
        seed=1,
        hooks=LoopHooks(
            lambda epoch, batch, _: steps.append((epoch, batch)),
            lambda _: None,
            RunControl(),
            on_division=told.append,
        ),
    )
    assert steps == [(epoch, batch) for epoch in (1, 2) for batch in (1, 2, 3)]
    assert told == [2]
    assert sum(objective.seen) == 2 * 20


def test_parts_hold_everything_that_a_batch_holds(batch: Batch) -> None:
    texts = len(batch.input_ids)
    parts = [part_of(batch, at, at + 3) for at in range(0, texts, 3)]
    for name in (one.name for one in dataclasses.fields(Batch)):
        whole = getattr(batch, name)
        if whole is None or name in {"input_ids", "attention_mask", "sentence_of_token"}:
            continue
        pieces = [getattr(part, name) for part in parts]
        if name == "text_of_sentence":
            pieces = [piece + 3 * number for number, piece in enumerate(pieces)]
        assert torch.equal(torch.cat(pieces), whole), name
    for number, part in enumerate(parts):
        rows = slice(3 * number, 3 * number + 3)
        width = part.input_ids.shape[1]
        assert torch.equal(part.input_ids, batch.input_ids[rows, :width])
        assert int(batch.attention_mask[rows, width:].sum()) == 0
        inside = part.sentence_of_token >= 0
        assert torch.equal(inside, batch.sentence_of_token[rows, :width] >= 0)
        owners = part.text_of_sentence[part.sentence_of_token.clamp(min=0)]
        assert torch.equal(owners[inside], inside.nonzero()[:, 0])


def test_a_mixed_batch_may_be_halved_into_parts_that_are_not(
    new_network: NewNetwork, batch: Batch
) -> None:
    """In one half all texts know their sentences' labels, in the other one none does."""
    knows = torch.arange(8) < 4
    targets = batch.sentence_targets
    assert targets is not None
    mixed = dataclasses.replace(
        batch,
        is_text_with_sentences=knows,
        sentence_targets=targets * knows[batch.text_of_sentence, None],
    )
    known, unknown = part_of(mixed, 0, 4), part_of(mixed, 4, 8)
    assert known.is_text_with_sentences is unknown.is_text_with_sentences is None
    assert known.sentence_targets is not None
    assert unknown.sentence_targets is None
    whole = hard_objective(sentence_loss=1.0)
    network = without_dropout(new_network())
    expected = [gradients_of(network, part, whole, [])[0] for part in (known, unknown)]
    loss, found = gradients_of(
        without_dropout(new_network()), mixed, ShortMemory(4, whole=whole), []
    )
    assert loss == pytest.approx(sum(expected) / 2, rel=1e-5)
    assert all(bool(gradient.isfinite().all()) for gradient in found.values())


def test_disagreement_is_the_mean_of_both_divergences() -> None:
    one, other = torch.randn(4, 3), torch.randn(4, 3)
    first, second = (torch.distributions.Bernoulli(logits=x) for x in (one, other))
    there = torch.distributions.kl_divergence(first, second)
    back = torch.distributions.kl_divergence(second, first)
    torch.testing.assert_close(disagreement(one, other), ((there + back) / 2).mean())
