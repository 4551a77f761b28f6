"""The labels of a comparison, one a row: both figures, their difference as a bar, and the test."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from kdh_desktop.core.classification.comparison import (
    Direction,
    LabelComparison,
    signed_points,
)
from kdh_desktop.gui.models.fine_table import SORT_ROLE, FineTableModel, Index
from kdh_desktop.gui.models.words import figure_words
from kdh_desktop.gui.theme import GRID, Theme

LABEL_ROLE = SORT_ROLE + 1
"""The `LabelComparison` of a row."""

_WIDTH = 26 * GRID
_VALUE_WIDTH = 7 * GRID
_BAR = 8
_LEAST_REACH = 0.05


class Column(IntEnum):
    """What the columns show."""

    NAME = 0
    DIFFERENCE = 1
    VERDICT = 2
    POSITIVES = 3
    CANDIDATE = 4
    ACTIVE = 5


class LabelDifferencesModel(FineTableModel):
    """The labels, in the order of the model's columns."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.titles = (
            self.tr("Label"),
            self.tr("Difference"),
            self.tr("What the test says"),
            self.tr("Texts"),
            self.tr("F1 of the candidate"),
            self.tr("F1 of the present model"),
        )
        self.labels: tuple[LabelComparison, ...] = ()

    def show_labels(self, labels: tuple[LabelComparison, ...]) -> None:
        """Show other labels."""
        self.beginResetModel()
        self.labels = labels
        self.endResetModel()

    @property
    def reach(self) -> float:
        """How far from 0 a difference or its interval goes, in 0..1: the ends of all bars."""
        ends = [_LEAST_REACH]
        for label in self.labels:
            if label.difference is not None:
                ends += [abs(label.difference.low), abs(label.difference.high)]
        return max(ends)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.labels)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        label, column = self.labels[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._shown(label, column)
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                return self._read(label, column)
            case _ if role == SORT_ROLE:
                return self._rank(label, column, index.row())
            case _ if role == LABEL_ROLE:
                return label
            case Qt.ItemDataRole.TextAlignmentRole if column is Column.POSITIVES:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case _:
                return None

    def _shown(self, label: LabelComparison, column: Column) -> str:
        match column:
            case Column.NAME:
                return label.name
            case Column.POSITIVES:
                return f"{label.positives:,}"
            case Column.CANDIDATE:
                return figure_words(label.candidate)
            case Column.ACTIVE:
                return figure_words(label.active) if label.active is not None else "–"
            case Column.DIFFERENCE:
                return "–" if label.difference is None else signed_points(label.difference.value)
            case Column.VERDICT:
                return self._verdict(label)

    def _read(self, label: LabelComparison, column: Column) -> str:
        """What a screen reader says, and a tooltip shows."""
        if column is Column.DIFFERENCE and label.difference is not None:
            return self.tr("{value} points, interval {low} to {high}").format(
                value=signed_points(label.difference.value),
                low=signed_points(label.difference.low),
                high=signed_points(label.difference.high),
            )
        return self._shown(label, column)

    def _verdict(self, label: LabelComparison) -> str:
        if label.difference is None:
            return self.tr("not compared")
        words = {
            Direction.BETTER: self.tr("better"),
            Direction.WORSE: self.tr("worse"),
            Direction.SAME: self.tr("no sure difference"),
        }[label.direction]
        return self.tr("{words}, p = {p}").format(words=words, p=_p(label.corrected_p_value))

    def _rank(self, label: LabelComparison, column: Column, row: int) -> float | str:
        match column:
            case Column.NAME:
                return label.name.casefold()
            case Column.POSITIVES:
                return label.positives
            case Column.CANDIDATE:
                return label.candidate.value
            case Column.ACTIVE:
                return -1.0 if label.active is None else label.active.value
            case Column.DIFFERENCE:
                return 0.0 if label.difference is None else label.difference.value
            case Column.VERDICT:
                return 2.0 + row if label.corrected_p_value is None else label.corrected_p_value


class DifferenceDelegate(QStyledItemDelegate):
    """Draws a difference: a bar from 0, a line for its interval, and the number beside them."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.reach = _LEAST_REACH

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return super().sizeHint(option, index).expandedTo(QSize(_WIDTH, 0))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        label = index.data(LABEL_ROLE)
        if not isinstance(label, LabelComparison) or label.difference is None:
            super().paint(painter, option, index)
            return
        colors = self._theme.colors
        rect = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, colors.selected)
        painter.save()
        painter.setPen(colors.text)
        words = rect.adjusted(GRID / 2, 0, 0, 0)
        words.setWidth(_VALUE_WIDTH)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, str(index.data()))
        found = label.difference
        room = rect.adjusted(_VALUE_WIDTH + GRID, 0, -GRID, 0)
        zero, scale = room.center().x(), room.width() / 2 / self.reach
        middle = room.center().y()
        painter.fillRect(QRectF(zero - 0.5, rect.top() + 3, 1, rect.height() - 6), colors.muted)
        start, end = sorted((zero, zero + found.value * scale))
        bar = QRectF(start, middle - _BAR / 2, max(end - start, 1), _BAR)
        painter.fillRect(bar, self._color(label.direction))
        low, high = zero + found.low * scale, zero + found.high * scale
        painter.fillRect(QRectF(low, middle - 0.5, max(high - low, 1), 1), colors.text)
        for x in (low, high):
            painter.fillRect(QRectF(x - 0.5, middle - 4, 1, 8), colors.text)
        painter.restore()

    def _color(self, direction: Direction) -> QColor:
        colors = self._theme.colors
        match direction:
            case Direction.BETTER:
                return colors.present
            case Direction.WORSE:
                return colors.error
            case Direction.SAME:
                return colors.control_line


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
