"""The sign that something is being written, with how far it is where it takes long."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QWidget

from kdh_desktop.gui.records.reviewer import Reviewer

_DELAY_MS = 700
"""Most writing takes some milliseconds, and words that flash say nothing."""


class SavingSign(QLabel):
    """Hidden while nothing is written, and at first while something is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("kind", "muted")
        self.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.show)

    def follow(self, reviewer: Reviewer) -> None:
        """Say what a reviewer does."""
        reviewer.busy_changed.connect(lambda: self._show_busy(is_busy=reviewer.is_busy))
        reviewer.progressed.connect(self._show_percent)

    def _show_busy(self, *, is_busy: bool) -> None:
        if not is_busy:
            self._timer.stop()
            self.hide()
        elif not self._timer.isActive():
            self.setText(self.tr("Saving…"))
            self._timer.start()

    def _show_percent(self, percent: int) -> None:
        self.setText(self.tr("Saving… {percent} %").format(percent=percent))
