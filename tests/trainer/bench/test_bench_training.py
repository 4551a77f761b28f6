"""The benchmark of training: what is counted, that all train the same, and its table."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from kdh_desktop.core.errors import TrainingError
from trainer.bench import training
from trainer.bench.child import Child
from trainer.bench.meter import WARM_UP, StepMeter
from trainer.bench.shapes import Shape
from trainer.bench.training import OURS, TRAINER, TrainingPlan, rows_of, run_training_bench
from trainer.bench.training_contestants import (
    TrainingTask,
    hugging_face_trainer,
    training_loop,
)
from trainer.learning.batching import Batch
from trainer.learning.training_loop import Objective

TINY = Shape("bert", layers=1, width=16, heads=2, inner=32, vocabulary=400, positions=128)
STEPS = WARM_UP + 3


@pytest.fixture
def task(tiny_encoder: Path) -> dict[str, Any]:
    return asdict(
        TrainingTask(
            encoder=str(tiny_encoder),
            device="cpu",
            texts=2 * STEPS,
            batch_size=2,
            max_tokens=128,
        )
    )


def test_ours_is_measured_as_it_trains_and_the_others_as_they_come(
    task: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "trainer.bench.training_contestants.repeat_exactly",
        lambda device: asked.append(device.type),
    )
    training_loop({"task": task})
    assert asked == ["cpu"]
    for is_ours in (False, True):
        hugging_face_trainer({"task": task, "is_grouped": True, "is_our_network": is_ours})
    assert asked == ["cpu"] * 2


def batch_of(*lengths: int) -> Batch:
    mask = torch.zeros(len(lengths), max(lengths), dtype=torch.int64)
    for row, length in enumerate(lengths):
        mask[row, :length] = 1
    nothing = torch.zeros(0)
    return Batch(mask, mask, mask, nothing, None, None, None, None)


def test_what_lies_between_two_losses_is_counted_and_the_warm_up_is_not() -> None:
    meter = StepMeter(lambda logits, _sentences, _batch: logits.sum(), steps=WARM_UP + 3)
    logits = torch.ones(2, 3)
    for _ in range(WARM_UP + 1):
        assert float(meter(logits, logits, batch_of(9, 9))) == 6.0
    meter(logits, logits, batch_of(3, 5))
    meter(logits, logits, batch_of(4, 4))
    meter(logits, logits, batch_of(7, 7))  # of the next round, say
    assert meter.pace.steps == 2
    assert meter.pace.pieces == 3 + 5 + 4 + 4
    assert meter.pace.places == 10 + 8
    assert meter.pace.seconds > 0


def test_too_few_steps_are_not_measured() -> None:
    with pytest.raises(ValueError, match="so few steps"):
        StepMeter(lambda logits, *_: logits, steps=WARM_UP + 1)


def test_all_contestants_train_the_same_texts(task: dict[str, Any]) -> None:
    contestants = [
        training_loop({"task": task}),
        *(
            hugging_face_trainer({"task": task, "is_grouped": is_grouped, "is_our_network": ours})
            for is_grouped, ours in ((False, False), (True, True))
        ),
    ]
    for contestant in contestants:
        pace = contestant["round"]()
        assert pace["steps"] == 2
        assert 0 < pace["pieces"] <= pace["places"]


def test_a_contestant_without_our_dropout_has_that_of_the_library(
    task: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is compared is said in the table: it must be true."""
    from trainer.bench import training_contestants
    from trainer.networks.dropout import CheapDropout

    trained: list[torch.nn.Module] = []

    class Watched(training_contestants._Taught):
        def __init__(self, network: torch.nn.Module, objective: Objective) -> None:
            super().__init__(network, objective)
            trained.append(network)

    monkeypatch.setattr(training_contestants, "_Taught", Watched)
    for ours in (False, True):
        contestant = hugging_face_trainer(
            {"task": task, "is_grouped": False, "is_our_network": ours}
        )
        contestant["round"]()
    theirs, own = ({type(module) for module in one.modules()} for one in trained)
    assert torch.nn.Dropout in theirs
    assert CheapDropout not in theirs
    assert CheapDropout in own


def test_speeds_are_set_against_the_trainer_with_the_spread_of_each_round() -> None:
    def pace(seconds: float, places: int = 100) -> dict[str, float]:
        return {"seconds": seconds, "steps": 10, "pieces": 80, "places": places}

    paces = {OURS: [pace(1.0), pace(2.0)], TRAINER: [pace(2.0, 160), pace(6.0, 160)]}
    rows = rows_of(paces, {name: {"steady": 7.0, "peak": 8.0} for name in paces})
    ours, theirs, our_pieces, _ = rows
    assert (ours.unit, our_pieces.unit) == ("steps/s", "word pieces/s")
    assert ours.value is not None
    assert (ours.value.low, ours.value.high) == (5.0, 10.0)
    assert ours.ratio == pytest.approx(7.5 / (10 / 3))
    assert ours.note == "2.00 to 3.00 times, round by round"
    assert theirs.ratio == 1.0
    assert our_pieces.note == "20 % padding"
    assert [row.peak_mb for row in rows] == [8.0, 8.0, None, None]


def test_without_the_package_that_the_trainer_needs_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "find_spec", lambda _: None)
    with pytest.raises(TrainingError, match="accelerate"):
        run_training_bench(TrainingPlan(tokenizer=tmp_path), say=lambda _: None)


def test_a_child_may_have_variables_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1")
    code = "tests.trainer.bench.environment_of_a_child"
    with Child(code, environ={"MALLOC_TRIM_THRESHOLD_": None, "KDH_ADDED": "yes"}) as child:
        assert child.ask("MALLOC_TRIM_THRESHOLD_") == {"value": None}
        assert child.ask("KDH_ADDED") == {"value": "yes"}


@pytest.mark.stress
def test_every_row_comes_out(tiny_encoder: Path) -> None:
    plan = TrainingPlan(
        tokenizer=tiny_encoder / "tokenizer.json",
        texts=2 * STEPS,
        rounds=1,
        batch_size=2,
        shape=TINY,
    )
    said: list[str] = []
    rows = run_training_bench(plan, say=said.append)
    assert [row.unit for row in rows] == ["steps/s"] * 4 + ["word pieces/s"] * 4
    assert all(row.value is not None and row.value.median > 0 for row in rows)
    assert said
