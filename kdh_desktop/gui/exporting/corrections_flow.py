"""The way of corrections back in: read, show what would change, and take over what is agreed to."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from kdh_desktop.core.audit_notes import AuditNotes
from kdh_desktop.core.records.record_filter import RecordFilter
from kdh_desktop.gui.exporting.corrections_dialog import CorrectionsDialog
from kdh_desktop.gui.exporting.errand import NOTICE, run_errand
from kdh_desktop.gui.exporting.export_choice import Destination
from kdh_desktop.gui.exporting.export_work import conflicts_work, corrections_work, take_work
from kdh_desktop.gui.exporting.words import correction_count, file_kinds
from kdh_desktop.gui.jobs import Err, Ok, Outcome
from kdh_desktop.gui.notices import Notice, NoticeAction, Severity
from kdh_desktop.gui.window_parts import WindowParts

if TYPE_CHECKING:
    from kdh_desktop.core.exporting.corrections_in import CorrectionsFound
    from kdh_desktop.core.records.record_store import RecordStore


class CorrectionsFlow(QObject):
    """Brings a corrected table back."""

    asked = Signal()
    """The dialog with what was found is there."""
    taken = Signal()
    """Corrections are in the store."""
    show_wanted = Signal(object)
    """A `RecordFilter` of what was corrected."""

    def __init__(self, parts: WindowParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.dialog: CorrectionsDialog | None = None
        parts.desk.changed.connect(self._forget_store)

    def take(self, path: Path | None) -> None:
        """Read a corrected table; without a path, ask for it."""
        store = self._parts.desk.store
        if store is None:
            words = self.tr("The records are not open, so nothing can be corrected.")
            self._parts.notices.show_notice(NOTICE, Notice(words, Severity.WARNING))
        elif path is not None:
            self._read(store, path)
        else:
            self._parts.dialogs.ask_file(
                self._parts.window,
                self.tr("Take in a corrected workbook"),
                kinds=self.tr("Tables (*.xlsx *.xlsm *.xls *.ods *.csv *.tsv *.txt)"),
                then=partial(self._read, store),
            )

    def _read(self, store: RecordStore, path: Path) -> None:
        if self.dialog is None:
            run_errand(
                self._parts,
                self.tr("Reading corrections"),
                corrections_work(store, path),
                done=partial(self._show, store, path.name),
            )

    def _show(self, store: RecordStore, name: str, found: CorrectionsFound) -> None:
        if self._parts.desk.store is not store or self.dialog is not None:
            return
        dialog = CorrectionsDialog(found, name, self._parts.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(partial(self._take, store, found))
        dialog.save_wanted.connect(partial(self._save_conflicts, found))
        dialog.finished.connect(self._forget_dialog)
        self.dialog = dialog
        dialog.open()
        self.asked.emit()

    def _take(self, store: RecordStore, found: CorrectionsFound) -> None:
        run_errand(
            self._parts,
            self.tr("Taking corrections over"),
            take_work(
                store,
                found.changes,
                corrections=found.corrections,
                notes=AuditNotes(self._parts.door.log, is_private=self._parts.desk.is_private),
            ),
            done=partial(self._tell, found),
            # It is one step, which is done whole or not at all.
            can_cancel=False,
        )

    def _tell(self, found: CorrectionsFound, notice: str) -> None:
        where = RecordFilter(ids=tuple(change.record_id for change in found.changes))
        words = self.tr("Taken over: {corrections}. Undo on the Records page takes them back.")
        action = NoticeAction(self.tr("Show them"), partial(self.show_wanted.emit, where))
        message = words.format(corrections=correction_count(found.corrections))
        message = f"{message} {notice}".rstrip()
        shown = Notice(message, action=action, is_outcome=True)
        self._parts.notices.show_notice(NOTICE, shown)
        self.taken.emit()

    def _save_conflicts(self, found: CorrectionsFound) -> None:
        if self.dialog is None:
            return

        def save(target: Path) -> None:
            self._parts.jobs.start(conflicts_work(found.conflicts, target), done=self._say_saved)

        self._parts.dialogs.ask_target(
            self.dialog,
            self.tr("Save the conflicts"),
            suggestion=self.tr("Conflicts.csv"),
            kinds=file_kinds(Destination.CSV),
            then=save,
        )

    def _say_saved(self, outcome: Outcome[None]) -> None:
        if self.dialog is None:
            return
        match outcome:
            case Ok():
                self.dialog.say(self.tr("Saved."))
            case Err(error):
                self.dialog.say(str(error))

    def _forget_dialog(self) -> None:
        self.dialog = None

    def _forget_store(self) -> None:
        # What was found, and what was taken over, is about another store's records.
        self._parts.notices.dismiss(NOTICE)
        if self.dialog is not None:
            self.dialog.reject()
