"""What a search may change, as a table: tick a field, and say between what it may move."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from kdh_desktop.core.search_space import Choice, Dimension, Real, Value, Whole
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.setting_words import setting_name

_FIELD, _LOW, _HIGH, _WAY = range(4)
_ROW_HEIGHT = 28
_PATH = Qt.ItemDataRole.UserRole


class SpaceTable(QTableWidget):
    """A row for each field that can be tuned."""

    space_changed = Signal(dict)
    """Dimensions by path."""
    refused = Signal(str)
    """Why something that was typed cannot be taken."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, _WAY + 1, parent)
        self._possible: dict[str, Dimension] = {}
        self._chosen: frozenset[str] = frozenset()
        self.setAccessibleName(self.tr("What the search may change"))
        self.setHorizontalHeaderLabels(
            [
                self.tr("Setting"),
                self.tr("From, or one of"),
                self.tr("To"),
                self.tr("Steps"),
            ]
        )
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(_FIELD, QHeaderView.ResizeMode.Stretch)
        for column in (_LOW, _HIGH):
            self.setColumnWidth(column, 18 * GRID)
        self.setColumnWidth(_WAY, 22 * GRID)
        self.itemChanged.connect(self._take)

    def show_space(
        self, possible: Mapping[str, Dimension], chosen: Mapping[str, Dimension]
    ) -> None:
        """Show other fields, with those ticked that are chosen."""
        self._possible = {**possible, **chosen}
        self._chosen = frozenset(chosen)
        with QSignalBlocker(self):
            self.setRowCount(len(self._possible))
            for row, (path, dimension) in enumerate(self._possible.items()):
                self._show_row(row, path, dimension)
        height = self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(height + _ROW_HEIGHT * len(self._possible) + GRID)

    def _show_row(self, row: int, path: str, dimension: Dimension) -> None:
        low, high, way = self._words(dimension)
        is_on = path in self._chosen
        for column, words in enumerate((setting_name(path), low, high, way)):
            item = QTableWidgetItem(words)
            item.setData(_PATH, path)
            is_edited = column == _LOW or (column == _HIGH and not isinstance(dimension, Choice))
            flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
            if is_edited:
                flags |= Qt.ItemFlag.ItemIsEditable
            if column == _FIELD:
                flags |= Qt.ItemFlag.ItemIsUserCheckable
                item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
            item.setFlags(flags)
            self.setItem(row, column, item)

    def _words(self, dimension: Dimension) -> tuple[str, str, str]:
        match dimension:
            case Real(low, high, is_log):
                way = self.tr("by magnitude") if is_log else self.tr("even")
                return f"{low:g}", f"{high:g}", way
            case Whole(low, high):
                return str(low), str(high), self.tr("whole numbers")
            case Choice(options):
                return ", ".join(str(one) for one in options), "", self.tr("one of these")

    def _take(self, item: QTableWidgetItem) -> None:
        path = str(item.data(_PATH))
        if item.column() == _FIELD:
            is_on = item.checkState() == Qt.CheckState.Checked
            chosen = self._chosen | {path} if is_on else self._chosen - {path}
            refusal = "" if chosen else self.tr("Leave at least one setting to the search.")
            self._chosen = chosen or self._chosen
        else:
            refusal = self._take_limits(item.row(), path)
        with QSignalBlocker(self):
            self._show_row(item.row(), path, self._possible[path])
        if refusal:
            self.refused.emit(refusal)
        else:
            chosen = self._chosen
            self.space_changed.emit({x: one for x, one in self._possible.items() if x in chosen})

    def _take_limits(self, row: int, path: str) -> str:
        """Take what was typed; why it cannot be, or nothing."""
        try:
            self._possible[path] = self._typed(row, self._possible[path])
        except ValueError:
            return self.tr("That cannot be taken: give numbers, the first one smaller.")
        return ""

    def _typed(self, row: int, old: Dimension) -> Dimension:
        items = (self.item(row, column) for column in (_LOW, _HIGH))
        low, high = ("" if item is None else item.text().strip() for item in items)
        match old:
            case Real(is_log=is_log):
                return Real(float(low), float(high), is_log)
            case Whole():
                return Whole(int(low), int(high))
            case Choice(options):
                return Choice(tuple(_as(options[0], part) for part in low.split(",")))


def _as(like: Value, words: str) -> Value:
    """What was typed, of the kind that the other options are."""
    plain = words.strip()
    if isinstance(like, bool) or not isinstance(like, (int, float)):
        return plain
    return int(plain) if isinstance(like, int) else float(plain)
