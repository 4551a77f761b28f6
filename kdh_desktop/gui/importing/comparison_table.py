"""Records side by side: a column for each, a row for each thing that is said of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from kdh_desktop.core.importing.imported import ColumnRole
from kdh_desktop.core.records.stored import RecordDetail
from kdh_desktop.gui.importing.words import role_name
from kdh_desktop.gui.plain_text import plain_tooltip
from kdh_desktop.gui.theme import GRID

Index = QModelIndex | QPersistentModelIndex

_SHOWN_CHARACTERS = 400
_TOOLTIP_CHARACTERS = 2_000


class ComparisonTableModel(QAbstractTableModel):
    """What differs has a sign before its name."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._records: tuple[RecordDetail, ...] = ()
        self._rows: list[tuple[str, tuple[str, ...]]] = []

    def show_records(self, records: Sequence[RecordDetail]) -> None:
        """Compare other records; the first one is kept."""
        self.beginResetModel()
        self._records = tuple(records)
        found = [(name, tuple(values)) for name, values in self._found()]
        self._rows = [(name, values) for name, values in found if any(values)]
        self.endResetModel()

    def _found(self) -> list[tuple[str, list[str]]]:
        records = self._records
        fields = [
            (role_name(role), [_value(record, role) for record in records]) for role in ColumnRole
        ]
        place = self.tr("File and row")
        files = [f"{record.file}, {record.imported.row:,}" for record in records]
        notes = [record.note for record in records]
        decisions = [f"{len(record.decisions)}" if record.decisions else "" for record in records]
        names = dict.fromkeys(name for record in records for name, _ in record.imported.extra)
        extra = [
            (
                name,
                [
                    "; ".join(value for other, value in record.imported.extra if other == name)
                    for record in records
                ],
            )
            for name in names
        ]
        return [
            *fields,
            (place, files),
            (self.tr("Note"), notes),
            (self.tr("Decisions"), decisions),
            *extra,
        ]

    def differs(self, row: int) -> bool:
        """Whether the records say different things here."""
        return len(set(self._rows[row][1])) > 1

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._records)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        text = self._rows[index.row()][1][index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                words = " ".join(text[: 2 * _SHOWN_CHARACTERS].split())
                is_whole = len(words) <= _SHOWN_CHARACTERS
                return words if is_whole else f"{words[:_SHOWN_CHARACTERS]}…"
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(text[:_TOOLTIP_CHARACTERS])
            case Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Vertical:
            name = self._rows[section][0]
            is_different = self.differs(section)
            match role:
                case Qt.ItemDataRole.DisplayRole:
                    return f"≠ {name}" if is_different else name
                case Qt.ItemDataRole.FontRole if is_different:
                    return _bold()
                case Qt.ItemDataRole.ToolTipRole if is_different:
                    return self.tr("The records differ here")
                case _:
                    return None
        if role == Qt.ItemDataRole.DisplayRole:
            number = f"{section + 1}"
            return self.tr("{number}: is kept").format(number=number) if section == 0 else number
        return None


class ComparisonTable(QTableView):
    """Shows the comparison; cells are as tall as their words, up to a few lines."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.comparison = ComparisonTableModel(self)
        self.setModel(self.comparison)
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(24 * GRID)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.verticalHeader().setHighlightSections(False)
        self.verticalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        )


def _value(record: RecordDetail, role: ColumnRole) -> str:
    value = getattr(record.imported, role.value)
    return "" if value is None else str(value)


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font
