"""Asks after how long without a key the administrator's door is locked."""

from __future__ import annotations

import sys

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.gui.admin.fitting import grow_to_fit
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.settings import LOCK_AFTER_MIN
from kdh_desktop.gui.theme import GRID

_LEAST_WIDTH = 56 * GRID


class LockAfterDialog(QDialog):
    """From one minute to an hour; there is no way to leave the door open for good."""

    def __init__(self, minutes: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Lock after"))
        self.spin = QSpinBox()
        self.spin.setRange(LOCK_AFTER_MIN[0], LOCK_AFTER_MIN[-1])
        self.spin.setValue(minutes)
        self.spin.setSuffix(self.tr(" min"))
        self.spin.setAccessibleName(self.tr("Minutes without a key or the mouse"))
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(field_label(self.tr("&Lock after"), self.spin))
        row.addWidget(self.spin)
        row.addStretch(1)
        buttons = QDialogButtonBox()
        keep = buttons.addButton(self.tr("&Keep"), QDialogButtonBox.ButtonRole.AcceptRole)
        keep.setProperty("kind", "main")
        keep.setDefault(True)
        cancel = buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (keep, cancel):
            button.setAccessibleName(button.text().replace("&", ""))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        heading = self.tr("Lock the administrator's pages by themselves")
        layout.addWidget(plain_label(heading, kind="heading"))
        layout.addWidget(
            plain_label(self.tr("After this time without a key or the mouse in the program:"))
        )
        layout.addLayout(row)
        layout.addWidget(plain_label(self._also(), kind="muted"))
        layout.addStretch(1)
        layout.addWidget(buttons)
        self.setMinimumWidth(_LEAST_WIDTH)
        self.spin.setFocus()
        self.spin.selectAll()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        grow_to_fit(self, least_width=_LEAST_WIDTH)

    def _also(self) -> str:
        if sys.platform == "linux":
            words = self.tr(
                "They are locked at once when the computer sleeps, when its screen is locked and "
                "when the window is closed."
            )
        else:
            words = self.tr(
                "They are locked at once when the computer has slept and when the window is "
                "closed. On this system the program cannot see that the screen is locked: the "
                "time above counts on."
            )
        return f"{words} {self.tr('A training that goes on is not stopped by this.')}"
