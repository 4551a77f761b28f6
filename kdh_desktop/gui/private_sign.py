"""The sign over every page that nothing is stored."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID, Theme


class PrivateSign(QFrame):
    """Cannot be closed: it is there for as long as the session is private."""

    end_wanted = Signal()

    def __init__(self, *, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "private")
        self._theme = theme
        self._icons = icons
        self._sign = QLabel()
        self._sign.setAccessibleName(self.tr("Private"))
        self.words = plain_label(
            self.tr(
                "Private session: nothing is stored. What you classify or import now is "
                "forgotten when the session ends."
            )
        )
        self.end_button = QPushButton(self.tr("End private session"))
        self.end_button.setAccessibleName(self.tr("End private session"))
        self.end_button.clicked.connect(self.end_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID // 2, 2 * GRID, GRID // 2)
        layout.setSpacing(GRID)
        layout.addWidget(self._sign)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.end_button)
        theme.changed.connect(self._take_colors)
        self._take_colors()
        self.hide()

    def show_private(self, *, is_private: bool) -> None:
        """Show or hide the sign, and say so to who cannot see it."""
        if is_private and self.isHidden():
            announce(self, self.words.text())
        self.setVisible(is_private)

    def _take_colors(self) -> None:
        icon = self._icons.icon("private", self._theme.colors.base)
        self._sign.setPixmap(icon.pixmap(QSize(20, 20), self.devicePixelRatioF()))
