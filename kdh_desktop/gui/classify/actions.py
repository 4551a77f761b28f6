"""Everything that the Classify page can do, as actions for menus, buttons and keys."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence


class ClassifyActions(QObject):
    """The actions; the page connects them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.classify = self._action(
            self.tr("&Classify"),
            self.tr("Show which hallmarks the text is about"),
            "Ctrl+Return",
            "Ctrl+Enter",
        )
        self.cancel = self._action(
            self.tr("C&ancel"), self.tr("Stop, and keep the labels found so far"), "Esc"
        )
        self.example = self._action(
            self.tr("&Example"), self.tr("Classify an invented abstract"), "Ctrl+E"
        )
        self.copy_result = self._action(
            self.tr("Copy &result"),
            self.tr("Copy the labels and sentences of this text, as plain text"),
            "Ctrl+Shift+C",
        )
        self.copy_all = self._action(
            self.tr("Copy results of all te&xts"),
            self.tr("Copy the labels and sentences of all texts, as plain text"),
            "Ctrl+Alt+C",
        )
        self.clear = self._action(
            self.tr("C&lear"), self.tr("Remove all texts and their labels"), "Ctrl+L"
        )
        self.previous = self._action(
            self.tr("&Previous text"), self.tr("Go to the text before"), "Alt+Left", "Ctrl+PgUp"
        )
        self.next = self._action(
            self.tr("&Next text"), self.tr("Go to the next text"), "Alt+Right", "Ctrl+PgDown"
        )
        self.next_pane = self._action(
            self.tr("Next part &of the page"),
            self.tr("Move between the texts, the hallmarks and the sentences"),
            "F6",
        )
        self.previous_pane = self._action(
            self.tr("Previous part of the pa&ge"),
            self.tr("Move back between the texts, the hallmarks and the sentences"),
            "Shift+F6",
        )
        self.undo = self._action(self.tr("&Undo"), "", QKeySequence.StandardKey.Undo)
        self.redo = self._action(self.tr("&Redo"), "", QKeySequence.StandardKey.Redo)
        self.cut = self._action(self.tr("Cu&t"), "", QKeySequence.StandardKey.Cut)
        self.copy = self._action(self.tr("&Copy"), "", QKeySequence.StandardKey.Copy)
        self.paste = self._action(self.tr("&Paste"), "", QKeySequence.StandardKey.Paste)
        self.select_all = self._action(
            self.tr("Select &all"), "", QKeySequence.StandardKey.SelectAll
        )

    def _action(self, text: str, purpose: str, *keys: str | QKeySequence.StandardKey) -> QAction:
        action = QAction(text, self)
        action.setIconVisibleInMenu(False)
        action.setShortcuts([QKeySequence(key) for key in keys])
        if purpose:
            shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{purpose} ({shown})")
            action.setStatusTip(purpose)
        return action
