"""Signs of what a person decided: square, where those of the model are round or pointed."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from kdh_desktop.gui.colors import Colors


def draw_decision_sign(
    painter: QPainter, rect: QRectF, *, is_present: bool, colors: Colors
) -> None:
    """A full square with a tick for present, an empty one with a cross for absent."""
    inner = rect.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if is_present:
        painter.setPen(QPen(colors.present, 1))
        painter.setBrush(colors.present)
        painter.drawRoundedRect(inner, 2.5, 2.5)
        draw_tick(painter, inner, colors.base)
    else:
        painter.setPen(QPen(colors.text, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(inner, 2.5, 2.5)
        cross = inner.adjusted(3.2, 3.2, -3.2, -3.2)
        painter.drawLine(cross.topLeft(), cross.bottomRight())
        painter.drawLine(cross.topRight(), cross.bottomLeft())
    painter.restore()


def draw_open_sign(painter: QPainter, rect: QRectF, *, colors: Colors) -> None:
    """An empty square with a broken line, where nobody has decided."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colors.absent, 1)
    pen.setDashPattern([2, 2])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 2.5, 2.5)
    painter.restore()


def draw_tick(painter: QPainter, rect: QRectF, color: QColor) -> None:
    """A tick that fills a square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(color, 1.9)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width, height = rect.width(), rect.height()
    places = [(0.22, 0.54), (0.42, 0.74), (0.78, 0.28)]
    painter.drawPolyline(
        QPolygonF([QPointF(rect.left() + x * width, rect.top() + y * height) for x, y in places])
    )
    painter.restore()
