"""Draws the cells of the table of records."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from kdh_desktop.core.record import Band
from kdh_desktop.core.records.record_filter import Field, ReviewStatus
from kdh_desktop.core.records.stored import RecordRow, StoredScore
from kdh_desktop.gui.band_signs import draw_band_sign
from kdh_desktop.gui.person_signs import draw_decision_sign
from kdh_desktop.gui.records.columns import Column
from kdh_desktop.gui.records.record_table_model import RecordTableModel
from kdh_desktop.gui.records.review_signs import draw_review_sign
from kdh_desktop.gui.records.words import label_name, review_name
from kdh_desktop.gui.theme import GRID, Theme

_SIGN = 12
_REVIEW_SIGN = 14
_LINE = Qt.AlignmentFlag.AlignVCenter


class CellDelegate(QStyledItemDelegate):
    """Words, and before hallmarks and steps of a review the sign that says the same."""

    def __init__(self, view: QTableView, theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(10 * GRID, QFontMetrics(option.font).height() + GRID)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        model = self._view.model()
        if not isinstance(model, RecordTableModel):
            return
        painter.save()
        painter.setClipRect(option.rect)
        painter.setFont(option.font)
        self._paint_ground(painter, option, index)
        row, column = model.record(index.row()), model.columns[index.column()]
        rect = option.rect.adjusted(GRID, 0, -GRID, 0)
        if row is None:
            painter.setPen(self._theme.colors.muted)
            painter.drawText(rect, _LINE, "…")
        elif column.key == Field.LABELS:
            self._paint_labels(painter, rect, row, model.label_names)
        elif column.key == Field.REVIEW:
            self._paint_review(painter, rect, row.review)
        else:
            self._paint_words(painter, rect, str(index.data()), column)
        painter.restore()

    def _paint_ground(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        colors = self._theme.colors
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, colors.selected)
        if index.row() == self._view.currentIndex().row():
            # Which of the chosen rows is looked at: lines for those who see no tint.
            painter.fillRect(option.rect.adjusted(0, option.rect.height() - 1, 0, 0), colors.accent)
            if self._view.horizontalHeader().visualIndex(index.column()) == 0:
                mark = QRect(option.rect.left(), option.rect.top(), 3, option.rect.height())
                painter.fillRect(mark, colors.accent)
        else:
            painter.fillRect(option.rect.adjusted(0, option.rect.height() - 1, 0, 0), colors.line)

    def _paint_words(self, painter: QPainter, rect: QRect, words: str, column: Column) -> None:
        painter.setPen(self._theme.colors.text)
        side = Qt.AlignmentFlag.AlignRight if column.is_number else Qt.AlignmentFlag.AlignLeft
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, side | _LINE, shown)

    def _paint_review(self, painter: QPainter, rect: QRect, status: ReviewStatus) -> None:
        colors = self._theme.colors
        top = rect.top() + (rect.height() - _REVIEW_SIGN) / 2
        draw_review_sign(
            painter, QRectF(rect.left(), top, _REVIEW_SIGN, _REVIEW_SIGN), status, colors
        )
        painter.setPen(colors.muted if status == ReviewStatus.OPEN else colors.text)
        words = rect.adjusted(_REVIEW_SIGN + GRID, 0, 0, 0)
        shown = painter.fontMetrics().elidedText(
            review_name(status), Qt.TextElideMode.ElideRight, words.width()
        )
        painter.drawText(words, _LINE, shown)

    def _paint_labels(
        self, painter: QPainter, rect: QRect, row: RecordRow, names: dict[str, str]
    ) -> None:
        colors, metrics = self._theme.colors, painter.fontMetrics()
        shown = [score for score in row.scores if score.is_present or _waits(score)]
        if not shown:
            painter.setPen(colors.muted)
            words = self.tr("No hallmark") if row.is_predicted else self.tr("Not classified")
            painter.drawText(rect, _LINE, words)
            return
        # Sure ones first: the end of the line may be cut off.
        shown.sort(key=_waits)
        left = rect.left()
        top = rect.top() + (rect.height() - _SIGN) / 2
        for score in shown:
            room = rect.right() - left - _SIGN - GRID // 2
            if room < 2 * _SIGN:
                painter.setPen(colors.muted)
                painter.drawText(QRect(left, rect.top(), _SIGN, rect.height()), _LINE, "…")
                break
            self._paint_sign(painter, QRectF(left, top, _SIGN, _SIGN), score)
            name = label_name(score.label_id, names)
            words = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
            painter.setPen(colors.text if score.is_present else colors.muted)
            place = QRect(left + _SIGN + GRID // 2, rect.top(), room, rect.height())
            painter.drawText(place, _LINE, words)
            left = place.left() + metrics.horizontalAdvance(words) + 2 * GRID

    def _paint_sign(self, painter: QPainter, rect: QRectF, score: StoredScore) -> None:
        colors = self._theme.colors
        if score.decision is not None:
            draw_decision_sign(painter, rect, is_present=score.decision, colors=colors)
        elif score.band is not None:
            draw_band_sign(painter, rect, score.band, colors)


def _waits(score: StoredScore) -> bool:
    """Whether a hallmark that does not count as present still waits for a person."""
    return score.decision is None and score.band == Band.NEEDS_REVIEW and not score.is_present
