"""The sentences that speak for one hallmark as rows, best first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from kdh_desktop.core.classification.cleaning import join_broken_words
from kdh_desktop.core.record import Evidence
from kdh_desktop.gui.score_words import percent, spoken_percent

Index = QModelIndex | QPersistentModelIndex

_LONGEST = 320


class EvidenceTableModel(QAbstractListModel):
    """One row per sentence, under the number that stands beside it in the text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._evidence: tuple[Evidence, ...] = ()

    def show(self, evidence: Sequence[Evidence]) -> None:
        """Show the evidence for another hallmark."""
        if tuple(evidence) == self._evidence:
            return
        self.beginResetModel()
        self._evidence = tuple(evidence)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._evidence)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        evidence = self._evidence[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                share = percent(evidence.score)
                return f"{index.row() + 1}.  {_shortened(evidence.text)}  ({share})"
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.tr("Sentence {number}, {percent}: {sentence}").format(
                    number=index.row() + 1,
                    percent=spoken_percent(evidence.score),
                    sentence=_shortened(evidence.text),
                )
            case _:
                return None


def _shortened(sentence: str) -> str:
    line = " ".join(join_broken_words(sentence[: 4 * _LONGEST]).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST].rstrip()}…"
