"""Help on one page: how to use the program, and every key that does something."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QScrollArea,
    QWidget,
)

from kdh_desktop.gui.dialog_frame import frame_dialog
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID


class HelpDialog(QDialog):
    """Reads the keys from the actions themselves, so that it cannot fall behind them."""

    def __init__(
        self, *, steps: str, actions: Sequence[QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Help"))
        page = QWidget()
        page.setBackgroundRole(QPalette.ColorRole.Base)
        grid = QGridLayout(page)
        grid.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.addWidget(plain_label(self.tr("How it works"), kind="heading"), 0, 0, 1, 2)
        grid.addWidget(plain_label(steps), 1, 0, 1, 2)
        grid.addWidget(plain_label(self.tr("Keys"), kind="heading"), 2, 0, 1, 2)
        for row, (keys, meaning) in enumerate(self._rows(actions), start=3):
            label = plain_label(keys)
            label.setWordWrap(False)
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(plain_label(meaning), row, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(grid.rowCount(), 1)
        area = QScrollArea()
        area.setProperty("kind", "panel")
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setAccessibleName(self.tr("Help and keys"))
        close = frame_dialog(self, area, close=self.tr("Close"))
        self.resize(70 * GRID, 64 * GRID)
        close.setFocus()

    def _rows(self, actions: Sequence[QAction]) -> list[tuple[str, str]]:
        rows = [
            (
                ", ".join(
                    keys.toString(QKeySequence.SequenceFormat.NativeText)
                    for keys in action.shortcuts()
                ),
                action.text().replace("&", "").removesuffix("…"),
            )
            for action in actions
            if not action.shortcut().isEmpty()
        ]
        return [
            *rows,
            (self.tr("Up, Down"), self.tr("Choose a hallmark, a text or a sentence in a list")),
            (self.tr("Tab, Shift+Tab"), self.tr("Next or previous control")),
        ]
