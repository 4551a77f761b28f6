"""Draws charts: the only module that knows pyqtgraph, which takes most of a second to load.

The mouse wheel scrolls the page and nothing can be dragged; points are chosen by a click or by
keys, one after the other.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import pyqtgraph
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from kdh_desktop.gui.colors import Colors, mix
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.chart import (
    Axis,
    Chart,
    Marker,
    Series,
    Stroke,
    Tone,
    nearest,
    range_of,
)

# Its clean-up at the end walks through every object of the program; Qt's own is enough.
pyqtgraph.setConfigOptions(exitCleanup=False, antialias=True)

STROKES = {
    Stroke.SOLID: Qt.PenStyle.SolidLine,
    Stroke.DASHED: Qt.PenStyle.DashLine,
    Stroke.DOTTED: Qt.PenStyle.DotLine,
    Stroke.NONE: Qt.PenStyle.NoPen,
}
_SYMBOLS = {
    Marker.CIRCLE: "o",
    Marker.SQUARE: "s",
    Marker.TRIANGLE: "t1",
    Marker.DIAMOND: "d",
    Marker.CROSS: "x",
    Marker.STAR: "star",
}
_MARKER_PX, _STAR_PX, _CHOSEN_PX = 8, 17, 18
_LINE_PX = 2
_BAR_SHARE = 0.62
_FAINTEST = 0.25
_REACH_PX = 24.0
_BAR_HEIGHT, _HEIGHT = 26, 220
_SIDES = ("left", "bottom", "right")


def tone_color(tone: Tone, colors: Colors) -> QColor:
    """The colour of a tone in the present look."""
    return {
        Tone.FIRST: colors.present,
        Tone.SECOND: colors.review,
        Tone.THIRD: colors.text,
        Tone.QUIET: colors.absent,
    }[tone]


class ChartCanvas(pyqtgraph.PlotWidget):  # type: ignore[misc]  # it ships no types
    """Shows one chart."""

    point_chosen = Signal(str)
    """What the chosen point says; empty when none is chosen any more."""

    def __init__(self, colors: Colors, parent: QWidget | None = None) -> None:
        self._chart: Chart | None = None
        self._colors = colors
        self._chosen: tuple[int, int] | None = None
        self._items: list[Any] = []
        # Without the library's own menu: it is not wanted, and takes long to build.
        super().__init__(parent, enableMenu=False)
        self.setAccessibleName(self.tr("Chart"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        plot = self.getPlotItem()
        plot.hideButtons()
        plot.setMouseEnabled(x=False, y=False)
        plot.getViewBox().disableAutoRange()
        plot.layout.setContentsMargins(0, GRID // 2, GRID, 0)
        # Menus and dragging of the library's own are not wanted, and so it is told of no mouse.
        self.setInteractive(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._ring = pyqtgraph.ScatterPlotItem(pxMode=True)
        self._ring.setZValue(100)
        plot.addItem(self._ring, ignoreBounds=True)
        for side in _SIDES:
            # Once, while there is no title: later the library would keep the prefix of that moment.
            plot.getAxis(side).enableAutoSIPrefix(enable=False)
        self._take_fonts()

    @property
    def chart(self) -> Chart | None:
        """What is shown."""
        return self._chart

    def show_chart(self, chart: Chart) -> None:
        """Show another chart, or another state of the same one."""
        if chart == self._chart:
            return
        is_same_kind = self._chart is not None and self._chart.key == chart.key
        self._chart = chart
        if not is_same_kind:
            self._chosen = None
        self._draw()
        self._choose(self._chosen if self._says(self._chosen) else None)

    def take_colors(self, colors: Colors) -> None:
        """Draw in another look."""
        self._colors = colors
        self._take_fonts()
        if self._chart is not None:
            self._draw()
            self._choose(self._chosen)

    def sizeHint(self) -> QSize:
        chart = self._chart
        bars = (
            0 if chart is None else max((len(x.xs) for x in chart.series if x.is_bars), default=0)
        )
        return QSize(42 * GRID, max(_HEIGHT, bars * _BAR_HEIGHT + 6 * GRID))

    def minimumSizeHint(self) -> QSize:
        return QSize(24 * GRID, self.sizeHint().height())

    # Drawing

    def _take_fonts(self) -> None:
        colors, font = self._colors, QFont(self.font())
        if font.pointSizeF() > 0:
            font.setPointSizeF(font.pointSizeF() * 0.9)
        self._tick_font = font
        self.setBackground(colors.base)
        for side in _SIDES:
            axis = self.getPlotItem().getAxis(side)
            axis.setStyle(tickFont=font, tickLength=0 if side != "bottom" else -4)
            axis.setPen(QPen(colors.line))
            axis.setTickPen(QPen(colors.line))
            axis.setTextPen(QPen(colors.muted))
            # The grid belongs behind what it helps to read.
            axis.setZValue(-1)

    def _draw(self) -> None:
        chart = self._chart
        if chart is None:
            return
        plot = self.getPlotItem()
        for item in self._items:
            plot.removeItem(item)
        self._items = []
        for series in chart.series:
            self._items += self._bars(series) if series.is_bars else self._line(series)
        for item in self._items:
            plot.addItem(item, ignoreBounds=True)
        xs = [x for series in chart.series for x in series.xs]
        ys = [y for series in chart.series for y in series.ys]
        has_bars = any(series.is_bars for series in chart.series)
        across = (chart.across.low or 0.0, chart.across.high or 1.0)
        x_range = across if has_bars else range_of(chart.across, xs)
        y_range = range_of(chart.up, ys)
        if has_bars and chart.up.low is not None and chart.up.high is not None:
            y_range = (chart.up.low, chart.up.high)
        plot.getViewBox().setRange(xRange=x_range, yRange=y_range, padding=0)
        plot.showAxis("right", show=bool(chart.far_ticks))
        if chart.far_ticks:
            metrics = QFontMetricsF(self._tick_font)
            widest = max(metrics.horizontalAdvance(words) for _, words in chart.far_ticks)
            plot.getAxis("right").setTicks([list(chart.far_ticks)])
            plot.getAxis("right").setWidth(widest + GRID)
        self._show_axis("bottom", chart.across, x_range, has_grid=not has_bars)
        self._show_axis("left", chart.up, y_range, has_grid=not has_bars)
        self.updateGeometry()

    def _show_axis(
        self, side: str, axis: Axis, shown: tuple[float, float], *, has_grid: bool
    ) -> None:
        item = self.getPlotItem().getAxis(side)
        if axis.title:
            size = f"{self.font().pointSizeF() * 0.9:.1f}pt"
            # The library takes titles for HTML.
            item.setLabel(
                html.escape(axis.title), **{"color": self._colors.muted.name(), "font-size": size}
            )
        item.showLabel(show=bool(axis.title))
        item.setGrid(90 if has_grid else False)
        ticks: Sequence[tuple[float, str]] = axis.ticks
        if axis.is_whole:
            ticks = _whole_ticks(*shown)
        item.setTicks([list(ticks)] if ticks else None)
        if side == "left":
            item.setWidth(self._width_of(axis) if axis.ticks else None)

    def _width_of(self, axis: Axis) -> float:
        """Room for words beside an axis; the library finds it out only after it has drawn them."""
        metrics = QFontMetricsF(self._tick_font)
        widest = max(metrics.horizontalAdvance(words) for _, words in axis.ticks)
        return widest + 2 * GRID + (metrics.height() + GRID if axis.title else 0.0)

    def _line(self, series: Series) -> list[Any]:
        color = tone_color(series.tone, self._colors)
        found: list[Any] = []
        if series.stroke is not Stroke.NONE and len(series.xs) > 1:
            pen = _pen(color, _LINE_PX, STROKES[series.stroke])
            found.append(pyqtgraph.PlotCurveItem(list(series.xs), list(series.ys), pen=pen))
        if series.marker is not Marker.NONE:
            found.append(self._markers(series, color))
        return found

    def _markers(self, series: Series, color: QColor) -> Any:
        is_star = series.marker is Marker.STAR
        is_thin = series.marker is Marker.CROSS
        strengths = series.strengths or (1.0,) * len(series.xs)
        fills = [
            QBrush(mix(color, self._colors.base, _FAINTEST + (1 - _FAINTEST) * strength))
            for strength in strengths
        ]
        outline = _pen(color, 2.0 if is_thin else 1.2)
        if not series.strengths:
            outline = _pen(self._colors.base, 1.0)
        return pyqtgraph.ScatterPlotItem(
            list(series.xs),
            list(series.ys),
            symbol=_SYMBOLS[series.marker],
            size=_STAR_PX if is_star else _MARKER_PX + 2 * bool(series.strengths),
            pen=outline,
            brush=fills,
            pxMode=True,
            useCache=False,
        )

    def _bars(self, series: Series) -> list[Any]:
        color = tone_color(series.tone, self._colors)
        chart = self._chart
        high = chart.across.high if chart is not None and chart.across.high is not None else 1.0
        shared = {"y": list(series.ys), "height": _BAR_SHARE, "x0": 0}
        none = QPen(Qt.PenStyle.NoPen)
        track = pyqtgraph.BarGraphItem(
            width=[high] * len(series.xs), brush=QBrush(self._colors.track), pen=none, **shared
        )
        bars = pyqtgraph.BarGraphItem(
            width=list(series.xs), brush=QBrush(color), pen=none, **shared
        )
        return [track, bars]

    # Choosing a point

    def choose(self, series: int, place: int) -> None:
        """Choose a point of one of the series whose points say something."""
        self._choose((series, place))

    @property
    def chosen(self) -> tuple[int, int] | None:
        """The chosen point, or None."""
        return self._chosen

    def _says(self, chosen: tuple[int, int] | None) -> str:
        if self._chart is None or chosen is None:
            return ""
        series, place = chosen
        pointed = self._chart.pointed
        if series < len(pointed) and place < len(pointed[series].words):
            return pointed[series].words[place]
        return ""

    def _choose(self, chosen: tuple[int, int] | None) -> None:
        words = self._says(chosen)
        self._chosen = chosen if words else None
        if self._chart is None or self._chosen is None:
            self._ring.setData([], [])
            self.point_chosen.emit("")
            return
        series = self._chart.pointed[self._chosen[0]]
        place = self._chosen[1]
        self._ring.setData(
            [series.xs[place]],
            [series.ys[place]],
            size=_CHOSEN_PX,
            symbol="o",
            pen=_pen(self._colors.text, 2.5),
            brush=QBrush(Qt.BrushStyle.NoBrush),
            useCache=False,
        )
        self.point_chosen.emit(words)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._colors.accent, 2))
            painter.drawRoundedRect(self.viewport().rect().adjusted(1, 1, -1, -1), 6, 6)
            painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_Up: (-1, 0),
        }
        pointed = () if self._chart is None else self._chart.pointed
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape and self._chosen is not None:
            self._choose(None)
        elif key in steps and pointed:
            self._step(*steps[key])
        elif key in {Qt.Key.Key_Home, Qt.Key.Key_End} and pointed:
            number = 0 if self._chosen is None else self._chosen[0]
            last = len(pointed[number].xs) - 1
            self._choose((number, 0 if key == Qt.Key.Key_Home else last))
        else:
            event.ignore()

    def _step(self, series: int, place: int) -> None:
        pointed = () if self._chart is None else self._chart.pointed
        if self._chosen is None:
            self._choose((0, len(pointed[0].xs) - 1))
            return
        number, at = self._chosen
        # Bars lie one above the other, so that up and down go from bar to bar.
        if pointed[number].is_bars:
            series, place = 0, place - series
        order = sorted(
            range(len(pointed[number].xs)), key=lambda x: self._order(pointed[number], x)
        )
        if place:
            row = min(max(order.index(at) + place, 0), len(order) - 1)
            self._choose((number, order[row]))
        else:
            other = min(max(number + series, 0), len(pointed) - 1)
            if other != number:
                self._choose((other, min(at, len(pointed[other].xs) - 1)))

    @staticmethod
    def _order(series: Series, place: int) -> tuple[float, float]:
        if series.is_bars:
            return (series.ys[place], 0.0)
        return (series.xs[place], series.ys[place])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._chart is None or event.button() != Qt.MouseButton.LeftButton:
            return
        view = self.getPlotItem().getViewBox()
        at = view.mapSceneToView(self.mapToScene(event.position().toPoint()))
        across, up = view.viewPixelSize()
        if across and up:
            scale = (1 / across, 1 / up)
            self._choose(nearest(self._chart, (at.x(), at.y()), scale, reach=_REACH_PX))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # The page scrolls; a chart that swallows the wheel is a trap.
        event.ignore()

    def point_at(self, series: int, place: int) -> QPointF:
        """Where a point is drawn, in this widget's pixels."""
        pointed = () if self._chart is None else self._chart.pointed
        view = self.getPlotItem().getViewBox()
        scene = view.mapViewToScene(QPointF(pointed[series].xs[place], pointed[series].ys[place]))
        return QPointF(self.mapFromScene(scene))

    def paint_on(self, painter: QPainter, target: QRectF) -> None:
        """Draw the chart elsewhere, e.g. in a file, in this widget's size."""
        self.render(painter, target, self.viewport().rect())


def _pen(color: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen that is as wide on the screen however the chart is scaled."""
    pen = QPen(color, width, style)
    pen.setCosmetic(True)
    return pen


def _whole_ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    span = high - low
    step = next((x for x in (1, 2, 5, 10, 20, 50, 100, 200, 500) if span / x <= 10), 1000)
    first = int(-(-low // step)) * step
    return tuple((float(x), f"{x:,}") for x in range(first, int(high) + 1, step))
