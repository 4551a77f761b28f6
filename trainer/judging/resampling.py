"""The bootstrap: how far a figure could be off because other texts might have been drawn.

Source: Efron and Tibshirani 1993, chapters 13 and 16. The unit that is drawn is the text, with
all its labels and sentences, because what belongs to one text is not independent; for the same
reason texts of one group, such as a patient's, are drawn together.
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

Groups = NDArray[np.int64] | None
"""Group of each text, shape (texts,), whatever the numbers; None where all stand alone."""

Statistic = Callable[[NDArray[Any], NDArray[Any]], WeightedFigure]
"""From predictions and truth, text by text, to a figure of them."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval of 95 %."""

    value: float
    low: float
    high: float


def resample(
    figure: WeightedFigure, *, size: int, seed: int, draws: int = DRAWS, groups: Groups = None
) -> Values:
    """The figure in `draws` samples of `size` texts, drawn with replacement.

    Groups are drawn whole: as many as there are, with as many texts as they happen to have.
    """
    units, unit_of = size, np.arange(size)
    if groups is not None:
        found, unit_of = np.unique(groups, return_inverse=True)
        units = len(found)
    blocks = _draw(units, rows=max(1, _BLOCK // size), seed=seed, draws=draws)
    return np.concatenate([figure(weights[:, unit_of]) for weights in blocks])


def observe(figure: WeightedFigure, *, size: int) -> Values:
    """The figure of the texts as they are: a number, or one for each figure."""
    return np.asarray(figure(np.ones((1, size)))[0])


def estimate(
    figure: WeightedFigure,
    *,
    size: int,
    seed: int,
    draws: int = DRAWS,
    groups: Groups = None,
    is_gap: bool = False,
) -> Estimate:
    """One figure with its interval.

    Args:
        figure: The figure, one number a draw.
        size: Number of texts.
        seed: Of the draws.
        draws: How many.
        groups: Texts that are drawn together.
        is_gap: Whether the figure is a sum of distances, which chance alone makes larger, and
            in each draw larger again; see `interval`.
    """
    values = resample(figure, size=size, seed=seed, draws=draws, groups=groups)
    return interval(float(observe(figure, size=size)), values, is_gap=is_gap)


def estimates(
    figure: WeightedFigure,
    *,
    size: int,
    seed: int,
    draws: int = DRAWS,
    groups: Groups = None,
    is_gap: bool = False,
) -> tuple[Estimate, ...]:
    """Several figures with their intervals, from the same draws; arguments as in `estimate`."""
    values = resample(figure, size=size, seed=seed, draws=draws, groups=groups)
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


def _draw(units: int, *, rows: int, seed: int, draws: int) -> Iterator[Weights]:
    """How often each unit is drawn, at most `rows` draws at a time."""
    rng = np.random.default_rng(seed)
    for start in range(0, draws, rows):
        many = min(rows, draws - start)
        cells = rng.integers(0, units, (many, units)) + np.arange(many)[:, np.newaxis] * units
        counts = np.bincount(cells.ravel(), minlength=many * units)
        yield counts.reshape(many, units).astype(float)
