"""Where it is computed, and what that takes."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from kdh_desktop.gui.calm_combo_box import CalmComboBox
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.draft import DraftKeeper
from kdh_desktop.gui.training.wizard.step_page import StepPage, form_in, scrolled
from kdh_desktop.gui.training.wizard.words import device_name
from kdh_desktop.gui.window_parts import WindowParts

_DEVICES = ("auto", "cpu", "cuda", "mps")


class MachinePage(StepPage):
    """Devices, memory, and the time that the run will take."""

    def __init__(self, parts: WindowParts, keeper: DraftKeeper) -> None:
        super().__init__(parts, keeper, title=self.tr("Machine"), why=self.tr(
            "Training is heavy work: a short trial tells beforehand how long it will take here."
        ))  # fmt: skip
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        fields = QWidget()
        form = form_in(fields)
        self.device = CalmComboBox(self.tr("Where to compute"))
        self.device.setMinimumWidth(36 * GRID)
        for name in _DEVICES:
            self.device.addItem(device_name(name), name)
        self.device.activated.connect(
            lambda _at: keeper.change(device=str(self.device.currentData()))
        )
        form.addRow(field_label(self.tr("&Compute on"), self.device), self.device)
        column.addWidget(fields)
        self.estimate = plain_label(self.tr("Time and room on the disk were not measured."))
        column.addWidget(self.estimate)
        column.addStretch(1)
        self.column.addWidget(scrolled(content), 1)
        keeper.changed.connect(self._show)
        self._show()

    def focus_first(self) -> None:
        self.device.setFocus()

    def _show(self) -> None:
        self.device.setCurrentIndex(max(0, self.device.findData(self.keeper.draft.device)))
