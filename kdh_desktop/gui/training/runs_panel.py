"""The runs at the left, and the one that is chosen at the right."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from kdh_desktop.gui.settings import Settings
from kdh_desktop.gui.theme import GRID, Theme
from kdh_desktop.gui.training.action_button import ActionButton
from kdh_desktop.gui.training.actions import TrainingActions
from kdh_desktop.gui.training.run_list import RunList
from kdh_desktop.gui.training.run_view import RunView

_PLACE = "training/runs"


class RunsPanel(QSplitter):
    """List and view, with a line between them that can be moved."""

    def __init__(self, actions: TrainingActions, theme: Theme, settings: Settings) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._settings = settings
        self.list = RunList(theme)
        self.view = RunView(actions, theme)
        self.train_button = ActionButton(actions.train, kind="main")
        self.compare_button = ActionButton(actions.compare)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.train_button)
        column.addWidget(self.list, 1)
        column.addWidget(self.compare_button)
        self.addWidget(side)
        self.addWidget(self.view)
        self.setHandleWidth(GRID)
        self.setChildrenCollapsible(False)
        self.setStretchFactor(0, 0)
        self.setStretchFactor(1, 1)
        self.setSizes([28 * GRID, 120 * GRID])
        self.restoreState(settings.splitter(_PLACE))

    def keep_layout(self) -> None:
        """Remember where the line stands."""
        self._settings.keep_splitter(_PLACE, self.saveState())
