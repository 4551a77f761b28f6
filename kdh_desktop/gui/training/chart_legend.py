"""The legend of a chart: how the line and the marker of each series look, and its name."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from kdh_desktop.gui.colors import Colors
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.chart import Marker, Series, Stroke, Tone

_SAMPLE, _GAP, _RADIUS = 26.0, 6.0, 4.0
_STROKES = {
    Stroke.SOLID: Qt.PenStyle.SolidLine,
    Stroke.DASHED: Qt.PenStyle.DashLine,
    Stroke.DOTTED: Qt.PenStyle.DotLine,
}


class ChartLegend(QWidget):
    """Shows the names of the series of a chart in a line, or more where there is no room."""

    def __init__(self, colors: Colors, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colors = colors
        self._series: tuple[Series, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_series(self, series: tuple[Series, ...]) -> None:
        """Show other series; those without a name are left out, and one alone needs no legend."""
        named = tuple(one for one in series if one.name and one.xs)
        if [one.name for one in named] != [one.name for one in self._series]:
            self._series = named
            self.setVisible(len(named) > 1)
            self.updateGeometry()
        self._series = named
        self.update()

    def take_colors(self, colors: Colors) -> None:
        """Draw in another look."""
        self._colors = colors
        self.update()

    def heightForWidth(self, width: int) -> int:
        return int(legend_height(self._series, QFontMetricsF(self.font()), width))

    def sizeHint(self) -> QSize:
        return QSize(24 * GRID, self.heightForWidth(max(self.width(), 24 * GRID)))

    def minimumSizeHint(self) -> QSize:
        return QSize(8 * GRID, self.heightForWidth(max(self.width(), 24 * GRID)))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_legend(painter, QRectF(self.rect()), self._series, self._colors)
        painter.end()


def legend_height(series: tuple[Series, ...], metrics: QFontMetricsF, width: float) -> float:
    """Height that a legend needs."""
    return len(_lines(series, metrics, width)) * (metrics.height() + 2)


def paint_legend(
    painter: QPainter, rect: QRectF, series: tuple[Series, ...], colors: Colors
) -> None:
    """Draw a legend, on the screen or into a file."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics = QFontMetricsF(painter.font())
    line = metrics.height() + 2
    top = rect.top()
    for row in _lines(series, metrics, rect.width()):
        left = rect.left()
        for one in row:
            _paint_sample(painter, QPointF(left, top + line / 2), one, colors)
            painter.setPen(colors.muted)
            width = metrics.horizontalAdvance(one.name) + 1
            words = QRectF(left + _SAMPLE + _GAP, top, width, line)
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, one.name)
            left += _SAMPLE + 2 * _GAP + width + GRID
        top += line
    painter.restore()


def _lines(series: tuple[Series, ...], metrics: QFontMetricsF, width: float) -> list[list[Series]]:
    lines: list[list[Series]] = []
    taken = width + 1
    for one in series:
        needed = _SAMPLE + 2 * _GAP + metrics.horizontalAdvance(one.name) + GRID + 1
        if taken + needed > width or not lines:
            lines.append([])
            taken = 0.0
        lines[-1].append(one)
        taken += needed
    return lines


def _paint_sample(painter: QPainter, at: QPointF, series: Series, colors: Colors) -> None:
    color = {
        Tone.FIRST: colors.present,
        Tone.SECOND: colors.review,
        Tone.THIRD: colors.text,
        Tone.QUIET: colors.absent,
    }[series.tone]
    if series.stroke in _STROKES:
        painter.setPen(QPen(color, 2, _STROKES[series.stroke]))
        painter.drawLine(at, at + QPointF(_SAMPLE, 0))
    center = at + QPointF(_SAMPLE / 2, 0)
    painter.setPen(QPen(color, 1))
    painter.setBrush(color)
    match series.marker:
        case Marker.CIRCLE:
            painter.drawEllipse(center, _RADIUS, _RADIUS)
        case Marker.SQUARE:
            painter.drawRect(QRectF(center.x() - _RADIUS, center.y() - _RADIUS, 8, 8))
        case Marker.CROSS:
            painter.setPen(QPen(color, 2))
            arm = QPointF(_RADIUS, _RADIUS)
            painter.drawLine(center - arm, center + arm)
            painter.drawLine(
                center - QPointF(_RADIUS, -_RADIUS), center + QPointF(_RADIUS, -_RADIUS)
            )
        case Marker.TRIANGLE:
            painter.drawPolygon(_polygon(center, [(0, -1), (1, 1), (-1, 1)]))
        case Marker.DIAMOND:
            painter.drawPolygon(_polygon(center, [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)]))
        case Marker.STAR:
            painter.drawPolygon(_polygon(center, _STAR))
        case Marker.NONE:
            pass


_STAR = [
    *((0.0, -1.7), (0.4, -0.55), (1.6, -0.52), (0.65, 0.21), (1.0, 1.37)),
    *((0.0, 0.68), (-1.0, 1.37), (-0.65, 0.21), (-1.6, -0.52), (-0.4, -0.55)),
]


def _polygon(center: QPointF, corners: list[tuple[float, float]]) -> QPolygonF:
    return QPolygonF([center + QPointF(x * _RADIUS, y * _RADIUS) for x, y in corners])
