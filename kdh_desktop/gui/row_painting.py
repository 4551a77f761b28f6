"""What rows of several lists have in common when they are painted."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFont, QPainter

from kdh_desktop.core.record import Band
from kdh_desktop.gui.band_signs import band_color
from kdh_desktop.gui.colors import Colors

_BAR = 8


def paint_choice(painter: QPainter, rect: QRect, colors: Colors) -> None:
    """Show that a row is chosen: a tint, and a bar at the side for those who see no tint."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colors.selected)
    painter.drawRoundedRect(rect.adjusted(2, 1, -2, -1), 4, 4)
    painter.setBrush(colors.accent)
    painter.drawRect(QRectF(rect.left() + 2, rect.top() + 4, 3, rect.height() - 8))


def emphasised(font: QFont) -> QFont:
    """The font, bolder."""
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold


def bar_in(rect: QRect, left: int, right: int) -> QRectF:
    """Where a bar stands in a line of a row."""
    top = rect.top() + (rect.height() - _BAR) / 2
    return QRectF(left, top, max(right - left, 0), _BAR)


def paint_bar(
    painter: QPainter,
    rect: QRectF,
    *,
    probability: float,
    threshold: float,
    band: Band,
    colors: Colors,
) -> None:
    """A probability as a bar, with its threshold as a line across it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colors.track)
    painter.drawRoundedRect(rect, _BAR / 2, _BAR / 2)
    filled = QRectF(rect)
    filled.setWidth(max(rect.width() * probability, 3))
    painter.setClipRect(filled)
    painter.setBrush(band_color(band, colors))
    painter.drawRoundedRect(rect, _BAR / 2, _BAR / 2)
    painter.setClipping(False)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    at = rect.left() + rect.width() * threshold
    mark = QRectF(at - 1, rect.top() - 3, 2, rect.height() + 6)
    # A rim in the background's colour keeps the mark visible on the filled part, too.
    painter.fillRect(mark.adjusted(-1, 0, 1, 0), colors.base)
    painter.fillRect(mark, colors.text)
    painter.restore()
