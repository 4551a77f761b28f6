"""How much of a long write is done, told now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

CHUNK = 5_000
"""Records between two words of how far it is: some tenths of a second of writing."""

OnProgress = Callable[[float], None]
"""Told the share that is done, in 0..1."""


def silent(_share: float) -> None:
    """For writes that nobody waits for."""


class ShareDone:
    """Adds up what was done, in steps of which some weigh more than others."""

    def __init__(self, total: int, on_progress: OnProgress) -> None:
        """Tell `on_progress` the share of `total`, the weight of all that is to come."""
        self._total = max(total, 1)
        self._on_progress = on_progress
        self._done = 0

    def chunks(self, items: Sequence[T], *, weight: int = 1) -> Iterator[Sequence[T]]:
        """Items some at a time, each of which counts as done when the next is asked for."""
        for start in range(0, len(items), CHUNK):
            chunk = items[start : start + CHUNK]
            yield chunk
            self._done += len(chunk) * weight
            self._on_progress(min(1.0, self._done / self._total))
