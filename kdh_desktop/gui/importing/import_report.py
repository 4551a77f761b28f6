"""What follows an import: the summary, refused rows, duplicates, and what comes next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.records.record_filter import RecordFilter
from kdh_desktop.gui.importing.duplicates_flow import DuplicatesFlow
from kdh_desktop.gui.importing.duplicates_work import ShownGroup
from kdh_desktop.gui.importing.import_work import SourceOutcome, refused_work
from kdh_desktop.gui.importing.problems_dialog import ProblemsDialog, save_problems_work
from kdh_desktop.gui.importing.summary_dialog import SummaryDialog
from kdh_desktop.gui.jobs import Err, Lane, Ok, Outcome
from kdh_desktop.gui.window_parts import WindowParts

if TYPE_CHECKING:
    from kdh_desktop.core.importing.imported import RefusedRow


class ImportReport(QObject):
    """Shows the summary when an import has ended, and does what is chosen there."""

    classify_wanted = Signal(object)
    """A `RecordFilter` of what was taken in."""
    show_wanted = Signal(object)
    """A `RecordFilter` to show on the Records page."""
    again_wanted = Signal(object)
    """A tuple of `PlannedSource` to take in although they were before."""
    shown = Signal()
    """The summary is there."""
    closed = Signal()
    """The summary was closed."""

    def __init__(
        self,
        parts: WindowParts,
        duplicates: DuplicatesFlow,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._duplicates = duplicates
        self._lane = Lane(parts.jobs)
        self.summary: SummaryDialog | None = None
        self.problems: ProblemsDialog | None = None
        duplicates.found.connect(self._show_duplicates)

    def show(self, outcomes: tuple[SourceOutcome, ...]) -> None:
        """Show what became of an import, and begin to look for duplicates."""
        if self.summary is not None:
            outcomes = (*self.summary.outcomes, *outcomes)
            self.summary.close()
        summary = SummaryDialog(
            outcomes,
            can_classify=self._parts.model.classifier is not None,
            parent=self._parts.window,
        )
        summary.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        summary.problems_wanted.connect(self._read_problems)
        summary.duplicates_wanted.connect(self._duplicates.show)
        summary.classify_wanted.connect(lambda: self.classify_wanted.emit(_filter_of(summary)))
        summary.show_wanted.connect(lambda: self.show_wanted.emit(_filter_of(summary)))
        summary.again_wanted.connect(self.again_wanted)
        summary.finished.connect(self._forget)
        self.summary = summary
        if summary.records:
            summary.show_duplicates(None, is_looking=True)
            self._duplicates.search(shows_when_found=False)
        summary.open()
        self.shown.emit()

    def _show_duplicates(self, groups: tuple[ShownGroup, ...] | None) -> None:
        if self.summary is not None:
            self.summary.show_duplicates(None if groups is None else len(groups))

    def _forget(self) -> None:
        self.summary = None
        self.closed.emit()

    # Refused rows

    def _read_problems(self) -> None:
        store, summary = self._parts.desk.store, self.summary
        if store is not None and summary is not None:
            self._lane.start(refused_work(store, summary.batches), done=self._show_problems)

    def _show_problems(self, outcome: Outcome[list[tuple[str, RefusedRow]]]) -> None:
        if not isinstance(outcome, Ok):
            return
        dialog = ProblemsDialog(outcome.value, self.summary or self._parts.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.save_wanted.connect(self._save_problems)
        dialog.finished.connect(self._forget_problems)
        self.problems = dialog
        dialog.open()

    def _save_problems(self) -> None:
        dialog = self.problems
        if dialog is None:
            return
        rows = dialog.rows

        def save(target: Path) -> None:
            self._lane.start(save_problems_work(rows, target), done=self._say_saved)

        self._parts.dialogs.ask_target(
            dialog,
            self.tr("Save refused rows"),
            suggestion=self.tr("refused rows.csv"),
            kinds=self.tr("Table as text (*.csv)"),
            then=save,
        )

    def _say_saved(self, outcome: Outcome[None]) -> None:
        if self.problems is None:
            return
        match outcome:
            case Ok():
                self.problems.say(self.tr("The list was saved."))
            case Err(KdhError() as error):
                self.problems.say(str(error))
            case Err():
                pass

    def _forget_problems(self) -> None:
        self.problems = None


def _filter_of(summary: SummaryDialog) -> RecordFilter:
    return RecordFilter(batches=tuple(batch.id for batch in summary.batches))
