"""How far probabilities can be believed, as a reliability diagram shows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.training_protocol import ReliabilityBin, ReliabilityMeasured, ScoredOn

BINS = 10


def reliability_of(
    scored_on: ScoredOn, probabilities: NDArray[np.float64], truth: NDArray[np.float32]
) -> ReliabilityMeasured:
    """Decisions in bins of equal width over 0..1, those of all labels together.

    Source: DeGroot and Fienberg 1983.

    Args:
        scored_on: Which texts these are.
        probabilities: Calibrated, (texts, labels).
        truth: (texts, labels), 0 or 1.
    """
    flat, is_there = probabilities.ravel(), truth.ravel() > 0
    bin_of = np.minimum((flat * BINS).astype(int), BINS - 1)
    counts = np.bincount(bin_of, minlength=BINS)
    sums = np.bincount(bin_of, weights=flat, minlength=BINS)
    present = np.bincount(bin_of, weights=is_there, minlength=BINS)
    bins = (
        ReliabilityBin(round(float(total / count), 4), round(float(there / count), 4), int(count))
        for count, total, there in zip(counts, sums, present, strict=True)
        if count
    )
    return ReliabilityMeasured(scored_on, tuple(bins))
