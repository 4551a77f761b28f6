"""Intervals cover what they should, follow from their seed, and cost little."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.judging import resampling
from trainer.judging.metrics import (
    Decisions,
    Tally,
    micro_f1,
    weighted_average_precision,
    weighted_calibration_error,
)
from trainer.judging.resampling import (
    Estimate,
    WeightedFigure,
    Weights,
    by_rows,
    estimate,
    estimates,
    observe,
    ratio,
    resample,
)


def mean_of(sample: NDArray[np.float64]) -> WeightedFigure:
    return ratio(sample, np.ones(len(sample)))


def test_the_interval_is_that_of_theory() -> None:
    sample = np.random.default_rng(0).standard_normal(400)
    found = estimate(mean_of(sample), size=400, seed=1)
    half = 1.96 * sample.std() / 20
    assert found.value == pytest.approx(sample.mean())
    assert found.low == pytest.approx(sample.mean() - half, abs=0.01)
    assert found.high == pytest.approx(sample.mean() + half, abs=0.01)


def test_an_interval_follows_from_its_seed() -> None:
    figure = mean_of(np.arange(20.0))
    first, again, other = (estimate(figure, size=20, seed=s, draws=200) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_nineteen_of_twenty_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(7)
    is_covered = []
    for seed in range(200):
        truth = rng.random((150, 4)) < 0.3
        present = truth ^ (rng.random(truth.shape) < 0.1)
        right = np.mean(truth == present, axis=1)
        found = estimate(ratio(right, np.ones(150)), size=150, seed=seed, draws=400)
        is_covered.append(found.low <= 0.9 <= found.high)
    assert 0.9 <= np.mean(is_covered) <= 0.99


def test_every_draw_is_of_as_many_texts_as_there_are() -> None:
    seen: list[Weights] = []

    def note(weights: Weights) -> NDArray[np.float64]:
        seen.append(weights)
        return np.zeros(len(weights))

    assert estimate(note, size=7, seed=0, draws=50) == Estimate(0.0, 0.0, 0.0)
    draws = np.concatenate(seen[:-1])
    assert draws.shape == (50, 7)
    assert (draws.sum(axis=1) == 7).all()
    assert (draws.sum(axis=0) > 0).all()


def test_large_corpora_are_resampled_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = np.arange(30.0)
    whole = resample(mean_of(sample), size=30, seed=4, draws=100)
    monkeypatch.setattr(resampling, "_BLOCK", 70)
    parts = resample(mean_of(sample), size=30, seed=4, draws=100)
    assert parts.shape == whole.shape == (100,)
    assert parts.mean() == pytest.approx(whole.mean(), abs=1.0)


def test_several_figures_have_their_intervals_from_the_same_draws() -> None:
    sample = np.arange(30.0)
    first, second = (mean_of(sample), mean_of(2 * sample))
    both = estimates(lambda w: np.column_stack([first(w), second(w)]), size=30, seed=5, draws=100)
    assert both[0] == estimate(first, size=30, seed=5, draws=100)
    assert both[1].high == pytest.approx(2 * both[0].high)


def test_any_function_of_rows_can_be_resampled() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((40, 3)) < 0.4
    present = truth ^ (rng.random(truth.shape) < 0.2)
    slow = by_rows(micro_f1)(present, truth)
    fast = Decisions.statistic(Tally.micro_f1)(present, truth)
    assert observe(slow, size=40) == pytest.approx(float(observe(fast, size=40)))
    np.testing.assert_allclose(
        resample(slow, size=40, seed=1, draws=50), resample(fast, size=40, seed=1, draws=50)
    )


def test_a_share_of_nothing_is_nought() -> None:
    assert observe(ratio(np.zeros(3), np.zeros(3)), size=3) == 0.0


def test_the_interval_of_a_calibration_error_takes_back_what_the_draws_add() -> None:
    rng = np.random.default_rng(3)
    chance = rng.beta(0.5, 2, (300, 1))
    truth = rng.random(chance.shape) < chance
    figure = weighted_calibration_error(chance, truth)
    plain, gap = (estimate(figure, size=300, seed=1, is_gap=is_gap) for is_gap in (False, True))
    # The draws lie above the error that was seen, which itself lies above the true one of nought.
    assert plain.low > 0.5 * plain.value
    assert gap.low < plain.low
    assert 0 <= gap.low <= gap.value <= gap.high < plain.high


def test_two_thousand_draws_of_the_whole_corpus_are_a_matter_of_moments() -> None:
    from time import perf_counter

    rng = np.random.default_rng(0)
    truth = rng.random((1481, 10)) < 0.12
    scores = truth + rng.standard_normal(truth.shape)
    figures = {
        "micro-F1": Decisions.statistic(Tally.micro_f1)(scores > 0.5, truth),
        "average precision": weighted_average_precision(scores, truth),
    }
    for name, figure in figures.items():
        start = perf_counter()
        assert resample(figure, size=1481, seed=0).shape[0] == 2000
        # A tenth and a third of a second on one idle core; other tests may keep it busy.
        assert perf_counter() - start < 4, name
