"""What the keys of a review do: decide on the record that is looked at, and go on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.stored import Operation
from kdh_desktop.gui.records.actions import RecordActions
from kdh_desktop.gui.records.detail_pane import DetailPane
from kdh_desktop.gui.records.note_editor import LONGEST_NOTE
from kdh_desktop.gui.records.record_table import RecordTable
from kdh_desktop.gui.records.record_table_model import RecordTableModel
from kdh_desktop.gui.records.reviewer import Reviewer
from kdh_desktop.gui.records.words import operation_words

_SCROLL_LINES = 3


class ReviewSteps(QObject):
    """Joins the actions with the table, which knows the record, and the reviewer, who writes."""

    said = Signal(str)
    """Something to say in passing."""

    def __init__(
        self,
        *,
        actions: RecordActions,
        table: RecordTable,
        model: RecordTableModel,
        detail: DetailPane,
        reviewer: Reviewer,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._actions = actions
        self._table = table
        self._model = model
        self._detail = detail
        self._reviewer = reviewer
        self.labels: Sequence[tuple[str, str]] = ()
        calls = {
            actions.confirm: self._confirm,
            actions.skip: self._skip,
            actions.unsure: self._mark_unsure,
            actions.note: self._write_note,
            actions.next: lambda: self._go(1),
            actions.previous: lambda: self._go(-1),
            actions.scroll_down: lambda: detail.scroll_text(_SCROLL_LINES),
            actions.scroll_up: lambda: detail.scroll_text(-_SCROLL_LINES),
            actions.undo: lambda: reviewer.undo(self._tell_undone),
            actions.redo: lambda: reviewer.redo(self._tell_redone),
        }
        for action, call in calls.items():
            action.triggered.connect(call)
        for place, action in enumerate(actions.toggles):
            action.triggered.connect(lambda _=False, place=place: self._toggle(place))
        detail.note_written.connect(reviewer.write_note)
        detail.note_added.connect(reviewer.add_to_note)
        detail.note.shortened.connect(self._say_shortened)
        detail.note.left.connect(table.setFocus)
        detail.note.left.connect(reviewer.try_again)
        detail.labels.list.toggle_wanted.connect(reviewer.toggle)
        detail.labels.list.decision_wanted.connect(self._decide)
        reviewer.steps_changed.connect(self._show_steps)
        self._show_steps()

    def name_toggles(self, labels: Sequence[tuple[str, str]]) -> None:
        """Let the keys 1 to 0 stand for the labels of another model."""
        self.labels = labels
        for place, action in enumerate(self._actions.toggles):
            action.setVisible(place < len(labels))
            if place < len(labels):
                action.setText(labels[place][1].replace("&", "&&"))

    # One record

    def _confirm(self) -> None:
        record_id = self._table.current_id
        if record_id is not None:
            self._reviewer.confirm(record_id, self._say_confirmed)
            self._go(1)

    def _say_confirmed(self, is_confirmed: bool) -> None:
        if not is_confirmed:
            self.said.emit(
                self.tr("Not confirmed: it is not classified, and nobody has decided on it.")
            )

    def _skip(self) -> None:
        record_id = self._table.current_id
        if record_id is not None:
            self._reviewer.skip(record_id)
            self._go(1)

    def _mark_unsure(self) -> None:
        record_id = self._table.current_id
        if record_id is not None:
            self._reviewer.mark(record_id, ReviewStatus.UNSURE)
            self._go(1)

    def _write_note(self) -> None:
        record_id = self._table.current_id
        if record_id is not None:
            self._detail.note.begin(record_id)

    def _say_shortened(self) -> None:
        self.said.emit(
            self.tr("The note is too long: its first {count:,} characters are kept.").format(
                count=LONGEST_NOTE
            )
        )

    def _toggle(self, place: int) -> None:
        # As all keys, about the row: it may be ahead of what the pane shows.
        record_id = self._table.current_id
        if record_id is not None and place < len(self.labels):
            label_id, _ = self.labels[place]
            self._detail.labels.choose(label_id)
            self._reviewer.toggle(record_id, label_id)

    def _decide(self, record_id: int, label_id: str, decision: bool | None) -> None:  # a signal's
        self._reviewer.decide(record_id, label_id, is_present=decision)

    def _go(self, step: int) -> None:
        if not self._table.go_on(step):
            words = self.tr("This is the last record of the list.")
            self.said.emit(words if step > 0 else self.tr("This is the first record of the list."))

    # Steps back and forth

    def _show_steps(self) -> None:
        steps = self._reviewer.steps
        undo = self.tr("&Undo"), self.tr("&Undo: {what}"), self.tr("Take back: {what}")
        redo = self.tr("&Redo"), self.tr("&Redo: {what}"), self.tr("Do again: {what}")
        for action, operation, (plain, named, purpose) in (
            (self._actions.undo, steps.undo, undo),
            (self._actions.redo, steps.redo, redo),
        ):
            action.setEnabled(operation is not None)
            what = "" if operation is None else operation_words(operation)
            action.setText(named.format(what=what) if what else plain)
            keys = action.shortcut().toString()
            words = purpose.format(what=what) if what else plain.replace("&", "")
            action.setToolTip(f"{words} ({keys})")

    def _tell_undone(self, operation: Operation | None) -> None:
        self._tell(operation, self.tr("Taken back: {what}."))

    def _tell_redone(self, operation: Operation | None) -> None:
        self._tell(operation, self.tr("Done again: {what}."))

    def _tell(self, operation: Operation | None, words: str) -> None:
        if operation is None:
            return
        self.said.emit(words.format(what=operation_words(operation)))
        if operation.first_record is not None:
            row = self._model.row_of(operation.first_record)
            if row is not None:
                self._table.go_to(row)
