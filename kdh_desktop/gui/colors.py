"""The few colours that the palette has no role for, derived from it and checked for contrast.

Ratios follow WCAG 2.2: 4.5 for words, 3 for the parts of a control that carry meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from PySide6.QtGui import QColor, QPalette

FOR_WORDS = 4.5
FOR_SHAPES = 3.0

_AMBER = QColor("#9a6400")
_RED = QColor("#c0332b")
_YELLOW = QColor("#ffcf33")


def contrast_ratio(first: QColor, second: QColor) -> float:
    """Ratio of 1 (the same) to 21 (black on white)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mix(top: QColor, bottom: QColor, share: float) -> QColor:
    """`share` of the top colour laid over the bottom one."""
    return QColor.fromRgbF(
        top.redF() * share + bottom.redF() * (1 - share),
        top.greenF() * share + bottom.greenF() * (1 - share),
        top.blueF() * share + bottom.blueF() * (1 - share),
    )


def readable(wanted: QColor, *, on: tuple[QColor, ...], ratio: float) -> QColor:
    """The wanted colour, moved towards black or white until it stands out from all of `on`."""
    is_dark = _luminance(on[0]) < 0.18
    pole = QColor("white") if is_dark else QColor("black")
    for step in range(21):
        color = mix(pole, wanted, step / 20)
        if all(contrast_ratio(color, background) >= ratio for background in on):
            return color
    return pole


@dataclass(frozen=True, slots=True)
class Colors:
    """What the palette leaves open.

    Attributes:
        window: Behind everything.
        base: Behind text to read or write, lists and fields.
        text: Words.
        muted: Less important words.
        line: Lines that only divide.
        control_line: Lines that show where a control is.
        accent: Focus, selection, the main button.
        accent_text: Words on the accent.
        selected: Behind the chosen row.
        track: The empty part of a bar.
        present: Sign and bar of a hallmark that is present.
        review: Sign and bar of one that a person should look at.
        absent: Sign and bar of one that is absent.
        evidence: Behind a sentence that speaks for the chosen hallmark.
        evidence_line: Under such a sentence, and beside it.
        warning: Sign of a warning.
        warning_fill: Behind a warning.
        error: Sign of an error.
        error_fill: Behind an error.
        note_fill: Behind a plain notice.
    """

    window: QColor
    base: QColor
    text: QColor
    muted: QColor
    line: QColor
    control_line: QColor
    accent: QColor
    accent_text: QColor
    selected: QColor
    track: QColor
    present: QColor
    review: QColor
    absent: QColor
    evidence: QColor
    evidence_line: QColor
    warning: QColor
    warning_fill: QColor
    error: QColor
    error_fill: QColor
    note_fill: QColor

    @classmethod
    def from_palette(cls, palette: QPalette) -> Self:
        """Derive all colours; they hold their contrast whatever palette the system has."""
        window, base = palette.window().color(), palette.base().color()
        highlight = palette.highlight().color()
        is_dark = _luminance(base) < 0.18
        tint = 0.24 if is_dark else 0.12
        selected = mix(highlight, base, tint)
        warning_fill, error_fill = mix(_AMBER, base, tint), mix(_RED, base, tint)
        note_fill, evidence = mix(highlight, base, tint * 0.75), mix(_YELLOW, base, 0.25)
        backs = (base, window, selected, warning_fill, error_fill, note_fill, evidence)
        text = readable(palette.text().color(), on=backs, ratio=FOR_WORDS)
        track = mix(text, base, 0.12)
        on_rows = (base, selected, track)
        accent = readable(highlight, on=(base, window), ratio=FOR_WORDS)
        return cls(
            window=window,
            base=base,
            text=text,
            muted=readable(mix(text, base, 0.68), on=(base, window, selected), ratio=FOR_WORDS),
            line=mix(text, window, 0.16),
            control_line=readable(mix(text, base, 0.45), on=(base, window), ratio=FOR_SHAPES),
            accent=accent,
            accent_text=readable(palette.highlightedText().color(), on=(accent,), ratio=FOR_WORDS),
            selected=selected,
            track=track,
            present=readable(highlight, on=on_rows, ratio=FOR_WORDS),
            review=readable(_AMBER, on=on_rows, ratio=FOR_WORDS),
            absent=readable(mix(text, base, 0.55), on=on_rows, ratio=FOR_SHAPES),
            evidence=evidence,
            evidence_line=readable(_AMBER, on=(base, evidence), ratio=FOR_WORDS),
            warning=readable(_AMBER, on=(warning_fill,), ratio=FOR_WORDS),
            warning_fill=warning_fill,
            error=readable(_RED, on=(error_fill, base), ratio=FOR_WORDS),
            error_fill=error_fill,
            note_fill=note_fill,
        )


def _luminance(color: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return (
        0.2126 * linear(color.redF())
        + 0.7152 * linear(color.greenF())
        + 0.0722 * linear(color.blueF())
    )
