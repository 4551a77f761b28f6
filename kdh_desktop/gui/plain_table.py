"""A table of words to read: files with counts, rows with reasons, cuts with lengths."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from kdh_desktop.gui.plain_text import plain_tooltip
from kdh_desktop.gui.theme import GRID

Index = QModelIndex | QPersistentModelIndex
Cell = str | int

_ROW_HEIGHT = 26
_TOOLTIP_CHARACTERS = 1_000
_MEASURED_ROWS = 100


class PlainTableModel(QAbstractTableModel):
    """Rows of words and numbers; numbers stand at the right."""

    def __init__(self, titles: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles = tuple(titles)
        self._rows: Sequence[Sequence[Cell]] = ()

    @property
    def rows(self) -> Sequence[Sequence[Cell]]:
        """What the table shows."""
        return self._rows

    def show_rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def change_rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Show other words in as many rows as there are."""
        before, self._rows = self._rows, rows
        for row, (old, new) in enumerate(zip(before, rows, strict=True)):
            if old != new:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(new) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._titles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        cell = self._rows[index.row()][index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                # Line ends would let a cell show its first line alone.
                return f"{cell:,}" if isinstance(cell, int) else " ".join(cell.split())
            case Qt.ItemDataRole.ToolTipRole if isinstance(cell, str):
                return plain_tooltip(cell[:_TOOLTIP_CHARACTERS])
            case Qt.ItemDataRole.TextAlignmentRole if isinstance(cell, int):
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None


class PlainTable(QTableView):
    """Rows are walked by keys and left by Tab; the last column takes the room that is left."""

    def __init__(
        self,
        name: str,
        titles: Sequence[str],
        *,
        wraps: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Make the table; with `wraps` rows are as tall as their words, for short tables only."""
        super().__init__(parent)
        self.rows = PlainTableModel(titles, self)
        self.setModel(self.rows)
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(wraps)
        self.setShowGrid(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        if wraps:
            self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            self.verticalHeader().setMinimumSectionSize(_ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setResizeContentsPrecision(_MEASURED_ROWS)
        header.setMinimumSectionSize(6 * GRID)

    def show_rows(self, rows: Sequence[Sequence[Cell]], *, widest: int = 34 * GRID) -> None:
        """Show other rows, with columns as wide as their words, up to a limit."""
        self.rows.show_rows(rows)
        self.resizeColumnsToContents()
        header = self.horizontalHeader()
        for column in range(self.rows.columnCount() - 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            self.setColumnWidth(column, min(self.columnWidth(column) + GRID, widest))
        if rows:
            self.setCurrentIndex(self.rows.index(0, 0))
