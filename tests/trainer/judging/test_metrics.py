"""Figures agree with scikit-learn's, and limits with a search over all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from trainer.judging.metrics import (
    Decisions,
    Tally,
    average_precision,
    best_threshold,
    calibration_error,
    calibration_noise,
    figures,
    micro_f1,
    weighted_average_precision,
    weighted_calibration_error,
    weighted_label_calibration_errors,
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
def test_figures_are_those_of_scikit_learn(
    both: tuple[NDArray[np.bool_], NDArray[np.float32]],
) -> None:
    # A text's only label is a column of its own to us, and a vector to scikit-learn.
    present, truth = both
    nothing_there = np.zeros((len(truth), 1), bool)
    present, truth = np.hstack([present, nothing_there]), np.hstack([truth, nothing_there])
    found = figures(present, truth)

    def expected(of: str, average: str | None, nothing: float = 0.0) -> NDArray[np.float64]:
        measure = getattr(sklearn_metrics, f"{of}_score")
        return np.asarray(measure(truth, present, average=average, zero_division=nothing))

    assert found.micro_f1 == pytest.approx(float(expected("f1", "micro")))
    assert found.macro_f1 == pytest.approx(float(expected("f1", "macro")))
    assert found.weighted_f1 == pytest.approx(float(expected("f1", "weighted")))
    assert found.example_f1 == pytest.approx(float(expected("f1", "samples", nothing=1.0)))
    assert found.subset_accuracy == sklearn_metrics.accuracy_score(truth, present)
    assert found.hamming_loss == pytest.approx(sklearn_metrics.hamming_loss(truth, present))
    np.testing.assert_allclose(found.label_f1, expected("f1", None))
    np.testing.assert_allclose(found.label_precision, expected("precision", None))
    np.testing.assert_allclose(found.label_recall, expected("recall", None))
    assert micro_f1(present, truth) == found.micro_f1


@given(scores_and_truth())
def test_average_precision_is_that_of_scikit_learn(
    both: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    scores, truth = both
    for label, found in enumerate(average_precision(scores, truth)):
        gold, ranked = truth[:, label], scores[:, label]
        is_there = gold.max() > 0
        expected = sklearn_metrics.average_precision_score(gold, ranked) if is_there else 0.0
        assert found == pytest.approx(expected)


WEIGHED: list[Callable[[Tally], NDArray[np.float64]]] = [
    *(Tally.micro_f1, Tally.macro_f1, Tally.weighted_f1, Tally.subset_accuracy),
    *(Tally.example_f1, Tally.hamming_loss),
    *(Tally.label_f1, Tally.label_precision, Tally.label_recall),
]


@given(decisions_and_truth(), st.integers(0, 2**32 - 1))
def test_a_text_that_counts_twice_is_as_good_as_two_texts(
    both: tuple[NDArray[np.bool_], NDArray[np.float32]], seed: int
) -> None:
    present, truth = both
    weights = np.random.default_rng(seed).multinomial(len(truth), np.ones(len(truth)) / len(truth))
    rows = np.repeat(np.arange(len(truth)), weights)
    together = np.stack([np.ones(len(truth)), weights.astype(float)])
    for figure in WEIGHED:
        weighed = Decisions.statistic(figure)(present, truth)(together)
        for found, drawn in zip(weighed, (np.arange(len(truth)), rows), strict=True):
            plain = figure(Decisions(present[drawn], truth[drawn]).tally())
            np.testing.assert_allclose(found, plain)


@given(scores_and_truth(), st.integers(0, 2**32 - 1))
def test_average_precision_knows_texts_that_count_twice_or_never(
    both: tuple[NDArray[np.float32], NDArray[np.float32]], seed: int
) -> None:
    scores, truth = both
    weights = np.random.default_rng(seed).multinomial(len(truth), np.ones(len(truth)) / len(truth))
    rows = np.repeat(np.arange(len(truth)), weights)
    (found,) = weighted_average_precision(scores, truth)(weights[np.newaxis].astype(float))
    np.testing.assert_allclose(found, average_precision(scores[rows], truth[rows]))


def test_a_label_that_is_neither_found_nor_there_counts_as_nought() -> None:
    present = np.array([[True, False], [True, False]])
    found = figures(present, present)
    assert found.label_f1 == (1.0, 0.0)
    assert found.micro_f1 == 1.0
    assert found.macro_f1 == 0.5


def test_a_text_that_rightly_has_no_label_is_as_right_as_any() -> None:
    nothing = np.zeros((2, 3), bool)
    found = figures(nothing, nothing)
    assert (found.example_f1, found.subset_accuracy, found.hamming_loss) == (1.0, 1.0, 0.0)
    # Nothing was found, so no finding was right.
    assert (found.micro_f1, found.macro_f1, found.weighted_f1) == (0.0, 0.0, 0.0)
    assert found.label_precision == found.label_recall == (0.0, 0.0, 0.0)


def test_a_label_found_where_there_is_none_costs_the_text_its_f1() -> None:
    found = figures(np.array([[True, False]]), np.zeros((1, 2)))
    assert (found.example_f1, found.subset_accuracy, found.hamming_loss) == (0.0, 0.0, 0.5)


def test_a_label_that_no_text_has_has_no_average_precision() -> None:
    scores = np.array([[0.9, 0.2], [0.1, 0.3]])
    assert average_precision(scores, np.array([[1, 0], [0, 0]])) == (1.0, 0.0)


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


def test_each_label_has_a_calibration_error_of_its_own() -> None:
    probabilities = np.array([[0.5, 0.9], [0.5, 0.9]])
    truth = np.array([[1, 0], [0, 0]], float)
    (found,) = weighted_label_calibration_errors(probabilities, truth, bins=1)(np.ones((1, 2)))
    assert found == pytest.approx([0.0, 0.9])


def test_the_calibration_error_of_weighted_texts_keeps_the_bins() -> None:
    probabilities = np.array([[0.1], [0.2], [0.8], [0.9]])
    truth = np.array([[0], [1], [1], [1]], float)
    error = weighted_calibration_error(probabilities, truth, bins=2)
    (first, once) = error(np.array([[4.0, 0, 0, 0], [1, 1, 1, 1]]))
    assert first == pytest.approx(0.1)
    assert once == pytest.approx(calibration_error(probabilities, truth, bins=2))


def test_true_probabilities_show_about_the_error_that_chance_makes() -> None:
    rng = np.random.default_rng(0)
    chances = rng.beta(0.5, 2, (400, 3))
    seen = [
        weighted_label_calibration_errors(chances, rng.random(chances.shape) < chances)(
            np.ones((1, 400))
        ).mean()
        for _ in range(30)
    ]
    noise = calibration_noise(chances, seed=1)
    assert noise == pytest.approx(np.mean(seen), abs=0.003)
    assert calibration_noise(chances, seed=1) == noise
    assert calibration_noise(chances[:40], seed=1) > 2 * noise
    assert calibration_noise(np.ones((5, 2)), seed=1) == 0.0
