"""Groups of records that seem to be one, each with a tick for merging."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from kdh_desktop.gui.importing.duplicates_work import ShownGroup
from kdh_desktop.gui.plain_text import plain_tooltip

Index = QModelIndex | QPersistentModelIndex

_PERCENT = 100


class GroupTableModel(QAbstractTableModel):
    """Ticks stand before what the records share."""

    marks_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._groups: list[ShownGroup] = []
        self._marked: list[bool] = []

    @property
    def groups(self) -> Sequence[ShownGroup]:
        """All groups."""
        return self._groups

    @property
    def marked(self) -> tuple[ShownGroup, ...]:
        """Groups that are ticked."""
        pairs = zip(self._groups, self._marked, strict=True)
        return tuple(group for group, is_marked in pairs if is_marked)

    def show_groups(self, groups: Sequence[ShownGroup]) -> None:
        """Show other groups; those that share an id are ticked."""
        self.beginResetModel()
        self._groups = list(groups)
        self._marked = [group.is_certain for group in groups]
        self.endResetModel()
        self.marks_changed.emit()

    def remove_groups(self, records: Collection[int]) -> None:
        """Take away the groups that some records were in; ticks of the others stay."""
        pairs = [
            pair
            for pair in zip(self._groups, self._marked, strict=True)
            if set(records).isdisjoint(pair[0].group.records)
        ]
        self.beginResetModel()
        self._groups = [group for group, _ in pairs]
        self._marked = [is_marked for _, is_marked in pairs]
        self.endResetModel()
        self.marks_changed.emit()

    def mark_all(self, *, is_marked: bool) -> None:
        """Tick all groups, or none."""
        self._marked = [is_marked] * len(self._groups)
        if self._groups:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._groups) - 1, 0))
        self.marks_changed.emit()

    def replace_group(self, row: int, group: ShownGroup) -> None:
        """Show a group otherwise, as with another record to keep."""
        self._groups[row] = group
        self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._groups)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else 3

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == 0 else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        shown = self._groups[index.row()]
        words = (self._why(shown), f"{len(shown.group.records):,}", shown.title)[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return " ".join(words.split())
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(words)
            case Qt.ItemDataRole.CheckStateRole if index.column() == 0:
                is_marked = self._marked[index.row()]
                return Qt.CheckState.Checked if is_marked else Qt.CheckState.Unchecked
            case _:
                return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or index.column() != 0:
            return False
        self._marked[index.row()] = Qt.CheckState(value) == Qt.CheckState.Checked
        self.dataChanged.emit(index, index)
        self.marks_changed.emit()
        return True

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Why"), self.tr("Records"), self.tr("Title"))[section]
        return None

    def _why(self, shown: ShownGroup) -> str:
        match shown.group.reason:
            case "pmid":
                return self.tr("Same PubMed id")
            case "doi":
                return self.tr("Same DOI")
            case _:
                percent = int(_PERCENT * shown.group.similarity)
                return self.tr("Texts alike to {percent} %").format(percent=percent)
