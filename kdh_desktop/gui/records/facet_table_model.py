"""Groups of values with counts, as a tree of two levels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont

from kdh_desktop.gui.plain_text import plain_tooltip
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.records.facet_groups import FacetGroup, FacetValue, GroupKey
from kdh_desktop.gui.row_painting import emphasised

Index = QModelIndex | QPersistentModelIndex

_TOP = 0xFFFF


class FacetTableModel(QAbstractItemModel):
    """Names in the first column, counts in the second; a value is chosen by its check box.

    An index of a value carries the place of its group; one of a group carries `_TOP`.
    """

    value_toggled = Signal(object, object)
    """A person chose a value, or gave it up: its `GroupKey` and its key."""

    def __init__(self, font: QFont, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bold = emphasised(font)
        self._groups: list[FacetGroup] = []

    def show(self, groups: Sequence[FacetGroup]) -> None:
        """Show other counts; whoever is on a value stays there while it does."""
        if [one.key for one in groups] != [one.key for one in self._groups]:
            self.beginResetModel()
            self._groups = list(groups)
            self.endResetModel()
            return
        for place, group in enumerate(groups):
            self._show_group(place, group)

    def _show_group(self, place: int, group: FacetGroup) -> None:
        if group == self._groups[place]:
            return
        parent, old = self.index(place, 0), self._groups[place].values
        new, shared = group.values, 0
        if [one.key for one in old] != [one.key for one in new]:
            while shared < min(len(old), len(new)) and old[shared].key == new[shared].key:
                shared += 1
            if len(old) > shared:
                self.beginRemoveRows(parent, shared, len(old) - 1)
                self._groups[place] = FacetGroup(group.key, group.name, old[:shared])
                self.endRemoveRows()
            if len(new) > shared:
                self.beginInsertRows(parent, shared, len(new) - 1)
                self._groups[place] = group
                self.endInsertRows()
        self._groups[place] = group
        if new:
            self.dataChanged.emit(self.index(0, 0, parent), self.index(len(new) - 1, 1, parent))

    def group(self, place: int) -> GroupKey:
        """What a group is about."""
        return self._groups[place].key

    def value(self, index: Index) -> FacetValue | None:
        """The value at an index; None for a group."""
        if not index.isValid() or index.internalId() == _TOP:
            return None
        return self._groups[index.internalId()].values[index.row()]

    def toggle(self, index: Index) -> None:
        """Choose a value, or give it up."""
        value = self.value(index)
        if value is not None:
            self.value_toggled.emit(self._groups[index.internalId()].key, value.key)

    # Qt's questions

    def index(self, row: int, column: int, parent: Index | None = None) -> QModelIndex:
        if parent is None or not parent.isValid():
            is_there = 0 <= row < len(self._groups)
            return self.createIndex(row, column, _TOP) if is_there else QModelIndex()
        if parent.internalId() != _TOP or not 0 <= row < len(self._groups[parent.row()].values):
            return QModelIndex()
        return self.createIndex(row, column, parent.row())

    def parent(self, child: Index | None = None) -> QModelIndex:  # type: ignore[override]  # Qt's two
        if child is None or not child.isValid() or child.internalId() == _TOP:
            return QModelIndex()
        return self.createIndex(child.internalId(), 0, _TOP)

    def rowCount(self, parent: Index | None = None) -> int:
        if parent is None or not parent.isValid():
            return len(self._groups)
        if parent.internalId() != _TOP or parent.column() > 0:
            return 0
        return len(self._groups[parent.row()].values)

    def columnCount(self, _parent: Index | None = None) -> int:
        return 2

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self.value(index) is not None and index.column() == 0:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or value is None:
            return False
        # The box shows what the filter asks for, and follows once the filter does.
        self.toggle(index)
        return True

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        value = self.value(index)
        if value is None:
            return self._group_data(index, role) if index.isValid() else None
        return _count_data(value, role) if index.column() == 1 else self._data(value, role)

    def _group_data(self, index: Index, role: int) -> object:
        if index.column() > 0:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._groups[index.row()].name
            case Qt.ItemDataRole.FontRole:
                return self._bold
            case _:
                return None

    def _data(self, value: FacetValue, role: int) -> object:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return value.name
            case Qt.ItemDataRole.CheckStateRole:
                return Qt.CheckState.Checked if value.is_set else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(self._spoken(value))
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(value)
            case _:
                return None

    def _spoken(self, value: FacetValue) -> str:
        if value.count is None:
            return value.name
        return self.tr("{value}, {records}").format(
            value=value.name, records=record_count(value.count)
        )


def _count_data(value: FacetValue, role: int) -> object:
    match role:
        case Qt.ItemDataRole.DisplayRole:
            return "" if value.count is None else f"{value.count:,}"
        case Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        case _:
            return None
