"""Tests between systems: no alarm where there is no difference, and power where there is one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from trainer.judging.metrics import Decisions, Tally, micro_f1, weighted_average_precision
from trainer.judging.resampling import by_rows
from trainer.judging.significance import (
    Comparison,
    Disagreements,
    SignedRank,
    holm,
    mcnemar,
    mcnemar_on_decisions,
    mcnemar_on_texts,
    p_value_claim,
    paired_bootstrap,
    paired_bootstraps,
    wilcoxon_over_folds,
)

MICRO_F1 = Decisions.statistic(Tally.micro_f1)
Systems = tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]


def systems(seed: int, *, first: float, second: float, texts: int = 120) -> Systems:
    """Two systems that are wrong in the given shares of their decisions, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.random((texts, 5)) < 0.3
    wrong = (rng.random(truth.shape) < share for share in (first, second))
    one, other = (truth ^ where for where in wrong)
    return one, other, truth


@given(st.integers(0, 2**32 - 1))
def test_equal_systems_do_not_differ(seed: int) -> None:
    one, _, truth = systems(seed, first=0.2, second=0.2, texts=30)
    found = paired_bootstrap(one, one, truth, statistic=MICRO_F1, seed=seed, draws=50)
    assert found == Comparison(0.0, 0.0, 0.0, 1.0)
    assert mcnemar_on_decisions(one, one, truth) == Disagreements(0, 0, 1.0)
    assert mcnemar_on_texts(one, one, truth) == Disagreements(0, 0, 1.0)


@given(st.integers(0, 2**32 - 1))
def test_a_comparison_turned_round_is_the_same_with_the_other_sign(seed: int) -> None:
    one, other, truth = systems(seed, first=0.1, second=0.3, texts=30)
    there = paired_bootstrap(one, other, truth, statistic=MICRO_F1, seed=1, draws=50)
    back = paired_bootstrap(other, one, truth, statistic=MICRO_F1, seed=1, draws=50)
    assert (back.difference, back.low, back.high) == pytest.approx(
        (-there.difference, -there.high, -there.low)
    )
    assert back.p_value == there.p_value


def test_a_planted_difference_is_found() -> None:
    for seed in range(20):
        one, other, truth = systems(seed, first=0.05, second=0.15, texts=240)
        found = paired_bootstrap(one, other, truth, statistic=MICRO_F1, seed=seed, draws=500)
        assert found.p_value < 0.01
        assert 0 < found.low < found.difference < found.high
        assert mcnemar_on_decisions(one, other, truth).p_value < 0.01
        assert mcnemar_on_texts(one, other, truth).p_value < 0.01


def test_false_alarms_are_about_as_rare_as_they_should_be() -> None:
    p_values = []
    covers = []
    for seed in range(300):
        one, other, truth = systems(seed, first=0.15, second=0.15)
        found = paired_bootstrap(one, other, truth, statistic=MICRO_F1, seed=seed, draws=300)
        p_values.append(found.p_value)
        covers.append(found.low <= 0 <= found.high)
    assert 0.02 <= np.mean(np.array(p_values) < 0.05) <= 0.09
    assert 0.9 <= np.mean(covers) <= 0.98


def test_texts_of_a_group_are_no_evidence_of_their_own() -> None:
    """Of eight notes of each patient nearly the same is said; so there are as good as 30 texts."""
    alone: list[float] = []
    together: list[float] = []
    groups = np.arange(240) // 8
    for seed in range(100):
        few = systems(seed, first=0.15, second=0.15, texts=30)
        one, other, truth = (np.repeat(what, 8, axis=0) for what in few)
        for p_values, drawn_together in ((alone, None), (together, groups)):
            found = paired_bootstrap(
                one,
                other,
                truth,
                statistic=MICRO_F1,
                seed=seed,
                draws=200,
                groups=drawn_together,
            )
            p_values.append(found.p_value)
    assert np.mean(np.array(alone) < 0.05) > 0.3
    assert np.mean(np.array(together) < 0.05) < 0.12


def test_a_p_value_is_never_nought() -> None:
    one, other, truth = systems(0, first=0.0, second=0.5)
    found = paired_bootstrap(one, other, truth, statistic=MICRO_F1, seed=0, draws=99)
    assert found.p_value == pytest.approx(0.01)


def test_a_comparison_follows_from_its_seed() -> None:
    one, other, truth = systems(0, first=0.1, second=0.15)
    first, again, another = (
        paired_bootstrap(one, other, truth, statistic=MICRO_F1, seed=seed, draws=200)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != another


def test_any_statistic_can_be_compared() -> None:
    one, other, truth = systems(0, first=0.1, second=0.2, texts=40)
    slow = paired_bootstrap(one, other, truth, statistic=by_rows(micro_f1), seed=3, draws=60)
    fast = paired_bootstrap(one, other, truth, statistic=MICRO_F1, seed=3, draws=60)
    assert slow.difference == pytest.approx(fast.difference)
    assert (slow.low, slow.high) == pytest.approx((fast.low, fast.high))
    assert slow.p_value == fast.p_value


def test_labels_are_compared_one_by_one_on_the_same_draws() -> None:
    one, other, truth = systems(0, first=0.1, second=0.2, texts=40)
    found = paired_bootstraps(
        one, other, truth, statistic=Decisions.statistic(Tally.label_f1), seed=3, draws=60
    )
    assert len(found) == 5
    for label, comparison in enumerate(found):
        only = Decisions.statistic(lambda tally, own=label: tally.label_f1()[..., own])  # type: ignore[misc]
        alone = paired_bootstrap(one, other, truth, statistic=only, seed=3, draws=60)
        assert comparison == alone


def test_scores_are_compared_as_well_as_decisions() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((200, 2)) < 0.3
    good, bad = truth + rng.standard_normal((2, *truth.shape)) * [[[0.5]], [[2.0]]]
    for found in paired_bootstraps(
        good, bad, truth, statistic=weighted_average_precision, seed=0, draws=200
    ):
        assert found.low > 0
        assert found.p_value < 0.01


def test_mcnemar_counts_only_what_one_alone_has_right() -> None:
    first = np.array([1, 1, 1, 1, 0, 0], bool)
    second = np.array([1, 0, 0, 0, 1, 0], bool)
    expected = stats.binomtest(3, 4).pvalue
    assert mcnemar(first, second) == Disagreements(3, 1, expected)
    assert mcnemar(second, first) == Disagreements(1, 3, expected)


def test_a_text_counts_as_right_with_all_its_labels_only() -> None:
    truth = np.array([[1, 0], [0, 1], [1, 1]], float)
    first = truth > 0
    second = np.array([[True, True], [True, False], [True, True]])
    assert mcnemar_on_decisions(first, second, truth) == Disagreements(3, 0, 0.25)
    assert mcnemar_on_texts(first, second, truth) == Disagreements(2, 0, 0.5)


@pytest.mark.parametrize(("folds", "least"), [(3, 0.25), (5, 0.0625), (8, 0.0078125)])
def test_few_folds_cannot_prove_much(folds: int, least: float) -> None:
    second = np.linspace(0.7, 0.8, folds)
    found = wilcoxon_over_folds(list(second + 0.1), list(second))
    assert found.p_value == pytest.approx(least)
    assert found.median_difference == pytest.approx(0.1)
    assert found.folds == folds


def test_folds_without_a_difference_say_nothing() -> None:
    assert wilcoxon_over_folds([0.8, 0.7], [0.8, 0.7]) == SignedRank(0.0, 2, 1.0)
    assert wilcoxon_over_folds([0.75, 0.5, 0.5], [0.75, 0.25, 0.25]).p_value == 0.5


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=9))
def test_the_signed_rank_test_is_exact_with_ties(differences: list[int]) -> None:
    found = wilcoxon_over_folds(differences, [0] * len(differences)).p_value
    values = np.array([one for one in differences if one])
    if not len(values):
        assert found == 1.0
        return
    ranks = stats.rankdata(np.abs(values))
    signs = np.array(np.meshgrid(*[[0, 1]] * len(values))).reshape(len(values), -1).T
    sums = signs @ ranks
    middle, own = ranks.sum() / 2, ranks[values > 0].sum()
    assert found == pytest.approx(np.mean(np.abs(sums - middle) >= abs(own - middle)))


def test_folds_that_only_rounding_parts_are_equal() -> None:
    """As floats these differences are all of another size, and the last is not nought."""
    first = [0.8, 0.7, 0.6, 0.9, 0.5, float(np.mean([0.8, 0.7, 0.6]))]
    second = [0.7, 0.6, 0.5, 0.8, 0.6, float(np.mean([0.6, 0.7, 0.8]))]
    found = wilcoxon_over_folds(first, second)
    assert found.p_value == wilcoxon_over_folds([1, 1, 1, 1, -1, 0], [0] * 6).p_value == 0.375


def test_many_folds_are_tested_without_counting_through() -> None:
    rng = np.random.default_rng(0)
    first = rng.standard_normal(30)
    assert wilcoxon_over_folds(list(first + 1), list(first * 0.9)).p_value < 0.001


def test_holms_correction_is_that_of_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([]) == ()
    assert holm([0.7]) == (0.7,)


@given(st.lists(st.integers(1, 1000).map(lambda k: k / 1000), min_size=1, max_size=6))
def test_holms_correction_is_the_closed_test_of_bonferroni(p_values: list[float]) -> None:
    hypotheses = range(len(p_values))
    sets = [c for size in hypotheses for c in combinations(hypotheses, size + 1)]
    for own, found in enumerate(holm(p_values)):
        closed = max(len(c) * min(p_values[i] for i in c) for c in sets if own in c)
        assert found == pytest.approx(min(1.0, closed))


@pytest.mark.parametrize(
    ("p_value", "claim"), [(0.0, "p < 0.001"), (0.0009, "p < 0.001"), (0.0316, "p = 0.032")]
)
def test_no_p_value_is_told_as_nothing(p_value: float, claim: str) -> None:
    assert p_value_claim(p_value) == claim
