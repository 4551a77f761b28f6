"""Figures of merit for multi-label predictions, and their bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]
Truth = NDArray[np.floating] | NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """F1 figures in 0..1: micro, macro, and one per label in column order."""

    micro_f1: float
    macro_f1: float
    label_f1: tuple[float, ...]


def figures(present: NDArray[np.bool_], truth: Truth) -> Figures:
    """Figures of decisions `present` against `truth`, both (texts, labels)."""
    hit, predicted, gold = _counts(present, truth)
    per_label = _f1(hit, predicted, gold)
    return Figures(
        micro_f1=float(_f1(hit.sum(), predicted.sum(), gold.sum())),
        macro_f1=float(per_label.mean()),
        label_f1=tuple(per_label.tolist()),
    )


def micro_f1(present: NDArray[np.bool_], truth: Truth) -> float:
    """Micro-averaged F1 in 0..1 of decisions against truth, both (texts, labels)."""
    return figures(present, truth).micro_f1


def best_threshold(scores: Scores, truth: Truth) -> float:
    """The one threshold on `scores` (texts, labels) with the highest micro-averaged F1.

    It lies half-way between the two scores that it parts.
    """
    order = np.argsort(-scores, axis=None)
    ranked = scores.ravel()[order]
    hits = np.cumsum(np.asarray(truth, float).ravel()[order])
    f1 = 2 * hits / (np.arange(1, len(ranked) + 1) + hits[-1])
    is_last_of_tie = np.append(ranked[:-1] > ranked[1:], True)
    best = int(np.argmax(np.where(is_last_of_tie, f1, -1.0)))
    if best + 1 == len(ranked):
        return float(ranked[best])
    return float((ranked[best] + ranked[best + 1]) / 2)


def calibration_error(probabilities: Scores, truth: Truth, *, bins: int = 10) -> float:
    """Expected calibration error over all decisions, with bins of equal numbers of decisions.

    Source: Naeini et al. 2015, in the equal-mass form.
    """
    order = np.argsort(probabilities, axis=None)
    p = probabilities.ravel()[order]
    t = np.asarray(truth, float).ravel()[order]
    gaps = [
        len(part) * abs(p[part].mean() - t[part].mean())
        for part in np.array_split(np.arange(len(p)), bins)
        if len(part)
    ]
    return float(sum(gaps) / len(p))


def bootstrap_interval(
    statistic: Callable[[NDArray[np.intp]], float],
    *,
    size: int,
    seed: int,
    draws: int = 2000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of `statistic(rows)` over resampled rows out of `size` texts."""
    rng = np.random.default_rng(seed)
    values = [statistic(rng.integers(0, size, size)) for _ in range(draws)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _counts(
    present: NDArray[np.bool_], truth: Truth
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    gold = np.asarray(truth, float) > 0.5
    return (
        (present & gold).sum(axis=0, dtype=np.float64),
        present.sum(axis=0, dtype=np.float64),
        gold.sum(axis=0, dtype=np.float64),
    )


def _f1(
    hit: NDArray[np.float64], predicted: NDArray[np.float64], gold: NDArray[np.float64]
) -> NDArray[np.float64]:
    """F1 from counts; 0 where a label is neither predicted nor there."""
    total = predicted + gold
    return np.divide(2 * hit, total, out=np.zeros_like(np.asarray(total)), where=total > 0)
