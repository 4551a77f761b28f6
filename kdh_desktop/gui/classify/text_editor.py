"""The text box: takes plain text only, and shows which sentences speak for a hallmark."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QTextCursor,
)
from PySide6.QtWidgets import QWidget

from kdh_desktop.gui.classify.pasted_content import (
    MAX_CHARACTERS,
    Refusal,
    content_of,
    is_blank,
    normalised,
)
from kdh_desktop.gui.excerpts import Excerpt, is_editable
from kdh_desktop.gui.incoming_files import GivenFiles
from kdh_desktop.gui.marked_text import MarkedText
from kdh_desktop.gui.theme import Theme


class TextEditor(MarkedText):
    """A text box for one text; what is too long to edit without pauses is shown in part."""

    edited = Signal(str)
    """The user changed the text."""
    replaced = Signal(str)
    """The user put another text in place of all there was."""
    refused = Signal(object)
    """A paste or drop held nothing to take: a `Refusal`."""
    file_dropped = Signal(object)
    """A local text file was dropped: a `Path`."""
    files_given = Signal(object)
    """Files for an import were pasted or dropped: `GivenFiles`."""
    undo_exhausted = Signal()
    """Undo was asked for where the box itself has nothing to undo."""

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme=theme, parent=parent)
        self.textChanged.connect(self._take_change)

    # The text

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
        super()._show_part(excerpt)
        self.setReadOnly(excerpt is not None)
        if excerpt is not None:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )

    def _take_change(self) -> None:
        if not self._is_filling:
            self._text = self.toPlainText()
            self.edited.emit(self._text)

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
            case GivenFiles() as given:
                self.files_given.emit(given)
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


def _characters(text: str, units: int) -> int:
    """Characters before a position that is counted in UTF-16 units."""
    if text.isascii():
        return units
    return len(
        text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "replace")
    )
