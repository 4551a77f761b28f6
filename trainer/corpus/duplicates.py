"""Texts that are the same, or nearly so.

Source: MinHash over word shingles with locality-sensitive hashing, Broder 1997; candidates are
then compared exactly.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from trainer.corpus.labelled_text import LabelledText

NEARLY = 0.8
"""Jaccard similarity of two texts' shingles from which they count as nearly the same."""

SHINGLE = 4
"""Words in a shingle; in scripts without blanks, characters."""

_WIDE = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Scripts without blanks between words: Thai, Lao, kana, Han."""

WIDE_CHARACTER = re.compile(f"[{_WIDE}]")
_WORD = re.compile(f"[{_WIDE}]|[^\\W{_WIDE}]+")
_HASHES = 64
_BANDS = 16
_MAX_SHINGLES = 20_000
_MAX_COMPARED = 10


def words_of(text: str) -> list[str]:
    """Words that tell a text from another: letter case, punctuation and blanks do not."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def content_keys(texts: Sequence[str]) -> list[str]:
    """One key a text, the same for texts that hold the same words."""
    return [hashlib.sha256(" ".join(words_of(text)).encode()).hexdigest() for text in texts]


def near_duplicates(
    texts: Sequence[str], groups: Sequence[Hashable | None] | None = None
) -> Iterator[tuple[int, int]]:
    """Pairs of texts that are nearly, but not quite, the same.

    Args:
        texts: The texts.
        groups: Group of each; pairs of the same group are passed over, since they are never
            divided. None stands for no group.

    Yields:
        Positions of a text and of an earlier one that it resembles; each text at most once.
    """
    own = list(groups) if groups is not None else [None] * len(texts)
    first: dict[str, int] = {}
    for place, key in enumerate(content_keys(texts)):
        first.setdefault(key, place)
    shingles = {place: _shingles(texts[place]) for place in first.values()}
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    held: Counter[tuple[tuple[int, bytes], Hashable]] = Counter()
    for place in first.values():
        compared: set[int] = set()
        bands = _bands(shingles[place])
        for band in bands:
            others = (x for x in buckets[band] if own[x] is None or own[x] != own[place])
            compared.update(islice(others, _MAX_COMPARED))
        for other in sorted(compared):
            if _similarity(shingles[place], shingles[other]) >= NEARLY:
                yield place, other
                break
        for band in bands:
            held[band, own[place]] += 1
            # Of one group no text is compared with more.
            if held[band, own[place]] <= _MAX_COMPARED:
                buckets[band].append(place)


def groups_of(texts: Sequence[LabelledText]) -> NDArray[np.int64]:
    """Group of each text for splits, int64 (texts,): its own, joined with those of equal texts."""
    return joined_groups([text.text for text in texts], [text.group for text in texts])


def joined_groups(texts: Sequence[str], groups: Sequence[Hashable | None]) -> NDArray[np.int64]:
    """Number of what must not be divided, int64 (texts,): groups, joined where texts are equal.

    Args:
        texts: The texts.
        groups: Group of each; None stands for no group.
    """
    root = list(range(len(texts)))

    def find(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    seen: dict[tuple[str, Hashable], int] = {}
    for place, (key, group) in enumerate(zip(content_keys(texts), groups, strict=True)):
        marks = [("text", key)] + ([("group", group)] if group is not None else [])
        for mark in marks:
            root[find(place)] = find(seen.setdefault(mark, place))
    return np.array([find(place) for place in range(len(texts))], np.int64)


def _shingles(text: str) -> NDArray[np.uint64]:
    """Hashes of the text's shingles, sorted and unique; a long text's smallest ones."""
    hashed = np.array([zlib.crc32(word.encode()) for word in words_of(text)], np.uint64)
    length = max(1, len(hashed) - SHINGLE + 1)
    joined = np.zeros(length, np.uint64)
    for step in range(min(SHINGLE, len(hashed))):
        joined = joined * _FACTOR + hashed[step : step + length]
    return np.unique(_mixed(joined))[:_MAX_SHINGLES]


def _bands(shingles: NDArray[np.uint64]) -> list[tuple[int, bytes]]:
    """Parts of the MinHash signature: texts that share one are worth comparing."""
    signature = np.empty(_HASHES, np.uint64)
    for start in range(0, _HASHES, 16):
        part = slice(start, start + 16)
        signature[part] = _mixed(shingles[None] * _SLOPES[part, None] + _SHIFTS[part, None]).min(1)
    rows = _HASHES // _BANDS
    return [(band, signature[band * rows : (band + 1) * rows].tobytes()) for band in range(_BANDS)]


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits of hashes over all places."""
    values = (values ^ (values >> np.uint64(31))) * _FACTOR
    return values ^ (values >> np.uint64(29))


def _similarity(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)


_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_RANDOM = np.random.default_rng(0)
_SLOPES = _RANDOM.integers(0, 2**63, _HASHES, np.uint64) * np.uint64(2) + np.uint64(1)
_SHIFTS = _RANDOM.integers(0, 2**63, _HASHES, np.uint64)
