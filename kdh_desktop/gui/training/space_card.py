"""The chart of all settings that the search tried, on two of them that one can choose."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QWidget

from kdh_desktop.core.training_progress import RunProgress
from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.plain_text import field_label
from kdh_desktop.gui.theme import Theme
from kdh_desktop.gui.training.chart_card import ChartCard
from kdh_desktop.gui.training.search_charts import dimensions_of, space_chart
from kdh_desktop.gui.training.setting_words import short_names


class SpaceCard(ChartCard):
    """Shows the positions on the two settings that its lists name."""

    settings_chosen = Signal()
    """Other settings are to be shown."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.across = CalmComboBox(self.tr("Setting across"))
        self.up = CalmComboBox(self.tr("Setting up"))
        self._paths: tuple[str, ...] = ()
        self._made_from: object = None
        for words, box in ((self.tr("Across"), self.across), (self.tr("Up"), self.up)):
            self.above.addWidget(field_label(words, box))
            self.above.addWidget(box, 1)
            QWidget.setTabOrder(self.last_control, box)
            self.last_control = box
            box.currentIndexChanged.connect(self.settings_chosen)

    def show_search(self, progress: RunProgress) -> None:
        """Show what was tried so far."""
        paths = dimensions_of(progress)
        if paths != self._paths:
            self._take_paths(paths)
        across, up = str(self.across.currentData()), str(self.up.currentData())
        made_from = (progress.positions, across, up)
        if paths and made_from != self._made_from:
            self._made_from = made_from
            self.show_chart(space_chart(progress, across, up))

    def _take_paths(self, paths: tuple[str, ...]) -> None:
        self._paths = paths
        for place, box in enumerate((self.across, self.up)):
            with QSignalBlocker(box):
                box.clear()
                for path, name in short_names(paths).items():
                    box.addItem(name, path)
                box.setCurrentIndex(min(place, len(paths) - 1))
