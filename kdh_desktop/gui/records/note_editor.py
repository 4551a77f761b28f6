"""The box for a person's note: Return keeps it, Escape gives the change up."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from kdh_desktop.gui.theme import GRID

LONGEST_NOTE = 10_000
_LINES = 1


class NoteEditor(QPlainTextEdit):
    """Plain text; what is typed belongs to the record for which it was begun."""

    kept = Signal(int, str)
    """A note was changed: the record's id, and all of the note."""
    added = Signal(int, str)
    """Words for the end of a note that was not shown yet: the record's id, and the words."""
    shortened = Signal()
    """What was typed is longer than `LONGEST_NOTE`, and only its beginning is kept."""
    left = Signal()
    """The person is done, and goes back to the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._record_id: int | None = None
        self._note = ""
        self._is_awaited = False
        self.setAccessibleName(self.tr("Note"))
        self.setAccessibleDescription(self.tr("Return keeps the note, Escape gives it up."))
        self.setPlaceholderText(self.tr("Note (N)"))
        self.setTabChangesFocus(True)
        height = self.fontMetrics().lineSpacing() * _LINES
        self.setMinimumHeight(height + 2 * int(self.document().documentMargin()) + GRID)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        # Qt's own leaves room for scroll bars, at the cost of the list of hallmarks above.
        return self.sizeHint()

    def begin(self, record_id: int) -> None:
        """Write on the note of a record, which may be on its way: keys are faster than the disk."""
        if record_id != self._record_id:
            self.keep()
            self._record_id, self._note, self._is_awaited = record_id, "", True
            self.setPlainText("")
            self.setEnabled(True)
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def show_note(self, record_id: int | None, note: str) -> None:
        """Show the note of a record, unless a person is just changing that one."""
        is_same = record_id == self._record_id
        if is_same and self._is_awaited:
            self._is_awaited = False
            self._note = note
            self.setPlainText(note + self.toPlainText())
            self.moveCursor(QTextCursor.MoveOperation.End)
            return
        if is_same and (note == self._note or self.is_changed):
            return
        if not is_same:
            self.keep()
        self._record_id, self._note, self._is_awaited = record_id, note, False
        self.setPlainText(note)
        self.setEnabled(record_id is not None)

    @property
    def is_changed(self) -> bool:
        """Whether what stands here is not kept yet."""
        return self.toPlainText() != self._note

    def keep(self) -> None:
        """Keep what was typed, if anything was."""
        if self._record_id is not None and self.is_changed:
            typed = self.toPlainText()
            self._note = typed[:LONGEST_NOTE]
            if len(typed) > LONGEST_NOTE:
                self.setPlainText(self._note)
                self.shortened.emit()
            (self.added if self._is_awaited else self.kept).emit(self._record_id, self._note)
            if self._is_awaited:
                # What the store says of it from now on has these words at its end.
                self._note = ""
                self.setPlainText("")

    def give_up(self) -> None:
        """Forget what was typed and is not kept."""
        self.setPlainText(self._note)

    def event(self, event: QEvent) -> bool:
        # Keys that review elsewhere on the page are letters and line ends here.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            is_plain = event.modifiers() in {
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.ShiftModifier,
                Qt.KeyboardModifier.KeypadModifier,
            }
            if is_plain and event.key() < Qt.Key.Key_F1:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_return = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_return and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.keep()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.give_up()
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.keep()
