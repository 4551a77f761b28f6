"""Draw the rows of the two lists that are made of words: texts, and sentences."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from kdh_desktop.gui.classify.text_table_model import TextRole
from kdh_desktop.gui.theme import GRID, Theme

_WRAP = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
_LINE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class _RowDelegate(QStyledItemDelegate):
    def __init__(self, view: QListView, theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._theme = theme

    def _paint_choice(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        if not option.state & QStyle.StateFlag.State_Selected:
            return
        colors = self._theme.colors
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.selected)
        painter.drawRoundedRect(option.rect.adjusted(2, 1, -2, -1), 4, 4)
        painter.setBrush(colors.accent)
        rect = option.rect
        painter.drawRect(QRectF(rect.left() + 2, rect.top() + 4, 3, rect.height() - 8))


class TextRowDelegate(_RowDelegate):
    """How a text begins, and under it what was found."""

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
        self._paint_choice(painter, option)
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


class SentenceRowDelegate(_RowDelegate):
    """A sentence on as many lines as it needs."""

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
        self._paint_choice(painter, option)
        painter.setFont(option.font)
        painter.setPen(self._theme.colors.text)
        rect = option.rect.adjusted(GRID, GRID // 2, -GRID, -GRID // 2)
        painter.drawText(rect, _WRAP, str(index.data()))
        painter.restore()
