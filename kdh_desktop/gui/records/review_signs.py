"""One sign for each step of a review, so that a column of them can be read at a glance."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPen, QPolygonF

from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.gui.colors import Colors
from kdh_desktop.gui.person_signs import draw_tick


def draw_review_sign(painter: QPainter, rect: QRectF, status: ReviewStatus, colors: Colors) -> None:
    """Ring: open. Tick: confirmed. Two ticks: accepted. Question mark: unsure. Arrow: skipped."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    match status:
        case ReviewStatus.OPEN:
            painter.setPen(QPen(colors.absent, 1.2))
            painter.drawEllipse(rect.adjusted(3, 3, -3, -3))
        case ReviewStatus.CONFIRMED:
            draw_tick(painter, rect, colors.present)
        case ReviewStatus.ACCEPTED:
            draw_tick(painter, rect.translated(-2.5, 0), colors.present)
            draw_tick(painter, rect.translated(2.5, 0), colors.present)
        case ReviewStatus.UNSURE:
            font = QFont(painter.font())
            font.setWeight(QFont.Weight.Bold)
            painter.setFont(font)
            painter.setPen(colors.review)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, "?")
        case ReviewStatus.SKIPPED:
            painter.setPen(QPen(colors.muted, 1.6))
            middle = rect.center()
            right = middle + QPointF(4, 0)
            painter.drawLine(middle - QPointF(4, 0), right)
            painter.drawPolyline(
                QPolygonF([right + QPointF(-3, -3), right, right + QPointF(-3, 3)])
            )
    painter.restore()
