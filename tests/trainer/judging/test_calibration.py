"""Logits become probabilities that come true, with limits that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from kdh_desktop.core.classification.confidence import calibrated_probabilities, sigmoid
from trainer.judging.calibration import fit_calibrations, precision_limit, recall_limit
from trainer.judging.metrics import calibration_error, micro_f1

SHARES = st.sampled_from([0.5, 0.75, 0.9, 0.95, 1.0])


@st.composite
def probabilities_and_truth(
    draw: st.DrawFn,
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Probabilities with many ties."""
    shape = draw(st.tuples(st.integers(1, 15), st.integers(1, 3)))
    steps = draw(npst.arrays(np.int8, shape, elements=st.integers(0, 16)))
    truth = draw(npst.arrays(np.float32, shape, elements=st.sampled_from([0.0, 1.0])))
    return steps / 16, truth


@st.composite
def logits_and_truth(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    shape = draw(st.tuples(st.integers(2, 40), st.integers(1, 4)))
    logits = rng.normal(-1, 2, shape).astype(np.float32)
    certainty = draw(st.sampled_from([-1.0, 0.0, 0.5, 3.0, 100.0]))
    truth = rng.random(shape) < sigmoid(certainty * logits)
    return logits, truth.astype(np.float32)


def precision_from(
    limit: float, probabilities: NDArray[np.float64], truth: NDArray[np.float32]
) -> float:
    return float(truth[probabilities >= limit].mean())


def recall_from(
    limit: float, probabilities: NDArray[np.float64], truth: NDArray[np.float32]
) -> float:
    return float((probabilities[truth > 0] >= limit).mean())


@given(probabilities_and_truth(), SHARES)
def test_the_precision_limit_is_the_lowest_that_keeps_its_promise(
    both: tuple[NDArray[np.float64], NDArray[np.float32]], precision: float
) -> None:
    probabilities, truth = both
    keeping = [x for x in np.unique(probabilities) if precision_from(x, *both) >= precision]
    assert precision_limit(probabilities, truth, precision) == min(keeping, default=1.0)


@given(probabilities_and_truth(), SHARES)
def test_the_recall_limit_is_the_highest_that_keeps_its_promise(
    both: tuple[NDArray[np.float64], NDArray[np.float32]], recall: float
) -> None:
    probabilities, truth = both
    found = recall_limit(probabilities, truth, recall)
    if not truth.any():
        assert found == 0.0
        return
    keeping = [x for x in np.unique(probabilities) if recall_from(x, *both) >= recall - 1e-12]
    assert found == max(keeping)


def test_nine_of_ten_labels_are_nine() -> None:
    probabilities = np.arange(10)[:, None] / 10
    assert recall_limit(probabilities, np.ones((10, 1), np.float32), 0.9) == 0.1


@given(logits_and_truth())
def test_limits_rise_and_are_shared_by_all_labels(
    both: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    fitted = fit_calibrations(*both)
    assert len(fitted) == both[0].shape[1]
    limits = {(one.review_from, one.threshold, one.present_from) for one in fitted}
    assert len(limits) == 1
    ((review_from, threshold, present_from),) = limits
    assert 0 <= review_from <= threshold <= present_from <= 1


@given(logits_and_truth())
def test_higher_logits_never_give_lower_probabilities(
    both: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    fitted = fit_calibrations(*both)
    assert all(one.slope > 0 for one in fitted)
    rising = np.linspace(-8, 8, 33)[:, None] * np.ones(len(fitted))
    probabilities = calibrated_probabilities(rising, fitted)
    assert (np.diff(probabilities, axis=0) >= 0).all()


@given(logits_and_truth())
def test_the_threshold_is_the_best_for_the_calibrated_probabilities(
    both: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    logits, truth = both
    fitted = fit_calibrations(logits, truth)
    probabilities = calibrated_probabilities(logits, fitted)
    found = micro_f1(probabilities >= fitted[0].threshold, truth)
    best = max(micro_f1(probabilities >= x, truth) for x in [*np.unique(probabilities), 2.0])
    assert found == pytest.approx(best)


def test_probabilities_come_true() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (3000, 2)).astype(np.float32)
    chances = sigmoid(0.5 * logits + np.array([-1.0, 1.0]))
    truth = (rng.random(logits.shape) < chances).astype(np.float32)
    fitted = fit_calibrations(logits, truth)
    assert [one.slope for one in fitted] == pytest.approx([0.5, 0.5], abs=0.06)
    assert [one.intercept for one in fitted] == pytest.approx([-1.0, 1.0], abs=0.12)
    assert calibration_error(calibrated_probabilities(logits, fitted), truth) < 0.02
    assert calibration_error(sigmoid(logits), truth) > 0.1


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_a_label_with_one_outcome_keeps_its_logits(outcome: float) -> None:
    logits = np.random.default_rng(0).normal(0, 2, (30, 2)).astype(np.float32)
    truth = np.column_stack([np.full(30, outcome), logits[:, 1] > 0]).astype(np.float32)
    first, second = fit_calibrations(logits, truth)
    assert (first.slope, first.intercept) == (1.0, 0.0)
    assert second.slope > 1.0


def test_a_label_whose_logits_point_the_wrong_way_keeps_them() -> None:
    logits = np.random.default_rng(0).normal(0, 2, (60, 2)).astype(np.float32)
    truth = np.column_stack([logits[:, 0] < 0, logits[:, 1] > 0]).astype(np.float32)
    first, second = fit_calibrations(logits, truth)
    assert (first.slope, first.intercept) == (1.0, 0.0)
    assert second.slope > 1.0


def test_a_corpus_without_any_label_is_calibrated_all_the_same() -> None:
    logits = np.random.default_rng(0).normal(-3, 1, (20, 3)).astype(np.float32)
    fitted = fit_calibrations(logits, np.zeros((20, 3), np.float32))
    assert {(one.slope, one.review_from, one.present_from) for one in fitted} == {(1.0, 0.0, 1.0)}
