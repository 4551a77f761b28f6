"""The epoch loop learns, stops, goes on where it was, and slows down towards the embeddings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from torch import nn

from kdh_desktop.core.errors import Cancelled, TrainingError
from kdh_desktop.core.training_config import Augmentation, Schedule
from tests.trainer.conftest import CancelledAfter, learning
from trainer.corpus import LabelledText, target_matrix
from trainer.judging.metrics import micro_f1
from trainer.learning.batching import Batch, Batches, Encoder
from trainer.learning.checkpoint import Checkpoint, load_state, save_state
from trainer.learning.forward import means_by_product
from trainer.learning.network_scores import score
from trainer.learning.objectives import hard_objective
from trainer.learning.training_loop import (
    EpochOutcome,
    LoopHooks,
    Objective,
    Validate,
    sentence_means,
    train,
)
from trainer.networks.transformer import TransformerNetwork
from trainer.process.control import RunControl

NewNetwork = Callable[[], TransformerNetwork]
OBJECTIVE = hard_objective(sentence_loss=3.0)
VARIED = Augmentation(sentence_dropout=0.2, tokenised_share=0.2)


@dataclass
class Log:
    """What the loop told, and when it shall stop."""

    stop_after: int = 10**9
    batches: list[tuple[int, int, int]] = field(default_factory=list)
    epochs: list[EpochOutcome] = field(default_factory=list)
    checkpoints: list[tuple[int, int]] = field(default_factory=list)
    divisions: list[int] = field(default_factory=list)
    control: RunControl = field(init=False)

    def __post_init__(self) -> None:
        self.control = CancelledAfter(self.stop_after)

    @property
    def hooks(self) -> LoopHooks:
        return LoopHooks(
            lambda *batch: self.batches.append(batch),
            self.epochs.append,
            self.control,
            lambda *where: self.checkpoints.append(where),
            self.divisions.append,
        )


@pytest.fixture
def batches(encoder: Encoder, tiny_texts: list[LabelledText]) -> Batches:
    return batches_of(encoder, tiny_texts[:12])


def batches_of(encoder: Encoder, texts: Sequence[LabelledText], *, size: int = 4) -> Batches:
    return Batches(
        encoder.examples(texts), piece_ids=encoder.piece_ids, max_tokens=128, batch_size=size
    )


def run(
    network: nn.Module,
    batches: Batches,
    *,
    epochs: int = 4,
    seed: int = 7,
    log: Log | None = None,
    checkpoint: Checkpoint | None = None,
    schedule: Schedule | None = None,
    objective: Objective = OBJECTIVE,
    validate: Validate | None = None,
) -> None:
    train(
        network,
        batches,
        objective=objective,
        schedule=schedule or Schedule(epochs, 2e-3, batch_size=4),
        augmentation=VARIED,
        seed=seed,
        hooks=(log or Log()).hooks,
        checkpoint=checkpoint,
        validate=validate,
    )


def is_same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_it_learns_a_tiny_corpus_by_heart(
    new_network: NewNetwork, encoder: Encoder, tiny_texts: list[LabelledText]
) -> None:
    network, texts, log = new_network(), tiny_texts[:30], Log()
    train(
        network,
        batches_of(encoder, texts, size=2),
        objective=OBJECTIVE,
        schedule=learning(epochs=16),
        augmentation=Augmentation(),
        seed=7,
        hooks=log.hooks,
    )
    assert log.epochs[-1].loss < log.epochs[0].loss / 4
    logits = score(network, batches_of(encoder, texts)).decision_logits(0.5)
    assert micro_f1(logits > 0, target_matrix(texts)) > 0.95


def test_it_tells_of_every_batch_and_epoch(new_network: NewNetwork, batches: Batches) -> None:
    log = Log()
    run(new_network(), batches, epochs=2, log=log)
    assert log.batches == [(epoch, batch, 3) for epoch in (1, 2) for batch in (1, 2, 3)]
    assert [(one.epoch, one.epochs) for one in log.epochs] == [(1, 2), (2, 2)]
    assert all(math.isfinite(one.loss) for one in log.epochs)


def test_the_same_seed_trains_the_same_weights(new_network: NewNetwork, batches: Batches) -> None:
    first, again, other = new_network(), new_network(), new_network()
    run(first, batches, epochs=2)
    run(again, batches, epochs=2)
    run(other, batches, epochs=2, seed=8)
    assert is_same(first, again)
    assert not is_same(first, other)


@pytest.mark.parametrize("stop_after", [3, 7, 11])
def test_a_stopped_training_goes_on_to_the_same_weights(
    new_network: NewNetwork, batches: Batches, tmp_path: Path, stop_after: int
) -> None:
    unbroken, stopped, resumed = new_network(), new_network(), new_network()
    whole, before, after = Log(), Log(stop_after=stop_after), Log()
    checkpoint = Checkpoint(tmp_path / "stage.checkpoint")
    run(unbroken, batches, log=whole)
    with pytest.raises(Cancelled):
        run(stopped, batches, log=before, checkpoint=checkpoint)
    torch.manual_seed(99)
    run(resumed, batches, log=after, checkpoint=checkpoint)
    assert is_same(unbroken, resumed)
    assert [*before.epochs, *after.epochs] == whole.epochs
    assert [*before.batches, *after.batches] == whole.batches


def test_a_training_that_was_over_is_not_trained_on(
    new_network: NewNetwork, batches: Batches, tmp_path: Path
) -> None:
    checkpoint = Checkpoint(tmp_path / "stage.checkpoint")
    first, second, log = new_network(), new_network(), Log()
    run(first, batches, epochs=2, checkpoint=checkpoint)
    run(second, batches, epochs=2, checkpoint=checkpoint, log=log)
    assert is_same(first, second)
    assert (log.batches, log.epochs, log.checkpoints) == ([], [], [])


def test_cancel_leaves_the_last_batch_that_was_learnt_from(
    new_network: NewNetwork, batches: Batches, tmp_path: Path
) -> None:
    path = tmp_path / "stage.checkpoint"
    with pytest.raises(Cancelled):
        run(new_network(), batches, log=Log(stop_after=0), checkpoint=Checkpoint(path))
    assert load_state(path) is None
    with pytest.raises(Cancelled):
        run(new_network(), batches, log=Log(stop_after=5), checkpoint=Checkpoint(path))
    state = load_state(path)
    assert state is not None
    assert (state["epoch"], state["batch"]) == (1, 2)
    new_network().load_state_dict(state["network"])


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "garbage"])
@pytest.mark.parametrize(
    ("damaged_files", "first"), [(0, (2, 3, 3)), (1, (2, 2, 3)), (2, (1, 1, 3))]
)
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    new_network: NewNetwork,
    batches: Batches,
    tmp_path: Path,
    damage: str,
    damaged_files: int,
    first: tuple[int, int, int],
) -> None:
    path = tmp_path / "stage.checkpoint"
    with pytest.raises(Cancelled):
        run(new_network(), batches, log=Log(stop_after=5), checkpoint=Checkpoint(path))
    for file in [path, path.with_name(path.name + ".older")][:damaged_files]:
        file.write_bytes(damaged(file.read_bytes(), damage))
    unbroken, resumed, log = new_network(), new_network(), Log()
    run(unbroken, batches, epochs=4)
    run(resumed, batches, epochs=4, log=log, checkpoint=Checkpoint(path))
    assert log.batches[0] == first
    assert is_same(unbroken, resumed)


def damaged(data: bytes, damage: str) -> bytes:
    half = len(data) // 2
    if damage == "cut":
        return data[:half]
    if damage == "flipped":
        return data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :]
    return {"empty": b"", "garbage": b"\x80\x04K\x01." * 100}[damage]


def test_a_damaged_checkpoint_does_not_push_out_the_whole_one(
    new_network: NewNetwork, batches: Batches, tmp_path: Path
) -> None:
    path = tmp_path / "stage.checkpoint"
    with pytest.raises(Cancelled):
        run(new_network(), batches, log=Log(stop_after=5), checkpoint=Checkpoint(path))
    path.write_bytes(b"damaged")
    with pytest.raises(Cancelled):
        run(new_network(), batches, log=Log(stop_after=1), checkpoint=Checkpoint(path))
    states = [load_state(file) for file in (path, path.with_name(path.name + ".older"))]
    assert [state and state["batch"] for state in states] == [2, 1]


def test_a_checkpoint_is_removed_with_all_that_a_kill_left(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "stage.checkpoint")
    for _ in range(2):
        checkpoint.save({"epochs": 2})
    for ending in (".new", ".new.part"):
        (tmp_path / f"stage.checkpoint{ending}").write_bytes(b"half")
    checkpoint.remove()
    assert not list(tmp_path.iterdir())


def test_a_state_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "a.state"
    save_state(path, {"weights": torch.arange(3), "epochs": 2})
    state = load_state(path)
    assert state is not None
    assert state["epochs"] == 2
    assert torch.equal(state["weights"], torch.arange(3))
    assert [file.name for file in path.parent.iterdir()] == ["a.state"]


def test_a_loss_that_is_no_number_ends_the_training_in_words(
    new_network: NewNetwork, batches: Batches, tmp_path: Path
) -> None:
    checkpoint = Checkpoint(tmp_path / "stage.checkpoint")
    network, log = new_network(), Log()
    nn.init.constant_(network.text_bias, math.nan)
    with pytest.raises(TrainingError, match="diverged") as told:
        run(network, batches, log=log, checkpoint=checkpoint)
    assert "folder" not in told.value.remedy, "the window has no such choice"
    assert (log.batches, log.epochs, log.checkpoints) == ([], [], [])
    assert not list(tmp_path.iterdir())


def moved_by_one_step(network: nn.Module, batches: Batches, schedule: Schedule) -> dict[str, float]:
    """Largest change of each parameter in the first step; AdamW's is the learning rate."""
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    with pytest.raises(Cancelled):
        train(
            network,
            batches,
            objective=OBJECTIVE,
            schedule=schedule,
            augmentation=Augmentation(),
            seed=7,
            hooks=Log(stop_after=1).hooks,
        )
    return {
        name: float((value.detach() - before[name]).abs().max())
        for name, value in network.named_parameters()
    }


def test_rates_fall_layer_by_layer_towards_the_embeddings(
    new_network: NewNetwork, batches: Batches
) -> None:
    schedule = Schedule(
        1, 1e-3, batch_size=4, head_factor=4.0, layer_decay=0.5, warmup=0.0, weight_decay=0.0
    )
    moved = moved_by_one_step(new_network(), batches, schedule)
    heads = {"attention.weight", "text_weight", "text_bias", "token.weight", "token.bias"}
    for name in heads:
        assert moved[name] == pytest.approx(4e-3, rel=0.01), name
    top, below = "encoder.encoder.layer.1.", "encoder.encoder.layer.0."
    dense = "intermediate.dense.weight"
    assert moved[top + dense] == pytest.approx(1e-3, rel=0.01)
    assert moved[below + dense] == pytest.approx(5e-4, rel=0.01)
    word_pieces = "encoder.embeddings.word_embeddings.weight"
    assert moved[word_pieces] == pytest.approx(2.5e-4, rel=0.01)


def test_the_rate_rises_at_first(new_network: NewNetwork, batches: Batches) -> None:
    """Four epochs of three batches, half of them rising: the first step has a sixth of the peak."""
    schedule = Schedule(
        4, 6e-3, batch_size=4, head_factor=1.0, layer_decay=1.0, warmup=0.5, weight_decay=0.0
    )
    moved = moved_by_one_step(new_network(), batches, schedule)
    assert moved["token.weight"] == pytest.approx(1e-3, rel=0.01)


def test_weights_decay_on_matrices_only(new_network: NewNetwork, batches: Batches) -> None:
    schedule = Schedule(
        1, 1e-3, batch_size=4, head_factor=1.0, layer_decay=1.0, warmup=0.0, weight_decay=100.0
    )
    network = new_network()
    nn.init.constant_(network.attention.weight, 1.0)
    nn.init.constant_(network.token.bias, 1.0)
    moved = moved_by_one_step(network, batches, schedule)
    assert moved["attention.weight"] == pytest.approx(0.1, abs=2e-3)
    assert moved["token.bias"] == pytest.approx(1e-3, rel=0.01)


def test_a_sentence_logit_is_the_mean_over_its_tokens(batches: Batches) -> None:
    _, batch = next(batches.by_length())
    token_logits = torch.randn(*batch.input_ids.shape, 3)
    means = sentence_means(token_logits, batch)
    for sentence, row in enumerate(batch.text_of_sentence.tolist()):
        inside = batch.sentence_of_token[row] == sentence
        torch.testing.assert_close(means[sentence], token_logits[row][inside].mean(dim=0))


def test_both_ways_to_the_mean_over_tokens_agree(batches: Batches) -> None:
    _, batch = next(batches.by_length())
    token_logits = torch.randn(*batch.input_ids.shape, 3)
    by_product = means_by_product(
        token_logits.flatten(0, 1),
        batch.sentence_of_token.flatten(),
        len(batch.text_of_sentence),
    )
    torch.testing.assert_close(by_product, sentence_means(token_logits, batch))


def test_an_objective_sees_texts_and_sentences_of_its_batch(
    new_network: NewNetwork, batches: Batches
) -> None:
    seen: list[tuple[torch.Size, torch.Size, Batch]] = []

    def note(logits: torch.Tensor, sentences: torch.Tensor, batch: Batch) -> torch.Tensor:
        seen.append((logits.shape, sentences.shape, batch))
        return OBJECTIVE(logits, sentences, batch)

    train(
        new_network(),
        batches,
        objective=note,
        schedule=Schedule(1, 1e-3),
        augmentation=Augmentation(),
        seed=7,
        hooks=Log().hooks,
    )
    for logits, sentences, batch in seen:
        assert logits == (len(batch.input_ids), 10)
        assert sentences == (len(batch.text_of_sentence), 10)
