"""A list that keys can walk although some rows cannot be chosen, and that re-fits its rows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

Index = QModelIndex | QPersistentModelIndex


class RowListView(QListView):
    """One row is chosen; Home, End and the page keys stop at rows that can be chosen."""

    row_chosen = Signal(QModelIndex)
    """Another row is current."""
    row_taken = Signal(QModelIndex)
    """A row was clicked, or entered by Return: also the one that was current already."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.clicked.connect(self.row_taken)
        self.activated.connect(self.row_taken)

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        if self.uniformItemSizes():
            # Qt would lay all rows out again, for thousands of texts with every few answers.
            QAbstractItemView.dataChanged(self, first, last, roles)
        else:
            super().dataChanged(first, last, roles)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.row_chosen.emit(self.currentIndex())

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        match action:
            case QAbstractItemView.CursorAction.MoveHome:
                return self._nearest(0, 1)
            case QAbstractItemView.CursorAction.MoveEnd:
                return self._nearest(self.model().rowCount() - 1, -1)
            case (
                QAbstractItemView.CursorAction.MovePageUp
                | QAbstractItemView.CursorAction.MovePageDown
            ):
                index = super().moveCursor(action, modifiers)
                step = 1 if action == QAbstractItemView.CursorAction.MovePageDown else -1
                found = self._nearest(index.row(), step)
                return found if found.isValid() else self._nearest(index.row(), -step)
            case _:
                return super().moveCursor(action, modifiers)

    def _nearest(self, row: int, step: int) -> QModelIndex:
        model = self.model()
        while 0 <= row < model.rowCount():
            index = model.index(row, 0)
            if index.flags() & Qt.ItemFlag.ItemIsSelectable:
                return index
            row += step
        return QModelIndex()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            # Rows are as tall as the width makes them, and Qt remembers the old heights.
            self.scheduleDelayedItemsLayout()
