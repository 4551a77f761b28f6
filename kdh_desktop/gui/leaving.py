"""Closing the window while something would be cut short or forgotten asks first."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox

from kdh_desktop.gui.questions import ask
from kdh_desktop.gui.window_parts import WindowParts


class Leaving(QObject):
    """Knows whether the window may close; closes it itself once work has stopped."""

    def __init__(
        self,
        parts: WindowParts,
        *,
        would_forget: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        """Hold on to those who know.

        Args:
            parts: Of the window that closes.
            would_forget: Whether a private session has something that nobody could bring back.
            parent: Qt's parent.
        """
        super().__init__(parent)
        self._parts = parts
        self._would_forget = would_forget
        self._is_agreed = False
        self.question: QMessageBox | None = None
        parts.panel.changed.connect(self._close_when_stopped)

    def may_close(self) -> bool:
        """Whether the window may close now; where it may not, the user has been asked."""
        if self._is_agreed or not (self._parts.panel.is_working or self._would_forget()):
            return not self._parts.panel.is_working
        if self.question is None:
            self.question = self._ask()
            self.question.finished.connect(self._forget_question)
        return False

    def agree(self) -> None:
        """Close without a question, as soon as work has stopped."""
        self._is_agreed = True
        if self._parts.panel.is_working:
            self._parts.panel.cancel_all()
        else:
            self._parts.window.close()

    def _ask(self) -> QMessageBox:
        if self._parts.panel.is_working:
            question = self.tr("Close although work is going on?")
            meaning = self.tr("What is done is kept, and the rest can go on at the next start.")
            yes, no = self.tr("Stop and close"), self.tr("Go on working")
        else:
            question = self.tr("Close and forget the private session?")
            meaning = self.tr("Its texts, records and labels are forgotten for good.")
            yes, no = self.tr("Close and forget"), self.tr("Stay")
        return ask(self._parts.window, question, meaning, yes=yes, no=no, then=self.agree)

    def _forget_question(self) -> None:
        self.question = None

    def _close_when_stopped(self) -> None:
        if self._is_agreed and not self._parts.panel.is_working:
            self._parts.window.close()
