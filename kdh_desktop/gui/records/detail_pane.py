"""One record in full: its text with the evidence lit, its labels, its fields, note and history."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPlainTextEdit, QSplitter, QTabWidget, QVBoxLayout, QWidget

from kdh_desktop.core.records.stored import RecordDetail
from kdh_desktop.gui.field_names import field_name
from kdh_desktop.gui.marked_text import MarkedText
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.records.field_words import field_lines, origin_words, warning_words
from kdh_desktop.gui.records.history_words import history_line
from kdh_desktop.gui.records.label_panel import LabelPanel
from kdh_desktop.gui.records.note_editor import NoteEditor
from kdh_desktop.gui.theme import GRID, Theme

_KEYS_READ = (
    Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
)


class DetailPane(QWidget):
    """Only shows; what a person does goes out as signals."""

    note_written = Signal(int, str)
    """A note was changed: the record's id, and all of the note."""
    note_added = Signal(int, str)
    """Words for the end of a note: the record's id, and the words."""

    def __init__(
        self, *, theme: Theme, actions: Sequence[QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._record_id: int | None = None
        self._names: dict[str, str] = {}
        self._leads_to_evidence = True
        self.origin = plain_label(kind="muted")
        self.warning = plain_label()
        self.warning.hide()
        self.text = MarkedText(theme=theme)
        self.fields, self.history = QPlainTextEdit(), QPlainTextEdit()
        self.tabs = QTabWidget()
        self._add_tabs()
        self.note = NoteEditor()
        self.note.kept.connect(self.note_written)
        self.note.added.connect(self.note_added)
        self.labels = LabelPanel(theme=theme, actions=actions, below=self.note)
        self.labels.label_chosen.connect(self._light)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.origin)
        column.addWidget(self.warning)
        column.addWidget(self.tabs, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(2 * GRID)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.labels)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setSizes([520, 420])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)

    def _add_tabs(self) -> None:
        parts = (
            (self.text, self.tr("Text"), self.tr("Text of the record")),
            (self.fields, self.tr("Fields"), self.tr("Fields of the record")),
            (self.history, self.tr("History"), self.tr("History of the record, latest first")),
        )
        for box, words, name in parts:
            box.setAccessibleName(name)
            box.setReadOnly(True)
            box.setTabChangesFocus(True)
            box.setUndoRedoEnabled(False)
            box.setTextInteractionFlags(_KEYS_READ)
            box.setMinimumHeight(6 * GRID)
            self.tabs.addTab(box, words)
        self.tabs.setAccessibleName(self.tr("Parts of the record"))
        self.tabs.setDocumentMode(True)

    def set_compact(self, *, is_compact: bool) -> None:
        """Leave out what the fields say as well, where there is no room."""
        self.origin.setHidden(is_compact)

    @property
    def record_id(self) -> int | None:
        """Id of the record that is shown."""
        return self._record_id

    def show_record(self, detail: RecordDetail | None, labels: Sequence[tuple[str, str]]) -> None:
        """Show another record, or what has become of it."""
        is_same = detail is not None and detail.id == self._record_id
        self._record_id = None if detail is None else detail.id
        self._names = dict(labels)
        text = "" if detail is None else detail.text
        if not is_same or text != self.text.whole_text:
            self.text.show_text(text)
            self.text.verticalScrollBar().setValue(0)
        self.origin.setText("" if detail is None else origin_words(detail))
        warning = "" if detail is None else warning_words(detail)
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning))
        lines = [] if detail is None else field_lines(detail, field_name)
        _set_text(self.fields, "\n".join(lines))
        history = [] if detail is None else detail.history
        _set_text(self.history, "\n".join(history_line(one, self._names) for one in history))
        self.note.show_note(self._record_id, "" if detail is None else detail.note)
        # Whoever reads stays there while others, such as a bulk run, write to the store.
        self._leads_to_evidence = not is_same
        self.labels.show_record(detail, labels)
        self._leads_to_evidence = True

    def scroll_text(self, lines: int) -> None:
        """Scroll the part that is shown, without leaving the list."""
        part = self.tabs.currentWidget()
        if isinstance(part, QPlainTextEdit):
            bar = part.verticalScrollBar()
            bar.setValue(bar.value() + lines)

    def _light(self) -> None:
        row = self.labels.chosen
        evidence = () if row is None else row.evidence
        spans = [(one.start, one.end) for one in evidence]
        self.text.mark(spans, scroll=self._leads_to_evidence)


def _set_text(box: QPlainTextEdit, text: str) -> None:
    if box.toPlainText() != text:
        box.setPlainText(text)
