"""A search space turns coordinates into values that the configuration allows."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.json_values import build, to_json_value
from kdh_desktop.core.search_space import (
    Choice,
    Dimension,
    Real,
    TuningConfig,
    Whole,
    at_position,
    require_dimensions_fit,
    value_at,
)
from kdh_desktop.core.training_config import (
    Augmentation,
    DistillationConfig,
    RunConfig,
    Schedule,
    SoftLoss,
    TeacherConfig,
)

CONFIG = RunConfig(
    name="tiny",
    seed=1,
    max_tokens=128,
    sentence_loss=1.0,
    sentence_weight=0.5,
    augmentation=Augmentation(),
    teacher=TeacherConfig(folds=5, schedule=Schedule(3, 1e-3)),
    distillation=DistillationConfig(
        temperature=2.0,
        alpha=0.5,
        transfer_texts=0,
        transfer=Schedule(0, 1e-3),
        distil=Schedule(3, 1e-3),
        fine_tune=Schedule(1, 1e-3),
        calibration_folds=2,
    ),
)
DIMENSIONS: dict[str, Dimension] = {
    "distillation.alpha": Real(0.0, 1.0),
    "teacher.schedule.peak_rate": Real(1e-5, 1e-2, is_log=True),
    "distillation.distil.epochs": Whole(1, 6),
    "distillation.soft_loss": Choice(("bernoulli", "mse")),
    "teacher.has_linear_member": Choice((True, False)),
    "distillation.network.layers": Choice((3, 4, 6)),
}
TUNING = TuningConfig(particles=4, iterations=3, dimensions=DIMENSIONS)

shares = st.floats(0, 1)


@given(shares)
def test_a_real_stays_in_its_range_and_comes_back(share: float) -> None:
    for dimension in (Real(-2.0, 3.0), Real(1e-6, 1.0, is_log=True)):
        value = dimension.decode(share)
        assert dimension.low <= value <= dimension.high
        again = dimension.encode(value)
        assert again is not None
        assert again == pytest.approx(share, abs=1e-5)
        assert dimension.decode(again) == value


def test_a_log_scale_gives_each_magnitude_an_equal_part() -> None:
    dimension = Real(1e-4, 1e-2, is_log=True)
    assert dimension.decode(0.5) == pytest.approx(1e-3)
    assert (dimension.decode(0.0), dimension.decode(1.0)) == (1e-4, 1e-2)


@pytest.mark.parametrize("dimension", [Whole(2, 5), Choice(("a", 1, 2.5, True))])
def test_whole_numbers_and_options_have_equal_parts(dimension: Whole | Choice) -> None:
    found = [dimension.decode((step + 0.5) / 100) for step in range(100)]
    values = list(dict.fromkeys((type(x), x) for x in found))
    assert len(values) == 4
    assert all(sum((type(x), x) == one for x in found) == 25 for one in values)
    assert dimension.decode(1.0) == found[-1]
    for value in {x for x in found if x is not True}:
        share = dimension.encode(value)
        assert share is not None
        assert dimension.decode(share) == value


@pytest.mark.parametrize(
    ("dimension", "value"),
    [
        (Real(0.0, 1.0), 1.5),
        (Real(0.0, 1.0), "a"),
        (Whole(1, 3), 4),
        (Whole(1, 3), 2.0),
        (Choice(("a", "b")), "c"),
    ],
)
def test_a_value_outside_has_no_coordinate(dimension: Dimension, value: float | str) -> None:
    assert dimension.encode(value) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: Real(1.0, 1.0),
        lambda: Real(0.0, 1.0, is_log=True),
        lambda: Real(math.nan, 1.0),
        lambda: Whole(3, 2),
        lambda: Choice(("a",)),
        lambda: Choice(("a", "a")),
        lambda: replace(TUNING, particles=1),
        lambda: replace(TUNING, iterations=0),
        lambda: replace(TUNING, dimensions={}),
        lambda: replace(TUNING, inertia=1.0),
        lambda: replace(TUNING, folds=1),
        lambda: replace(TUNING, epoch_share=0.0),
        lambda: replace(TUNING, texts=-1),
    ],
)
def test_a_space_that_makes_no_sense_is_refused(make: object) -> None:
    with pytest.raises(ValueError, match="must"):
        make()  # type: ignore[operator]


def test_it_travels_as_json() -> None:
    raw = json.loads(json.dumps(to_json_value(TUNING), allow_nan=False))
    assert raw["dimensions"]["distillation.alpha"]["kind"] == "real"
    assert build(TuningConfig, raw, "tuning") == TUNING


@given(st.lists(shares, min_size=6, max_size=6))
def test_any_position_gives_a_sound_configuration(position: list[float]) -> None:
    values = TUNING.decode(position)
    changed = at_position(CONFIG, values)
    for path, value in values.items():
        assert value_at(changed, path) == value
    assert isinstance(changed.distillation.soft_loss, SoftLoss)
    assert replace(changed, teacher=CONFIG.teacher, distillation=CONFIG.distillation) == CONFIG


def test_what_is_not_named_stays() -> None:
    changed = at_position(CONFIG, {"distillation.distil.epochs": 6, "distillation.alpha": 1})
    expected = replace(
        CONFIG,
        distillation=replace(
            CONFIG.distillation, alpha=1.0, distil=replace(CONFIG.distillation.distil, epochs=6)
        ),
    )
    assert changed == expected


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("distillation.beta", 1.0, "distillation.beta"),
        ("distillation.alpha.x", 1.0, "distillation.alpha.x"),
        ("distillation", 1.0, "distillation"),
        ("distillation.alpha", 1.5, "distillation.alpha"),
        ("distillation.alpha", "high", "distillation.alpha"),
        ("distillation.distil.epochs", 2.5, "distillation.distil.epochs"),
        ("distillation.soft_loss", "cosine", "distillation.soft_loss"),
        ("", 1.0, "no field"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_by_name(
    path: str, value: float | str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        at_position(CONFIG, {path: value})


def test_a_space_that_fits_is_accepted() -> None:
    require_dimensions_fit(CONFIG, TUNING)


@pytest.mark.parametrize(
    ("path", "dimension"),
    [
        ("seed", Whole(1, 2)),
        ("name", Choice(("a", "b"))),
        ("distillation.alpha", Real(0.0, 1.1)),
        ("distillation.calibration_folds", Whole(1, 9)),
        ("distillation.soft_loss", Choice(("mse", "cosine"))),
        ("teacher.schedule.warmth", Real(0.0, 1.0)),
    ],
)
def test_a_dimension_that_does_not_fit_is_refused_by_name(path: str, dimension: Dimension) -> None:
    tuning = replace(TUNING, dimensions={path: dimension})
    with pytest.raises(ValueError, match=path.rsplit(".", maxsplit=1)[-1]):
        require_dimensions_fit(CONFIG, tuning)


@pytest.mark.parametrize(
    ("path", "dimension", "why"),
    [
        ("seed", Whole(1, 2), "the search itself"),
        ("judged_share", Real(0.0, 0.5), "without it"),
        ("teacher.folds", Whole(3, 5), "the folds of the search"),
        ("teacher.members", Whole(1, 3), "the folds of the search"),
        ("teacher.is_finished", Choice((True, False)), "without it"),
        ("distillation.calibration_folds", Whole(1, 2), "the folds of the search"),
        ("distillation.nested_members", Whole(0, 2), "the folds of the search"),
        ("distillation.transfer_texts", Whole(0, 100), "without unlabelled texts"),
        ("distillation.transfer.epochs", Whole(0, 3), "without unlabelled texts"),
        ("distillation.transfer.peak_rate", Real(1e-5, 1e-3), "without unlabelled texts"),
    ],
)
def test_what_judges_no_position_cannot_be_tuned(path: str, dimension: Dimension, why: str) -> None:
    tuning = replace(TUNING, dimensions={path: dimension})
    with pytest.raises(
        ValueError, match=rf"dimensions\.{path} cannot be tuned, for .*{why}.*: take"
    ):
        require_dimensions_fit(CONFIG, tuning)


def test_a_field_without_a_simple_value_has_none() -> None:
    assert value_at(CONFIG, "distillation.network.layers") is None
    assert value_at(CONFIG, "distillation") is None
    with pytest.raises(ValueError, match="no field"):
        value_at(CONFIG, "distillation.beta")
