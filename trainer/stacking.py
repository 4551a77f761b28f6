"""Join the scores of several members into one calibrated logit per label.

Source: stacked generalisation, Wolpert 1992.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from trainer.judging.metrics import best_thresholds

Score = Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.float32]]
"""From the rows to fit on and the rows to score to scores of the latter, (rows, labels)."""


class Stacker:
    """Joins several members' scores into one calibrated logit per label."""

    def __init__(self) -> None:
        """Make an unfitted one."""
        self._regression = LogisticRegression(C=10.0, max_iter=1000)
        self._is_fitted = False

    def fit(self, members: Sequence[NDArray[np.float32]], truth: NDArray[np.float32]) -> Self:
        """Fit a shared factor for each member and one intercept per label.

        Where the labels are all there or all missing, as those of a rare single one may be, there
        is nothing to fit: the first member's scores stand.

        Args:
            members: Scores of each member, (texts, labels).
            truth: (texts, labels).
        """
        self._is_fitted = truth.min() < truth.max()
        if self._is_fitted:
            self._regression.fit(self._features(members), truth.ravel().astype(int))
        return self

    def logits(self, members: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Calibrated logits, float32 (texts, labels), from the members' scores."""
        if not self._is_fitted:
            return members[0]
        joined = self._regression.decision_function(self._features(members))
        shaped: NDArray[np.float32] = joined.reshape(members[0].shape).astype(np.float32)
        return shaped

    @staticmethod
    def _features(members: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        texts, labels = members[0].shape
        which = np.tile(np.eye(labels, dtype=np.float32), (texts, 1))
        return np.column_stack([*(scores.ravel() for scores in members), which])


def nested_decisions(
    score: Score,
    *,
    truth: NDArray[np.float32],
    fold_of: NDArray[np.int64],
    has_own_thresholds: bool = False,
) -> NDArray[np.bool_]:
    """Decisions on each fold with everything fitted, thresholds too, on the other folds alone.

    Args:
        score: Fits on some rows and scores others.
        truth: (texts, labels).
        fold_of: (texts,).
        has_own_thresholds: Whether each label has its own threshold, or all share one.

    Returns:
        Boolean (texts, labels).
    """
    present = np.zeros(truth.shape, bool)
    for fold in np.unique(fold_of):
        rest, own = fold_of != fold, fold_of == fold
        thresholds = best_thresholds(
            score(rest, rest), truth[rest], has_own_thresholds=has_own_thresholds
        )
        present[own] = score(rest, own) >= thresholds
    return present


def out_of_fold_decisions(
    scores: NDArray[np.float32],
    *,
    truth: NDArray[np.float32],
    fold_of: NDArray[np.int64],
    has_own_thresholds: bool = False,
) -> NDArray[np.bool_]:
    """The same by scores as they are, (texts, labels): only thresholds are fitted."""
    return nested_decisions(
        lambda _, rows: scores[rows],
        truth=truth,
        fold_of=fold_of,
        has_own_thresholds=has_own_thresholds,
    )
