"""One shape per band, so that nobody has to tell colours apart."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from kdh_desktop.core.record import Band
from kdh_desktop.gui.colors import Colors


def band_color(band: Band, colors: Colors) -> QColor:
    """Colour of a band's sign and bars."""
    match band:
        case Band.PRESENT:
            return colors.present
        case Band.NEEDS_REVIEW:
            return colors.review
        case Band.ABSENT:
            return colors.absent


def draw_band_sign(painter: QPainter, rect: QRectF, band: Band, colors: Colors) -> None:
    """A full disc for present, a half-filled diamond for review, a ring for absent."""
    color = band_color(band, colors)
    inner = rect.adjusted(1, 1, -1, -1)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.8))
    match band:
        case Band.PRESENT:
            painter.setBrush(color)
            painter.drawEllipse(inner)
        case Band.NEEDS_REVIEW:
            middle = inner.center()
            top, bottom = QPointF(middle.x(), inner.top()), QPointF(middle.x(), inner.bottom())
            left, right = QPointF(inner.left(), middle.y()), QPointF(inner.right(), middle.y())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(QPolygonF([top, right, bottom, left]))
            painter.setBrush(color)
            painter.drawPolygon(QPolygonF([top, bottom, left]))
        case Band.ABSENT:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(inner)
    painter.restore()
