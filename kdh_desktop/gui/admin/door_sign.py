"""The sign in the status bar that the administrator's door is open, with a button to lock it."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from kdh_desktop.gui.admin_door import AdminDoor
from kdh_desktop.gui.icons import Icons
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID, Theme

_SIGN = 16


class DoorSign(QWidget):
    """There is none while the door is shut."""

    def __init__(
        self, door: AdminDoor, *, theme: Theme, icons: Icons, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._door = door
        self._theme = theme
        self._icons = icons
        self._sign = QLabel()
        self._sign.setAccessibleName(self.tr("Open lock"))
        self.words = plain_label(self.tr("Administrator: open"))
        self.words.setWordWrap(False)
        self.lock_button = QPushButton(self.tr("Lock"))
        self.lock_button.setAccessibleName(self.tr("Lock the administrator's pages"))
        self.lock_button.clicked.connect(self._lock)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, GRID, 0)
        layout.setSpacing(GRID // 2)
        for widget in (self._sign, self.words, self.lock_button):
            layout.addWidget(widget)
        door.changed.connect(self._follow)
        theme.changed.connect(self._take_colors)
        self._take_colors()
        self.hide()

    def _lock(self) -> None:
        self._door.lock()

    def _follow(self) -> None:
        is_open = self._door.is_open
        if is_open == self.isHidden():
            announce(self, self.words.text() if is_open else self.tr("Administrator: locked"))
        self.setVisible(is_open)

    def _take_colors(self) -> None:
        icon = self._icons.icon("unlocked", self._theme.colors.accent)
        self._sign.setPixmap(icon.pixmap(QSize(_SIGN, _SIGN), self.devicePixelRatioF()))
