"""Draws one label of a record: key, the model's sign, name, bar and number, the person's sign."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from kdh_desktop.core.record import Band
from kdh_desktop.core.records.stored import StoredScore
from kdh_desktop.gui.band_signs import draw_band_sign
from kdh_desktop.gui.person_signs import draw_decision_sign, draw_open_sign
from kdh_desktop.gui.records.label_table_model import LabelRole, LabelRow
from kdh_desktop.gui.row_painting import bar_in, emphasised, paint_bar, paint_choice
from kdh_desktop.gui.score_words import percent
from kdh_desktop.gui.theme import GRID, Theme

_SIGN = 12
_PERSON_SIGN = 14
_LEAST_BAR = 5 * GRID
_MOST_BAR = 14 * GRID

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_MIDDLE = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of a row stand; the same in all rows, and in the line above them."""

    key: QRect
    sign: QRect
    name: QRect
    bar: QRect
    number: QRect
    person: QRect


def places_in(rect: QRect, font: QFont) -> Places:
    """Divide a row; the bar gives way to the name where there is little room."""
    metrics = QFontMetrics(emphasised(font))
    number_width = metrics.horizontalAdvance(">99%")
    person_width = _PERSON_SIGN + 3 * GRID
    key_width = metrics.horizontalAdvance("0") + GRID
    left, top, height = rect.left() + GRID, rect.top(), rect.height()
    key = QRect(left, top, key_width, height)
    sign = QRect(key.right() + GRID // 2, top, _SIGN, height)
    person = QRect(rect.right() - person_width, top, person_width, height)
    number = QRect(person.left() - GRID - number_width, top, number_width, height)
    name_left = sign.right() + GRID
    room = number.left() - GRID - name_left
    wanted = metrics.horizontalAdvance("Enabling replicative immortality i")
    bar_width = min(max(room - wanted - GRID, 0), _MOST_BAR)
    if bar_width < _LEAST_BAR:
        bar_width = 0
    bar = QRect(number.left() - GRID - bar_width, top, bar_width, height)
    name_right = bar.left() - (GRID if bar_width else 0)
    return Places(
        key, sign, QRect(name_left, top, name_right - name_left, height), bar, number, person
    )


class LabelDelegate(QStyledItemDelegate):
    """One line per label."""

    def __init__(self, view: QListView, theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(self._view.viewport().width(), QFontMetrics(option.font).height() + GRID - 2)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row = index.data(LabelRole.ROW)
        if not isinstance(row, LabelRow):
            return
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            paint_choice(painter, option.rect, self._theme.colors)
        self._paint_row(painter, places_in(option.rect, option.font), row, option.font)
        painter.restore()

    def _paint_row(self, painter: QPainter, places: Places, row: LabelRow, font: QFont) -> None:
        colors, score = self._theme.colors, row.score
        is_faint = not score.is_present and score.band in {None, Band.ABSENT}
        painter.setFont(font)
        painter.setPen(colors.muted)
        painter.drawText(places.key, _MIDDLE, row.key)
        if score.band is not None:
            draw_band_sign(painter, _centred(places.sign, _SIGN), score.band, colors)
        painter.setFont(font if is_faint else emphasised(font))
        painter.setPen(colors.text)
        name = painter.fontMetrics().elidedText(
            row.name, Qt.TextElideMode.ElideRight, places.name.width()
        )
        painter.drawText(places.name, _LEFT, name)
        if score.probability is not None:
            painter.drawText(places.number, _RIGHT, percent(score.probability))
            self._paint_bar(painter, places.bar, score)
        self._paint_decision(painter, places.person, score)

    def _paint_bar(self, painter: QPainter, rect: QRect, score: StoredScore) -> None:
        if rect.width() and score.probability is not None and score.band is not None:
            paint_bar(
                painter,
                bar_in(rect, rect.left(), rect.right()),
                probability=score.probability,
                threshold=score.threshold or 0.0,
                band=score.band,
                colors=self._theme.colors,
            )

    def _paint_decision(self, painter: QPainter, rect: QRect, score: StoredScore) -> None:
        colors = self._theme.colors
        place = _centred(rect, _PERSON_SIGN)
        if score.decision is None:
            draw_open_sign(painter, place, colors=colors)
            return
        draw_decision_sign(painter, place, is_present=score.decision, colors=colors)
        if score.probability is not None and score.decision != score.is_predicted:
            # A frame round the sign says that person and model differ.
            painter.setPen(QPen(colors.review, 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(-3.5, -3.5, 3.5, 3.5), 5, 5)


def _centred(rect: QRect, size: int) -> QRectF:
    middle = QRectF(rect).center()
    return QRectF(middle.x() - size / 2, middle.y() - size / 2, size, size)
