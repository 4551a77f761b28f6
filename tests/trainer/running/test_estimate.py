"""What a run will take is told before it starts, and a disk that is too small is refused."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.runs.run_presets import networks_trained
from kdh_desktop.core.training_config import NetworkConfig, RunConfig, TeacherMethod
from kdh_desktop.core.training_protocol import (
    BatchesDone,
    CheckpointSaved,
    RunEstimated,
    StageStarted,
    TextsScored,
)
from tests.trainer.conftest import TrainerProcess
from trainer.corpus import LabelledText
from trainer.learning.batching import Batches, Encoder
from trainer.networks.transformer import TransformerNetwork
from trainer.process.control import RunControl
from trainer.running.estimate import NetworkCost, estimate_rest, measure_network, stage_costs
from trainer.running.planned_stages import (
    CorpusSize,
    StageWork,
    planned_stages,
    smallest_batch,
    training,
)
from trainer.running.progress import RunProgress, StageCost
from trainer.running.stage_count import count_stages

SIZE = CorpusSize([100] * 60, [50] * 10, 30)
NETWORK = NetworkConfig()
COSTS = {NETWORK: NetworkCost(1e-3, 1_000_000)}


def test_a_run_goes_through_the_stages_that_were_planned(
    tiny_run: TrainerProcess, tiny_config: RunConfig
) -> None:
    told = [event.name for event in tiny_run.events if isinstance(event, StageStarted)]
    assert [stage.name for stage in planned_stages(tiny_config, SIZE, labels=10)] == told


@pytest.mark.parametrize("nested", [0, 2])
@pytest.mark.parametrize("method", TeacherMethod)
@pytest.mark.parametrize(("members", "folds", "calibration_folds"), [(1, 3, 3), (3, 5, 2)])
@pytest.mark.parametrize("has_linear_member", [True, False])
@pytest.mark.parametrize("fine_tune_epochs", [0, 1])
def test_as_many_stages_are_planned_as_are_announced(
    tiny_config: RunConfig,
    nested: int,
    method: TeacherMethod,
    members: int,
    folds: int,
    calibration_folds: int,
    has_linear_member: bool,
    fine_tune_epochs: int,
) -> None:
    how = tiny_config.distillation
    config = replace(
        tiny_config,
        teacher=replace(
            tiny_config.teacher,
            members=members,
            folds=folds,
            method=method,
            has_linear_member=has_linear_member,
        ),
        distillation=replace(
            how,
            nested_members=nested,
            calibration_folds=calibration_folds,
            fine_tune=replace(how.fine_tune, epochs=fine_tune_epochs),
        ),
    )
    for size in (SIZE, CorpusSize(SIZE.labelled, [], 0)):
        expected = count_stages(config, labels=10, has_unlabelled=bool(size.unlabelled))
        planned = planned_stages(config, size, labels=10)
        assert len(planned) == expected
        trained = [stage.name for stage in planned if stage.trained_tokens]
        assert len(set(trained)) == len(trained)
        networks = {re.sub("-(transfer|distil|fine-tune)$", "", name) for name in trained}
        assert len(networks) == networks_trained(config, labels=10)


def test_a_finished_teacher_is_one_stage_in_which_nothing_is_trained(
    tiny_config: RunConfig,
) -> None:
    config = replace(tiny_config, teacher=replace(tiny_config.teacher, is_finished=True))
    trained = planned_stages(tiny_config, SIZE, labels=10)
    planned = planned_stages(config, SIZE, labels=10)
    assert len(planned) == count_stages(config, labels=10, has_unlabelled=True)
    assert planned[0].name == "teacher"
    assert not planned[0].trained_tokens
    assert planned[0].other_s > 0
    assert planned[1:] == [stage for stage in trained if "student" in stage.name] + trained[-6:]


def test_no_more_texts_are_measured_than_a_step_has(tiny_config: RunConfig) -> None:
    other = NetworkConfig(layers=1)
    how = tiny_config.distillation
    config = replace(
        tiny_config,
        teacher=replace(
            tiny_config.teacher, schedule=replace(tiny_config.teacher.schedule, batch_size=16)
        ),
        distillation=replace(how, network=other, distil=replace(how.distil, batch_size=1)),
    )
    assert smallest_batch(config, NETWORK) == 16
    assert smallest_batch(config, other) == 1


def test_tokens_beyond_the_window_do_not_count(
    encoder: Encoder, tiny_texts: list[LabelledText]
) -> None:
    examples = encoder.examples(tiny_texts[:3])
    size = CorpusSize.of(examples, examples[:1], max_tokens=20)
    assert size.labelled == [20, 20, 20]
    whole = CorpusSize.of(examples, [], max_tokens=1000)
    assert whole.labelled[0] == 2 + sum(map(len, examples[0].pieces))


def test_stages_that_are_finished_cost_nothing_any_more(
    tiny_config: RunConfig, tmp_path: Path
) -> None:
    stages = planned_stages(tiny_config, SIZE, labels=10)
    networks = {NETWORK, tiny_config.teacher.network, tiny_config.distillation.network}
    costs = dict.fromkeys(networks, COSTS[NETWORK])
    first = estimate_rest(stages, costs, work=tmp_path, jobs=1)
    (tmp_path / f"{stages[0].name}.finished").touch()
    later = estimate_rest(stages, costs, work=tmp_path, jobs=1)
    cost = stage_costs(stages, costs)[0]
    assert first.seconds - later.seconds == pytest.approx(cost.seconds, abs=0.11)
    assert later.disk_bytes < first.disk_bytes


def test_stages_of_a_run_that_keeps_its_best_are_expected_to_last_one_epoch(
    tiny_config: RunConfig, tmp_path: Path
) -> None:
    schedule = replace(tiny_config.teacher.schedule, epochs=5)
    work = StageWork("teacher", NETWORK, schedule, trained_tokens=50_000, other_s=4.0)
    whole = estimate_rest([work], COSTS, work=tmp_path, jobs=1)
    short = estimate_rest([work], COSTS, work=tmp_path, jobs=1, is_keeping_best=True)
    assert (whole.seconds, short.seconds) == (54.0, 14.0)


def test_texts_kept_back_are_scored_in_every_epoch(tiny_config: RunConfig) -> None:
    schedule = replace(tiny_config.teacher.schedule, epochs=4, validation_share=0.2)
    work = training("teacher", NETWORK, schedule, 1000)
    assert (work.trained_tokens, work.validated_tokens) == (3200, 800)
    (cost,) = stage_costs([work], COSTS)
    assert cost.training_s > 3.2
    assert cost.shortened.training_s == pytest.approx(cost.training_s / 4)


def test_networks_of_single_labels_score_together_once_the_last_is_trained(
    tiny_config: RunConfig,
) -> None:
    how = replace(tiny_config.teacher, method=TeacherMethod.BINARY_RELEVANCE)
    plain, each = (
        [
            stage
            for stage in planned_stages(config, SIZE, labels=10)
            if stage.name.startswith("teacher-without-0")
        ]
        for config in (tiny_config, replace(tiny_config, teacher=how))
    )
    *others, last = each
    assert not any(stage.scored_tokens or stage.score_bytes for stage in others)
    assert (last.scored_tokens, last.scored_texts) == (10 * plain[0].scored_tokens, 30 + 10)
    assert last.score_bytes == plain[0].score_bytes > 0


def test_a_disk_that_is_too_small_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = StageWork("teacher", NETWORK, trained_tokens=10)
    enough = estimate_rest([work], COSTS, work=tmp_path / "new" / "folder", jobs=1)
    assert enough.free_bytes > enough.disk_bytes
    usage = type("Usage", (), {"free": 12_000_000})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(TrainingError, match=r"The disk has 0\.0 GB free, .* needs 0\.1 GB") as told:
        estimate_rest([work], COSTS, work=tmp_path, jobs=1)
    assert "--" not in told.value.remedy, "the window has no such options"


def test_averages_and_best_states_take_room(tiny_config: RunConfig, tmp_path: Path) -> None:
    schedule = tiny_config.teacher.schedule
    plain = StageWork("a", NETWORK, schedule, 10)
    rich = replace(plain, schedule=replace(schedule, weight_average=0.9, validation_share=0.2))
    rooms = [estimate_rest([x], COSTS, work=tmp_path, jobs=1).disk_bytes for x in (plain, rich)]
    assert rooms[1] > rooms[0]


def test_a_network_is_measured_and_left_as_it_was(
    new_network: Callable[[], TransformerNetwork],
    encoder: Encoder,
    tiny_texts: list[LabelledText],
) -> None:
    network, before = new_network(), new_network().state_dict()
    batches = Batches(
        encoder.examples(tiny_texts[:4]), piece_ids=encoder.piece_ids, max_tokens=64, batch_size=4
    )
    cost = measure_network(network, batches)
    assert 0 < cost.second_per_token < 1
    assert cost.weight_bytes == sum(x.numel() * x.element_size() for x in before.values())
    assert all(bool((value == before[name]).all()) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_estimate_of_a_real_run_has_the_right_size(tiny_run: TrainerProcess) -> None:
    (estimated,) = (event for event in tiny_run.events if isinstance(event, RunEstimated))
    used = sum(x.stat().st_size for x in (tiny_run.folder / "work").rglob("*") if x.is_file())
    assert used < estimated.disk_bytes < used + 100_000_000
    assert estimated.seconds > 1


def test_progress_rises_to_the_end(tiny_run: TrainerProcess) -> None:
    told = [event for event in tiny_run.events if isinstance(event, BatchesDone | TextsScored)]
    shares = [event.run_share for event in told]
    assert None not in shares
    assert shares == sorted(shares, key=lambda share: share or 0.0)
    assert all(event.seconds_left is not None and event.seconds_left >= 0 for event in told)
    assert not any(isinstance(event, CheckpointSaved) for event in tiny_run.events)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_time_left_follows_the_pace_so_far(clock: list[float]) -> None:
    run = RunProgress([StageCost("a", 8, 2, scored_texts=4), StageCost("b", 10, 0)], RunControl())
    run.start("a")
    run.train_to(0.5)
    clock[0] = 8.0
    assert run.pace() == pytest.approx((0.2, 32.0), rel=0.1)
    run.train_to(1.0)
    run.score(1)
    run.score(3)
    clock[0] = 10.0
    assert run.pace() == pytest.approx((0.5, 10.0), rel=0.1)


def test_what_was_trained_before_does_not_flatter_the_pace(clock: list[float]) -> None:
    run = RunProgress([StageCost("a", 10, 0), StageCost("b", 10, 0)], RunControl())
    run.start("a")
    run.train_to(1.0, is_taken_up=True)
    run.start("b")
    run.train_to(0.5)
    clock[0] = 15.0
    assert run.pace() == pytest.approx((0.75, 15.0), rel=0.1)


def test_a_stage_that_is_gone_on_with_does_not_flatter_the_pace(clock: list[float]) -> None:
    run = RunProgress([StageCost("a", 360, 0), StageCost("b", 180, 0)], RunControl())
    run.start("a")
    run.train_to(0.8, is_taken_up=True)
    run.train_to(0.9)
    clock[0] = 36.0
    assert run.pace() == pytest.approx((0.6, 216.0), rel=0.01)


def test_scores_that_were_kept_do_not_flatter_the_pace(clock: list[float]) -> None:
    costs = [StageCost("a", 10, 100, scored_texts=10), StageCost("b", 100, 0)]
    run = RunProgress(costs, RunControl())
    run.start("a")
    run.train_to(1.0, is_taken_up=True)
    run.score(4, is_taken_up=True)
    run.score(4, is_taken_up=True)
    run.score(1)
    clock[0] = 20.0
    assert run.pace() == pytest.approx((100 / 210, 110 * 24.2 / 14.2))


def test_a_stage_of_which_nothing_is_left_does_not_flatter_the_pace(clock: list[float]) -> None:
    run = RunProgress([StageCost("a", 10, 30), StageCost("b", 10, 0)], RunControl())
    run.start("a")
    run.take_up_rest()
    run.start("b")
    run.train_to(0.5)
    clock[0] = 15.0
    assert run.pace() == pytest.approx((0.9, 5 * 16 / 6))


def test_stages_of_one_name_are_told_apart(clock: list[float]) -> None:
    run = RunProgress([StageCost("linear", 0, 30), StageCost("linear", 0, 10)], RunControl())
    run.start("linear")
    run.start("linear")
    clock[0] = 30.0
    assert run.pace() == pytest.approx((0.75, 10.0), rel=0.1)


def test_time_before_the_first_expected_stage_says_nothing_of_the_pace(clock: list[float]) -> None:
    run = RunProgress([StageCost("a", 10, 0)], RunControl())
    run.start("side by side")
    clock[0] = 1000.0
    run.start("a")
    clock[0] = 1005.0
    run.train_to(0.5)
    assert run.pace() == pytest.approx((0.5, 5.0), rel=0.1)


def test_stages_are_short_once_the_best_is_to_be_kept(clock: list[float]) -> None:
    control = RunControl()
    costs = [StageCost("a", 100, 5, epochs=10), StageCost("b", 80, 2, epochs=4)]
    run = RunProgress(costs, control)
    run.start("a")
    run.train_to(0.6)
    clock[0] = 60.0
    assert run.pace() == pytest.approx((60 / 187, 127.0))
    control.keep_best()
    assert run.pace() == pytest.approx((60 / 87, 27.0))
    run.start("b")
    run.train_to(0.25)
    clock[0] = 85.0
    assert run.pace() == pytest.approx((85 / 87, 2.0))


def test_nothing_is_said_where_nothing_was_expected() -> None:
    assert RunProgress([], RunControl()).pace() == (None, None)
