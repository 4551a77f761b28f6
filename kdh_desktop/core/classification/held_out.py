"""What a model said of texts that it was not trained on, counted by probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

BINS = 100
"""Bins of equal width over 0..1; bin k holds the probabilities from k/100 to below (k + 1)/100,
and the last one holds 1, too."""

EDGES: NDArray[np.float64] = np.arange(BINS) / BINS
"""Lower ends of the bins, shape (BINS,)."""


@dataclass(frozen=True, slots=True)
class HeldOutCounts:
    """How often a label was there and was not, by the probability that the model gave it.

    Attributes:
        protocol: Which texts these are and who scored them, as one sentence.
        texts: How many texts; each is counted once for every label.
        positives: Texts with the label, one row a label in column order, one count a bin.
        negatives: Texts without the label, likewise.

    Raises:
        ValueError: The counts do not add up.
    """

    protocol: str
    texts: int
    positives: tuple[tuple[int, ...], ...]
    negatives: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if len(self.positives) != len(self.negatives):
            raise ValueError("held-out counts need positives and negatives for each label")
        for positives, negatives in zip(self.positives, self.negatives, strict=True):
            if len(positives) != BINS or len(negatives) != BINS:
                raise ValueError(f"held-out counts need {BINS} bins")
            if min(*positives, *negatives) < 0 or sum(positives) + sum(negatives) != self.texts:
                raise ValueError("held-out counts must add up to the number of texts")

    @classmethod
    def of(cls, probabilities: NDArray[np.floating], truth: NDArray[Any], *, protocol: str) -> Self:
        """Count held-out texts.

        Args:
            probabilities: Calibrated, in 0..1, shape (texts, labels).
            truth: Whether a text has a label, same shape.
            protocol: Which texts these are and who scored them, as one sentence.
        """
        has_label = np.asarray(truth) > 0
        return cls(
            protocol=protocol,
            texts=len(probabilities),
            positives=_counts(probabilities, has_label),
            negatives=_counts(probabilities, ~has_label),
        )

    def as_dict(self, label_ids: Sequence[str]) -> dict[str, Any]:
        """JSON values, with counts as one string a row, so that a manifest stays readable."""
        rows = zip(label_ids, self.positives, self.negatives, strict=True)
        return {
            "protocol": self.protocol,
            "texts": self.texts,
            "labels": {
                label: {"positives": _joined(positives), "negatives": _joined(negatives)}
                for label, positives, negatives in rows
            },
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], label_ids: Sequence[str]) -> Self:
        """Read what `as_dict` wrote.

        Raises:
            KeyError: Something is missing.
            ValueError: It does not add up, or is about other labels.
        """
        labels = raw["labels"]
        if set(labels) != set(label_ids):
            raise ValueError("held-out counts are about other labels")
        return cls(
            protocol=str(raw["protocol"]),
            texts=int(raw["texts"]),
            positives=tuple(_split(labels[label]["positives"]) for label in label_ids),
            negatives=tuple(_split(labels[label]["negatives"]) for label in label_ids),
        )


def _counts(
    probabilities: NDArray[np.floating], chosen: NDArray[np.bool_]
) -> tuple[tuple[int, ...], ...]:
    # Looked up among the very edges that limits are taken from: `int(0.29 * 100)` is 28.
    bins = np.searchsorted(EDGES, probabilities, side="right") - 1
    return tuple(
        tuple(int(count) for count in np.bincount(column[mask], minlength=BINS))
        for column, mask in zip(bins.T, chosen.T, strict=True)
    )


def _joined(counts: Sequence[int]) -> str:
    return " ".join(str(count) for count in counts)


def _split(counts: str) -> tuple[int, ...]:
    return tuple(int(count) for count in counts.split())
