"""Draws the row of a text: how it begins, and what was found."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from kdh_desktop.gui.classify.text_table_model import TextRole
from kdh_desktop.gui.row_painting import paint_choice
from kdh_desktop.gui.theme import GRID, Theme

_LINE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class TextRowDelegate(QStyledItemDelegate):
    """How a text begins, and under it what was found."""

    def __init__(self, view: QListView, theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        line = QFontMetrics(option.font).height()
        return QSize(self._view.viewport().width(), 2 * line + GRID)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            paint_choice(painter, option.rect, self._theme.colors)
        painter.setFont(option.font)
        metrics = QFontMetrics(option.font)
        line = metrics.height()
        rect = option.rect.adjusted(2 * GRID, GRID // 2, -GRID, -GRID // 2)
        title = metrics.elidedText(
            str(index.data(TextRole.TITLE)), Qt.TextElideMode.ElideRight, rect.width()
        )
        painter.setPen(self._theme.colors.text)
        painter.drawText(QRect(rect.left(), rect.top(), rect.width(), line), _LINE, title)
        painter.setPen(self._theme.colors.muted)
        below = QRect(rect.left(), rect.top() + line, rect.width(), line)
        painter.drawText(below, _LINE, str(index.data(TextRole.RESULT)))
        painter.restore()
