"""What to do next, in the middle of a part of the window that has nothing to show yet."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID


class GuidePanel(QWidget):
    """A heading, a few words, and buttons for the next step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = plain_label(kind="heading")
        self.words = plain_label()
        self._buttons: list[QPushButton] = []
        self._row = QHBoxLayout()
        self._row.setSpacing(GRID)
        self._row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4 * GRID, 2 * GRID, 4 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addStretch(2)
        layout.addWidget(self.heading)
        layout.addWidget(self.words)
        layout.addLayout(self._row)
        layout.addStretch(3)

    def add_button(self, words: str, action: QAction) -> QPushButton:
        """A button for an action, beside those that there are; shown where `say` names it."""
        button = QPushButton(words)
        button.setAccessibleName(words)
        button.setToolTip(action.toolTip())
        button.clicked.connect(action.trigger)
        button.hide()
        self._buttons.append(button)
        self._row.insertWidget(self._row.count() - 1, button, 0, Qt.AlignmentFlag.AlignLeft)
        return button

    def say(self, heading: str, words: str, *, buttons: Collection[QPushButton] = ()) -> None:
        """Show other words, and the buttons that help in this state."""
        self.heading.setText(heading)
        self.words.setText(words)
        self.words.setVisible(bool(words))
        for button in self._buttons:
            button.setVisible(button in buttons)
