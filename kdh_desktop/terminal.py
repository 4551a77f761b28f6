"""Predictions as lines for a terminal, with nothing in them that a terminal would obey."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator

from kdh_desktop.core.classification.cleaning import join_broken_words
from kdh_desktop.core.record import Band, LabelScore, Prediction

_BAND_WORDS = {
    Band.PRESENT: "present",
    Band.NEEDS_REVIEW: "needs review",
    Band.ABSENT: "absent",
}
_INDENT = " " * 24
_MIN_WIDTH = 50
_MAX_WIDTH = 110
# Control, format (bidi overrides among them), surrogate, private, unassigned, separators.
_OBEYED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str) -> str:
    """The text on one line, safe to print: blanks run together, all that is obeyed marked."""
    return "".join(
        "\ufffd" if unicodedata.category(character) in _OBEYED else character
        for character in " ".join(text.split())
    )


def lines_of(prediction: Prediction, *, columns: int) -> Iterator[str]:
    """What the model says of one record, hallmarks by falling probability.

    Args:
        prediction: What the model says.
        columns: Width of the terminal.
    """
    width = max(_MIN_WIDTH, min(columns, _MAX_WIDTH))
    windows = "1 part" if prediction.windows == 1 else f"{prediction.windows} parts"
    yield f"{printable(prediction.record.id)} ({prediction.tokens:,} word pieces, {windows})"
    for warning in prediction.warnings:
        yield from textwrap.wrap(
            f"Note: {warning.message}", width, initial_indent="  ", subsequent_indent=" " * 8
        )
    for score in prediction.by_probability:
        band, percent = _BAND_WORDS[score.band], _percent(score.probability)
        yield f"  {band:<13}{percent:>6}   {score.label.name}"
        yield from _evidence_lines(score, width)


def _evidence_lines(score: LabelScore, width: int) -> Iterator[str]:
    if score.band is Band.ABSENT:
        return
    if not score.evidence:
        yield f"{_INDENT}(no clear sentence)"
        return
    yield from textwrap.wrap(
        f"“{printable(join_broken_words(score.evidence[0].text))}”",
        width,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT + " ",
        max_lines=6,
        placeholder=" …”",
    )


def _percent(probability: float) -> str:
    """Whole per cent, never a certainty that a model does not have."""
    return f"{min(99, max(1, round(100 * probability)))} %"
