"""What is taken out of a pasted text before the model reads it, and how to find the way back.

By rule: characters that nobody sees or that steer the display are removed, runs of combining
marks are capped, ligatures that printers set are taken apart, words that they broke at the end of
a line are joined, and the rest is brought to Unicode's composed form (NFC). Letters are never
replaced by other letters; look-alikes are only pointed out.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kdh_desktop.core.record import TextWarning, WarningCode

MAX_MARKS = 8
"""Combining marks that one letter may carry; no script needs more."""

_BREAK = (
    # Of a word: not at the hyphen of "IL-", of "E-" or of "pre- and post-operative".
    r"(?<=[a-z][a-z]){hyphen}[ \t]*(?:\r\n?|[\n\x0b\x0c\x85\u2028\u2029])[ \t]*"
    r"(?=[a-z][a-z])(?!(?:and|or|to|nor|vs|versus)\b)"
)
"""Where a printer broke a word. Some compounds lose their hyphen by it, which costs less: of 1,860
decisions on abstracts that were broken into lines of 45 characters, 24 changed, and joined 5."""

_UNSEEN = re.compile(
    # Unusual line ends: a line feed takes the place of each, so that no words are glued.
    "(?P<line_end>[\x0b\x0c\x1c-\x1e\x85\u2028\u2029])|" + _BREAK.format(hyphen="\xad") + "|["
    "\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f"  # control characters, but for tab and line ends
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # soft hyphen, fillers
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # zero-width, bidi
    "\ufe00-\ufe0f\ufff0-\ufffb\U000e0000-\U000e0fff"  # variation selectors, tags
    "\ud800-\udfff\ufdd0-\ufdef"  # halves of pairs, noncharacters
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]+"
)

_COMPOSABLE = re.compile("[^\u0300-\U0010ffff]?[\u0300-\U0010ffff]+")
"""Runs that NFC may change: no character under U+0300 changes unless a later one follows it."""

_MARKED = re.compile(f"[\u0300-\U0010ffff]{{{MAX_MARKS // 2 + 1},}}")
"""Runs that may hold too many marks, since one character may stand for two."""

_LIGATURE = re.compile("[\ufb00-\ufb06]")
"""Two or three letters in one, as texts copied out of PDFs have them; no vocabulary knows any."""

_BROKEN = re.compile(_BREAK.format(hyphen="[-\xad\u2010]"))

_JAMO = re.compile("[\u1160-\u11ff\U00016d63-\U00016d6a]")
"""Letters, not marks, that NFC may join to the one before."""

_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z]")
_FOREIGN = re.compile(
    "[\u0400-\u052f\u0531-\u0587\u13a0-\u13ff\uab70-\uabbf"  # Cyrillic, Armenian, Cherokee
    # Greek only where it looks Latin: the alpha of TNFα and the kappa of NFκB are no disguise.
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u03bd\u03bf\u03c5]"
)
_STYLED = re.compile("[\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d6a5]{3}")
"""Full-width or mathematical letters, three in a row: one alone may be a variable."""


@dataclass(frozen=True, slots=True)
class CleanText:
    """A text as the model reads it.

    Attributes:
        text: The cleaned text.
        offsets: For each index into `text`, and for its length, the index into the pasted text;
            never falling. `pasted[offsets[i]:offsets[j]]` is what `text[i:j]` was made from.
        removed: Characters that nobody sees, taken out or replaced, and surplus marks.
        warnings: What the user should know about it.
    """

    text: str
    offsets: Sequence[int]
    removed: int
    warnings: tuple[TextWarning, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """What comes in the place of ``source[start:end]``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Mapped:
    """A text on its way, and where each of its characters was in the pasted one."""

    text: str
    offsets: Sequence[int]

    def replace(self, parts: Iterable[_Part]) -> _Mapped:
        """Put in parts, which come in order and are never empty at their source.

        A part that keeps its length is mapped one to one; any other, all to where it began.
        """
        pieces: list[str] = []
        places = array("I")
        at = 0
        for part in parts:
            pieces += (self.text[at : part.start], part.text)
            places.extend(range(at, part.start))
            if len(part.text) == part.end - part.start:
                places.extend(range(part.start, part.end))
            else:
                places.extend([part.start] * len(part.text))
            at = part.end
        if at == 0:
            return self
        pieces.append(self.text[at:])
        places.extend(range(at, len(self.text) + 1))
        return _Mapped("".join(pieces), array("I", (self.offsets[place] for place in places)))


def clean_text(text: str) -> CleanText:
    """Clean a pasted text by the rules of this module.

    Takes time and memory in proportion to the length, whatever the text holds.
    """
    pasted = _Mapped(text, range(len(text) + 1))
    seen = pasted.replace(_unseen(text))
    capped = seen.replace(_excess_marks(seen.text))
    parted = capped.replace(_ligatures(capped.text))
    joined = parted.replace(_broken_words(parted.text))
    composed = joined.replace(_uncomposed(joined.text))
    removed = 0 if seen is pasted else sum(part.end - part.start for part in _unseen(text))
    removed += len(seen.text) - len(capped.text)
    return CleanText(
        text=composed.text,
        offsets=composed.offsets,
        removed=removed,
        warnings=(*_lookalike_warning(composed.text), *_removal_warning(removed)),
    )


def join_broken_words(text: str) -> str:
    """A text without the hyphens at which a printer broke words, and the line ends after them."""
    return _BROKEN.sub("", text)


def _unseen(text: str) -> Iterator[_Part]:
    for match in _UNSEEN.finditer(text):
        yield _Part(match.start(), match.end(), "\n" if match["line_end"] else "")


def _excess_marks(text: str) -> Iterator[_Part]:
    for match in _MARKED.finditer(text):
        marks = 0
        for at in range(match.start(), match.end()):
            is_mark = unicodedata.category(text[at]).startswith("M")
            marks = marks + len(unicodedata.normalize("NFD", text[at])) if is_mark else 0
            if marks > MAX_MARKS:
                yield _Part(at, at + 1, "")


def _ligatures(text: str) -> Iterator[_Part]:
    for match in _LIGATURE.finditer(text):
        yield _Part(match.start(), match.end(), unicodedata.normalize("NFKC", match[0]))


def _broken_words(text: str) -> Iterator[_Part]:
    for match in _BROKEN.finditer(text):
        yield _Part(match.start(), match.end(), "")


def _uncomposed(text: str) -> Iterator[_Part]:
    """Letters with their marks that differ in composed form, letter by letter."""
    if unicodedata.is_normalized("NFC", text):
        return
    for match in _COMPOSABLE.finditer(text):
        if unicodedata.is_normalized("NFC", match[0]):
            continue
        start = match.start()
        for end in range(start + 1, match.end() + 1):
            if end < match.end() and _joins(text[end]):
                continue
            composed = unicodedata.normalize("NFC", text[start:end])
            if composed != text[start:end]:
                yield _Part(start, end, composed)
            start = end


def _joins(character: str) -> bool:
    """Whether NFC may join a character to the one before it."""
    is_mark = unicodedata.category(character).startswith("M")
    return is_mark or _JAMO.match(character) is not None


def _lookalike_warning(text: str) -> tuple[TextWarning, ...]:
    is_mixed = _FOREIGN.search(text) is not None and any(
        _LATIN.search(word[0]) and _FOREIGN.search(word[0]) for word in _WORD.finditer(text)
    )
    if not is_mixed and not _STYLED.search(text):
        return ()
    return (
        TextWarning(
            WarningCode.LOOKALIKE_LETTERS,
            "Some words hold letters of other alphabets that look like Latin ones; "
            "the model cannot read these words.",
        ),
    )


def _removal_warning(removed: int) -> tuple[TextWarning, ...]:
    if not removed:
        return ()
    what = "1 invisible or surplus character was"
    if removed > 1:
        what = f"{removed:,} invisible or surplus characters were"
    return (TextWarning(WarningCode.CLEANED, f"{what} left out before reading."),)
