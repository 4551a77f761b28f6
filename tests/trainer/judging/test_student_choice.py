"""The rule by which the served student is chosen, and the files that it reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kdh_desktop.core.errors import TrainingError
from trainer.bench.run import DISTILBERT_TORCH
from trainer.bench.students import rows_of
from trainer.bench.table import Spread
from trainer.judging.significance import Comparison
from trainer.judging.student_choice import (
    Standing,
    StudentForm,
    StudentResult,
    choose,
    read_result,
    standings,
    write_result,
)

SIX, FOUR, THREE = StudentForm(6), StudentForm(4), StudentForm(3)
TRUTH = np.random.default_rng(0).random((300, 4)) < 0.4


def result_of(form: StudentForm, *, mistakes: float, seed: int = 1) -> StudentResult:
    is_wrong = np.random.default_rng(seed).random(TRUTH.shape) < mistakes
    return StudentResult.of(form, protocol="out of fold", present=TRUTH ^ is_wrong, truth=TRUTH)


def behind(difference: float, low: float, high: float) -> Standing:
    return Standing(0.84 - difference, Comparison(difference, low, high, 0.5))


BEST = behind(0.0, 0.0, 0.0)


def test_the_fastest_of_those_as_good_as_the_best_is_chosen() -> None:
    speeds = {SIX: 75.0, FOUR: 110.0, THREE: 150.0}
    standing = {SIX: BEST, FOUR: behind(0.006, -0.002, 0.014), THREE: behind(0.03, 0.01, 0.05)}
    assert choose(speeds, standing) == FOUR


@pytest.mark.parametrize(
    "slower",
    [
        pytest.param(behind(0.011, -0.001, 0.023), id="over-a-point"),
        pytest.param(behind(0.006, 0.001, 0.011), id="surely-worse"),
    ],
)
def test_neither_a_point_nor_a_sure_difference_is_given_away(slower: Standing) -> None:
    assert choose({SIX: 75.0, FOUR: 110.0}, {SIX: BEST, FOUR: slower}) == SIX


def test_of_equally_fast_ones_the_better_is_chosen() -> None:
    standing = {SIX: BEST, FOUR: behind(0.001, -0.01, 0.01)}
    assert choose({FOUR: 75.0, SIX: 75.0}, standing) == SIX


def test_what_was_not_judged_is_never_chosen() -> None:
    assert choose({SIX: 75.0, THREE: 150.0}, {SIX: BEST}) == SIX
    assert choose({THREE: 150.0}, {}) is None


def test_students_stand_beside_the_best_on_the_same_texts() -> None:
    found = standings(
        [
            result_of(FOUR, mistakes=0.10),
            result_of(SIX, mistakes=0.10),
            result_of(THREE, mistakes=0.25, seed=2),
        ]
    )
    # The first two made the same mistakes.
    assert found[FOUR].behind == Comparison(0.0, 0.0, 0.0, 1.0)
    assert found[SIX].is_as_good
    worse = found[THREE]
    assert worse.micro_f1 < found[SIX].micro_f1
    assert worse.behind.difference == pytest.approx(found[SIX].micro_f1 - worse.micro_f1)
    assert 0 < worse.behind.low < worse.behind.high
    assert not worse.is_as_good


def test_a_result_comes_back_as_it_was_written(tmp_path: Path) -> None:
    result = result_of(StudentForm(5, inner=768), mistakes=0.1)
    write_result(tmp_path / "five.json", result)
    assert read_result(tmp_path / "five.json") == result


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "{}",
        '{"form": {"layers": 4}, "protocol": "p", "present": ["01"], "truth": ["0"]}',
        '{"form": {"layers": 4}, "protocol": "p", "present": ["02"], "truth": ["01"]}',
        '{"form": {"layers": 4}, "protocol": "p", "present": [], "truth": []}',
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match="cannot be used"):
        read_result(path)


def test_a_result_that_is_not_there_is_told_without_its_place(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"A student's result cannot be read\. Name files"):
        read_result(tmp_path / "missing.json")


def other_truth(truth: NDArray[np.bool_]) -> StudentResult:
    return StudentResult.of(FOUR, protocol="out of fold", present=truth, truth=truth)


@pytest.mark.parametrize("other", [other_truth(~TRUTH), result_of(SIX, mistakes=0.2)])
def test_results_of_other_texts_or_of_one_form_twice_are_not_compared(
    other: StudentResult,
) -> None:
    with pytest.raises(TrainingError, match="cannot be compared"):
        standings([result_of(SIX, mistakes=0.1), other])


def test_the_table_says_how_good_each_is_and_which_one_to_serve() -> None:
    speeds = {
        DISTILBERT_TORCH: Spread.of([5.0]),
        str(SIX): Spread.of([75.0]),
        str(FOUR): Spread.of([110.0]),
        str(THREE): Spread.of([150.0]),
    }
    standing = {SIX: BEST, FOUR: behind(0.006, -0.002, 0.014)}
    rows = rows_of(speeds, forms=(SIX, FOUR, THREE), standing=standing)
    assert [row.ratio for row in rows] == [1.0, 15.0, 22.0, 30.0]
    assert [row.note for row in rows[1:]] == [
        "micro-F1 84.0, best",
        "micro-F1 83.4, 0.6 behind the best (-0.2 to 1.4), to be served",
        "not judged",
    ]


def test_forms_have_names() -> None:
    assert str(StudentForm(1, inner=768)) == "1 layer, 768 inner units"
    assert str(SIX) == "6 layers, 1536 inner units"
