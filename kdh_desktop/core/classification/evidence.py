"""Which sentences of the pasted text speak for a label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.record import Evidence

MAX_SENTENCES = 3
"""Most sentences shown for one label."""


def pick_evidence(
    sentence_scores: NDArray[np.float64],
    sentence_spans: Sequence[tuple[int, int]],
    *,
    pasted: str,
    offsets: Sequence[int],
    threshold: float,
) -> tuple[Evidence, ...]:
    """Choose the sentences that carry one label.

    Args:
        sentence_scores: Probability of the label in each sentence, shape (sentences,).
        sentence_spans: Where the sentences lie in the cleaned text.
        pasted: The text as the user gave it.
        offsets: From the cleaned to the pasted text, as in `CleanText`.
        threshold: Least score of a sentence that is shown.

    Returns:
        At most `MAX_SENTENCES`, best first, earlier first among equals; none when no sentence
        is clear.
    """
    return tuple(
        _evidence(sentence_spans[row], pasted, offsets, score=float(sentence_scores[row]))
        for row in pick_rows(sentence_scores, threshold=threshold)
    )


def pick_rows(sentence_scores: NDArray[np.float64], *, threshold: float) -> list[int]:
    """Rows of the sentences that `pick_evidence` chooses, best first."""
    best_first = np.argsort(-sentence_scores, kind="stable")[:MAX_SENTENCES]
    return [int(row) for row in best_first if sentence_scores[row] >= threshold]


def _evidence(
    span: tuple[int, int], pasted: str, offsets: Sequence[int], *, score: float
) -> Evidence:
    start, end = offsets[span[0]], offsets[span[1]]
    return Evidence(start=start, end=end, text=pasted[start:end], score=score)
