"""Where sentences begin and end in biomedical prose, by rule.

A rule set is enough here, and better than a statistical splitter: it is the same everywhere, it
starts at once, and each wrong cut can be explained and mended.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_NEVER_LAST = frozenset(
    "e.g i.e eg ie vs cf ca approx fig figs eq eqs ref refs dr drs prof mr mrs ms st nos vol pp "
    "viz incl esp var subsp suppl tab univ dept".split()
)
"""Abbreviations that something always follows."""

_SELDOM_LAST = frozenset(
    "al spp sp resp etc inc ltd co corp conc temp exp max min wt mol sec hr hrs wk wks yr yrs "
    "jan feb mar apr jun jul aug sep sept oct nov dec jr sr".split()
)
"""Abbreviations that end a sentence only where a word follows that usually begins one."""

_BEFORE_NUMBER = frozenset({"no", "p", "pg", "ch", "sect", "table", "exp", "lot", "cat"})
"""Words that are abbreviations only in front of a number, as in "No. 5"."""

_STARTERS = frozenset(
    "A After All Although An And As At Because Both But By Conversely Consequently Conclusion "
    "Conclusions Despite During Each Finally First For From Furthermore He Hence Here However If "
    "In Indeed Interestingly Introduction It Its Methods Moreover Most Nevertheless No Notably On "
    "Only Our Overall Recent Recently Results Second She Similarly Since Several Some Such Taken "
    "That The Their Then There Therefore These They This Those Though Thus To Together Two Under "
    "Unlike Upon Using We When Whereas Whether Which While With Within Yet".split()
)
"""Words that, with a capital, make it likely that a sentence begins."""

_END = re.compile(
    r"""
    (?P<blank>(?>\r\n?|\n)[^\S\r\n]*(?:\r\n?|\n))         # an empty line; atomic for \r\n
    | (?P<line>\r\n?|\n)
    | (?P<glued>(?<=[a-z]{3})\.(?=[A-Z][a-z]*[\s,]))     # a blank was lost: growth.However
    | (?P<wide>[。！？]+[”’」』）]*)                        # needs no blank after it
    | (?<![.?!…])(?P<mark>[.?!…]++)                       # a run is tried once, as a whole
      (?P<closer>["'”’»)\]]*)
      (?P<cited>(?<=[^\W\d_][.)\]])\[?\d{1,3}(?:[,–-]\d{1,3})*\]?)?   # growth.12,13 However
      (?=\s|$)
    """,
    re.VERBOSE,
)
_BRACKET = re.compile(r"[()\[\]]")
_LAST_TOKEN = re.compile(r"[^\s(\[\"'“‘/]*\Z")
_NEXT_TOKEN = re.compile(r"\s*[\"'“‘(\[]*([^\s]{0,40})")
_ITEM_NUMBER = re.compile(r"[(\[]?(?:\d{1,3}|[ivxIVX]{1,4}|[A-Za-z])")
_SYMBOL = re.compile(  # names that begin with a small letter wherever they stand
    r"[a-z]{1,4}[A-Z0-9]|[a-z]{1,4}-[A-Z0-9]|[cp]-[a-z]{3}|[a-z]{1,3}\d|[\u03b1-\u03c9]"
)
_INITIALS = re.compile(r"(?:[A-Za-z]\.)*[A-Za-z]")
_HEADING = re.compile(r"[A-Z]{2}[A-Z/&]*:?")
_ACRONYM = re.compile(r"[A-Z]{2,}")  # MS is no form of address
_MEASURE = re.compile(r"\d\s?[a-z]{1,3}\Z")  # "for 24 h."
_TYPE_WORD = re.compile(r"\b(?!with|from)[a-z]{4,}\s[A-Z]\Z")  # "phase I.", "vitamin C."

_MAX_BRACKET = 400
"""Characters within which a bracket must close for a full stop inside it to be no end."""

_LONG_LINE = re.compile(r"[^\r\n]{161}")
"""Lines of that length are not wrapped by hand, so each line break ends a paragraph."""


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Split text into sentences.

    Args:
        text: Any text; line ends may be of any system.

    Returns:
        Spans ``[start, end)`` in order, without surrounding blanks, never empty and never
        overlapping; every character that is not a blank lies in exactly one.
    """
    layout = _Layout(
        brackets=_bracketed(text),
        is_wrapped=not _LONG_LINE.search(text),
        has_capitals=re.search(r"[A-Z]", text) is not None,
    )
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if match["blank"] or match["line"]:
            is_end = _ends_paragraph(text, match, start, layout=layout)
        else:
            is_end = bool(match["wide"]) or _ends_sentence(text, match, start, layout=layout)
        if is_end:
            _append(spans, text, start, match.end())
            start = match.end()
    _append(spans, text, start, len(text))
    return spans


@dataclass(frozen=True, slots=True)
class _Layout:
    """What is known of the text as a whole."""

    brackets: list[tuple[int, int]]
    is_wrapped: bool
    has_capitals: bool

    def is_in_brackets(self, at: int) -> bool:
        place = bisect_right(self.brackets, (at, 0)) - 1
        return place >= 0 and self.brackets[place][0] < at < self.brackets[place][1]


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))


def _bracketed(text: str) -> list[tuple[int, int]]:
    """Outermost pairs of brackets that close soon enough to be trusted, in order."""
    pairs: list[tuple[int, int]] = []
    opened: list[int] = []
    for match in _BRACKET.finditer(text):
        at = match.start()
        if opened and at - opened[0] > _MAX_BRACKET:
            opened.clear()
        if match[0] in "([":
            opened.append(at)
        elif opened:
            first = opened.pop()
            while pairs and pairs[-1][0] > first:
                pairs.pop()
            pairs.append((first, at))
    return pairs


def _ends_paragraph(text: str, match: re.Match[str], start: int, *, layout: _Layout) -> bool:
    before = text[max(start, match.start() - 40) : match.start()].rstrip()
    if before.endswith(":"):  # a heading such as "BACKGROUND:" belongs to what follows
        return False
    if match["blank"]:
        return True
    is_small = layout.has_capitals and _is_small(_next_token(text, match.end()))
    return not layout.is_wrapped and not is_small


def _ends_sentence(text: str, match: re.Match[str], start: int, *, layout: _Layout) -> bool:
    following = _next_token(text, match.end())
    if match["glued"]:
        return _is_starter(following) and not layout.is_in_brackets(match.start())
    if layout.is_in_brackets(match.end("closer") - 1):
        return False
    if match["mark"] == ".":
        if _is_abbreviation(text, match, start, following=following):
            return False
        if match.start() > start and text[match.start() - 1].isspace():
            return not following.startswith(".")  # a full stop on its own, as in tokenised text
    return not (layout.has_capitals and _is_small(following))


def _next_token(text: str, at: int) -> str:
    """What follows, up to the next blank, without quotes and brackets before it."""
    match = _NEXT_TOKEN.match(text, at)
    return match[1] if match else ""


def _is_small(token: str) -> bool:
    """Whether it begins with a small letter and is no name such as "p53" or "c-Myc"."""
    return token[:1].islower() and not _SYMBOL.match(token)


def _is_abbreviation(text: str, match: re.Match[str], start: int, *, following: str) -> bool:
    """Whether the full stop belongs to the word before it."""
    if not following:
        return False
    dot = match.start()
    if _ITEM_NUMBER.fullmatch(text[start : min(dot, start + 20)].strip()):
        return not match["closer"]  # "1. Background"
    before = text[max(start, dot - 40) : dot]
    found = _LAST_TOKEN.search(before)
    token = found[0] if found else ""
    word = token if _ACRONYM.fullmatch(token) else token.lower()
    if word in _NEVER_LAST:
        return True
    if word in _BEFORE_NUMBER:
        return following[0].isdigit()
    if word in _SELDOM_LAST or _INITIALS.fullmatch(token):
        ends = _MEASURE.search(before) if following[0].isupper() else None
        return not (ends or _is_starter(following) or _TYPE_WORD.search(before))
    return False


def _is_starter(token: str) -> bool:
    word = re.split(r"[^A-Za-z/&]", token, maxsplit=1)[0]
    return word in _STARTERS or _HEADING.fullmatch(word) is not None
