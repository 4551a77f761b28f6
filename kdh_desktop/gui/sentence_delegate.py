"""Draws a sentence on as many lines as it needs."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from kdh_desktop.gui.row_painting import paint_choice
from kdh_desktop.gui.theme import GRID, Theme

_WRAP = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft


class SentenceDelegate(QStyledItemDelegate):
    """A sentence on as many lines as it needs."""

    def __init__(self, view: QListView, theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        width = self._view.viewport().width()
        rect = QRect(0, 0, max(width - 2 * GRID, 1), 100_000)
        needed = QFontMetrics(option.font).boundingRect(rect, _WRAP, str(index.data()))
        return QSize(width, needed.height() + GRID)

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
        painter.setPen(self._theme.colors.text)
        rect = option.rect.adjusted(GRID, GRID // 2, -GRID, -GRID // 2)
        painter.drawText(rect, _WRAP, str(index.data()))
        painter.restore()
