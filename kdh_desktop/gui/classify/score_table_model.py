"""The labels of one text as rows: a heading for each band, and the labels under it."""

from __future__ import annotations

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

from kdh_desktop.core.record import Band, LabelScore, Prediction
from kdh_desktop.gui.plain_text import plain_tooltip
from kdh_desktop.gui.score_words import band_name, spoken_percent

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class BandHeading:
    """Stands above the labels of one band."""

    band: Band
    count: int


Row = BandHeading | LabelScore


class ScoreRole(IntEnum):
    """What the delegate asks for."""

    ROW = Qt.ItemDataRole.UserRole


def rows_of(prediction: Prediction) -> list[Row]:
    """Bands from present to absent, labels by falling probability under each.

    "Present" stands even when nothing is: that is news, too.
    """
    rows: list[Row] = []
    for band in (Band.PRESENT, Band.NEEDS_REVIEW, Band.ABSENT):
        scores = [score for score in prediction.by_probability if score.band == band]
        if scores or band == Band.PRESENT:
            rows += [BandHeading(band, len(scores)), *scores]
    return rows


class ScoreTableModel(QAbstractListModel):
    """One row per heading and per label."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    def show(self, prediction: Prediction | None) -> None:
        """Show the labels of another text, or of another wording."""
        rows = rows_of(prediction) if prediction is not None and prediction.scores else []
        if [_shape(row) for row in rows] == [_shape(row) for row in self._rows]:
            # Only numbers changed, so whoever is on a row, with eyes or a reader, stays there.
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row(self, index: Index) -> Row:
        """What stands at an index."""
        return self._rows[index.row()]

    def score_at(self, index: Index) -> LabelScore | None:
        """The label at an index; None for a heading or no index."""
        row = self._rows[index.row()] if index.isValid() else None
        return row if isinstance(row, LabelScore) else None

    def index_of(self, label_id: str) -> QModelIndex:
        """Where a label stands; an invalid index where it does not."""
        for number, row in enumerate(self._rows):
            if isinstance(row, LabelScore) and row.label.id == label_id:
                return self.index(number)
        return QModelIndex()

    def first_score(self) -> QModelIndex:
        """Where the most probable label stands; an invalid index when there is none."""
        for number, row in enumerate(self._rows):
            if isinstance(row, LabelScore):
                return self.index(number)
        return QModelIndex()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.score_at(index) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ScoreRole.ROW:
            return row
        return _heading_data(row, role) if isinstance(row, BandHeading) else _data(row, role)


def _shape(row: Row) -> tuple[object, ...]:
    if isinstance(row, BandHeading):
        return (row.band, row.count)
    return (row.label.id,)


def heading_text(heading: BandHeading) -> str:
    """The heading with what it counts."""
    if heading.count == 0:
        return QCoreApplication.translate("ScoreTableModel", "{band}: none").format(
            band=band_name(heading.band)
        )
    return f"{band_name(heading.band)}: {heading.count}"


def _heading_data(heading: BandHeading, role: int) -> object:
    match role:
        case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
            return heading_text(heading)
        case _:
            return None


def spoken(score: LabelScore) -> str:
    """Name, number and band, as a screen reader says them."""
    return f"{score.label.name}, {spoken_percent(score.probability)}, " + (
        band_name(score.band).lower()
    )


def _data(score: LabelScore, role: int) -> object:
    match role:
        case Qt.ItemDataRole.DisplayRole:
            return score.label.name
        case Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(score.label.definition)
        case Qt.ItemDataRole.AccessibleTextRole:
            return spoken(score)
        case Qt.ItemDataRole.AccessibleDescriptionRole:
            return score.label.definition
        case _:
            return None
