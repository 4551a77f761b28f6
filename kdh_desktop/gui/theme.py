"""Light and dark after the system: palette, style sheet and a signal when they change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from kdh_desktop.gui.colors import Colors
from kdh_desktop.gui.style_sheet import style_sheet

GRID = 8
"""Distances are multiples of this many device-independent pixels, or half of it."""

_LIGHT = {
    QPalette.ColorRole.Window: "#f4f6f8",
    QPalette.ColorRole.WindowText: "#1b2127",
    QPalette.ColorRole.Base: "#ffffff",
    QPalette.ColorRole.AlternateBase: "#f4f6f8",
    QPalette.ColorRole.Text: "#1b2127",
    QPalette.ColorRole.PlaceholderText: "#5c6670",
    QPalette.ColorRole.Button: "#ffffff",
    QPalette.ColorRole.ButtonText: "#1b2127",
    QPalette.ColorRole.BrightText: "#c0332b",
    QPalette.ColorRole.Highlight: "#1f5f9f",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Link: "#1f5f9f",
    QPalette.ColorRole.ToolTipBase: "#ffffff",
    QPalette.ColorRole.ToolTipText: "#1b2127",
}
_DARK = {
    QPalette.ColorRole.Window: "#1e2227",
    QPalette.ColorRole.WindowText: "#e4e8ec",
    QPalette.ColorRole.Base: "#16191d",
    QPalette.ColorRole.AlternateBase: "#1e2227",
    QPalette.ColorRole.Text: "#e4e8ec",
    QPalette.ColorRole.PlaceholderText: "#9aa5b0",
    QPalette.ColorRole.Button: "#2a3037",
    QPalette.ColorRole.ButtonText: "#e4e8ec",
    QPalette.ColorRole.BrightText: "#ff9a92",
    QPalette.ColorRole.Highlight: "#7db4ea",
    QPalette.ColorRole.HighlightedText: "#0d1a27",
    QPalette.ColorRole.Link: "#7db4ea",
    QPalette.ColorRole.ToolTipBase: "#2a3037",
    QPalette.ColorRole.ToolTipText: "#e4e8ec",
}


class Theme(QObject):
    """Keeps the application's look in step with the system's."""

    changed = Signal()

    def __init__(
        self,
        application: QApplication,
        *,
        scheme: Callable[[], Qt.ColorScheme] | None = None,
        pictures: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._application = application
        self._pictures = pictures
        self._scheme = scheme or application.styleHints().colorScheme
        # Some Linux desktops tell no scheme, but do set their colours.
        self._system_is_dark = application.palette().window().color().lightnessF() < 0.5
        # One style everywhere: it takes every colour from the palette, so light, dark and high
        # contrast work alike on each system, and what we test is what people see.
        application.setStyle("Fusion")
        hints = application.styleHints()
        hints.colorSchemeChanged.connect(self.refresh)
        if hasattr(hints, "accessibility"):  # since Qt 6.10
            hints.accessibility().contrastPreferenceChanged.connect(self.refresh)
        self.refresh()

    @property
    def is_dark(self) -> bool:
        """Whether the system asks for a dark look."""
        scheme = self._scheme()
        if scheme == Qt.ColorScheme.Unknown:
            return self._system_is_dark
        return scheme == Qt.ColorScheme.Dark

    @property
    def colors(self) -> Colors:
        """Colours for what is painted by hand; ask again after `changed`."""
        return self._colors

    def refresh(self) -> None:
        """Ask the system again, and put on what it says."""
        # A palette that says nothing brings the system's own back, over one of ours from before.
        is_ours = not _is_high_contrast()
        self._application.setPalette(
            _palette(_DARK if self.is_dark else _LIGHT) if is_ours else QPalette()
        )
        self._colors = Colors.from_palette(self._application.palette())
        self._put_on()
        self.changed.emit()

    @contextmanager
    def taken_off(self) -> Iterator[None]:
        """Style what is made meanwhile once, at the end.

        Where the style sheet is on, each widget that is put into another one is styled again with
        all that it holds: that is half the time that the main window takes to be made.
        """
        self._application.setStyleSheet("")
        try:
            yield
        finally:
            self._put_on()

    def _put_on(self) -> None:
        self._application.setStyleSheet(style_sheet(self._colors, self._pictures))


def _is_high_contrast() -> bool:
    """Whether the user chose the system's high contrast palette, which we then leave alone."""
    hints = QGuiApplication.styleHints()
    if not hasattr(hints, "accessibility"):
        return False
    return bool(hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast)


def _palette(roles: dict[QPalette.ColorRole, str]) -> QPalette:
    palette = QPalette(
        QColor(roles[QPalette.ColorRole.Button]), QColor(roles[QPalette.ColorRole.Window])
    )
    for role, name in roles.items():
        palette.setColor(role, QColor(name))
    faded = QColor(roles[QPalette.ColorRole.PlaceholderText])
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faded)
    return palette
