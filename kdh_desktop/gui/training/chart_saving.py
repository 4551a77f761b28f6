"""A chart as a picture, a drawing or a table in a file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QApplication

from kdh_desktop.core.formula_guard import guarded
from kdh_desktop.gui.colors import Colors
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.chart import Chart
from kdh_desktop.gui.training.chart_legend import legend_height, paint_legend
from kdh_desktop.gui.training.run_words import tr

_WIDTH, _LEAST_HEIGHT = 800, 420
_SHARPNESS = 2
_MARGIN = 2 * GRID
KINDS = ("png", "svg", "csv")


def kind_words(kind: str) -> str:
    """A kind of file, for the file dialog."""
    return {
        "png": tr("Picture (*.png)"),
        "svg": tr("Drawing (*.svg)"),
        "csv": tr("Table (*.csv)"),
    }[kind]


def chart_data(chart: Chart, kind: str, colors: Colors) -> bytes:
    """What stands in the file: on the GUI thread, as drawing needs it.

    Args:
        chart: What is saved.
        kind: One of `KINDS`.
        colors: The present look.
    """
    match kind:
        case "csv":
            return table_data(chart)
        case "svg":
            return _drawing(chart, colors)
        case _:
            return _picture(chart, colors)


def table_data(chart: Chart) -> bytes:
    """The table behind a chart, which a spreadsheet program takes for what it is."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow([guarded(title) for title in chart.titles])
    for row in chart.rows:
        lines.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return ("\ufeff" + out.getvalue()).encode("utf-8")


def suggested_name(chart: Chart, kind: str, run: str) -> str:
    """A name for the file, of letters that every disk takes."""
    kept = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in run)
    return f"{kept.strip('-.') or 'training'}-{chart.key}.{kind}"


def write(target: Path, data: bytes) -> None:
    """Put the file in its place, whole or not at all.

    Raises:
        ExportError: It cannot be written.
    """
    from kdh_desktop.core.exporting.atomic import write_atomically

    write_atomically(target, data)


def _picture(chart: Chart, colors: Colors) -> bytes:
    size = _size(chart)
    image = QImage(size * _SHARPNESS, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_SHARPNESS)
    image.fill(colors.base)
    painter = QPainter(image)
    _paint(painter, chart, size, colors)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


def _drawing(chart: Chart, colors: Colors) -> bytes:
    from PySide6.QtSvg import QSvgGenerator

    size = _size(chart)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    # Points as Qt's fonts count them on a screen: 96 of the drawing's units are an inch.
    generator.setResolution(96)
    generator.setTitle(chart.title)
    generator.setDescription(chart.finding)
    painter = QPainter(generator)
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), colors.base)
    _paint(painter, chart, size, colors)
    painter.end()
    return bytes(buffer.data().data())


def _size(chart: Chart) -> QSize:
    bars = max((len(x.xs) for x in chart.series if x.is_bars), default=0)
    return QSize(_WIDTH, max(_LEAST_HEIGHT, bars * 26 + 20 * GRID))


def _paint(painter: QPainter, chart: Chart, size: QSize, colors: Colors) -> None:
    """Title, finding and legend above the chart itself."""
    from kdh_desktop.gui.training.chart_canvas import ChartCanvas

    font = QApplication.font()
    inside = QRectF(0, 0, size.width(), size.height()).adjusted(
        _MARGIN, _MARGIN, -_MARGIN, -_MARGIN
    )
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    top = _paint_words(painter, inside, chart.title, bold, colors, is_muted=False)
    inside.setTop(top)
    inside.setTop(_paint_words(painter, inside, chart.finding, font, colors, is_muted=True) + 4)
    named = tuple(one for one in chart.series if one.name and one.xs)
    if len(named) > 1:
        painter.setFont(font)
        paint_legend(painter, inside, named, colors)
        inside.setTop(
            inside.top() + legend_height(named, QFontMetricsF(font), inside.width()) + GRID
        )
    canvas = ChartCanvas(colors)
    canvas.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    canvas.show_chart(chart)
    canvas.resize(inside.size().toSize())
    canvas.show()
    # Axes find out how wide their words are when they are first drawn.
    for _ in range(2):
        canvas.grab()
    canvas.paint_on(painter, inside)
    canvas.hide()
    canvas.deleteLater()


def _paint_words(
    painter: QPainter, inside: QRectF, words: str, font: QFont, colors: Colors, *, is_muted: bool
) -> float:
    """Draw words at the top; where they end comes back."""
    painter.setFont(font)
    painter.setPen(colors.muted if is_muted else colors.text)
    flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
    needed = painter.boundingRect(inside, int(flags), words)
    painter.drawText(inside, int(flags), words)
    return needed.bottom()
