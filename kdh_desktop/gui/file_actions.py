"""What the File menu offers, whatever page is in front."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence


class FileActions(QObject):
    """The actions; whoever does the work connects them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.import_files = self._action(
            self.tr("&Import files…"), self.tr("Take in references, tables or texts"), "Ctrl+O"
        )
        self.import_folder = self._action(
            self.tr("Import a &folder…"), self.tr("Take in all files of a folder"), ""
        )
        self.paste_table = self._action(
            self.tr("Paste a &table"),
            self.tr("Take in rows that were copied from a spreadsheet"),
            "Ctrl+Shift+V",
        )
        self.find_duplicates = self._action(
            self.tr("Find &duplicates…"), self.tr("Show records that seem to be one"), ""
        )
        self.export = self._action(
            self.tr("&Export…"), self.tr("Save records with their labels to a file"), "Ctrl+S"
        )
        self.corrections = self._action(
            self.tr("Take in a co&rrected workbook…"),
            self.tr("Bring corrections back that were made in an exported workbook"),
            "",
        )
        self.private = self._action(
            self.tr("&Private session"),
            self.tr("Store nothing from now on"),
            "Ctrl+Shift+P",
        )
        self.private.setCheckable(True)
        self.leave = self._action(self.tr("&Quit"), "", "Ctrl+Q")
        self.leave.setMenuRole(QAction.MenuRole.QuitRole)

    @property
    def menu(self) -> Sequence[QAction | None]:
        """The actions in their order, with None for a line."""
        return (
            *(self.import_files, self.import_folder, self.paste_table, None),
            *(self.export, self.corrections, None),
            *(self.find_duplicates, None),
            *(self.private, None, self.leave),
        )

    def _action(self, text: str, purpose: str, keys: str) -> QAction:
        action = QAction(text, self)
        action.setIconVisibleInMenu(False)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.setStatusTip(purpose)
        return action
