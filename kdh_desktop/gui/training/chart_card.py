"""One chart with its title, what it shows in words, its table, and the ways to save it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.gui.plain_text import plain_label, plain_tooltip
from kdh_desktop.gui.theme import GRID, Theme
from kdh_desktop.gui.training.calm_table import CalmTable
from kdh_desktop.gui.training.chart import Chart
from kdh_desktop.gui.training.chart_legend import ChartLegend
from kdh_desktop.gui.training.chart_saving import KINDS

if TYPE_CHECKING:
    from kdh_desktop.gui.training.chart_canvas import ChartCanvas

_WIDEST = 24 * GRID
_PLACE_HEIGHT = 27 * GRID


class ChartCard(QFrame):
    """Shows a chart, as a picture or as a table."""

    save_wanted = Signal(object, str)
    """Save a `Chart` as one of `KINDS`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self._theme = theme
        self.chart: Chart | None = None
        self.canvas: ChartCanvas | None = None
        self.table: CalmTable | None = None
        self.title = plain_label(kind="heading")
        self.finding = plain_label(kind="muted")
        self.legend = ChartLegend(theme.colors)
        self.readout = plain_label()
        self.table_button = self._button()
        self.table_button.setCheckable(True)
        self.table_button.toggled.connect(self._show_part)
        self.save_button = self._button()
        self.save_button.setText(self.tr("Save…"))
        self.save_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.save_button.setMenu(self._save_menu())
        self.last_control: QWidget = self.save_button
        """After which Tab leads into the chart."""
        self._empty = plain_label(kind="muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = _Stack()
        self.stack.addWidget(self._empty)
        self.above = QHBoxLayout()
        self.above.setSpacing(GRID)
        self._lay_out()
        theme.changed.connect(self._take_colors)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(GRID // 2)
        head.addWidget(self.title, 1)
        head.addWidget(self.table_button, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.save_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID // 2)
        layout.addLayout(head)
        layout.addWidget(self.finding)
        layout.addLayout(self.above)
        layout.addWidget(self.legend)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.readout)
        self.readout.hide()

    def _button(self) -> QToolButton:
        button = QToolButton()
        button.setProperty("kind", "quiet")
        return button

    def _save_menu(self) -> QMenu:
        menu = QMenu(self)
        words = {
            "png": self.tr("Save as &picture (PNG)…"),
            "svg": self.tr("Save as &drawing (SVG)…"),
            "csv": self.tr("Save as &table (CSV)…"),
        }
        for kind in KINDS:
            action = QAction(words[kind], menu)
            action.triggered.connect(partial(self._save, kind))
            menu.addAction(action)
        return menu

    def _save(self, kind: str) -> None:
        if self.chart is not None:
            self.save_wanted.emit(self.chart, kind)

    # What is shown

    def begin_drawing(self) -> None:
        """Make the canvas, once the library that draws is loaded."""
        if self.canvas is not None:
            return
        from kdh_desktop.gui.training.chart_canvas import ChartCanvas

        self.canvas = ChartCanvas(self._theme.colors)
        self.canvas.setAccessibleDescription(
            self.tr("Left and Right go from point to point, Up and Down from line to line.")
        )
        self.canvas.point_chosen.connect(self._show_point)
        self.stack.addWidget(self.canvas)
        QWidget.setTabOrder(self.last_control, self.canvas)
        if self.chart is not None:
            self._show_part()

    def show_chart(self, chart: Chart) -> None:
        """Show a chart, or where it stands now."""
        if chart == self.chart:
            return
        self.chart = chart
        self.title.setText(chart.title)
        self.finding.setText(chart.finding)
        self.legend.show_series(chart.series)
        self.save_button.setEnabled(not chart.is_empty)
        self.save_button.setAccessibleName(self.tr("Save: {chart}").format(chart=chart.title))
        self._show_part()

    def _show_part(self) -> None:
        """Bring the picture, the table, or the words that there is nothing yet to the front."""
        chart, is_table = self.chart, self.table_button.isChecked()
        if chart is None:
            return
        self.table_button.setEnabled(not chart.is_empty)
        self.table_button.setText(self.tr("Chart") if is_table else self.tr("Table"))
        words = self.tr("Show as chart: {chart}") if is_table else self.tr("Show as table: {chart}")
        self.table_button.setAccessibleName(words.format(chart=chart.title))
        self.table_button.setToolTip(
            plain_tooltip(self.tr("The same figures as a table, for reading and for keys"))
        )
        self.legend.setVisible(
            not is_table and sum(bool(x.name and x.xs) for x in chart.series) > 1
        )
        self.finding.setHidden(chart.is_empty)
        if chart.is_empty:
            self._empty.setText(chart.finding)
            self.stack.setCurrentWidget(self._empty)
        elif is_table:
            self._show_table(chart)
        elif self.canvas is not None:
            self.canvas.show_chart(chart)
            self.canvas.setAccessibleName(f"{chart.title}. {chart.finding}")
            self.stack.setCurrentWidget(self.canvas)
        else:
            self._empty.setText(self.tr("Preparing the chart…"))
            self.stack.setCurrentWidget(self._empty)
        self.readout.setVisible(
            bool(self.readout.text()) and self.stack.currentWidget() is self.canvas
        )

    def _show_table(self, chart: Chart) -> None:
        if self.table is None or self.table.accessibleName() != chart.title:
            if self.table is not None:
                self.stack.removeWidget(self.table)
                self.table.deleteLater()
            self.table = CalmTable(chart.title, chart.titles)
            self.stack.addWidget(self.table)
            QWidget.setTabOrder(self.last_control, self.table)
        self.table.show_anew(chart.rows, widest=_WIDEST)
        self.stack.setCurrentWidget(self.table)

    def _show_point(self, words: str) -> None:
        self.readout.setText(words)
        self.readout.setVisible(bool(words))

    def _take_colors(self) -> None:
        self.legend.take_colors(self._theme.colors)
        if self.canvas is not None:
            self.canvas.take_colors(self._theme.colors)


class _Stack(QStackedWidget):
    """As tall as what is in front, and never less than a chart needs."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        widget = self.currentWidget()
        hint = QSize() if widget is None else widget.sizeHint()
        return QSize(36 * GRID, max(_PLACE_HEIGHT, hint.height()))

    def minimumSizeHint(self) -> QSize:
        widget = self.currentWidget()
        hint = QSize() if widget is None else widget.minimumSizeHint()
        return QSize(24 * GRID, max(_PLACE_HEIGHT, hint.height()))
