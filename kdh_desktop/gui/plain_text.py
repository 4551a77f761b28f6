"""Words that Qt must take as plain text, wherever it would guess that they are HTML.

Qt opens files and network shares that rich text names, so no text from outside may be taken for
rich text.
"""

from __future__ import annotations

import html
import textwrap

from PySide6.QtGui import Qt
from PySide6.QtWidgets import QLabel, QWidget

_TOOLTIP_COLUMNS = 64


def plain_label(text: str = "", *, kind: str = "", parent: QWidget | None = None) -> QLabel:
    """A label that shows its text to the letter, wraps it, and lets people copy it.

    Args:
        text: What it says.
        kind: ``heading``, ``muted`` or nothing, for the style sheet.
        parent: Qt's parent.
    """
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if kind:
        label.setProperty("kind", kind)
    return label


def field_label(text: str, field: QWidget) -> QLabel:
    """The words in front of a field, whose letter for Alt leads to it."""
    label = plain_label(text)
    label.setWordWrap(False)
    label.setBuddy(field)
    return label


def plain_tooltip(text: str) -> str:
    """Text for a tooltip: lines of readable length, and never markup."""
    lines = "\n".join(textwrap.fill(line, _TOOLTIP_COLUMNS) for line in text.splitlines())
    if Qt.mightBeRichText(lines):
        return f"<p>{html.escape(lines)}</p>"
    return lines
