"""Folds that keep the share of every label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def stratified_folds(targets: NDArray[np.float32], *, folds: int, seed: int) -> NDArray[np.int64]:
    """Assign each text to a fold so that every label is spread evenly.

    Source: iterative stratification, Sechidis et al. 2011, algorithm 1.

    Args:
        targets: (texts, labels), 0 or 1.
        folds: Number of folds, at least 2.
        seed: Decides ties.

    Returns:
        Fold of every text, int64 (texts,), in 0..folds-1.
    """
    rng = np.random.default_rng(seed)
    texts = len(targets)
    fold_of = np.full(texts, -1, np.int64)
    room = np.full(folds, texts / folds)
    wanted = np.tile(targets.sum(axis=0) / folds, (folds, 1))
    while (fold_of < 0).any():
        free = fold_of < 0
        left = targets[free].sum(axis=0)
        if left.max(initial=0) > 0:
            label = int(np.argmin(np.where(left > 0, left, np.inf)))
            rows = np.flatnonzero(free & (targets[:, label] > 0))
            need = wanted[:, label]
        else:
            label, rows, need = -1, np.flatnonzero(free), room
        for row in rng.permutation(rows):
            need = room if label < 0 else wanted[:, label]
            best = np.lexsort((rng.random(folds), -room, -need))[0]
            fold_of[row] = best
            room[best] -= 1
            wanted[best] -= targets[row]
    return fold_of
