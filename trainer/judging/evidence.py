"""The sentences shown for labels, against those that the corpus says carry them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.classification.confidence import sigmoid
from kdh_desktop.core.classification.evidence import pick_rows
from trainer.judging.evaluation import ServedScores
from trainer.judging.resampling import DRAWS, Estimate, Groups, WeightedFigure, estimate, ratio


@dataclass(frozen=True, slots=True)
class EvidenceFigures:
    """How good the shown sentences are, in 0..1.

    Attributes:
        labels: Rightly found labels of texts whose sentences are labelled. The next four figures
            are about them alone, so that they judge the evidence and not the decision.
        precision_at_1: Share of them whose best sentence carries the label.
        precision: Share of the sentences shown for them that carry the label.
        recall: Share of the sentences that carry them that are shown.
        f1: Of those sentences.
        overall_f1: Of all sentences shown for found labels, against all that carry any label:
            wrong and missed labels cost it, too.
    """

    labels: int
    precision_at_1: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    overall_f1: Estimate


def evidence_figures(
    scores: ServedScores,
    present: NDArray[np.bool_],
    *,
    threshold: float,
    seed: int,
    draws: int = DRAWS,
    groups: Groups = None,
) -> EvidenceFigures | None:
    """Judge the sentences that the program would show.

    Source: rationales as in DeYoung et al. 2020 (ERASER), by whole sentences.

    Args:
        scores: Scores of labelled texts.
        present: Decisions, boolean (texts, labels).
        threshold: Probability from which a sentence is shown; at most three are.
        seed: Of the bootstrap over texts.
        draws: Of the bootstrap.
        groups: Texts that it draws together.

    Returns:
        None where the corpus labels no sentence or the network scores none; single texts without
        sentence labels have no part in the figures.
    """
    counts = list(_counts(scores, present, threshold))
    if not any(one.is_judged for one in counts):
        return None
    sums = {
        field.name: np.array([getattr(one, field.name) for one in counts], float)
        for field in fields(_Counts)
    }

    def of(part: NDArray[np.float64], whole: NDArray[np.float64]) -> Estimate:
        figure = ratio(part, whole)
        return estimate(figure, size=len(counts), seed=seed, draws=draws, groups=groups)

    return EvidenceFigures(
        labels=int(sums["labels"].sum()),
        precision_at_1=of(sums["best_right"], sums["labels"]),
        precision=of(sums["right"], sums["shown"]),
        recall=of(sums["right"], sums["gold"]),
        f1=of(2 * sums["right"], sums["shown"] + sums["gold"]),
        overall_f1=of(2 * sums["all_right"], sums["all_shown"] + sums["all_gold"]),
    )


def evidence_precision_at_1(scores: ServedScores, present: NDArray[np.bool_]) -> float | None:
    """`EvidenceFigures.precision_at_1` alone, without its interval."""
    counts = list(_counts(scores, present, threshold=1.0))
    if not any(one.is_judged for one in counts):
        return None
    labels = sum(one.labels for one in counts)
    return sum(one.best_right for one in counts) / labels if labels else 0.0


def weighted_precision_at_1(
    scores: ServedScores, present: NDArray[np.bool_]
) -> WeightedFigure | None:
    """`EvidenceFigures.precision_at_1` for any weighting of the texts; None where it has none."""
    counts = list(_counts(scores, present, threshold=1.0))
    if not any(one.is_judged for one in counts):
        return None
    best_right = np.array([one.best_right for one in counts], float)
    return ratio(best_right, np.array([one.labels for one in counts], float))


@dataclass(frozen=True, slots=True)
class _Counts:
    """What is counted in one text: labels rightly found, and sentences times labels."""

    is_judged: bool = False
    labels: int = 0
    best_right: int = 0
    shown: int = 0
    gold: int = 0
    right: int = 0
    all_shown: int = 0
    all_gold: int = 0
    all_right: int = 0

    @classmethod
    def of(
        cls,
        logits: NDArray[np.float32],
        gold: NDArray[np.bool_],
        *,
        present: NDArray[np.bool_],
        is_right: NDArray[np.bool_],
        threshold: float,
    ) -> Self:
        """Count in a text of at least one sentence; all arrays (sentences, labels) or (labels,)."""
        shown = _shown(logits, present, threshold)
        columns = np.flatnonzero(is_right)
        best = logits.argmax(axis=0)
        return cls(
            is_judged=True,
            labels=len(columns),
            best_right=int(gold[best[columns], columns].sum()),
            shown=int(shown[:, columns].sum()),
            gold=int(gold[:, columns].sum()),
            right=int((shown & gold)[:, columns].sum()),
            all_shown=int(shown.sum()),
            all_gold=int(gold.sum()),
            all_right=int((shown & gold).sum()),
        )


def _counts(
    scores: ServedScores, present: NDArray[np.bool_], threshold: float
) -> Iterator[_Counts]:
    is_right = present & (scores.truth > 0)
    for text, truth in enumerate(scores.sentence_truth):
        if truth is None or not len(truth):
            yield _Counts()
            continue
        yield _Counts.of(
            scores.sentence_logits[text],
            truth > 0,
            present=present[text],
            is_right=is_right[text],
            threshold=threshold,
        )


def _shown(
    logits: NDArray[np.float32], present: NDArray[np.bool_], threshold: float
) -> NDArray[np.bool_]:
    """Which sentences are shown for which of the labels found, boolean (sentences, labels)."""
    shown = np.zeros(logits.shape, bool)
    probabilities = sigmoid(logits)
    for label in np.flatnonzero(present):
        shown[pick_rows(probabilities[:, label], threshold=threshold), label] = True
    return shown
