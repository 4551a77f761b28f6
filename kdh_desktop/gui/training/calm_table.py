"""A table inside a page that scrolls: the wheel scrolls the page, until the table is entered."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QWheelEvent

from kdh_desktop.gui.plain_table import Cell, PlainTable
from kdh_desktop.gui.theme import GRID


class CalmTable(PlainTable):
    """Keeps the chosen row and the place when its rows are told anew."""

    def show_anew(self, rows: Sequence[Sequence[Cell]], *, widest: int) -> None:
        """Show other rows, which mostly are the same ones and some more."""
        if rows == self.rows.rows:
            return
        if len(rows) == len(self.rows.rows):
            self.rows.change_rows(rows)
            self._widen(widest)
            return
        row, place = self.currentIndex().row(), self.verticalScrollBar().value()
        self.show_rows(rows, widest=widest)
        if 0 <= row < len(rows):
            self.setCurrentIndex(self.rows.index(row, 0))
            self.verticalScrollBar().setValue(place)

    def _widen(self, widest: int) -> None:
        """Make room for words that have grown, such as a time; no column becomes narrower."""
        for column in range(self.rows.columnCount() - 1):
            wanted = min(self.sizeHintForColumn(column) + GRID, widest)
            if wanted > self.columnWidth(column):
                self.setColumnWidth(column, wanted)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
