"""The chosen texts as a table, whose last column says what they are for."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from kdh_desktop.core.corpus_source import (
    CorrectionsSource,
    HocSource,
    JsonLinesSource,
    TableSource,
)
from kdh_desktop.gui.plain_text import plain_tooltip
from kdh_desktop.gui.training.wizard.draft import ChosenSource, DraftKeeper

Index = QModelIndex | QPersistentModelIndex

NAME, KIND, TEXTS, USE = range(4)


class SourceTableModel(QAbstractTableModel):
    """A row for each chosen source, with the number of texts once they are checked."""

    def __init__(self, keeper: DraftKeeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._sources: tuple[ChosenSource, ...] = ()
        self._texts: tuple[int, ...] = ()
        keeper.changed.connect(self.refresh)
        self.refresh()

    @property
    def sources(self) -> tuple[ChosenSource, ...]:
        """What the table shows."""
        return self._sources

    def refresh(self) -> None:
        """Show the draft as it is now."""
        draft = self._keeper.draft
        texts = _texts_of(self._keeper)
        if len(draft.sources) != len(self._sources):
            self.beginResetModel()
            self._sources, self._texts = draft.sources, texts
            self.endResetModel()
        elif (draft.sources, texts) != (self._sources, self._texts):
            self._sources, self._texts = draft.sources, texts
            last = self.index(len(self._sources) - 1, USE)
            self.dataChanged.emit(self.index(0, 0), last)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._sources)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else USE + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        words = self._words(index.row(), index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return " ".join(words.split())
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(words)
            case Qt.ItemDataRole.TextAlignmentRole if index.column() == TEXTS:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        titles = (self.tr("Texts"), self.tr("Kind"), self.tr("Number"), self.tr("Used to"))
        return titles[section]

    def _words(self, row: int, column: int) -> str:
        one = self._sources[row]
        match column:
            case 0:
                return one.name
            case 1:
                return self._kind(one)
            case 2:
                return f"{self._texts[row]:,}" if row < len(self._texts) else "…"
            case _:
                return self.tr("judge") if one.is_judge else self.tr("learn")

    def _kind(self, one: ChosenSource) -> str:
        match one.source:
            case HocSource():
                return self.tr("HoC folder")
            case TableSource():
                return self.tr("Table")
            case JsonLinesSource():
                return self.tr("JSON lines")
            case CorrectionsSource():
                return self.tr("Reviewed records")


def _texts_of(keeper: DraftKeeper) -> tuple[int, ...]:
    """Texts of each source, in the order of the draft, where they are checked as they are now."""
    draft = keeper.draft
    checked = draft.checked
    if checked is None or checked.report is None or draft.is_check_due:
        return ()
    counts = checked.report.sources
    learnt = iter([one.texts for one in counts if not one.is_test])
    judged = iter([one.texts for one in counts if one.is_test])
    return tuple(next(judged if one.is_judge else learnt, 0) for one in draft.sources)
