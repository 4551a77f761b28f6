"""The way of records out of the program: what, in which form, where to, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from kdh_desktop.core.audit_notes import AuditNotes, ExportKind
from kdh_desktop.core.records.import_batch import ImportBatch
from kdh_desktop.core.records.record_filter import Field
from kdh_desktop.gui.exporting.corrections_flow import CorrectionsFlow
from kdh_desktop.gui.exporting.errand import NOTICE, run_errand
from kdh_desktop.gui.exporting.export_choice import Destination, ExportChoice, OwnTable
from kdh_desktop.gui.exporting.export_dialog import ExportDialog
from kdh_desktop.gui.exporting.export_work import (
    ExportOrder,
    copy_work,
    export_work,
    noted_work,
    retraining_work,
    tables_work,
)
from kdh_desktop.gui.exporting.result_dialog import ResultDialog
from kdh_desktop.gui.exporting.words import cut_count, file_kinds
from kdh_desktop.gui.field_names import field_name
from kdh_desktop.gui.jobs import Lane, Ok, Outcome
from kdh_desktop.gui.notices import Notice, NoticeAction, Severity
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.window_parts import WindowParts

if TYPE_CHECKING:
    from kdh_desktop.core.exporting.outcome import ExportOutcome
    from kdh_desktop.core.records.record_store import RecordStore


class ExportFlow(QObject):
    """Asks what shall be written, writes it in the background, and tells."""

    asked = Signal()
    """The dialog is there."""
    saved = Signal(object)
    """An `ExportOutcome`: files were written."""
    show_wanted = Signal(object)
    """A `RecordFilter` to show on the Records page."""

    def __init__(self, parts: WindowParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._lane = Lane(parts.jobs)
        self._choice = ExportChoice()
        self.corrections = CorrectionsFlow(parts, self)
        self.corrections.show_wanted.connect(self.show_wanted)
        self.dialog: ExportDialog | None = None
        self.result: ResultDialog | None = None
        parts.desk.changed.connect(self._forget_store)

    # What is wanted

    def export(self, ids: Sequence[int], shown: Sequence[Field | str]) -> None:
        """Ask how to write records, and write them.

        Args:
            ids: Which, in their order.
            shown: Columns of the list, as fields and ids of labels.
        """
        self._ask(ids, shown, chosen=None)

    def copy_workbook(self, batch_id: int) -> None:
        """Ask where to hand an imported table back to, and do it."""
        self._ask((), (), chosen=batch_id)

    def take_corrections(self, path: Path | None = None) -> None:
        """Bring back what was corrected in such a copy; without a path, ask for it."""
        self.corrections.take(path)

    def for_retraining(self, ids: Sequence[int]) -> None:
        """Write what people decided on records for the trainer."""
        store, classifier = self._parts.desk.store, self._parts.model.classifier
        if store is None or classifier is None:
            self._say(self.tr("There are no records or no model to train a new one with."))
            return
        labels = classifier.bundle.labels

        def save(target: Path) -> None:
            work = retraining_work(store, ids, labels=labels, target=target)
            work = noted_work(work, self._notes, ExportKind.RETRAINING)
            run_errand(self._parts, self.tr("Saving for retraining"), work, done=self._tell)

        self._parts.dialogs.ask_target(
            self._parts.window,
            self.tr("Send to retraining"),
            suggestion=self.tr("KDH corrections {day}.jsonl").format(day=_today()),
            kinds=file_kinds(Destination.JSON_LINES),
            then=save,
        )

    # The question

    def _ask(self, ids: Sequence[int], shown: Sequence[Field | str], *, chosen: int | None) -> None:
        store = self._parts.desk.store
        if store is None:
            self._say(self.tr("The records are not open, so there is nothing to export."))
            return
        if self.dialog is not None:
            self.dialog.raise_()
            self.dialog.activateWindow()
            return
        names = {label.id: label.name for label in store.active_labels}
        dialog = ExportDialog(
            count=len(ids),
            columns=[_name(key, names) for key in shown],
            choice=self._choice,
            theme=self._parts.theme,
            icons=self._parts.icons,
            parent=self._parts.window,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(partial(self._take_choice, dialog, store, ids, tuple(shown)))
        dialog.finished.connect(self._forget_dialog)
        self.dialog = dialog
        self._lane.start(tables_work(store), done=partial(self._take_tables, chosen))
        dialog.open()
        self.asked.emit()

    def _take_tables(self, chosen: int | None, outcome: Outcome[tuple[OwnTable, ...]]) -> None:
        if self.dialog is not None and isinstance(outcome, Ok):
            self.dialog.offer_tables(outcome.value, chosen=chosen)

    def _forget_dialog(self) -> None:
        self.dialog = None

    def _forget_store(self) -> None:
        # What the dialog asks about is another store's, and so is what was chosen for it.
        self._choice = replace(self._choice, title="", table=None)
        if self.dialog is not None:
            self.dialog.reject()

    def _take_choice(
        self,
        dialog: ExportDialog,
        store: RecordStore,
        ids: Sequence[int],
        shown: tuple[Field | str, ...],
    ) -> None:
        choice = self._choice = dialog.choice
        if choice.destination is Destination.OWN_TABLE:
            if choice.table is not None:
                self._hand_back(store, choice.table.batch)
            return
        notes = self._notes

        def save(target: Path) -> None:
            work = export_work(store, ExportOrder(ids, shown, choice, target), notes)
            is_report = choice.destination.is_report
            kind = ExportKind.REPORT if is_report else ExportKind.RECORDS
            work = noted_work(work, notes, kind)
            run_errand(self._parts, self.tr("Exporting"), work, done=self._tell)

        self._parts.dialogs.ask_target(
            self._parts.window,
            self.tr("Export"),
            suggestion=self._suggestion(choice),
            kinds=file_kinds(choice.destination),
            then=save,
        )

    def _suggestion(self, choice: ExportChoice) -> str:
        words = self.tr("KDH records {day}")
        if choice.destination.is_report:
            words = self.tr("KDH report {day}")
        return words.format(day=_today()) + choice.destination.ending

    # A person's own table

    def _hand_back(self, store: RecordStore, batch: ImportBatch) -> None:
        original = Path(batch.source.path)
        if original.is_file():
            self._ask_copy(store, batch, original)
            return
        self._parts.dialogs.ask_file(
            self._parts.window,
            self.tr("Where is {name} now?").format(name=batch.source.name),
            kinds=f"{self.tr('Tables')} (*{original.suffix})",
            then=partial(self._ask_copy, store, batch),
        )

    def _ask_copy(self, store: RecordStore, batch: ImportBatch, original: Path) -> None:
        from kdh_desktop.core.exporting.workbook_copy import name_of_copy

        def save(target: Path) -> None:
            work = copy_work(store, batch.id, original=original, target=target)
            work = noted_work(work, self._notes, ExportKind.OWN_TABLE)
            run_errand(self._parts, self.tr("Saving the table"), work, done=self._tell)

        suggestion = original.parent / name_of_copy(batch)
        self._parts.dialogs.ask_target(
            self._parts.window,
            self.tr("Save the table with labels"),
            suggestion=str(suggestion),
            kinds=f"{self.tr('Tables')} (*{suggestion.suffix})",
            then=save,
        )

    # What became of it

    def _tell(self, outcome: ExportOutcome) -> None:
        words = self.tr("Saved: {records}.").format(records=record_count(outcome.rows))
        if outcome.cuts:
            words = f"{words} {cut_count(len(outcome.cuts))}"
        words = " ".join([words, *outcome.notices])
        needs_look = bool(outcome.cuts or outcome.notices)
        self._parts.notices.show_notice(
            NOTICE,
            Notice(
                words,
                Severity.WARNING if needs_look else Severity.NOTE,
                NoticeAction(self.tr("Show…"), partial(self._show_result, outcome)),
                is_outcome=not needs_look,
            ),
        )
        self.saved.emit(outcome)

    def _show_result(self, outcome: ExportOutcome) -> None:
        dialog = ResultDialog(outcome, self._parts.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._forget_result)
        self.result = dialog
        dialog.open()

    def _forget_result(self) -> None:
        self.result = None

    @property
    def _notes(self) -> AuditNotes:
        """Where exports are noted; of a private session only how much."""
        return AuditNotes(self._parts.door.log, is_private=self._parts.desk.is_private)

    def _say(self, words: str) -> None:
        self._parts.notices.dismiss(NOTICE)
        self._parts.notices.show_notice(NOTICE, Notice(words, Severity.WARNING))


def _name(key: Field | str, names: Mapping[str, str]) -> str:
    return field_name(key) if isinstance(key, Field) else names.get(key, key)


def _today() -> str:
    return dt.datetime.now().astimezone().date().isoformat()
