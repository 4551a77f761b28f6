"""The labels of one record as rows: what the model says, and what a person decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.record import Evidence
from kdh_desktop.core.records.stored import RecordDetail, StoredScore
from kdh_desktop.gui.plain_text import plain_tooltip
from kdh_desktop.gui.records.words import label_name
from kdh_desktop.gui.score_words import band_name, spoken_percent

Index = QModelIndex | QPersistentModelIndex

KEYS = "1234567890"
"""Keys of the first labels; what comes after them is decided by mouse or menu."""

_DEFINITIONS = {label.id: label.definition for label in HALLMARKS_OF_CANCER}


class LabelRole(IntEnum):
    """What the delegate asks for."""

    ROW = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label of the record.

    Attributes:
        key: The key that toggles it, or empty.
        name: What people call it.
        score: What the model and a person say.
        evidence: Sentences that speak for it, best first.
    """

    key: str
    name: str
    score: StoredScore
    evidence: tuple[Evidence, ...]


def rows_of(detail: RecordDetail, labels: Sequence[tuple[str, str]]) -> list[LabelRow]:
    """A row for each label of the active model, in its order; then labels that a person named.

    Args:
        detail: The record.
        labels: Ids and names of the active model's labels.
    """
    names, decisions = dict(labels), dict(detail.decisions)
    prediction = detail.prediction
    scores = {} if prediction is None else {one.label_id: one for one in prediction.scores}
    evidence = {} if prediction is None else dict(prediction.evidence)
    ids = [*names, *(one for one in decisions if one not in names)]
    return [
        LabelRow(
            key=KEYS[place] if place < len(KEYS) else "",
            name=label_name(label_id, names),
            score=scores.get(label_id)
            or StoredScore(label_id, None, None, None, decisions.get(label_id)),
            evidence=evidence.get(label_id, ()),
        )
        for place, label_id in enumerate(ids)
    ]


def _tr(text: str) -> str:
    return QCoreApplication.translate("LabelTableModel", text)


def decision_words(decision: bool | None) -> str:  # it is the only argument
    """What a person decided, in a word."""
    if decision is None:
        return _tr("not decided")
    return _tr("present") if decision else _tr("absent")


class LabelTableModel(QAbstractListModel):
    """One row per label, always in the same order, so that fingers learn the keys."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[LabelRow] = []

    def show(self, rows: Sequence[LabelRow]) -> None:
        """Show another record's labels, or what has become of them."""
        if [one.score.label_id for one in rows] == [one.score.label_id for one in self._rows]:
            # Whoever is on a row, with eyes or a reader, stays there.
            self._rows = list(rows)
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    @property
    def rows(self) -> Sequence[LabelRow]:
        """All rows."""
        return self._rows

    def row(self, index: Index) -> LabelRow | None:
        """The label at an index."""
        is_there = index.isValid() and index.row() < len(self._rows)
        return self._rows[index.row()] if is_there else None

    def index_of(self, label_id: str) -> QModelIndex:
        """Where a label stands; an invalid index where it does not."""
        for place, row in enumerate(self._rows):
            if row.score.label_id == label_id:
                return self.index(place)
        return QModelIndex()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.row(index)
        if row is None:
            return None
        match role:
            case LabelRole.ROW:
                return row
            case Qt.ItemDataRole.DisplayRole:
                return row.name
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(_tooltip(row))
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken(row)
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return _DEFINITIONS.get(row.score.label_id)
            case _:
                return None


def spoken(row: LabelRow) -> str:
    """Name, what the model says, what the person says, and the key."""
    score = row.score
    if score.probability is None or score.band is None:
        model = _tr("not classified")
    else:
        model = _tr("model: {percent}, {band}").format(
            percent=spoken_percent(score.probability), band=band_name(score.band).lower()
        )
    words = _tr("{name}, {model}, you: {decision}").format(
        name=row.name, model=model, decision=decision_words(score.decision)
    )
    return words + (_tr(", key {key}").format(key=row.key) if row.key else "")


def _tooltip(row: LabelRow) -> str:
    lines = [spoken(row), _DEFINITIONS.get(row.score.label_id, "")]
    return "\n".join(line for line in lines if line)
