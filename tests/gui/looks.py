"""What can be seen of a window: names for screen readers, words, and what is cut off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QTranslator
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QLabel,
    QLineEdit,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from kdh_desktop.gui.main_window import MainWindow


def widgets_below(root: QWidget) -> Iterator[QWidget]:
    for widget in root.findChildren(QWidget):
        if not widget.objectName().startswith("qt_"):
            yield widget


def unnamed(root: QWidget) -> list[str]:
    """Controls that a screen reader could not name."""
    found = []
    for widget in widgets_below(root):
        is_part = isinstance(widget.parent(), QAbstractScrollArea)
        is_control = widget.focusPolicy() != Qt.FocusPolicy.NoFocus or isinstance(
            widget, QAbstractButton | QAbstractItemView
        )
        if not is_control or is_part or isinstance(widget, QTabBar):
            continue
        accessible = QAccessible.queryAccessibleInterface(widget)
        if not accessible.text(QAccessible.Text.Name).strip():
            found.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    return found


def rich_labels(root: QWidget) -> list[str]:
    return [
        label.text()
        for label in root.findChildren(QLabel)
        if label.text() and label.textFormat() != Qt.TextFormat.PlainText
    ]


def clipped(window: QWidget) -> list[str]:
    """Controls that are smaller than their words, or stick out of what holds them."""
    found = []
    for widget in widgets_below(window):
        # Qt itself lays out what stands in these.
        is_part = isinstance(widget.parent(), QAbstractScrollArea | QLineEdit)
        if not widget.isVisible() or is_part:
            continue
        needed, name = widget.sizeHint(), widget.accessibleName() or type(widget).__name__
        if isinstance(widget, QAbstractButton) and (
            widget.width() < needed.width() or widget.height() < min(needed.height(), 24)
        ):
            found.append(f"{name} has {widget.size()} and needs {needed}")
        parent = widget.parentWidget()
        # What scrolls may be larger than what holds it.
        is_inside = (
            parent is None
            or parent.objectName().startswith("qt_")
            or parent.rect().adjusted(-2, -2, 2, 2).contains(widget.geometry())
        )
        if not is_inside:
            found.append(f"{name} sticks out: {widget.geometry()} of {type(parent).__name__}")
    return found


def resize(window: MainWindow, qtbot: QtBot, width: int, height: int) -> None:
    metrics = window.fontMetrics()
    if metrics.horizontalAdvance("iiii") == metrics.horizontalAdvance("WWWW"):
        pytest.skip("no font is installed: every letter is a box, as wide as any other")

    def fits() -> bool:
        # A narrow window gives words up one after the other, and can only then become narrower.
        window.resize(width, height)
        return (window.width(), window.height()) == (width, height)

    qtbot.waitUntil(fits)
    QApplication.processEvents()


_WORD = 12
"""Letters of a long word."""


class LongWords(QTranslator):
    """Makes every text longer by two fifths, and marks it, as translations may."""

    def isEmpty(self) -> bool:  # noqa: N802  # Qt's name
        return False

    def translate(
        self, _context: str, text: str, _disambiguation: str | None = None, _n: int = -1
    ) -> str:
        # In words of some letters, for no language has one of hundred letters.
        longer = max(3, len(text) * 2 // 5)
        words = [_WORD * "~"] * (longer // _WORD) + [longer % _WORD * "~"]
        return f"[{text}{' '.join(words).rstrip()}]"
