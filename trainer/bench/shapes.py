"""The shapes of networks, and the arithmetic of what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """Shape of a transformer encoder.

    Attributes:
        family: ``bert`` or ``distilbert``.
        layers: Number of layers.
        width: Units of a token's state.
        heads: Attention heads.
        inner: Units of the feed-forward layers.
        vocabulary: Word pieces.
        positions: Most tokens.
    """

    family: str
    layers: int
    width: int
    heads: int
    inner: int
    vocabulary: int = 30522
    positions: int = 512

    @property
    def products(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of the weights of one layer's matrix products."""
        return (
            (self.width, 3 * self.width),
            (self.width, self.width),
            (self.width, self.inner),
            (self.inner, self.width),
        )

    def linear_operations(self, tokens: int) -> int:
        """Multiplications and additions of tokens' states with weights, in one pass."""
        return 2 * tokens * self.layers * sum(rows * columns for rows, columns in self.products)

    def attention_operations(self, tokens: int) -> int:
        """Multiplications and additions of tokens' states with each other, in one pass."""
        return 4 * tokens**2 * self.layers * self.width


MINILM = Shape("bert", layers=6, width=384, heads=12, inner=1536)
DISTILBERT = Shape("distilbert", layers=6, width=768, heads=12, inner=3072)
BERT_BASE = Shape("bert", layers=12, width=768, heads=12, inner=3072)


def texts_per_second(
    shape: Shape, window_tokens: Sequence[int], *, giga_operations: float
) -> float:
    """Texts a second if the matrix products of one window each, at a given rate, were all."""
    operations = [
        shape.linear_operations(tokens) + shape.attention_operations(tokens)
        for tokens in window_tokens
    ]
    return giga_operations * 1e9 * len(operations) / sum(operations)
