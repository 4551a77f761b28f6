"""The text box: takes plain text only, and shows which sentences speak for a hallmark."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from kdh_desktop.gui.classify.pasted_content import (
    MAX_CHARACTERS,
    Excerpt,
    Refusal,
    content_of,
    excerpt_at,
    is_blank,
    is_editable,
    normalised,
)
from kdh_desktop.gui.theme import GRID, Theme

_MARGIN = 3 * GRID


class TextEditor(QPlainTextEdit):
    """A text box for one text; what is too long to edit without pauses is shown in part.

    Positions that go in and out count characters of the whole text, as Python does. Qt counts
    UTF-16 units, so a text with emoji needs the conversion that is done here.
    """

    edited = Signal(str)
    """The user changed the text."""
    replaced = Signal(str)
    """The user put another text in place of all there was."""
    refused = Signal(object)
    """A paste or drop held nothing to take: a `Refusal`."""
    file_dropped = Signal(object)
    """A local text file was dropped: a `Path`."""
    undo_exhausted = Signal()
    """Undo was asked for where the box itself has nothing to undo."""
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
        self.textChanged.connect(self._take_change)
        self.updateRequest.connect(self._margin.update)
        theme.changed.connect(self._paint_marks)

    # The text

    @property
    def whole_text(self) -> str:
        """All of the text, shown or not."""
        return self._text

    @property
    def excerpt(self) -> Excerpt | None:
        """The part that is shown; None when all is, and can be edited."""
        return self._excerpt

    def show_text(self, text: str) -> None:
        """Show another text; its undo history begins here."""
        self._text = text
        if is_editable(text):
            self._show_part(None)
        else:
            self._show_part(excerpt_at(text))

    def replace_text(self, text: str) -> None:
        """Put a text in place of all there is, as a paste does; can be undone where it is short.

        Args:
            text: As `normalised` gives it.
        """
        if self.isReadOnly() or not is_editable(text):
            self.show_text(text)
        else:
            self._is_filling = True
            cursor = self.textCursor()
            cursor.select(QTextCursor.SelectionType.Document)
            cursor.insertText(text)
            self._is_filling = False
            self._text = text
            self.moveCursor(QTextCursor.MoveOperation.Start)
        self.replaced.emit(text)

    def _show_part(self, excerpt: Excerpt | None) -> None:
        self._excerpt = excerpt
        self.mark((), scroll=False)
        self._is_filling = True
        part = self._text if excerpt is None else self._text[excerpt.start : excerpt.end]
        self.setPlainText(part)
        self._is_filling = False
        self.setReadOnly(excerpt is not None)
        if excerpt is not None:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        self.excerpt_changed.emit()

    def _take_change(self) -> None:
        if not self._is_filling:
            self._text = self.toPlainText()
            self.edited.emit(self._text)

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
        before = _units(self._text[part.start : start])
        cursor = QTextCursor(self.document())
        cursor.setPosition(before)
        cursor.setPosition(before + _units(self._text[start:end]), QTextCursor.MoveMode.KeepAnchor)
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

    # Keys, pastes and drops

    def undo_step(self) -> None:
        """Undo in the box; where it has nothing to undo, the page may."""
        if self.document().isUndoAvailable():
            self.undo()
        else:
            self.undo_exhausted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_step()
        elif self.isReadOnly() and event.matches(QKeySequence.StandardKey.Paste):
            self.insertFromMimeData(QGuiApplication.clipboard().mimeData())
        else:
            super().keyPressEvent(event)

    def canInsertFromMimeData(self, _source: QMimeData) -> bool:
        # Whatever comes is looked at, because a paste that does nothing leaves people guessing.
        return True

    def insertFromMimeData(self, source: QMimeData) -> None:
        match content_of(source):
            # First, because a `Refusal` is a string, too.
            case Refusal() as refusal:
                self.refused.emit(refusal)
            case str(text):
                self._insert(normalised(text))
            case path:
                self.file_dropped.emit(path)

    def _insert(self, text: str) -> None:
        cursor = self.textCursor()
        chosen = cursor.selectedText()
        is_all = len(chosen) >= self.document().characterCount() - 1
        if self.isReadOnly() or is_all or is_blank(self._text):
            self.replace_text(text)
            return
        if len(self._text) + len(text) > MAX_CHARACTERS:
            self.refused.emit(Refusal.TOO_LARGE)
            return
        start, end = (
            _characters(self._text, at) for at in (cursor.selectionStart(), cursor.selectionEnd())
        )
        joined = self._text[:start] + text + self._text[end:]
        if is_editable(joined):
            cursor.insertText(text)
            self.ensureCursorVisible()
        else:
            self.show_text(joined)
            self.edited.emit(joined)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.isReadOnly():
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self.isReadOnly():
            event.acceptProposedAction()
        else:
            super().dragMoveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if self.isReadOnly():
            self.insertFromMimeData(event.mimeData())
            event.acceptProposedAction()
        else:
            super().dropEvent(event)


class _Margin(QWidget):
    """The strip to the left of the text."""

    def __init__(self, editor: TextEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def sizeHint(self) -> QSize:
        return QSize(_MARGIN, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._editor.paint_margin(painter, event.rect())


def _at(position: int, mark: QTextCursor) -> QTextCursor:
    cursor = QTextCursor(mark)
    cursor.setPosition(position)
    return cursor


def _units(text: str) -> int:
    """UTF-16 units of a text."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _characters(text: str, units: int) -> int:
    """Characters before a position that is counted in UTF-16 units."""
    if text.isascii():
        return units
    return len(
        text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "replace")
    )
