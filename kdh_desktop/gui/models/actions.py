"""Everything that the Models page can do, as actions for menus, buttons and keys."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from kdh_desktop.gui.page import Menus


class ModelActions(QObject):
    """The actions; the page connects them, and says which of them make sense."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.put = self._action(
            self.tr("Put into &force…"),
            self.tr("Classify with the chosen model from now on"),
            *("Ctrl+Return", "Ctrl+Enter"),
        )
        self.roll_back = self._action(
            self.tr("&Roll back…"),
            self.tr("Classify with the model again that was in force before"),
            "Ctrl+R",
        )
        self.take_in = self._action(
            self.tr("Import a &model…"),
            self.tr("Take in a model from a .kdhmodel file; it is not in force by that"),
            "Ctrl+I",
        )
        self.export = self._action(
            self.tr("&Export the model…"),
            self.tr("Write the chosen model to a .kdhmodel file, for another computer"),
            "Ctrl+Shift+E",
        )
        self.remove = self._action(
            self.tr("&Delete…"), self.tr("Delete the chosen model, which is not in force"), "Del"
        )
        self.trust = self._action(
            self.tr("&Trust a publisher's key…"),
            self.tr("Take in models of another site from now on"),
        )
        self.publishers = self._action(
            self.tr("Trusted &publishers…"),
            self.tr("See whose models are taken in, and take a key away"),
        )

    def menus(self) -> Menus:
        """The page's menu."""
        actions = (
            *(self.put, self.roll_back, None),
            *(self.take_in, self.export, self.remove, None),
            *(self.trust, self.publishers),
        )
        return ((self.tr("&Model"), actions),)

    def _action(self, text: str, tip: str, *keys: str) -> QAction:
        action = QAction(text, self)
        action.setToolTip(tip)
        action.setShortcuts([QKeySequence(key) for key in keys])
        return action
