"""Is one system better than another, or did the texts only happen to suit it?

scipy does the tests; Holm's correction is a few lines, for which no further library is taken in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from trainer.judging.metrics import Truth
from trainer.judging.resampling import (
    DRAWS,
    Groups,
    Statistic,
    Values,
    WeightedFigure,
    interval,
    observe,
    resample,
)

_MOST_EXACT_PAIRS = 12
"""Up to so many differing pairs, all ways of signing the ranks are counted through."""

_DIGITS = 12
"""Of a difference of figures; what lies beyond them is rounding."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A difference between two systems on the same texts.

    Attributes:
        difference: First minus second.
        low: Lower end of its interval of 95 %.
        high: Upper end.
        p_value: How often chance alone would give as large a difference either way, in (0, 1].
    """

    difference: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Disagreements:
    """Decisions or texts in which only one of two systems is right, and McNemar's test of them.

    Attributes:
        first_only: Right in the first system alone.
        second_only: Right in the second alone.
        p_value: Of the exact two-sided test, in (0, 1].
    """

    first_only: int
    second_only: int
    p_value: float


@dataclass(frozen=True, slots=True)
class SignedRank:
    """Wilcoxon's test over folds.

    Attributes:
        median_difference: Median over folds of first minus second.
        folds: Number of folds.
        p_value: Two-sided, in (0, 1].
    """

    median_difference: float
    folds: int
    p_value: float


def paired_bootstrap(
    first: NDArray[Any],
    second: NDArray[Any],
    truth: Truth,
    *,
    statistic: Statistic,
    seed: int,
    draws: int = DRAWS,
    groups: Groups = None,
) -> Comparison:
    """Compare two systems by any statistic, on the same drawn texts.

    The p-value is the share of draws whose difference lies as far from the observed one as that
    lies from 0, the observed one being counted as a draw.

    Source: Berg-Kirkpatrick, Burkett and Klein 2012, section 3; Efron and Tibshirani 1993,
    section 16.4; for the count Davison and Hinkley 1997, equation 4.11.

    Args:
        first: What the first system says, one row a text.
        second: What the second says of the same texts.
        truth: (texts, labels).
        statistic: Such as ``Decisions.statistic(Tally.micro_f1)``; one number a draw.
        seed: Of the draws.
        draws: How many.
        groups: Texts that are drawn together.
    """
    return compare(
        statistic(first, truth),
        statistic(second, truth),
        size=len(truth),
        seed=seed,
        draws=draws,
        groups=groups,
    )


def paired_bootstraps(
    first: NDArray[Any],
    second: NDArray[Any],
    truth: Truth,
    *,
    statistic: Statistic,
    seed: int,
    draws: int = DRAWS,
    groups: Groups = None,
) -> tuple[Comparison, ...]:
    """The same for a statistic of several numbers, such as one for each label."""
    differ = _difference(statistic(first, truth), statistic(second, truth))
    values = resample(differ, size=len(truth), seed=seed, draws=draws, groups=groups)
    observed = observe(differ, size=len(truth))
    return tuple(
        comparison(float(one), column) for one, column in zip(observed, values.T, strict=True)
    )


def compare(
    first: WeightedFigure,
    second: WeightedFigure,
    *,
    size: int,
    seed: int,
    draws: int = DRAWS,
    groups: Groups = None,
) -> Comparison:
    """Compare two figures of the same `size` texts, as `paired_bootstrap` does."""
    differ = _difference(first, second)
    values = resample(differ, size=size, seed=seed, draws=draws, groups=groups)
    return comparison(float(observe(differ, size=size)), values)


def mcnemar(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> Disagreements:
    """Test whether two systems are right equally often, from what only one of them has right.

    Source: McNemar 1947, in the exact form (binomial with one half).

    Args:
        first_right: Where the first system is right, of any shape.
        second_right: The same for the second.
    """
    first_only = int((first_right & ~second_right).sum())
    second_only = int((second_right & ~first_right).sum())
    differing = first_only + second_only
    p_value = stats.binomtest(first_only, differing).pvalue if differing else 1.0
    return Disagreements(first_only, second_only, float(p_value))


def mcnemar_on_decisions(
    first: NDArray[np.bool_], second: NDArray[np.bool_], truth: Truth
) -> Disagreements:
    """McNemar's test over single decisions, all (texts, labels).

    The decisions of one text hang together, which the test does not know: of two systems that
    are nearly the same it is a little too sure. `mcnemar_on_texts` has no such fault.
    """
    gold = np.asarray(truth, float) > 0.5
    return mcnemar(first == gold, second == gold)


def mcnemar_on_texts(
    first: NDArray[np.bool_], second: NDArray[np.bool_], truth: Truth
) -> Disagreements:
    """McNemar's test over texts, which are right when all their labels are; all (texts, labels)."""
    gold = np.asarray(truth, float) > 0.5
    return mcnemar((first == gold).all(axis=1), (second == gold).all(axis=1))


def wilcoxon_over_folds(first: Sequence[float], second: Sequence[float]) -> SignedRank:
    """Wilcoxon's signed rank test of two systems' figures on the same folds.

    Folds in which both are equal say nothing and are left out. Five folds cannot give a
    two-sided p-value under 0.0625, and eight are needed for one under 0.01.

    Source: Wilcoxon 1945; exact, also with ties, where there are few folds.
    """
    # Rounded, so that it makes no equal distances differ, nor equal figures.
    differences = np.round(np.subtract(first, second), _DIGITS)
    differing = differences[differences != 0]
    p_value = 1.0
    if len(differing) > 1:  # a single one may as well have fallen the other way
        method: Any = "approx"
        if len(differing) <= _MOST_EXACT_PAIRS:
            method = stats.PermutationMethod(n_resamples=2**_MOST_EXACT_PAIRS)
        p_value = float(stats.wilcoxon(differing, method=method).pvalue)
    return SignedRank(float(np.median(differences)), len(differences), min(1.0, p_value))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """P-values corrected for their number, in the same order.

    A result that is called significant where its corrected value is under a level leaves the
    chance of even one false call under that level.

    Source: Holm 1979.
    """
    values = np.asarray(p_values, float)
    order = np.argsort(values)
    stepped = values[order] * np.arange(len(values), 0, -1)
    corrected = np.empty(len(values))
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(stepped))
    return tuple(corrected.tolist())


def _difference(first: WeightedFigure, second: WeightedFigure) -> WeightedFigure:
    return lambda weights: first(weights) - second(weights)


def comparison(difference: float, values: Values) -> Comparison:
    """A difference with its interval and p-value from its own resampled values (draws,).

    For many comparisons among the same systems: each is resampled once, under one seed.
    """
    found = interval(difference, values)
    # A hair's breadth is allowed for, so that rounding makes no equal distances differ.
    is_as_far = np.abs(values - difference) >= abs(difference) - 1e-12
    p_value = (1 + is_as_far.sum()) / (1 + len(values))
    return Comparison(difference, found.low, found.high, float(p_value))


def p_value_words(p_value: float) -> str:
    """A p-value for people: never 0, since no number of draws can show that."""
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def p_value_claim(p_value: float) -> str:
    """The same in a sentence: "p = 0.012", or "p < 0.001"."""
    words = p_value_words(p_value)
    return f"p {words}" if words.startswith("<") else f"p = {words}"
