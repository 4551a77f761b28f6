"""From logits to probabilities, and the limits on them.

Source: Platt 1999 (a logistic regression on held-out scores), one per label.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from kdh_desktop.core.classification.confidence import sigmoid
from kdh_desktop.core.classification.manifest import LabelCalibration
from trainer.judging.metrics import best_threshold

PRESENT_PRECISION = 0.9
"""Share of decisions in the band ``present`` that should be right."""

REVIEW_RECALL = 0.95
"""Share of gold labels that should lie in the bands ``present`` or ``needs_review``."""


def fit_calibrations(
    logits: NDArray[np.float32], truth: NDArray[np.float32]
) -> tuple[LabelCalibration, ...]:
    """Slope and intercept per label, and one set of limits for all of them.

    Args:
        logits: Decision logits of texts that their network did not see, (texts, labels).
        truth: (texts, labels), 0 or 1.
    """
    lines = [_platt(logits[:, label], truth[:, label]) for label in range(logits.shape[1])]
    slopes, intercepts = np.array(lines).T
    probabilities = sigmoid(logits * slopes + intercepts)
    threshold = best_threshold(probabilities, truth)
    present_from = max(threshold, precision_limit(probabilities, truth, PRESENT_PRECISION))
    review_from = min(threshold, recall_limit(probabilities, truth, REVIEW_RECALL))
    return tuple(
        LabelCalibration(slope, intercept, threshold, review_from, present_from)
        for slope, intercept in lines
    )


def precision_limit(
    probabilities: NDArray[np.float64], truth: NDArray[np.float32], precision: float
) -> float:
    """Lowest limit from which at least `precision` of the decisions above it are right.

    1.0 where no limit reaches it.
    """
    order = np.argsort(-probabilities, axis=None)
    ranked = probabilities.ravel()[order]
    right = np.cumsum(truth.ravel()[order]) / np.arange(1, truth.size + 1)
    is_last_of_tie = np.append(ranked[:-1] > ranked[1:], True)
    reached = np.flatnonzero(is_last_of_tie & (right >= precision))
    return float(ranked[reached[-1]]) if len(reached) else 1.0


def recall_limit(
    probabilities: NDArray[np.float64], truth: NDArray[np.float32], recall: float
) -> float:
    """Highest limit at which at least `recall` of the gold labels lie on it or above; 0 if none."""
    gold = np.sort(probabilities[truth > 0])
    # 1 - 0.9 is a little under a tenth: rounding must not cost a label.
    kept = int(np.ceil(recall * len(gold) - 1e-9))
    return float(gold[len(gold) - kept]) if len(gold) else 0.0


def _platt(logits: NDArray[np.float32], truth: NDArray[np.float32]) -> tuple[float, float]:
    """Slope and intercept; a label with a single outcome keeps its logits as they are."""
    if truth.min() == truth.max():
        return 1.0, 0.0
    regression = LogisticRegression(C=10.0).fit(logits[:, None], truth.astype(int))
    slope = float(regression.coef_[0, 0])
    return (slope, float(regression.intercept_[0])) if slope > 0 else (1.0, 0.0)
