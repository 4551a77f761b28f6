"""One line over a dialog's buttons that says why it cannot go on yet."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID, Theme

_SIGN = 20
"""Width and height of the sign, in pixels."""


class ProblemLine(QWidget):
    """Hidden while there is nothing to say; what it says is read aloud to who cannot see it."""

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = plain_label()
        self._sign = QLabel()
        icon = icons.icon("warning", theme.colors.warning)
        self._sign.setPixmap(icon.pixmap(QSize(_SIGN, _SIGN), self.devicePixelRatioF()))
        self._sign.setAccessibleName(self.tr("Warning"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self._sign)
        row.addWidget(self._label, 1)
        self.hide()

    def text(self) -> str:
        """What it says."""
        return self._label.text()

    def say(self, message: str, *, is_warning: bool = True) -> None:
        """Say something; nothing hides the line."""
        self._label.setText(message)
        self._sign.setVisible(is_warning)
        self.setVisible(bool(message))
        if message:
            announce(self, message)
