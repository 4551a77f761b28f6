"""How sure a model is, in words and numbers as people read and hear them."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.record import Band


def percent(probability: float) -> str:
    """A probability as people read it; never 0 or 100, because no model is that sure."""
    if probability < 0.01:
        return "<1%"
    if probability > 0.99:
        return ">99%"
    return f"{probability:.0%}"


def band_name(band: Band) -> str:
    """The band in a word or two."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("ScoreWords", text)

    match band:
        case Band.PRESENT:
            return tr("Present")
        case Band.NEEDS_REVIEW:
            return tr("Needs review")
        case Band.ABSENT:
            return tr("Absent")


def spoken_percent(probability: float) -> str:
    """A probability without signs that a screen reader might skip."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("ScoreWords", text)

    shown = percent(probability).removesuffix("%")
    if shown.startswith("<"):
        return tr("under {number} percent").format(number=shown[1:])
    if shown.startswith(">"):
        return tr("over {number} percent").format(number=shown[1:])
    return tr("{number} percent").format(number=shown)
