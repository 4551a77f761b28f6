"""Limits for accepting what the model says, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.classification.acceptance import AcceptSide, Refusal
from kdh_desktop.gui.score_words import percent


def _tr(text: str) -> str:
    return QCoreApplication.translate("Certainty", text)


def side_words(side: AcceptSide, *, is_present: bool) -> str:
    """From where on one kind of decision is accepted, or why it is not."""
    if side.limit is None:
        return _refusal_words(side)
    low, high = side.interval
    words = _tr("from {limit} on") if is_present else _tr("under {limit}")
    return words.format(limit=percent(side.limit)) + _tr(
        ": right in {right} of {support} held-out texts, so {low:.0%} to {high:.0%} of the time"
    ).format(right=side.right, support=side.support, low=low, high=high)


def _refusal_words(side: AcceptSide) -> str:
    match side.refusal:
        case Refusal.TOO_FEW_TEXTS:
            return _tr("always needs a look: too few held-out texts ({count}) to tell").format(
                count=side.support
            )
        case Refusal.NOT_REACHED:
            return _tr("always needs a look: right in {right} of {support} held-out texts").format(
                right=side.right, support=side.support
            )
        case _:
            return _tr("always needs a look: the model's bundle holds no held-out texts")
