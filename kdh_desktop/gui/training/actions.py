"""Everything that the Training page can do, as actions for menus, buttons and keys."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from kdh_desktop.gui.page import Menus


class TrainingActions(QObject):
    """The actions; the page connects them, and says which of them make sense."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.train = self._action(
            self.tr("&Train a model…"), self.tr("Go through the steps to a new training"), "Ctrl+N"
        )
        self.sample = self._action(
            self.tr("Try it with the &sample…"),
            self.tr("See a training with the small sample that ships with the program"),
        )
        self.pause = self._action(
            self.tr("&Pause"), self.tr("Let the training wait; nothing is lost"), "Ctrl+P"
        )
        self.keep_best = self._action(
            self.tr("Stop and &keep the best…"),
            self.tr("Let the training come to its model soon, with the best that it has"),
        )
        self.stop = self._action(
            self.tr("St&op for now"),
            self.tr("Stop within two seconds; it can go on later where it was"),
        )
        self.discard = self._action(
            self.tr("D&iscard…"), self.tr("Stop the training, and delete all that it made")
        )
        self.resume = self._action(
            self.tr("&Resume"), self.tr("Go on with the training where it was"), "Ctrl+R"
        )
        self.again = self._action(
            self.tr("Run a&gain…"), self.tr("Start another training with the same settings")
        )
        self.judge = self._action(
            self.tr("Compare with the &model in force…"),
            self.tr("See whether the new model is better than the one in use, and use it"),
            "Ctrl+M",
        )
        self.compare = self._action(
            self.tr("&Compare runs…"),
            self.tr("See the chosen runs side by side; choose two or more on the list"),
        )
        self.rename = self._action(
            self.tr("Re&name…"), self.tr("Call the training something else"), "F2"
        )
        self.delete = self._action(
            self.tr("&Delete…"), self.tr("Delete the training with all that it made"), "Del"
        )
        self.save_chart = self._action(
            self.tr("Save c&hart…"),
            self.tr("Save the chart that has the focus as a picture, drawing or table"),
            "Ctrl+Shift+S",
        )

    @property
    def of_runs(self) -> tuple[QAction, ...]:
        """What is done with the run that is shown."""
        return (
            *(self.pause, self.keep_best, self.stop, self.discard, self.resume, self.again),
            *(self.judge, self.rename, self.delete, self.save_chart),
        )

    def menus(self) -> Menus:
        """The page's menu."""
        actions = (
            *(self.train, self.sample, None),
            *(self.pause, self.keep_best, self.stop, self.discard, None),
            *(self.resume, self.again, self.judge, self.compare, self.rename, self.delete, None),
            self.save_chart,
        )
        return ((self.tr("&Training"), actions),)

    def _action(self, text: str, tip: str, *keys: str) -> QAction:
        action = QAction(text, self)
        action.setToolTip(tip)
        action.setShortcuts([QKeySequence(key) for key in keys])
        return action
