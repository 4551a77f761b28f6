"""How a training ends with its best: averaged, validated, patient, hurried, paused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch
from torch import nn

from kdh_desktop.core.errors import Cancelled
from kdh_desktop.core.training_config import Augmentation, Schedule
from tests.trainer.conftest import CancelledAfter
from trainer.corpus import LabelledText
from trainer.learning.batching import Batches, Encoder
from trainer.learning.checkpoint import Checkpoint
from trainer.learning.objectives import hard_objective
from trainer.learning.training_loop import EpochOutcome, LoopHooks, Objective, Validate, train
from trainer.networks.dropout import CheapDropout
from trainer.networks.transformer import TransformerNetwork
from trainer.process.control import RunControl

NewNetwork = Callable[[], TransformerNetwork]
PLAIN = Schedule(4, 2e-3, batch_size=4)
EVERYTHING = replace(
    PLAIN, epochs=6, weight_average=0.8, r_drop=0.5, validation_share=0.2, patience=2
)


@dataclass
class Course:
    """One training of the same network on the same texts, and what it told."""

    network: TransformerNetwork
    batches: Batches
    control: RunControl = field(default_factory=RunControl)
    told: list[tuple[int, int, int]] = field(default_factory=list)
    epochs: list[EpochOutcome] = field(default_factory=list)
    weights: list[dict[str, torch.Tensor]] = field(default_factory=list)
    on_batch: Callable[[], None] = lambda: None

    def train(
        self,
        schedule: Schedule,
        *,
        checkpoint: Checkpoint | None = None,
        validate: Validate | None = None,
        objective: Objective | None = None,
    ) -> None:
        def on_batch(*where: int) -> None:
            self.told.append((where[0], where[1], where[2]))
            self.weights.append(copied(self.network))
            self.on_batch()

        train(
            self.network,
            self.batches,
            objective=objective or hard_objective(sentence_loss=1.0),
            schedule=schedule,
            augmentation=Augmentation(sentence_dropout=0.2),
            seed=5,
            hooks=LoopHooks(on_batch, self.epochs.append, self.control),
            checkpoint=checkpoint,
            validate=validate,
        )


@pytest.fixture
def course(
    new_network: NewNetwork, encoder: Encoder, tiny_texts: list[LabelledText]
) -> Callable[[], Course]:
    examples = encoder.examples(tiny_texts[:12])

    def make() -> Course:
        batches = Batches(examples, piece_ids=encoder.piece_ids, max_tokens=128, batch_size=4)
        return Course(new_network(), batches)

    return make


def copied(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def is_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def scores(*values: float) -> tuple[Validate, list[dict[str, torch.Tensor]]]:
    """Scores one after the other, and the weights that were given for each."""
    left: Iterator[float] = iter(values)
    seen: list[dict[str, torch.Tensor]] = []

    def validate(network: nn.Module) -> float:
        seen.append(copied(network))
        return next(left)

    return validate, seen


def test_averaged_weights_are_the_weighted_mean_of_all_steps(
    course: Callable[[], Course],
) -> None:
    averaged = course()
    averaged.train(replace(PLAIN, weight_average=0.7))
    steps = len(averaged.weights)
    counts = [0.7 ** (steps - step) for step in range(1, steps + 1)]
    for name, value in averaged.network.named_parameters():
        expected = sum(
            count * weights[name] for count, weights in zip(counts, averaged.weights, strict=True)
        ) / sum(counts)
        torch.testing.assert_close(value.detach(), expected, atol=1e-6, rtol=1e-4)


def test_averaging_does_not_change_the_course_of_training(course: Callable[[], Course]) -> None:
    plain, averaged = course(), course()
    plain.train(PLAIN)
    averaged.train(replace(PLAIN, weight_average=0.7))
    assert is_same(plain.weights[-1], averaged.weights[-1])
    assert not is_same(copied(averaged.network), averaged.weights[-1])


def test_the_best_epoch_is_kept_and_told(course: Callable[[], Course]) -> None:
    validated = course()
    validate, seen = scores(0.2, 0.9, 0.4, 0.9)
    validated.train(replace(PLAIN, validation_share=0.2), validate=validate)
    assert [one.score for one in validated.epochs] == [0.2, 0.9, 0.4, 0.9]
    assert is_same(copied(validated.network), seen[1])
    assert not is_same(seen[1], seen[3])


def test_averaged_weights_are_those_that_are_validated_and_kept(
    course: Callable[[], Course],
) -> None:
    validated = course()
    validate, seen = scores(0.2, 0.9, 0.4, 0.1)
    schedule = replace(PLAIN, validation_share=0.2, weight_average=0.7)
    validated.train(schedule, validate=validate)
    assert is_same(copied(validated.network), seen[1])
    assert not is_same(seen[1], validated.weights[5])


def test_patience_ends_a_training_that_gets_no_better(course: Callable[[], Course]) -> None:
    patient = course()
    validate, seen = scores(0.5, 0.6, 0.6, 0.1, 0.9)
    schedule = replace(PLAIN, epochs=9, validation_share=0.2, patience=2)
    patient.train(schedule, validate=validate)
    assert [one.epoch for one in patient.epochs] == [1, 2, 3, 4]
    assert {one.epochs for one in patient.epochs} == {9}
    assert is_same(copied(patient.network), seen[1])


def test_validation_does_not_change_the_course_of_training(course: Callable[[], Course]) -> None:
    plain, validated = course(), course()

    def validate(network: nn.Module) -> float:
        network.eval()
        torch.rand(3)
        return 0.5

    plain.train(PLAIN)
    validated.train(replace(PLAIN, validation_share=0.2), validate=validate)
    assert is_same(plain.weights[-1], validated.weights[-1])


@pytest.mark.parametrize("stop_after", [1, 5, 6, 8, 11])
def test_everything_goes_on_to_the_same_weights_after_a_stop(
    course: Callable[[], Course], tmp_path: Path, stop_after: int
) -> None:
    values = (0.5, 0.6, 0.55, 0.58, 0.9, 0.9)
    unbroken, stopped, resumed = course(), course(), course()
    unbroken.train(EVERYTHING, validate=scores(*values)[0])
    stopped.control = CancelledAfter(stop_after)
    checkpoint = Checkpoint(tmp_path / "checkpoint")
    with pytest.raises(Cancelled):
        stopped.train(EVERYTHING, checkpoint=checkpoint, validate=scores(*values)[0])
    torch.manual_seed(99)
    rest = scores(*values[len(stopped.epochs) :])[0]
    resumed.train(EVERYTHING, checkpoint=checkpoint, validate=rest)
    assert [*stopped.told, *resumed.told] == unbroken.told
    assert [*stopped.epochs, *resumed.epochs] == unbroken.epochs
    assert len(unbroken.epochs) == 4
    assert is_same(copied(resumed.network), copied(unbroken.network))


def test_r_drop_brings_two_passes_together(course: Callable[[], Course]) -> None:
    """With an objective that asks for nothing, only the distance of the two passes is left."""

    def nothing(logits: torch.Tensor, sentences: torch.Tensor, _batch: object) -> torch.Tensor:
        return 0 * logits.sum() + 0 * sentences.sum()

    dropped = course()
    dropped.train(replace(PLAIN, epochs=8, r_drop=1.0), objective=nothing)
    losses = [one.loss for one in dropped.epochs]
    assert losses[0] > 0
    assert losses[-1] < losses[0] / 2


def test_r_drop_leaves_a_network_without_dropout_alone(course: Callable[[], Course]) -> None:
    plain, dropped = course(), course()
    for one in (plain, dropped):
        for module in one.network.modules():
            if isinstance(module, CheapDropout):
                module._level = 0
    plain.train(replace(PLAIN, epochs=1))
    dropped.train(replace(PLAIN, epochs=1, r_drop=5.0))
    for name, value in plain.network.named_parameters():
        torch.testing.assert_close(value, dropped.network.get_parameter(name), atol=1e-4, rtol=0)


def test_a_training_under_way_ends_at_once_with_the_best_that_it_has(
    course: Callable[[], Course],
) -> None:
    hurried = course()
    hurried.on_batch = lambda: hurried.control.keep_best() if len(hurried.told) == 8 else None
    validate, seen = scores(0.7, 0.6, 0.5, 0.5)
    hurried.train(replace(PLAIN, validation_share=0.2), validate=validate)
    assert len(hurried.told) == 8
    assert is_same(copied(hurried.network), seen[0])


def test_a_training_under_way_ends_with_its_averaged_weights(course: Callable[[], Course]) -> None:
    hurried = course()
    hurried.on_batch = lambda: hurried.control.keep_best() if len(hurried.told) == 4 else None
    hurried.train(replace(PLAIN, weight_average=0.5))
    assert len(hurried.weights) == 4
    for name, value in hurried.network.named_parameters():
        summed = sum(2**step * weights[name] for step, weights in enumerate(hurried.weights))
        torch.testing.assert_close(value.detach(), summed / 15, atol=1e-6, rtol=1e-4)


def test_a_training_in_its_first_epoch_goes_through_all_texts_before_it_ends(
    course: Callable[[], Course],
) -> None:
    """Nothing of it was judged yet, so that there is no best to keep."""
    hurried = course()
    hurried.on_batch = lambda: hurried.control.keep_best() if len(hurried.told) == 1 else None
    validate, seen = scores(0.4, 0.9)
    hurried.train(replace(PLAIN, validation_share=0.2), validate=validate)
    assert hurried.told == [(1, 1, 3), (1, 2, 3), (1, 3, 3)]
    assert [one.score for one in hurried.epochs] == [0.4]
    assert is_same(copied(hurried.network), seen[0])


def test_a_training_that_begins_later_lasts_one_whole_epoch(course: Callable[[], Course]) -> None:
    late, one_epoch = course(), course()
    late.control.keep_best()
    late.train(PLAIN)
    one_epoch.train(replace(PLAIN, epochs=1))
    assert late.told == [(1, 1, 3), (1, 2, 3), (1, 3, 3)]
    assert is_same(copied(late.network), copied(one_epoch.network))


def test_a_paused_training_is_saved_before_it_waits(
    course: Callable[[], Course], tmp_path: Path
) -> None:
    paused, checkpoint = course(), Checkpoint(tmp_path / "checkpoint", every_s=1000)
    saved: list[object] = []

    def look_and_cancel() -> None:
        saved.append(checkpoint.load())
        paused.control.cancel()

    paused.on_batch = lambda: paused.control.pause() if len(paused.told) == 4 else None
    paused.control.tell_waiting = look_and_cancel
    with pytest.raises(Cancelled):
        paused.train(PLAIN, checkpoint=checkpoint)
    (state,) = saved
    assert isinstance(state, dict)
    assert (state["epoch"], state["batch"]) == (1, 1)
