"""A text box that shows a text, and lights up which sentences speak for a hallmark."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from kdh_desktop.gui.excerpts import Excerpt, excerpt_at, is_editable
from kdh_desktop.gui.theme import GRID, Theme

_MARGIN = 3 * GRID


class MarkedText(QPlainTextEdit):
    """A box for one text; what is too long to lay out without pauses is shown in part.

    Positions that go in and out count characters of the whole text, as Python does. Qt counts
    UTF-16 units, so a text with emoji needs the conversion that is done here.
    """

    excerpt_changed = Signal()
    """Another part of a long text is shown, or the text is shown whole again."""

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self._excerpt: Excerpt | None = None
        self._spans: tuple[tuple[int, int], ...] = ()
        self._marks: list[QTextCursor] = []
        self._is_filling = False
        self._margin = _Margin(self)
        self.setTabChangesFocus(True)
        self.setViewportMargins(_MARGIN, 0, 0, 0)
        self.document().setDocumentMargin(GRID)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.1)
        self.setFont(font)
        self.updateRequest.connect(self._margin.update)
        theme.changed.connect(self._paint_marks)

    # The text

    @property
    def whole_text(self) -> str:
        """All of the text, shown or not."""
        return self._text

    @property
    def excerpt(self) -> Excerpt | None:
        """The part that is shown; None when all is."""
        return self._excerpt

    def show_text(self, text: str) -> None:
        """Show another text; its undo history begins here."""
        self._text = text
        self._show_part(None if is_editable(text) else excerpt_at(text))

    def _show_part(self, excerpt: Excerpt | None) -> None:
        self._excerpt = excerpt
        self.mark((), scroll=False)
        self._is_filling = True
        part = self._text if excerpt is None else self._text[excerpt.start : excerpt.end]
        self.setPlainText(part)
        self._is_filling = False
        self.excerpt_changed.emit()

    # Evidence

    def mark(
        self, spans: Sequence[tuple[int, int]], *, scroll: bool = True, first: int = 0
    ) -> None:
        """Light sentences up, and bring one of them into view.

        Args:
            spans: ``[start, end)`` of each sentence in the whole text, best first.
            scroll: Whether to bring the sentence `first` into view.
            first: Which of the spans.
        """
        self._spans = tuple(spans)
        if scroll and self._spans and self._excerpt is not None:
            self._turn_to(self._spans[first])
        self._marks = [self._cursor_over(span) for span in self._spans]
        self._paint_marks()
        if scroll and self._spans:
            self._scroll_to(self._marks[first])

    @property
    def marked_texts(self) -> list[str]:
        """What the lit sentences say, as the box shows them."""
        return [mark.selectedText().replace("\u2029", "\n") for mark in self._marks]

    def _turn_to(self, span: tuple[int, int]) -> None:
        excerpt = self._excerpt
        if excerpt is not None and not excerpt.start <= span[0] < span[1] <= excerpt.end:
            spans = self._spans
            self._show_part(excerpt_at(self._text, span[0]))
            self._spans = spans

    def _cursor_over(self, span: tuple[int, int]) -> QTextCursor:
        part = self._excerpt or Excerpt(0, len(self._text))
        start, end = (min(max(at, part.start), part.end) for at in span)
        before = units_of(self._text[part.start : start])
        cursor = QTextCursor(self.document())
        cursor.setPosition(before)
        cursor.setPosition(
            before + units_of(self._text[start:end]), QTextCursor.MoveMode.KeepAnchor
        )
        return cursor

    def _paint_marks(self) -> None:
        colors = self._theme.colors
        look = QTextCharFormat()
        look.setBackground(colors.evidence)
        look.setForeground(colors.text)
        look.setFontUnderline(True)
        look.setUnderlineColor(colors.evidence_line)
        selections = []
        for mark in self._marks:
            selection = QTextEdit.ExtraSelection()
            selection.cursor = mark
            selection.format = look
            selections.append(selection)
        self.setExtraSelections(selections)
        self._margin.update()

    def _scroll_to(self, mark: QTextCursor) -> None:
        """Bring a sentence into view without moving the user's cursor."""
        block = self.document().findBlock(mark.selectionStart())
        self.blockBoundingRect(block)  # lays the block out, so that its lines are known
        line = block.layout().lineForTextPosition(mark.selectionStart() - block.position())
        top = block.firstLineNumber() + (line.lineNumber() if line.isValid() else 0)
        is_seen = self.cursorRect(_at(mark.selectionStart(), mark)).top() >= 0 and (
            self.cursorRect(_at(mark.selectionEnd(), mark)).bottom() <= self.viewport().height()
        )
        if not is_seen:
            self.verticalScrollBar().setValue(max(0, top - 1))

    def paint_margin(self, painter: QPainter, rect: QRect) -> None:
        """Draw a bar and a number beside each lit sentence: the sign that is no colour."""
        colors = self._theme.colors
        painter.fillRect(rect, colors.base)
        tops: dict[int, list[str]] = {}
        for number, mark in enumerate(self._marks, start=1):
            if not mark.hasSelection():
                continue
            first = self.cursorRect(_at(mark.selectionStart(), mark))
            last = self.cursorRect(_at(mark.selectionEnd(), mark))
            bar = QRect(_MARGIN - 5, first.top() + 1, 3, last.bottom() - first.top() - 2)
            painter.fillRect(bar, colors.evidence_line)
            tops.setdefault(first.top(), []).append(str(number))
        painter.setPen(QColor(colors.evidence_line))
        font = self.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        height = self.fontMetrics().height()
        for top, numbers in tops.items():
            place = QRect(0, top, _MARGIN - 7, height)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight, ",".join(numbers))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._margin.setGeometry(inside.left(), inside.top(), _MARGIN, inside.height())


class _Margin(QWidget):
    """The strip to the left of the text."""

    def __init__(self, text: MarkedText) -> None:
        super().__init__(text)
        self._text = text

    def sizeHint(self) -> QSize:
        return QSize(_MARGIN, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._text.paint_margin(painter, event.rect())


def _at(position: int, mark: QTextCursor) -> QTextCursor:
    cursor = QTextCursor(mark)
    cursor.setPosition(position)
    return cursor


def units_of(text: str) -> int:
    """UTF-16 units of a text."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
