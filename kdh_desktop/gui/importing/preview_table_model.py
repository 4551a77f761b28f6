"""The beginning of a table as it lies in its file, with what each column will be."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont

from kdh_desktop.core.importing.imported import ColumnMapping, TablePreview
from kdh_desktop.gui.colors import Colors
from kdh_desktop.gui.importing.words import column_letter, role_name
from kdh_desktop.gui.plain_text import plain_tooltip

Index = QModelIndex | QPersistentModelIndex

_SHOWN_CHARACTERS = 120
_TOOLTIP_CHARACTERS = 600


class PreviewTableModel(QAbstractTableModel):
    """Rows above the header, the header, and the first rows below it.

    The words over a column say what it will be; a person who chooses another role sees it there.
    """

    def __init__(self, colors: Colors, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._colors = colors
        self._rows: tuple[tuple[str, ...], ...] = ()
        self._above = 0
        self._header_row = 0
        self._columns = 0
        self._mapping = ColumnMapping()

    def show_table(self, table: TablePreview, mapping: ColumnMapping, *, header_row: int) -> None:
        """Show another table, or the same one read in another way."""
        self.beginResetModel()
        self._rows = (*table.above, *table.rows)
        self._above = len(table.above)
        self._header_row = header_row
        self._columns = max(map(len, (*self._rows, table.columns)), default=0)
        self._mapping = mapping
        self.endResetModel()

    def show_mapping(self, mapping: ColumnMapping) -> None:
        """Say otherwise what the columns will be."""
        self._mapping = mapping
        if self._columns:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self._columns - 1)
            self.dataChanged.emit(
                self.index(0, 0), self.index(self.rowCount() - 1, self._columns - 1)
            )

    def row_number(self, row: int) -> int | None:
        """Number in the file of a row down to the header; None below it, where blanks may hide."""
        first = self._header_row - self._above + 1
        return first + row if row < self._above else None

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._columns

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        cells = self._rows[index.row()]
        text = cells[index.column()] if index.column() < len(cells) else ""
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return " ".join(text[: 2 * _SHOWN_CHARACTERS].split())[:_SHOWN_CHARACTERS]
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(text[:_TOOLTIP_CHARACTERS])
            case Qt.ItemDataRole.FontRole if self._is_header(index.row()):
                return _bold()
            case Qt.ItemDataRole.ForegroundRole:
                return self._color(index)
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Vertical:
            return self._row_words(section) if role == Qt.ItemDataRole.DisplayRole else None
        meaning = self._mapping.role(section)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column_letter(section) if meaning is None else role_name(meaning)
            case Qt.ItemDataRole.FontRole if meaning is not None:
                return _bold()
            case _:
                return None

    def _row_words(self, row: int) -> str:
        if self._is_header(row):
            return self.tr("Header")
        number = self.row_number(row)
        return "" if number is None else str(number)

    def _is_header(self, row: int) -> bool:
        return row == self._above - 1 and self._header_row > 0

    def _color(self, index: Index) -> QColor:
        is_data = index.row() >= self._above
        is_used = self._mapping.role(index.column()) is not None
        return self._colors.text if is_data and is_used else self._colors.muted


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font
