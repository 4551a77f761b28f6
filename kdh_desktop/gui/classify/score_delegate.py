"""Draws one hallmark: sign, name, bar with the threshold on it, number, band in words."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from kdh_desktop.core.record import Band, LabelScore
from kdh_desktop.gui.band_signs import draw_band_sign
from kdh_desktop.gui.classify.score_table_model import BandHeading, ScoreRole, heading_text
from kdh_desktop.gui.row_painting import bar_in, emphasised, paint_bar, paint_choice
from kdh_desktop.gui.score_words import band_name, percent
from kdh_desktop.gui.theme import GRID, Theme

_SIGN = 12
_LEAST_BAR = 12 * GRID


@dataclass(frozen=True, slots=True)
class _Columns:
    """Widths that hold for all rows, so that bars and numbers stand under each other."""

    name: int
    number: int
    band: int
    is_wide: bool


class ScoreDelegate(QStyledItemDelegate):
    """One line per hallmark where the list is wide enough, two where it is not."""

    def __init__(self, view: QListView, theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        line = QFontMetrics(option.font).height()
        width = self._view.viewport().width()
        if isinstance(index.data(ScoreRole.ROW), BandHeading):
            return QSize(width, line + int(1.5 * GRID))
        if self._columns(option.font).is_wide:
            return QSize(width, line + GRID + 2)
        return QSize(width, 2 * line + 2 * GRID)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row = index.data(ScoreRole.ROW)
        painter.save()
        painter.setFont(option.font)
        if isinstance(row, BandHeading):
            self._paint_heading(painter, option, row)
        elif isinstance(row, LabelScore):
            self._paint_score(painter, option, row)
        painter.restore()

    def _columns(self, font: QFont) -> _Columns:
        metrics = QFontMetrics(emphasised(font))
        model = self._view.model()
        names = [str(model.index(row, 0).data() or "") for row in range(model.rowCount())]
        name = max((metrics.horizontalAdvance(text) for text in names), default=0)
        number = metrics.horizontalAdvance(">99%")
        band = max(metrics.horizontalAdvance(band_name(band)) for band in Band)
        needed = 2 * GRID + _SIGN + GRID + name + 2 * GRID + _LEAST_BAR + GRID + number
        needed += 2 * GRID + band
        return _Columns(name, number, band, needed <= self._view.viewport().width())

    def _paint_heading(
        self, painter: QPainter, option: QStyleOptionViewItem, heading: BandHeading
    ) -> None:
        colors = self._theme.colors
        painter.setFont(emphasised(option.font))
        painter.setPen(colors.muted)
        rect = option.rect.adjusted(GRID, GRID // 2, -GRID, 0)
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        text = heading_text(heading)
        painter.drawText(rect, align, text)
        used = painter.fontMetrics().horizontalAdvance(text) + GRID
        painter.setPen(QPen(colors.line, 1))
        y = rect.center().y() + 1
        painter.drawLine(rect.left() + used, y, rect.right(), y)

    def _paint_score(
        self, painter: QPainter, option: QStyleOptionViewItem, score: LabelScore
    ) -> None:
        colors = self._theme.colors
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if is_chosen:
            paint_choice(painter, option.rect, colors)
        columns = self._columns(option.font)
        rect = option.rect.adjusted(2 * GRID, 0, -GRID, 0)
        line = QFontMetrics(option.font).height()
        if columns.is_wide:
            self._paint_wide(painter, rect, score, columns=columns, font=option.font)
        else:
            self._paint_narrow(painter, rect, score, line=line, font=option.font)
        if bool(option.state & QStyle.StateFlag.State_HasFocus) and not is_chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colors.accent, 1, Qt.PenStyle.DashLine))
            painter.drawRect(option.rect.adjusted(2, 1, -3, -2))

    def _paint_wide(
        self, painter: QPainter, rect: QRect, score: LabelScore, *, columns: _Columns, font: QFont
    ) -> None:
        self._paint_sign(painter, rect, score)
        left = rect.left() + _SIGN + GRID
        name = QRect(left, rect.top(), columns.name + GRID, rect.height())
        self._paint_name(painter, name, score, font)
        band = QRect(rect.right() - columns.band, rect.top(), columns.band, rect.height())
        number = QRect(
            band.left() - GRID - columns.number, rect.top(), columns.number, rect.height()
        )
        bar_left = name.right() + GRID
        self._paint_bar(painter, bar_in(rect, bar_left, number.left() - GRID), score)
        self._paint_number(painter, number, score, font)
        painter.setFont(font)
        painter.setPen(self._theme.colors.muted)
        painter.drawText(band, _LEFT, band_name(score.band))

    def _paint_narrow(
        self, painter: QPainter, rect: QRect, score: LabelScore, *, line: int, font: QFont
    ) -> None:
        above = QRect(rect.left(), rect.top() + GRID // 2, rect.width(), line)
        below = QRect(rect.left(), above.bottom() + GRID // 2, rect.width(), line)
        self._paint_sign(painter, above, score)
        number_width = QFontMetrics(emphasised(font)).horizontalAdvance(">99%")
        left = rect.left() + _SIGN + GRID
        name = QRect(left, above.top(), rect.right() - left - number_width - GRID, line)
        self._paint_name(painter, name, score, font)
        number = QRect(rect.right() - number_width, above.top(), number_width, line)
        self._paint_number(painter, number, score, font)
        painter.setFont(font)
        # As wide as the longest word, so that the bars of all rows have one length.
        widest = max(QFontMetrics(font).horizontalAdvance(band_name(band)) for band in Band)
        word = QRect(rect.right() - widest, below.top(), widest, line)
        painter.setPen(self._theme.colors.muted)
        painter.drawText(word, _RIGHT, band_name(score.band))
        self._paint_bar(painter, bar_in(below, left, word.left() - GRID), score)

    def _paint_sign(self, painter: QPainter, rect: QRect, score: LabelScore) -> None:
        top = rect.top() + (rect.height() - _SIGN) / 2
        draw_band_sign(
            painter, QRectF(rect.left(), top, _SIGN, _SIGN), score.band, self._theme.colors
        )

    def _paint_name(self, painter: QPainter, rect: QRect, score: LabelScore, font: QFont) -> None:
        painter.setFont(font if score.band == Band.ABSENT else emphasised(font))
        painter.setPen(self._theme.colors.text)
        name = painter.fontMetrics().elidedText(
            score.label.name, Qt.TextElideMode.ElideRight, rect.width()
        )
        painter.drawText(rect, _LEFT, name)

    def _paint_number(self, painter: QPainter, rect: QRect, score: LabelScore, font: QFont) -> None:
        painter.setFont(font if score.band == Band.ABSENT else emphasised(font))
        painter.setPen(self._theme.colors.text)
        painter.drawText(rect, _RIGHT, percent(score.probability))

    def _paint_bar(self, painter: QPainter, rect: QRectF, score: LabelScore) -> None:
        paint_bar(
            painter,
            rect,
            probability=score.probability,
            threshold=score.threshold,
            band=score.band,
            colors=self._theme.colors,
        )


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
