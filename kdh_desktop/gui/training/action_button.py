"""A button for an action: its words, whether it can be pressed, and whether it is there."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QWidget

from kdh_desktop.gui.plain_text import plain_tooltip


class ActionButton(QPushButton):
    """Follows its action; only whoever holds the button says whether it is shown."""

    def __init__(self, action: QAction, *, kind: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        if kind:
            self.setProperty("kind", kind)
        self.setAutoDefault(False)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        words = self._action.text().replace("&", "")
        if words != self.text():
            self.setText(words)
            self.setAccessibleName(words)
        self.setToolTip(plain_tooltip(self._action.toolTip()))
        self.setEnabled(self._action.isEnabled())
