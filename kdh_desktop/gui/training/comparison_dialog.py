"""The dialog that shows past runs side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.dialog_frame import frame_dialog
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.theme import GRID, Theme
from kdh_desktop.gui.training.chart_card import ChartCard
from kdh_desktop.gui.training.run_comparison import (
    MOST_RUNS,
    common_stages,
    differing_settings,
    figures_of,
    names_of,
    overlaid,
)
from kdh_desktop.gui.training.run_shown import RunShown


class ComparisonDialog(QDialog):
    """Figures, settings that differ, and curves laid over each other."""

    save_wanted = Signal(object, str)
    """Save a `Chart` as a kind of file."""

    def __init__(
        self, runs: Sequence[RunShown], theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Runs side by side"))
        self._runs = tuple(runs)[:MOST_RUNS]
        names = names_of(self._runs)
        self.figures = PlainTable(self.tr("Figures"), (self.tr("Figure"), *names))
        self.figures.show_rows(figures_of(self._runs))
        self.settings = PlainTable(self.tr("Settings that differ"), (self.tr("Setting"), *names))
        rows = differing_settings(self._runs)
        self.settings.show_rows(rows)
        self.loss, self.validation = ChartCard(theme), ChartCard(theme)
        self.stage = CalmComboBox(self.tr("Stage"))
        words = self._runs[0].words
        for name in common_stages(self._runs):
            self.stage.addItem(words.title(name), name)
        # The last one is the student's own training, which most people want to see.
        self.stage.setCurrentIndex(self._first_shown())
        self.stage.currentIndexChanged.connect(self._show_curves)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(self.tr("Runs side by side"))
        self.tabs.addTab(self.figures, self.tr("Figures"))
        self.tabs.addTab(self._settings_page(has_any=bool(rows)), self.tr("Settings that differ"))
        self.tabs.addTab(self._curves_page(), self.tr("Curves"))
        self.close_button = frame_dialog(self, self.tabs, close=self.tr("Close"))
        self._show_curves()
        for card in (self.loss, self.validation):
            card.begin_drawing()
            card.save_wanted.connect(self.save_wanted)
        self.resize(112 * GRID, 72 * GRID)

    def _first_shown(self) -> int:
        names = common_stages(self._runs)
        return next((names.index(x) for x in names if x.startswith("student-")), 0)

    def _settings_page(self, *, has_any: bool) -> QWidget:
        if has_any:
            return self.settings
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addWidget(plain_label(self.tr("These runs were asked to do the same.")))
        layout.addStretch(1)
        return page

    def _curves_page(self) -> QWidget:
        page = QWidget()
        line = QHBoxLayout()
        line.addWidget(field_label(self.tr("&Stage"), self.stage))
        line.addWidget(self.stage, 1)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.addLayout(line)
        side = QHBoxLayout()
        side.addWidget(self.loss, 1)
        side.addWidget(self.validation, 1)
        layout.addLayout(side, 1)
        return page

    def _show_curves(self) -> None:
        stage = str(self.stage.currentData() or "")
        self.loss.show_chart(overlaid(self._runs, stage, is_loss=True))
        self.validation.show_chart(overlaid(self._runs, stage, is_loss=False))
