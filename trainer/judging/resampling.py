"""The bootstrap: how far a figure could be off because other texts might have been drawn.

Source: Efron and Tibshirani 1993, chapters 13 and 16. The unit that is drawn is the text, with
all its labels and sentences, because what belongs to one text is not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000

_BLOCK = 4_000_000
"""Most numbers in one block of weights, so that large corpora need no more memory than small."""

Weights = NDArray[np.float64]
"""How often each text counts, shape (draws, texts)."""

Values = NDArray[np.float64]
"""One figure a draw, shape (draws,), or several, shape (draws, figures)."""

WeightedFigure = Callable[[Weights], Values]
"""A figure of texts, for any number of weightings of them at once."""

Statistic = Callable[[NDArray[Any], NDArray[Any]], WeightedFigure]
"""From predictions and truth, text by text, to a figure of them."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval of 95 %."""

    value: float
    low: float
    high: float


def resample(figure: WeightedFigure, *, size: int, seed: int, draws: int = DRAWS) -> Values:
    """The figure in `draws` samples of `size` texts, drawn with replacement."""
    return np.concatenate([figure(weights) for weights in _draw(size, seed=seed, draws=draws)])


def observe(figure: WeightedFigure, *, size: int) -> Values:
    """The figure of the texts as they are: a number, or one for each figure."""
    return np.asarray(figure(np.ones((1, size)))[0])


def estimate(
    figure: WeightedFigure, *, size: int, seed: int, draws: int = DRAWS, is_gap: bool = False
) -> Estimate:
    """One figure with its interval.

    Args:
        figure: The figure, one number a draw.
        size: Number of texts.
        seed: Of the draws.
        draws: How many.
        is_gap: Whether the figure is a sum of distances, which chance alone makes larger, and
            in each draw larger again; see `interval`.
    """
    values = resample(figure, size=size, seed=seed, draws=draws)
    return interval(float(observe(figure, size=size)), values, is_gap=is_gap)


def estimates(
    figure: WeightedFigure, *, size: int, seed: int, draws: int = DRAWS, is_gap: bool = False
) -> tuple[Estimate, ...]:
    """Several figures with their intervals, from the same draws; arguments as in `estimate`."""
    values = resample(figure, size=size, seed=seed, draws=draws)
    return tuple(
        interval(float(value), values[:, column], is_gap=is_gap)
        for column, value in enumerate(observe(figure, size=size))
    )


def interval(value: float, values: Values, *, is_gap: bool = False) -> Estimate:
    """An observed value with the interval that its resampled values (draws,) give.

    It is the percentile interval. For a sum of distances it is the basic interval, which is
    mirrored at the observed value and so takes back what the draws add; it is cut off at 0 and
    stretched to the observed value, which has the same fault as the draws.
    """
    low, high = (float(limit) for limit in np.quantile(values, [0.025, 0.975]))
    if is_gap:
        low, high = max(0.0, 2 * value - high), max(value, 2 * value - low)
    return Estimate(value, low, high)


def ratio(part: NDArray[np.number], whole: NDArray[np.number]) -> WeightedFigure:
    """Sum of `part` over sum of `whole`, both (texts,); 0 where the whole is nothing."""
    both = np.column_stack([part, whole]).astype(float)

    def of(weights: Weights) -> Values:
        parts, wholes = (weights @ both).T
        return np.asarray(np.divide(parts, wholes, out=np.zeros(len(weights)), where=wholes > 0))

    return of


def by_rows(plain: Callable[[NDArray[Any], NDArray[Any]], float]) -> Statistic:
    """A statistic from a function of the drawn texts' predictions and truth: any, but slow."""

    def statistic(predictions: NDArray[Any], truth: NDArray[Any]) -> WeightedFigure:
        def of(weights: Weights) -> Values:
            rows = (np.repeat(np.arange(len(truth)), one.astype(int)) for one in weights)
            return np.array([plain(predictions[drawn], truth[drawn]) for drawn in rows])

        return of

    return statistic


def _draw(size: int, *, seed: int, draws: int) -> Iterator[Weights]:
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK // size)
    for start in range(0, draws, block):
        rows = min(block, draws - start)
        cells = rng.integers(0, size, (rows, size)) + np.arange(rows)[:, np.newaxis] * size
        counts = np.bincount(cells.ravel(), minlength=rows * size)
        yield counts.reshape(rows, size).astype(float)
