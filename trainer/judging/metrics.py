"""Figures of merit for multi-label predictions, each for the texts as they are or weighted.

A bootstrap draw is a weighting of the texts, so figures that take weights are resampled all at
once. Where a share is of nothing it is 0 and never NaN, with one exception: a text that has no
label and is given none is right, so its own F1 is 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trainer.judging.resampling import Values, WeightedFigure, Weights

Scores = NDArray[np.floating]
Truth = NDArray[np.floating] | NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of decisions, all in 0..1; those of single labels in column order."""

    micro_f1: float
    macro_f1: float
    weighted_f1: float
    subset_accuracy: float
    example_f1: float
    hamming_loss: float
    label_f1: tuple[float, ...]
    label_precision: tuple[float, ...]
    label_recall: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted over texts, and all figures that follow from it.

    Source: Tsoumakas, Katakis and Vlahavas 2010, "Mining multi-label data", section 7.

    Attributes:
        texts: Number of texts, shape (...), one for each weighting.
        exact: Texts whose labels are all right, shape (...).
        example_f1_sum: Sum of the texts' own F1, shape (...).
        hit: Labels rightly found, shape (..., labels).
        predicted: Labels found, shape (..., labels).
        gold: Labels that are there, shape (..., labels).
    """

    texts: Values
    exact: Values
    example_f1_sum: Values
    hit: Values
    predicted: Values
    gold: Values

    def micro_f1(self) -> Values:
        """F1 over all decisions as one, shape (...)."""
        found = self.predicted.sum(axis=-1) + self.gold.sum(axis=-1)
        return _share(2 * self.hit.sum(axis=-1), found)

    def macro_f1(self) -> Values:
        """Mean of the labels' F1, shape (...); a label neither found nor there counts as 0."""
        return np.asarray(self.label_f1().mean(axis=-1))

    def weighted_f1(self) -> Values:
        """Mean of the labels' F1, weighted by how often they are there, shape (...)."""
        return _share((self.label_f1() * self.gold).sum(axis=-1), self.gold.sum(axis=-1))

    def subset_accuracy(self) -> Values:
        """Share of texts whose labels are all right, shape (...)."""
        return _share(self.exact, self.texts)

    def example_f1(self) -> Values:
        """Mean of the texts' own F1, shape (...); 1 for a text that rightly has no label.

        The BLUE benchmark takes the F1 of the texts' mean precision and mean recall, which is
        another number.
        """
        return _share(self.example_f1_sum, self.texts)

    def hamming_loss(self) -> Values:
        """Share of wrong decisions, shape (...)."""
        wrong = (self.predicted + self.gold - 2 * self.hit).sum(axis=-1)
        return _share(wrong, self.texts * self.gold.shape[-1])

    def label_f1(self) -> Values:
        """F1 of each label, shape (..., labels)."""
        return _share(2 * self.hit, self.predicted + self.gold)

    def label_precision(self) -> Values:
        """Share of findings that are right, shape (..., labels)."""
        return _share(self.hit, self.predicted)

    def label_recall(self) -> Values:
        """Share of labels there that are found, shape (..., labels)."""
        return _share(self.hit, self.gold)


class Decisions:
    """Decisions beside the truth, counted once for each text.

    Args:
        present: Boolean (texts, labels).
        truth: (texts, labels), 0 or 1.
    """

    def __init__(self, present: NDArray[np.bool_], truth: Truth) -> None:
        gold = np.asarray(truth, float) > 0.5
        hit = present & gold
        sizes = present.sum(axis=1) + gold.sum(axis=1)
        own_f1 = np.where(sizes == 0, 1.0, _share(2.0 * hit.sum(axis=1), sizes))
        exact = (present == gold).all(axis=1)
        ones = np.ones(len(gold))
        self._labels = gold.shape[1]
        self._counts = np.column_stack([ones, exact, own_f1, hit, present, gold]).astype(float)

    def tally(self, weights: Weights | None = None) -> Tally:
        """Counts over the texts, each as often as `weights` (draws, texts) says, or once."""
        total = self._counts.sum(axis=0) if weights is None else weights @ self._counts
        parts = np.split(total, [1, 2, 3, 3 + self._labels, 3 + 2 * self._labels], axis=-1)
        texts, exact, own_f1 = (part[..., 0] for part in parts[:3])
        return Tally(texts, exact, own_f1, *parts[3:])

    @staticmethod
    def statistic(
        figure: Callable[[Tally], Values],
    ) -> Callable[[NDArray[np.bool_], Truth], WeightedFigure]:
        """A statistic for the bootstrap from a figure, as in ``statistic(Tally.micro_f1)``."""

        def of(present: NDArray[np.bool_], truth: Truth) -> WeightedFigure:
            decisions = Decisions(present, truth)
            return lambda weights: figure(decisions.tally(weights))

        return of


def figures(present: NDArray[np.bool_], truth: Truth) -> Figures:
    """Figures of decisions `present` against `truth`, both (texts, labels)."""
    tally = Decisions(present, truth).tally()
    return Figures(
        micro_f1=float(tally.micro_f1()),
        macro_f1=float(tally.macro_f1()),
        weighted_f1=float(tally.weighted_f1()),
        subset_accuracy=float(tally.subset_accuracy()),
        example_f1=float(tally.example_f1()),
        hamming_loss=float(tally.hamming_loss()),
        label_f1=tuple(tally.label_f1().tolist()),
        label_precision=tuple(tally.label_precision().tolist()),
        label_recall=tuple(tally.label_recall().tolist()),
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


def best_thresholds(
    scores: NDArray[np.float32], truth: NDArray[np.float32], *, has_own_thresholds: bool
) -> NDArray[np.float64]:
    """The threshold of each label (labels,): its own best one, or the best for all labels as one.

    A label that no text has takes that for all in either case: it has none of its own.
    """
    shared = best_threshold(scores, truth)
    return np.array(
        [
            best_threshold(scores[:, [label]], truth[:, [label]])
            if has_own_thresholds and truth[:, label].any()
            else shared
            for label in range(truth.shape[1])
        ]
    )


def average_precision(scores: Scores, truth: Truth) -> tuple[float, ...]:
    """Average precision of each label in 0..1; 0 for a label that no text has.

    Source: the sum over thresholds of precision times the rise in recall, without interpolation,
    texts of equal scores taken together; Manning, Raghavan and Schütze 2008, section 8.4.
    """
    once = np.ones((1, len(scores)))
    return tuple(weighted_average_precision(scores, truth)(once)[0].tolist())


def weighted_average_precision(scores: Scores, truth: Truth) -> WeightedFigure:
    """Average precision of each label for weighted texts, shape (draws, labels)."""
    ranks = [_Ranking.of(scores[:, label], truth[:, label]) for label in range(scores.shape[1])]
    return lambda weights: np.column_stack([rank.average_precision(weights) for rank in ranks])


def calibration_error(probabilities: Scores, truth: Truth, *, bins: int = 10) -> float:
    """Expected calibration error over all decisions, with bins of equal numbers of decisions.

    Source: Naeini et al. 2015, in the equal-mass form.
    """
    once = np.ones((1, len(probabilities)))
    return float(weighted_calibration_error(probabilities, truth, bins=bins)(once)[0])


def weighted_calibration_error(
    probabilities: Scores, truth: Truth, *, bins: int = 10
) -> WeightedFigure:
    """Calibration error over all decisions of weighted texts, in the bins of the unweighted."""
    order = np.argsort(probabilities, axis=None)
    bin_of = np.empty(probabilities.size, np.intp)
    for number, part in enumerate(np.array_split(order, bins)):
        bin_of[part] = number
    texts, labels = probabilities.shape
    gaps = np.zeros((texts, bins))
    rows = np.repeat(np.arange(texts), labels)
    np.add.at(gaps, (rows, bin_of), (probabilities - np.asarray(truth, float)).ravel())
    return lambda weights: _share(
        np.abs(weights @ gaps).sum(axis=-1), weights.sum(axis=-1) * labels
    )


def weighted_label_calibration_errors(
    probabilities: Scores, truth: Truth, *, bins: int = 10
) -> WeightedFigure:
    """Calibration error of each label for weighted texts, shape (draws, labels)."""
    errors = [
        weighted_calibration_error(probabilities[:, [label]], truth[:, [label]], bins=bins)
        for label in range(probabilities.shape[1])
    ]
    return lambda weights: np.column_stack([error(weights) for error in errors])


def calibration_noise(probabilities: Scores, *, seed: int, draws: int = 200) -> float:
    """Mean over labels of the calibration error that true probabilities would show by chance.

    Of few texts it is not small: what a model shows above it is what it is wrong by.

    Source: consistency resampling, Bröcker and Smith 2007.
    """
    rng = np.random.default_rng(seed)
    once = np.ones((1, len(probabilities)))
    errors = [
        weighted_label_calibration_errors(
            probabilities, rng.random(probabilities.shape) < probabilities
        )(once).mean()
        for _ in range(draws)
    ]
    return float(np.mean(errors))


@dataclass(frozen=True, slots=True)
class _Ranking:
    """The texts of one label by falling score.

    Attributes:
        order: All texts, best first.
        positives: Places in `order` of those that have the label, rising.
        seen: For each of them, the last place with its score.
        hits: For each of them, which is the last of them with its score.
    """

    order: NDArray[np.intp]
    positives: NDArray[np.intp]
    seen: NDArray[np.intp]
    hits: NDArray[np.intp]

    @classmethod
    def of(cls, scores: Scores, truth: Truth) -> Self:
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        ends = np.flatnonzero(np.append(ranked[:-1] > ranked[1:], True))
        positives = np.flatnonzero(np.asarray(truth, float)[order] > 0.5)
        seen = ends[np.searchsorted(ends, positives)]
        return cls(order, positives, seen, np.searchsorted(positives, seen, side="right") - 1)

    def average_precision(self, weights: Weights) -> Values:
        """Shape (draws,)."""
        ranked = weights[:, self.order]
        own = ranked[:, self.positives]
        precision = _share(
            np.cumsum(own, axis=1)[:, self.hits], np.cumsum(ranked, axis=1)[:, self.seen]
        )
        return _share((own * precision).sum(axis=1), own.sum(axis=1))


def _share(part: NDArray[np.floating], whole: NDArray[np.number]) -> Values:
    """Part over whole; 0 where the whole is nothing."""
    empty = np.zeros(np.shape(whole))
    return np.asarray(np.divide(part, whole, out=empty, where=np.asarray(whole) > 0))
