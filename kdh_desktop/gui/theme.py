"""Light and dark after the system: palette, style sheet and a signal when they change."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from kdh_desktop.gui.colors import Colors

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
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._application = application
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
        if not _is_high_contrast():
            self._application.setPalette(_palette(_DARK if self.is_dark else _LIGHT))
        self._colors = Colors.from_palette(self._application.palette())
        self._application.setStyleSheet(_style_sheet(self._colors))
        self.changed.emit()


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


def _style_sheet(c: Colors) -> str:
    """Shapes and states that the palette cannot say; focus is always a two pixel line."""
    return f"""
QPushButton, QToolButton {{
    background: {c.base.name()}; color: {c.text.name()};
    border: 1px solid {c.control_line.name()}; border-radius: 6px;
    padding: 4px 10px; margin: 1px; min-height: 18px;
}}
QPushButton:hover, QToolButton:hover {{ background: {c.selected.name()}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {c.track.name()}; }}
QPushButton:focus, QToolButton:focus {{
    border: 2px solid {c.accent.name()}; margin: 0px;
}}
QPushButton:disabled, QToolButton:disabled {{
    color: {c.muted.name()}; background: {c.window.name()}; border-color: {c.line.name()};
}}
QPushButton[kind="main"] {{
    background: {c.accent.name()}; color: {c.accent_text.name()};
    border-color: {c.accent.name()}; padding: 4px 20px; font-weight: 600;
}}
QPushButton[kind="main"]:hover {{ background: {c.accent.darker(110).name()}; }}
QPushButton[kind="main"]:focus {{ border: 2px solid {c.text.name()}; }}
QPushButton[kind="main"]:disabled {{
    background: {c.track.name()}; color: {c.muted.name()}; border-color: {c.track.name()};
}}
QToolButton[kind="quiet"], QPushButton[kind="quiet"] {{
    background: transparent; border: 1px solid transparent; padding: 3px 6px;
}}
QToolButton[kind="quiet"]:hover, QPushButton[kind="quiet"]:hover {{
    background: {c.selected.name()};
}}
QToolButton[kind="quiet"]:focus, QPushButton[kind="quiet"]:focus {{
    border: 2px solid {c.accent.name()};
}}
QToolButton[kind="quiet"]:disabled {{ color: {c.muted.name()}; background: transparent; }}
QPlainTextEdit, QListView, QTextBrowser, QScrollArea[kind="panel"] {{
    background: {c.base.name()}; border: 1px solid {c.control_line.name()};
    border-radius: 6px; margin: 1px; padding: 2px;
}}
QPlainTextEdit:focus, QListView:focus, QTextBrowser:focus, QScrollArea[kind="panel"]:focus {{
    border: 2px solid {c.accent.name()}; margin: 0px;
}}
QListView {{ outline: 0; }}
QListView[kind="plain"] {{
    border: 1px solid transparent; background: transparent; padding: 0;
}}
QListView[kind="plain"]:focus {{ border: 2px solid {c.accent.name()}; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle {{ background: {c.control_line.name()}; border-radius: 4px; margin: 2px; }}
QScrollBar::handle:vertical {{ min-height: 24px; }}
QScrollBar::handle:horizontal {{ min-width: 24px; }}
QScrollBar::handle:hover {{ background: {c.muted.name()}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QLabel[kind="muted"] {{ color: {c.muted.name()}; }}
QLabel[kind="heading"] {{ font-weight: 600; }}
QFrame#rail {{ background: {c.window.name()}; border-right: 1px solid {c.line.name()}; }}
QFrame#rail QToolButton {{
    background: transparent; border: 1px solid transparent; border-radius: 6px;
    padding: 6px 6px;
}}
QFrame#rail QToolButton:hover {{ background: {c.selected.name()}; }}
QFrame#rail QToolButton:checked {{
    background: {c.selected.name()}; border-left: 3px solid {c.accent.name()}; font-weight: 600;
}}
QFrame#rail QToolButton:focus {{ border: 2px solid {c.accent.name()}; }}
QFrame[kind="note"] {{ background: {c.note_fill.name()}; border-radius: 6px; }}
QFrame[kind="warning"] {{ background: {c.warning_fill.name()}; border-radius: 6px; }}
QFrame[kind="error"] {{ background: {c.error_fill.name()}; border-radius: 6px; }}
QProgressBar {{
    background: {c.track.name()}; border: none; border-radius: 4px;
    min-height: 8px; max-height: 8px;
}}
QProgressBar::chunk {{ background: {c.accent.name()}; border-radius: 4px; }}
QSplitter::handle {{ background: transparent; }}
QSplitter::handle:horizontal:hover {{ background: {c.line.name()}; margin: 0 6px; }}
QSplitter::handle:vertical:hover {{ background: {c.line.name()}; margin: 2px 0; }}
QStatusBar {{ border-top: 1px solid {c.line.name()}; }}
QStatusBar::item {{ border: none; }}
QToolTip {{
    background: {c.base.name()}; color: {c.text.name()};
    border: 1px solid {c.control_line.name()}; padding: 6px;
}}
"""
