"""Stages tell what they do, and a finished one is never trained again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from kdh_desktop.core.errors import Cancelled, TrainingError
from kdh_desktop.core.training_config import Augmentation, Schedule
from kdh_desktop.core.training_protocol import (
    BatchesDone,
    CheckpointSaved,
    EpochFinished,
    Event,
    StageStarted,
)
from tests.trainer.conftest import CancelledAfter
from trainer.corpus import LabelledText
from trainer.learning.batching import Batches, Encoder
from trainer.learning.network_scores import NetworkScores, score
from trainer.learning.objectives import hard_objective
from trainer.learning.stages import BATCHES_BETWEEN_EVENTS, StagePlan, StageRunner
from trainer.networks.transformer import TransformerNetwork
from trainer.process.control import RunControl
from trainer.process.work_folder import claim_work_folder, is_cut_short
from trainer.running.progress import RunProgress, StageCost

NewNetwork = Callable[[], TransformerNetwork]
PLAN = StagePlan(
    hard_objective(sentence_loss=1.0), Schedule(3, 1e-3, batch_size=4), Augmentation(), seed=1
)


@pytest.fixture
def batches(encoder: Encoder, tiny_texts: list[LabelledText]) -> Batches:
    examples = encoder.examples(tiny_texts[:12])
    return Batches(examples, piece_ids=encoder.piece_ids, max_tokens=128, batch_size=4)


class Stage:
    """One stage in a work folder, with what it told."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.told: list[Event] = []

    def train(self, network: nn.Module, batches: Batches, *, stop_after: int = 10**9) -> None:
        control = CancelledAfter(stop_after)
        runner = StageRunner(
            self.work, stages=5, emit=self.told.append, control=control, checkpoint_every_s=0.0
        )
        runner.train("stage", network, batches, PLAN)

    @property
    def files(self) -> list[str]:
        return sorted(file.name for file in self.work.iterdir())


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def is_same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_a_stage_tells_of_its_start_its_batches_and_its_epochs(
    stage: Stage, new_network: NewNetwork, batches: Batches
) -> None:
    stage.train(new_network(), batches)
    start, *rest = stage.told
    assert start == StageStarted(1, 5, "stage")
    for epoch in (1, 2, 3):
        *saved, batch, last, whole, end = rest[6 * epoch - 6 : 6 * epoch]
        assert saved == [CheckpointSaved(epoch, 1), CheckpointSaved(epoch, 2)]
        assert batch == BatchesDone(epoch, 3, 3)
        assert [last, whole] == [CheckpointSaved(epoch, 3), CheckpointSaved(epoch, 0)]
        assert isinstance(end, EpochFinished)
        assert (end.epoch, end.epochs, end.score) == (epoch, 3, None)
    assert len(rest) == 18


def test_batches_are_told_now_and_then(
    stage: Stage, new_network: NewNetwork, encoder: Encoder, tiny_texts: list[LabelledText]
) -> None:
    examples = encoder.examples(tiny_texts[: BATCHES_BETWEEN_EVENTS + 5])
    one_by_one = Batches(examples, piece_ids=encoder.piece_ids, max_tokens=128, batch_size=1)
    stage.train(new_network(), one_by_one)
    told = [event.batch for event in stage.told if isinstance(event, BatchesDone)]
    assert told == [BATCHES_BETWEEN_EVENTS, BATCHES_BETWEEN_EVENTS + 5] * 3


def test_a_finished_stage_is_loaded_and_not_trained_again(
    stage: Stage, new_network: NewNetwork, batches: Batches
) -> None:
    first, second = new_network(), new_network()
    stage.train(first, batches)
    assert stage.files == ["stage.finished"]
    stage.told.clear()
    stage.train(second, batches, stop_after=1)
    assert stage.told == [StageStarted(1, 5, "stage")]
    assert is_same(first, second)


def test_a_stage_of_no_epochs_leaves_the_network_as_it_was(
    stage: Stage, new_network: NewNetwork, batches: Batches
) -> None:
    network = new_network()
    runner = StageRunner(stage.work, stages=1, emit=stage.told.append, control=RunControl())
    schedule = replace(PLAN.schedule, epochs=0)
    runner.train("stage", network, batches, replace(PLAN, schedule=schedule))
    assert is_same(network, new_network())
    assert stage.files == ["stage.finished"]


def test_a_stage_that_was_cut_short_is_noted_before_it_is_kept(
    stage: Stage, new_network: NewNetwork, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[bool] = []
    monkeypatch.setattr(
        "trainer.learning.stages.save_state", lambda *_: noted.append(is_cut_short(stage.work))
    )
    control = RunControl()

    def emit(event: Event) -> None:
        if isinstance(event, EpochFinished):
            control.keep_best()

    runner = StageRunner(stage.work, stages=1, emit=emit, control=RunControl())
    runner.train("whole", new_network(), batches, PLAN)
    runner = StageRunner(stage.work, stages=1, emit=emit, control=control)
    runner.train("short", new_network(), batches, PLAN)
    assert noted == [False, True]


def test_a_stopped_stage_goes_on_and_tells_the_right_epoch(
    stage: Stage, new_network: NewNetwork, batches: Batches
) -> None:
    with pytest.raises(Cancelled):
        stage.train(new_network(), batches, stop_after=9)
    assert stage.files == ["stage.checkpoint", "stage.checkpoint.older"]
    stage.told.clear()
    stage.train(new_network(), batches)
    assert stage.told[:2] == [StageStarted(1, 5, "stage"), BatchesDone(3, 3, 3)]
    assert stage.files == ["stage.finished"]


def test_what_earlier_processes_did_does_not_flatter_the_time_left(
    stage: Stage,
    new_network: NewNetwork,
    batches: Batches,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    costs = [StageCost("stage", 90, 40, epochs=3, scored_texts=24), StageCost("next", 90, 0)]

    def runner(control: RunControl) -> StageRunner:
        made = StageRunner(
            stage.work, stages=2, emit=stage.told.append, control=control, checkpoint_every_s=0.0
        )
        made.progress = RunProgress(costs, control)
        return made

    def left_s(*, done: float, here: float) -> object:
        """At a clock that stands nothing but the belief in the estimate takes time."""
        belief = 0.02 * 220
        return pytest.approx((done / 220, (220 - done) * belief / (here + belief)))

    with pytest.raises(Cancelled):
        runner(CancelledAfter(9)).train("stage", new_network(), batches, PLAN)
    stage.told.clear()
    network, resumed = new_network(), runner(RunControl())
    resumed.train("stage", network, batches, PLAN)
    (last,) = (event for event in stage.told if isinstance(event, BatchesDone))
    assert (last.run_share, last.seconds_left) == left_s(done=90, here=10)
    with pytest.raises(Cancelled):
        runner(CancelledAfter(1)).keep_scores("held-out", network, batches)
    again = runner(RunControl())
    again.train("stage", network, batches, PLAN)
    assert again.progress.pace() == left_s(done=90, here=0)
    again.keep_scores("held-out", network, batches)
    assert again.progress.pace() == left_s(done=110, here=40 * 8 / 24)
    again.keep_scores("held-out", network, batches)
    assert again.progress.pace() == left_s(done=130, here=40 * 8 / 24)
    again.take_up("next")
    assert again.progress.pace() == left_s(done=220, here=0)


def test_a_damaged_result_is_trained_again(
    stage: Stage, new_network: NewNetwork, batches: Batches
) -> None:
    first, second = new_network(), new_network()
    stage.train(first, batches)
    finished = stage.work / "stage.finished"
    finished.write_bytes(finished.read_bytes()[:-1])
    stage.told.clear()
    stage.train(second, batches)
    assert any(isinstance(event, EpochFinished) for event in stage.told)
    assert is_same(first, second)


def test_stages_are_numbered_as_they_start(stage: Stage) -> None:
    runner = StageRunner(stage.work, stages=2, emit=stage.told.append, control=RunControl())
    runner.start("first")
    runner.start("second")
    assert stage.told == [StageStarted(1, 2, "first"), StageStarted(2, 2, "second")]


def test_a_work_folder_is_taken_up_again_by_the_same_run_only(tmp_path: Path) -> None:
    claim_work_folder(tmp_path / "work", "one")
    claim_work_folder(tmp_path / "work", "one")
    with pytest.raises(TrainingError, match="another configuration"):
        claim_work_folder(tmp_path / "work", "two")


def test_stages_of_unknown_origin_are_not_taken_up(tmp_path: Path) -> None:
    (tmp_path / "teacher-without-0.finished").write_bytes(b"whose?")
    with pytest.raises(TrainingError, match="another configuration"):
        claim_work_folder(tmp_path, "one")


def test_nothing_begins_after_a_cancel(stage: Stage) -> None:
    runner = StageRunner(stage.work, stages=2, emit=stage.told.append, control=CancelledAfter(0))
    with pytest.raises(Cancelled):
        runner.start("first")
    assert stage.told == []


def test_scores_that_were_kept_are_not_computed_again(
    stage: Stage, new_network: NewNetwork, batches: Batches
) -> None:
    network = new_network()
    runner = StageRunner(stage.work, stages=1, emit=stage.told.append, control=RunControl())
    runner.keep_scores("held-out", network, batches)
    assert stage.files == ["held-out.npz"]
    first = NetworkScores.load(stage.work / "held-out.npz")
    torch.nn.init.zeros_(network.token.weight)
    runner.keep_scores("held-out", network, batches)
    again = NetworkScores.load(stage.work / "held-out.npz")
    np.testing.assert_array_equal(first.sentence_logits, again.sentence_logits)


def test_scoring_that_was_stopped_goes_on_where_it_was(
    stage: Stage, new_network: NewNetwork, batches: Batches
) -> None:
    network = new_network()
    expected = score(network, batches)
    seen: list[int] = []
    network.register_forward_hook(lambda *_: seen.append(1))

    def runner(control: RunControl) -> StageRunner:
        return StageRunner(
            stage.work, stages=1, emit=stage.told.append, control=control, checkpoint_every_s=0.0
        )

    for _ in range(2):
        with pytest.raises(Cancelled):
            runner(CancelledAfter(1)).keep_scores("held-out", network, batches)
        assert stage.files == ["held-out.so-far.npz"]
    runner(RunControl()).keep_scores("held-out", network, batches)
    found = NetworkScores.load(stage.work / "held-out.npz")
    assert stage.files == ["held-out.npz"]
    assert len(seen) == 3
    np.testing.assert_array_equal(found.text_logits, expected.text_logits)
    np.testing.assert_array_equal(found.sentence_logits, expected.sentence_logits)
