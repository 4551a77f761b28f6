"""A message of the desktop, for who has turned to something else meanwhile."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

_SHOWN_MS = 10_000


class DesktopMessage(QObject):
    """Shown only while the window is not in front, where the desktop can show one."""

    def __init__(self, window: QWidget, icon: QIcon, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._icon = icon
        self._tray: QSystemTrayIcon | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MS)
        self._timer.timeout.connect(self._take_away)

    def show(self, words: str) -> None:
        """Say something; the words must name no text and no file, as others may see them."""
        if self._window.isActiveWindow():
            return
        QApplication.alert(self._window)
        if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
            return
        if self._tray is None:
            # Qt can show a message only beside an icon in the tray; it goes when the message does.
            self._tray = QSystemTrayIcon(self._icon, self)
            self._tray.messageClicked.connect(self._come_to_front)
        self._tray.show()
        self._tray.showMessage("KDH Desktop", words, self._icon, _SHOWN_MS)
        self._timer.start()

    def _come_to_front(self) -> None:
        self._window.raise_()
        self._window.activateWindow()
        self._take_away()

    def _take_away(self) -> None:
        if self._tray is not None:
            self._tray.hide()
