"""One object trains every network of every stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from kdh_desktop.core.training_config import Augmentation, NetworkConfig, Schedule
from kdh_desktop.core.training_protocol import EpochFinished, Event
from tests.trainer.conftest import learning
from trainer.corpus import LabelledText
from trainer.learning.batching import Batches, Encoder, Example
from trainer.learning.learner import Learner, Lesson
from trainer.learning.objectives import hard_objective
from trainer.learning.quantisation_training import quantisation_in_the_loop
from trainer.learning.stages import StageRunner
from trainer.networks.base import NetworkBase
from trainer.process.control import RunControl
from trainer.running.estimate import NetworkCost

LESSON = Lesson(hard_objective(sentence_loss=1.0), learning(epochs=2), Augmentation(), seed=3)


@pytest.fixture
def examples(tiny_texts: list[LabelledText], encoder: Encoder) -> list[Example]:
    return encoder.examples(tiny_texts[:30])


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def learner_in(
    tiny_encoder: Path, encoder: Encoder, told: list[Event]
) -> Callable[[Path], Learner]:
    def make(work: Path) -> Learner:
        work.mkdir(exist_ok=True)
        return Learner(
            NetworkConfig(),
            NetworkBase(tiny_encoder, encoder),
            labels=10,
            max_tokens=128,
            sentence_weight=0.5,
            runner=StageRunner(work, stages=9, emit=told.append, control=RunControl()),
            device=torch.device("cpu"),
        )

    return make


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in network.parameters()]


def test_a_stage_that_is_finished_is_taken_up(
    learner_in: Callable[[Path], Learner],
    examples: list[Example],
    told: list[Event],
    tmp_path: Path,
) -> None:
    first = weights(learner_in(tmp_path / "work").fit("stage", examples, LESSON))
    told.clear()
    again = weights(learner_in(tmp_path / "work").fit("stage", examples, LESSON))
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert not any(isinstance(event, EpochFinished) for event in told)


def test_a_network_goes_on_from_the_state_it_is_given(
    learner_in: Callable[[Path], Learner], examples: list[Example], tmp_path: Path
) -> None:
    learner = learner_in(tmp_path)
    start = dict(learner.new_network(99).state_dict())
    still = replace(LESSON, schedule=replace(LESSON.schedule, epochs=0))
    found = learner.fit("stage", examples, still, start=start)
    assert all(torch.equal(one, start[name]) for name, one in found.state_dict().items())


def test_kept_back_texts_choose_the_best_epoch(
    learner_in: Callable[[Path], Learner],
    examples: list[Example],
    told: list[Event],
    tmp_path: Path,
) -> None:
    schedule = Schedule(9, 1e-6, batch_size=8, validation_share=0.25, patience=2)
    learner_in(tmp_path).fit("stage", examples, replace(LESSON, schedule=schedule))
    epochs = [event for event in told if isinstance(event, EpochFinished)]
    # At such a rate nothing is learnt: the first epochs stay the best.
    assert 3 <= len(epochs) < 9
    assert all(event.score is not None and 0 <= event.score <= 1 for event in epochs)


@pytest.mark.parametrize("share", [0.15, 0.4])
def test_the_share_kept_back_is_the_one_asked_for(
    learner_in: Callable[[Path], Learner],
    examples: list[Example],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    share: float,
) -> None:
    kept: list[list[Example]] = []
    monkeypatch.setattr(Learner, "_validation", lambda _, examples: kept.append(examples))
    schedule = replace(LESSON.schedule, epochs=1, validation_share=share)
    learner_in(tmp_path).fit("stage", examples, replace(LESSON, schedule=schedule))
    assert len(kept[0]) == pytest.approx(share * len(examples), abs=1)


def test_texts_of_one_group_are_learnt_from_or_kept_back_together(
    learner_in: Callable[[Path], Learner],
    examples: list[Example],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grouped = [replace(one, group=f"case {place // 4}") for place, one in enumerate(examples)]
    kept: list[list[Example]] = []
    monkeypatch.setattr(Learner, "_validation", lambda _, examples: kept.append(examples))
    schedule = replace(LESSON.schedule, epochs=1, validation_share=0.25)
    learner_in(tmp_path).fit("stage", grouped, replace(LESSON, schedule=schedule))
    groups = {one.group for one in kept[0]}
    assert groups
    assert len(kept[0]) == sum(one.group in groups for one in grouped)


def test_kept_back_texts_without_a_label_choose_no_epoch(
    learner_in: Callable[[Path], Learner],
    examples: list[Example],
    told: list[Event],
    tmp_path: Path,
) -> None:
    """All epochs are worth nothing on them: the first one would stay the best for ever."""
    bare = [
        replace(one, text_targets=np.zeros(10, np.float32), sentence_targets=None)
        for one in examples[:8]
    ]
    schedule = replace(LESSON.schedule, epochs=4, validation_share=0.25, patience=1)
    learner = learner_in(tmp_path / "patient")
    network = learner.fit("stage", bare, replace(LESSON, schedule=schedule))
    assert [x.score for x in told if isinstance(x, EpochFinished)] == [None] * 4
    short = replace(LESSON, schedule=replace(schedule, epochs=1))
    first = learner_in(tmp_path / "short").fit("stage", bare, short)
    pairs = zip(weights(network), weights(first), strict=True)
    assert not all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize(("batch_size", "fits", "tried"), [(8, 2, [8, 4, 2]), (3, 1, [3, 1])])
def test_the_cost_is_measured_on_as_many_texts_as_memory_allows(
    learner_in: Callable[[Path], Learner],
    examples: list[Example],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    batch_size: int,
    fits: int,
    tried: list[int],
) -> None:
    seen: list[int] = []

    def measure(_network: nn.Module, batches: Batches) -> NetworkCost:
        seen.append(len(batches.sentence_counts))
        if seen[-1] > fits:
            raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate")
        return NetworkCost(1.0, 1)

    monkeypatch.setattr("trainer.learning.learner.measure_network", measure)
    learner_in(tmp_path).cost(examples, batch_size=batch_size)
    assert seen == tried
    fits = 0
    with pytest.raises(RuntimeError, match="ALLOC_FAILED"):
        learner_in(tmp_path).cost(examples, batch_size=batch_size)


def test_each_label_has_a_network_of_its_own(
    learner_in: Callable[[Path], Learner], examples: list[Example], tmp_path: Path
) -> None:
    learner = learner_in(tmp_path)
    short = replace(LESSON, schedule=replace(LESSON.schedule, epochs=1))
    network = learner.fit_each_label("stage", examples, short)
    scores = learner.scores(network, examples[:3])
    assert scores.text_logits.shape == (3, 10)
    alone = learner.scores(network.of_labels[4], examples[:3])
    np.testing.assert_allclose(alone.text_logits[:, 0], scores.text_logits[:, 4], atol=1e-5)


def test_a_network_may_learn_with_the_rounding_of_its_served_form(
    learner_in: Callable[[Path], Learner], examples: list[Example], tmp_path: Path
) -> None:
    rounding = replace(LESSON, schedule=replace(LESSON.schedule, has_int8_rounding=True))
    plain = learner_in(tmp_path / "plain").fit("stage", examples, LESSON)
    rounded = learner_in(tmp_path / "rounded").fit("stage", examples, rounding)
    pairs = list(zip(weights(plain), weights(rounded), strict=True))
    assert not all(torch.equal(one, other) for one, other in pairs)
    assert {type(one) for one in plain.modules()} == {type(one) for one in rounded.modules()}
    with quantisation_in_the_loop(rounded):
        inside = {type(one) for one in rounded.modules()}
    assert inside != {type(one) for one in rounded.modules()}
