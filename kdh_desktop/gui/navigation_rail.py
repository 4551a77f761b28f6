"""The rail on the left: one button per page."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.gui.theme import GRID


class NavigationRail(QFrame):
    """Says which page the user wants."""

    page_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_compact = False
        self.setObjectName("rail")
        self.setAccessibleName(self.tr("Pages"))
        self._buttons = QButtonGroup(self)
        self._buttons.setExclusive(True)
        self._buttons.idClicked.connect(self.page_chosen)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(GRID // 2, GRID, GRID // 2, GRID)
        self._column.setSpacing(GRID // 2)
        self._column.addStretch(1)

    def add_page(self, name: str, shortcut: str) -> None:
        """Add a page under those that there are."""
        button = QToolButton()
        button.setText(name)
        button.setAccessibleName(name)
        button.setToolTip(f"{name} ({shortcut})")
        button.setCheckable(True)
        button.setIconSize(QSize(24, 24))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Minimum)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        row = len(self._buttons.buttons())
        self._buttons.addButton(button, row)
        self._column.insertWidget(row, button)

    def set_compact(self, is_compact: bool) -> None:
        """Show icons without words, where the window is narrow."""
        style = (
            Qt.ToolButtonStyle.ToolButtonIconOnly
            if is_compact
            else Qt.ToolButtonStyle.ToolButtonTextUnderIcon
        )
        self.is_compact = is_compact
        for button in self._buttons.buttons():
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(style)

    def show_page(self, row: int) -> None:
        """Mark the page that is open."""
        self._buttons.button(row).setChecked(True)

    def set_icon(self, row: int, icon: QIcon) -> None:
        """Show another icon, as after a change of colours."""
        self._buttons.button(row).setIcon(icon)
