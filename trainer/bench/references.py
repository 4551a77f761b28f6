"""Invented references by the ten thousand, with words as rare and as frequent as in a language.

The abstracts of `texts.py` share some hundred words, which is right for a classifier and wrong for
a search: here words follow Zipf's law over sixty thousand invented ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from kdh_desktop.core.importing.imported import ImportedRecord

_LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
_JOURNALS = 2_000


class References:
    """A source of references; the same seed gives the same ones.

    Args:
        seed: Any number.
        words: Different words in all texts.
    """

    def __init__(self, *, seed: int = 0, words: int = 60_000) -> None:
        self._rng = np.random.default_rng(seed)
        letters = 1 / np.arange(1, 1 + len(_LETTERS))
        chosen = self._rng.choice(list(_LETTERS), size=(words, 12), p=letters / letters.sum())
        lengths = self._rng.integers(2, 13, size=words)
        self.words = [
            "".join(row[:length]) for row, length in zip(chosen, lengths.tolist(), strict=True)
        ]
        frequencies = np.arange(1, 1 + words) ** -1.05
        self._shares: npt.NDArray[np.float64] = np.cumsum(frequencies / frequencies.sum())

    def take(self, count: int, *, first: int = 1) -> Iterator[ImportedRecord]:
        """The next ones, with rising rows.

        Args:
            count: How many.
            first: Row of the first.
        """
        lengths = self._rng.integers(110, 290, size=count)
        years = self._rng.integers(1975, 2027, size=count)
        journals = self._rng.zipf(1.3, size=count) % min(_JOURNALS, len(self.words))
        for row, length, year, journal in zip(
            range(first, first + count),
            lengths.tolist(),
            years.tolist(),
            journals.tolist(),
            strict=True,
        ):
            words = self._some(length)
            yield ImportedRecord(
                row=row,
                title=" ".join(words[:14]).capitalize(),
                abstract=" ".join(words[14:]).capitalize() + ".",
                source_id=f"row-{row}",
                pmid=str(10_000_000 + row),
                doi=f"10.5555/{words[20]}.{row}",
                year=year,
                journal=f"Journal of {self.words[journal].capitalize()} {journal}",
                authors="; ".join(
                    f"{word.capitalize()} {word[0].upper()}" for word in words[20:26]
                ),
                keywords="; ".join(words[30:36]),
            )

    def _some(self, count: int) -> list[str]:
        places = np.searchsorted(self._shares, self._rng.random(count))
        return [self.words[min(place, len(self.words) - 1)] for place in places.tolist()]
