"""The texts of one paste as rows: how each begins, and what was found in it."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from kdh_desktop.core.record import Band, WarningCode
from kdh_desktop.gui.classify.session import Activity, ClassifySession, TextEntry
from kdh_desktop.gui.plain_text import plain_tooltip

Index = QModelIndex | QPersistentModelIndex

_BEGINNING = 160


class TextRole(IntEnum):
    """What the delegate asks for."""

    TITLE = Qt.ItemDataRole.UserRole
    RESULT = Qt.ItemDataRole.UserRole + 1


class TextTableModel(QAbstractListModel):
    """Shows the texts of a session, and keeps none."""

    def __init__(self, session: ClassifySession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        session.texts_reset.connect(self._reset)
        session.entry_changed.connect(self._change)
        session.activity_changed.connect(self._change_all)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._session.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        entry = self._session.entries[index.row()]
        title = self._title(index.row(), entry)
        match role:
            case Qt.ItemDataRole.DisplayRole | TextRole.TITLE:
                return title
            case TextRole.RESULT:
                return self._result(entry)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{title}, {self._result(entry)}"
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(f"{title}\n{self._result(entry)}")
            case _:
                return None

    def _title(self, row: int, entry: TextEntry) -> str:
        # The first line is the title, where there is one.
        lines = entry.record.text[: 4 * _BEGINNING].strip().splitlines() or [""]
        return f"{row + 1}. {' '.join(lines[0].split())[:_BEGINNING]}"

    def _result(self, entry: TextEntry) -> str:
        if entry.prediction is None:
            is_busy = self._session.activity in {Activity.CLASSIFYING, Activity.DIVIDING}
            return self.tr("Waiting") if is_busy else self.tr("Not classified")
        if entry.has_changed:
            return self.tr("Changed since it was classified")
        if entry.is_by_other:
            return self.tr("Classified by another model")
        if any(warning.code == WarningCode.EMPTY for warning in entry.prediction.warnings):
            return self.tr("Nothing to classify")
        bands = [score.band for score in entry.prediction.scores]
        return self.tr("Present: {present}, needs review: {review}").format(
            present=bands.count(Band.PRESENT), review=bands.count(Band.NEEDS_REVIEW)
        )

    def _reset(self) -> None:
        self.beginResetModel()
        self.endResetModel()

    def _change(self, row: int) -> None:
        self.dataChanged.emit(self.index(row), self.index(row))

    def _change_all(self) -> None:
        self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))
