"""Figures agree with scikit-learn's, and limits with a search over all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from trainer.metrics import (
    best_threshold,
    bootstrap_interval,
    calibration_error,
    figures,
    micro_f1,
)

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 5))


@st.composite
def decisions_and_truth(draw: st.DrawFn) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    shape = draw(SHAPES)
    present = draw(npst.arrays(np.bool_, shape))
    truth = draw(npst.arrays(np.float32, shape, elements=st.sampled_from([0.0, 1.0])))
    return present, truth


@st.composite
def scores_and_truth(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores with many ties, and both signs."""
    shape = draw(SHAPES)
    steps = draw(npst.arrays(np.int8, shape, elements=st.integers(-6, 6)))
    truth = draw(npst.arrays(np.float32, shape, elements=st.sampled_from([0.0, 1.0])))
    return (steps / np.float32(8)).astype(np.float32), truth


@given(decisions_and_truth())
def test_f1_figures_are_those_of_scikit_learn(
    both: tuple[NDArray[np.bool_], NDArray[np.float32]],
) -> None:
    present, truth = both
    found = figures(present, truth)

    def expected(average: str | None) -> NDArray[np.float64]:
        # A text's only label is a column of its own to us, and a vector to scikit-learn.
        columns = [np.column_stack([x, np.zeros(len(x))]) for x in (truth, present)]
        scores = f1_score(*columns, average=average, zero_division=0)
        return np.asarray(scores)

    assert found.micro_f1 == pytest.approx(float(expected("micro")))
    per_label = expected(None)[:-1]
    np.testing.assert_allclose(found.label_f1, per_label)
    assert found.macro_f1 == pytest.approx(float(per_label.mean()))
    assert micro_f1(present, truth) == found.micro_f1


def test_a_label_that_is_neither_found_nor_there_counts_as_nought() -> None:
    present = np.array([[True, False], [True, False]])
    found = figures(present, present)
    assert found.label_f1 == (1.0, 0.0)
    assert found.micro_f1 == 1.0
    assert found.macro_f1 == 0.5


@given(scores_and_truth())
def test_the_best_threshold_is_as_good_as_any(
    both: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    scores, truth = both
    found = micro_f1(scores >= best_threshold(scores, truth), truth)
    candidates = [*np.unique(scores), scores.max() + 1]
    assert found == pytest.approx(max(micro_f1(scores >= x, truth) for x in candidates))


def test_the_best_threshold_lies_half_way_between_the_scores_it_parts() -> None:
    scores = np.array([[0.9], [0.7], [0.3], [0.1]])
    truth = np.array([[1.0], [1.0], [0.0], [0.0]])
    assert best_threshold(scores, truth) == pytest.approx(0.5)


def test_where_everything_is_there_the_threshold_is_the_lowest_score() -> None:
    scores = np.array([[0.9, 0.4]])
    assert best_threshold(scores, np.ones((1, 2))) == 0.4


def test_probabilities_that_come_true_have_no_calibration_error() -> None:
    probabilities = np.repeat([0.0, 0.25, 0.5, 1.0], 40).reshape(40, 4)
    truth = np.concatenate([np.arange(40) < share * 40 for share in (0.0, 0.25, 0.5, 1.0)])
    assert calibration_error(probabilities, truth.reshape(40, 4), bins=4) == pytest.approx(0)


def test_calibration_error_is_the_mean_gap_over_bins_of_equal_size() -> None:
    probabilities = np.array([[0.1, 0.1, 0.2, 0.2], [0.8, 0.8, 0.9, 0.9]])
    truth = np.array([[0, 0, 0, 1], [1, 1, 1, 0]], float)
    # The lower half says 0.15 and holds 1 of 4; the upper says 0.85 and holds 3 of 4.
    assert calibration_error(probabilities, truth, bins=2) == pytest.approx(0.1)
    assert calibration_error(probabilities, truth, bins=1) == pytest.approx(0.0)


@given(decisions_and_truth(), st.integers(1, 20))
def test_calibration_error_lies_between_nought_and_one(
    both: tuple[NDArray[np.bool_], NDArray[np.float32]], bins: int
) -> None:
    present, truth = both
    assert 0 <= calibration_error(present.astype(float), truth, bins=bins) <= 1


def test_sure_and_always_wrong_is_a_calibration_error_of_one() -> None:
    assert calibration_error(np.ones((3, 3)), np.zeros((3, 3))) == pytest.approx(1)


def test_the_bootstrap_interval_is_that_of_theory() -> None:
    sample = np.random.default_rng(0).standard_normal(400)
    low, high = bootstrap_interval(lambda rows: float(sample[rows].mean()), size=400, seed=1)
    half = 1.96 * sample.std() / 20
    assert low == pytest.approx(sample.mean() - half, abs=0.01)
    assert high == pytest.approx(sample.mean() + half, abs=0.01)


def test_the_bootstrap_interval_follows_from_its_seed() -> None:
    sample = np.arange(20.0)

    def interval(seed: int) -> tuple[float, float]:
        return bootstrap_interval(
            lambda rows: float(sample[rows].mean()), size=20, seed=seed, draws=200
        )

    assert interval(1) == interval(1)
    assert interval(1) != interval(2)


def test_a_narrower_confidence_gives_a_narrower_interval() -> None:
    sample = np.arange(50.0)
    half, most = (
        bootstrap_interval(
            lambda rows: float(sample[rows].mean()), size=50, seed=1, draws=500, confidence=share
        )
        for share in (0.5, 0.99)
    )
    assert most[0] < half[0] < half[1] < most[1]


def test_every_row_of_a_draw_is_one_of_the_texts() -> None:
    seen: list[NDArray[np.intp]] = []

    def note(rows: NDArray[np.intp]) -> float:
        seen.append(rows)
        return 0.0

    assert bootstrap_interval(note, size=7, seed=0, draws=50) == (0.0, 0.0)
    assert all(len(rows) == 7 for rows in seen)
    assert set(np.concatenate(seen).tolist()) == set(range(7))
