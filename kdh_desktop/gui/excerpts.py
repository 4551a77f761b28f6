"""Which part of a long text a text box shows, so that no layout takes a noticeable time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The part of a long text that a text box shows.

    Attributes:
        start: First character shown, in the whole text.
        end: One past the last.
    """

    start: int
    end: int


EDITABLE_CHARACTERS = 50_000
EDITABLE_LINE = 10_000
_EXCERPT_CHARACTERS = 6_000
_LEAD = 600


def is_editable(text: str) -> bool:
    """Whether a text box can lay the text out, and again with every key, without a pause."""
    if len(text) > EDITABLE_CHARACTERS:
        return False
    return max(map(len, text.split("\n"))) <= EDITABLE_LINE


def excerpt_at(text: str, position: int = 0) -> Excerpt:
    """The part to show so that `position` is seen with some words before it."""
    start = max(0, min(position - _LEAD, len(text) - _EXCERPT_CHARACTERS))
    return Excerpt(start, min(len(text), start + _EXCERPT_CHARACTERS))
