"""How like two texts are, and which ones are worth comparing.

Near texts are found in two steps. A sketch of each text is small enough for all to be in memory:
the least hashes of its runs of three words under twelve orders (min-hashing), of which two texts
share about as large a part as of the runs themselves. Texts that share enough are then compared
letter by letter.

Source: Broder 1997, On the resemblance and containment of documents, section 3.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

from kdh_desktop.core.records.search_words import searchable

ORDERS = 12
"""Least hashes in a sketch."""

TITLE_KEYS = 2
"""Keys of the title that a sketch begins with: the whole, and how it begins."""

MOST_COMPARED = 20_000
"""Letters of a title or abstract that are compared; the time grows with their square."""

NEAR = 0.9
"""Likeness from which two texts are taken for one."""

_LIKE_TITLE = 0.7
_LIKE_BEGINNING = 0.7
_SAME_TITLE = 0.95
_SAME_TEXT = 0.98
_NEIGHBOURS = 8
_LEAST_SHARED = 2
"""Entries of two sketches that agree; one alone is chance, or a phrase that everybody uses."""

_LEAST_ABSTRACT = 100
_LEAST_TITLE_WORDS = 5
_LEAST_TITLE = 30
_TITLE_BEGINNING = 24

_TAG = re.compile(rb"</?[a-z]{1,6}>")
_NO_LETTER = re.compile(r"[\W_]+")
_PLAIN = bytes(
    code | 0x20 if 65 <= code <= 90 else code if chr(code).isalnum() or code > 127 else 32
    for code in range(256)
)
_EMPTY = np.uint64(2**64 - 1)
_FACTORS = np.array(
    [(0x9E3779B97F4A7C15 * (2 * place + 1)) % 2**64 | 1 for place in range(ORDERS + 3)], np.uint64
)

Sketches = npt.NDArray[np.uint64]
"""Shape (texts, TITLE_KEYS + ORDERS); the greatest number stands for nothing."""


@dataclass(frozen=True, slots=True)
class PlainText:
    """A record's text as it is compared: words in lower case, without punctuation and markup.

    Attributes:
        title: Words of the title in UTF-8, joined by blanks.
        abstract: Words of the abstract.
        year: Year of publication.
        pmid: PubMed id, or empty.
    """

    title: bytes
    abstract: bytes
    year: int | None = None
    pmid: str = ""

    @property
    def whole(self) -> bytes:
        """Title and abstract."""
        return b" ".join((self.title, self.abstract)).strip()


def plain_words(text: str) -> bytes:
    """Words of a text in lower case, as UTF-8 and joined by single blanks."""
    if not text.isascii():
        text = _NO_LETTER.sub(" ", searchable(text).casefold())
    # Most of a text is ASCII, where a table is many times faster than a pattern.
    raw = text.encode("utf-8", "replace")
    if b"<" in raw:
        raw = _TAG.sub(b"", raw.lower())
    return b" ".join(raw.translate(_PLAIN).split())


def sketches_of(texts: Sequence[PlainText]) -> Sketches:
    """A sketch of each text; shape (texts, TITLE_KEYS + ORDERS)."""
    found = np.full((len(texts), TITLE_KEYS + ORDERS), _EMPTY)
    words = [text.whole.split() for text in texts]
    for place, text in enumerate(texts):
        title = text.title.replace(b" ", b"")
        if len(title) >= _LEAST_TITLE:
            found[place, 0] = zlib.crc32(title)
            found[place, 1] = zlib.crc32(title[:_TITLE_BEGINNING], 1)
    lengths = np.array([len(some) for some in words], dtype=np.int64)
    with_runs = np.flatnonzero(lengths >= 3)
    if not with_runs.size:
        return found
    starts = np.concatenate([[0], np.cumsum(lengths[with_runs])[:-1]])
    hashes = np.fromiter(
        (zlib.crc32(word) for place in with_runs.tolist() for word in words[place]), np.uint64
    )
    runs = _runs(hashes)
    # The last two words of a text begin no run of three in it.
    ends = starts + lengths[with_runs]
    runs[ends - 1] = runs[ends - 2] = _EMPTY
    is_run = runs != _EMPTY
    for place, factor in enumerate(_FACTORS[:ORDERS]):
        mixed = runs * factor
        mixed ^= mixed >> np.uint64(29)
        mixed *= _FACTORS[-1]
        mixed[~is_run] = _EMPTY
        found[with_runs, TITLE_KEYS + place] = np.minimum.reduceat(mixed, starts)
    return found


def _runs(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Hash of each word and the two that follow; whatever for the last two."""
    first, second, third = _FACTORS[-3:]
    runs: npt.NDArray[np.uint64] = hashes * first
    runs[:-1] += hashes[1:] * second
    runs[:-2] += hashes[2:] * third
    return runs


def candidates(sketches: Sketches, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Pairs of texts that are worth comparing; shape (pairs, 2), rising.

    Texts that share an entry of their sketches stand side by side, ordered by length, and each is
    paired with few before it, so that a phrase in a hundred thousand texts costs no more than
    another.

    Args:
        sketches: One row for each text.
        lengths: Letters of each text.
    """
    found = [np.empty((0, 2), np.int64)]
    for column in sketches.T:
        order = np.lexsort((lengths, column))
        order = order[column[order] != _EMPTY]
        for distance in range(1, 1 + _NEIGHBOURS):
            one, other = order[:-distance], order[distance:]
            is_same = column[one] == column[other]
            one, other = one[is_same], other[is_same]
            shared = (sketches[one] == sketches[other]) & (sketches[one] != _EMPTY)
            is_near = shared[:, :TITLE_KEYS].any(axis=1) | (shared.sum(axis=1) >= _LEAST_SHARED)
            pairs = np.stack([one, other], axis=1)[is_near]
            pairs.sort(axis=1)
            found.append(pairs)
    return np.unique(np.concatenate(found), axis=0)


def works_agree(one: PlainText, other: PlainText) -> bool:
    """Whether two texts may be of one work, for records that share more than that.

    One source gives a title in another language or an abstract cut short, so that it is enough
    if either agrees. Where there is nothing to compare, nothing speaks against it.
    """
    has_titles = bool(one.title and other.title)
    if has_titles and _ratio(one.title, other.title, _LIKE_TITLE):
        return True
    length = min(len(one.abstract), len(other.abstract))
    if not length:
        return not has_titles
    return bool(_ratio(one.abstract[:length], other.abstract[:length], _LIKE_BEGINNING))


def likeness(one: PlainText, other: PlainText) -> float:
    """How like two texts are, in 0..1; 0 where they are not the same work.

    Numbers in titles must agree, so that parts and years of a series stay apart. Two PubMed ids
    are two works unless their texts hardly differ. A title alone must be long enough to say
    something, and of about the same year.
    """
    if one.title and other.title and _numbers(one.title) != _numbers(other.title):
        return 0.0
    least = _SAME_TEXT if one.pmid and other.pmid and one.pmid != other.pmid else NEAR
    if min(len(one.abstract), len(other.abstract)) < _LEAST_ABSTRACT:
        return _likeness_of_titles(one, other, least)
    if not (one.title and other.title) and _numbers(one.whole) != _numbers(other.whole):
        return 0.0
    found = _ratio(one.whole, other.whole, least)
    return found or _likeness_of_beginnings(one, other, least)


def _likeness_of_titles(one: PlainText, other: PlainText, least: float) -> float:
    if one.abstract and other.abstract and not _ratio(one.abstract, other.abstract, least):
        return 0.0
    shorter = min(one.title, other.title, key=len) or min(one.whole, other.whole, key=len)
    is_telling = len(shorter) >= _LEAST_TITLE and len(shorter.split()) >= _LEAST_TITLE_WORDS
    years = {year for year in (one.year, other.year) if year is not None}
    if not is_telling or (years and max(years) - min(years) > 1):
        return 0.0
    if one.title and other.title:
        return _ratio(one.title, other.title, max(least, _SAME_TITLE))
    return _ratio(one.whole, other.whole, max(least, _SAME_TITLE))


def _likeness_of_beginnings(one: PlainText, other: PlainText, least: float) -> float:
    """Of abstracts with the same title, where a source cut one of them short."""
    if not _ratio(one.title, other.title, _SAME_TITLE):
        return 0.0
    length = min(len(one.abstract), len(other.abstract))
    return _ratio(one.abstract[:length], other.abstract[:length], max(least, _SAME_TITLE))


def _ratio(one: bytes, other: bytes, least: float) -> float:
    """Share of letters that two texts have in common, in order; 0 below what is asked."""
    found = fuzz.ratio(one, other, score_cutoff=100 * least)
    return float(found) / 100


def _numbers(words: bytes) -> Counter[bytes]:
    return Counter(re.findall(rb"\d+", words))
