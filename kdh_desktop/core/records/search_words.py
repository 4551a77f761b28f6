"""Words as they are searched: the same treatment for texts that go in and for what a person types.

The index takes runs of letters and digits as words. That fails where a script puts no blanks
between words, where invisible characters stand inside a word, where a printer broke a word at the
end of a line, and where one letter has several codes; all four are evened out here, before the
index sees a text.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

from kdh_desktop.core.classification.cleaning import join_broken_words

_MOST_WORDS = 64
"""Words of a search that count; with a whole abstract in the search box these find it.

A phrase of thousands in a text that repeats them without end takes a minute to be found.
"""

_MOST_LETTERS = 2_000
"""Letters of a search that are looked at, so that a book in the search box costs nothing."""

_FEW = 64
"""Characters normalised at once: the time grows with the square of a run of combining marks."""

_FOREIGN = re.compile(rf"[^\x00-\x7f]{{1,{_FEW}}}")
# Soft hyphens, zero-width and direction marks; halves of surrogate pairs, which UTF-8 cannot hold.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ud800-\udfff]"
)
# Chinese and Japanese; Korean puts blanks between words.
_UNSPACED = re.compile(
    "([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
)
_WORD = re.compile(r"[^\W_]+")
_QUOTES_AND_CONTROLS = re.compile('["\x00-\x1f\x7f]')


def searchable(text: str) -> str:
    """A text as the index shall see it."""
    if "\n" in text:
        text = join_broken_words(text)
    if text.isascii():
        return text
    plain = _FOREIGN.sub(
        lambda found: unicodedata.normalize("NFKC", found[0]), _INVISIBLE.sub("", text)
    )
    return _UNSPACED.sub(r" \1 ", plain)


def match_expression(search: str) -> str | None:
    """What the index is asked for the words of a search; None where it holds no word at all.

    Every word is quoted, so that none is taken for syntax, and matches as the beginning of a word.
    What punctuation joins, such as ``p53-mediated``, must stand side by side.

    Args:
        search: What a person typed; the first 64 words count.
    """
    phrases: dict[str, None] = {}
    room = _MOST_WORDS
    for word in search[:_MOST_LETTERS].split():
        phrase, words = _phrase(word, most=room)
        if words and phrase not in phrases:
            phrases[phrase] = None
            room -= words
        if not room:
            break
    return " ".join(f'"{phrase}"*' for phrase in phrases) or None


def _phrase(word: str, *, most: int) -> tuple[str, int]:
    """What is asked for one word, cut after some words of the index, and how many those are."""
    phrase = " ".join(_QUOTES_AND_CONTROLS.sub(" ", searchable(word)).split())
    words = list(islice(_WORD.finditer(phrase), most + 1))
    if len(words) > most:
        return phrase[: words[most - 1].end()], most
    return phrase, len(words)
