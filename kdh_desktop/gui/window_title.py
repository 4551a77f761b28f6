"""The window's title: what a task bar shows of work that goes on, and of a private session."""

from __future__ import annotations

from PySide6.QtCore import QObject

from kdh_desktop.gui.window_parts import WindowParts


class WindowTitle(QObject):
    """Names no text and no file: everybody who looks at the screen sees it."""

    def __init__(self, parts: WindowParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        parts.desk.changed.connect(self._show)
        parts.panel.changed.connect(self._show)

    def _show(self) -> None:
        # Nothing is said of work that waits for an answer.
        shares = [work.percent for work in self._parts.panel.works if work.done]
        known = [share for share in shares if share is not None]
        words = [f"{min(known)} %"] if known else []
        if self._parts.desk.is_private:
            words.append(self.tr("Private session"))
        # Qt puts the program's name behind.
        title = ", ".join(words) or "KDH Desktop"
        if title != self._parts.window.windowTitle():
            self._parts.window.setWindowTitle(title)
