"""Duplicates: looked for in the background, shown side by side, merged on request."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from kdh_desktop.core.errors import Cancelled, KdhError
from kdh_desktop.core.records.stored import DuplicateGroup, RecordDetail
from kdh_desktop.gui.importing.duplicates_dialog import DuplicatesDialog
from kdh_desktop.gui.importing.duplicates_work import (
    ShownGroup,
    compare_work,
    find_work,
    merge_work,
)
from kdh_desktop.gui.jobs import Err, Lane, Ok, Outcome
from kdh_desktop.gui.notices import Notice, Severity
from kdh_desktop.gui.window_parts import WindowParts
from kdh_desktop.gui.work_panel import Work, WorkRow

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore

NOTICE = "duplicates"
_PERCENT = 100


class DuplicatesFlow(QObject):
    """One search at a time; a new one takes the place of the one before."""

    found = Signal(object)
    """Groups that seem to be one record each, as a tuple of `ShownGroup`; None where the search
    was stopped or failed."""
    shown = Signal()
    """The dialog is there."""

    def __init__(self, parts: WindowParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._store: RecordStore | None = None
        self._groups: tuple[ShownGroup, ...] = ()
        self._row: WorkRow | None = None
        self._search_lane = Lane(parts.jobs)
        self._read_lane = Lane(parts.jobs)
        self._shows_when_found = False
        self.dialog: DuplicatesDialog | None = None

    def search(self, *, shows_when_found: bool) -> None:
        """Look for duplicates among all records.

        Args:
            shows_when_found: Whether the dialog opens, or a sentence says that there are none;
                else only `found` tells.
        """
        store = self._parts.desk.store
        if store is None:
            return
        self._store = store
        self._shows_when_found = shows_when_found
        self._parts.notices.dismiss(NOTICE)
        if self._row is None:
            self._row = self._parts.panel.add_row(
                Work(self.tr("Looking for duplicates"), is_minor=True)
            )
            self._row.cancel_wanted.connect(self._search_lane.cancel)
        self._search_lane.start(
            find_work(store), done=self._take_found, progress=self._show_progress
        )

    def show(self) -> None:
        """Show what the last search found."""
        if self.dialog is not None or self._store is not self._parts.desk.store:
            return
        dialog = DuplicatesDialog((), self._parts.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.records_wanted.connect(self._read)
        dialog.merge_wanted.connect(self._merge)
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.show_groups(self._groups)
        dialog.open()
        self.shown.emit()

    def _show_progress(self, share: float) -> None:
        if self._row is not None:
            self._parts.panel.show_work(
                self._row,
                Work(
                    self.tr("Looking for duplicates"),
                    done=int(share * _PERCENT),
                    total=_PERCENT,
                    words=f"{int(share * _PERCENT)} %",
                    is_minor=True,
                ),
            )

    def _take_found(self, outcome: Outcome[tuple[ShownGroup, ...]]) -> None:
        if self._row is not None:
            self._parts.panel.remove_row(self._row)
            self._row = None
        match outcome:
            case Ok(groups):
                self._groups = groups
                self.found.emit(groups)
                if self._shows_when_found and groups:
                    self.show()
                elif self._shows_when_found:
                    self._say(self.tr("There are no duplicates."))
            case Err(error):
                self.found.emit(None)
                if isinstance(error, KdhError) and not isinstance(error, Cancelled):
                    self._say(str(error), Severity.WARNING)

    def _read(self, group: DuplicateGroup) -> None:
        if self._store is not None:
            self._read_lane.start(
                compare_work(self._store, group), done=partial(self._take_records, group)
            )

    def _take_records(self, group: DuplicateGroup, outcome: Outcome[list[RecordDetail]]) -> None:
        if self.dialog is not None and isinstance(outcome, Ok):
            self.dialog.show_records(group, outcome.value)

    def _merge(self, groups: tuple[ShownGroup, ...]) -> None:
        if self._store is None:
            return
        # It is one step, which is done whole or not at all.
        row = self._parts.panel.add_row(Work(self.tr("Merging duplicates"), can_cancel=False))
        self._parts.jobs.start(
            merge_work(self._store, groups), done=partial(self._take_merged, groups, row)
        )

    def _take_merged(
        self, groups: tuple[ShownGroup, ...], row: WorkRow, outcome: Outcome[int]
    ) -> None:
        self._parts.panel.remove_row(row)
        merged = {record for shown in groups for record in shown.group.records}
        if self.dialog is not None:
            self.dialog.end_merging()
        match outcome:
            case Ok():
                self._drop_groups(merged)
                words = self.tr(
                    "{records} records were merged into {groups}. Undo on the Records page "
                    "takes it back."
                )
                self._tell(words.format(records=f"{len(merged):,}", groups=f"{len(groups):,}"))
            case Err(KdhError() as error):
                self._tell(str(error), Severity.WARNING)
            case Err() if self.dialog is not None:
                self.dialog.reject()
            case Err():
                pass  # a bug was reported already

    def _drop_groups(self, merged: set[int]) -> None:
        if self.dialog is not None:
            self.dialog.remove_groups(merged)
            self._groups = tuple(self.dialog.groups.groups)
        else:
            self._groups = tuple(
                shown for shown in self._groups if merged.isdisjoint(shown.group.records)
            )

    def _tell(self, message: str, severity: Severity = Severity.NOTE) -> None:
        """Say what became of merging, where somebody looks."""
        if self.dialog is not None:
            self.dialog.say(message)
        else:
            self._say(message, severity)

    def _forget(self) -> None:
        self.dialog = None

    def _say(self, message: str, severity: Severity = Severity.NOTE) -> None:
        notice = Notice(message, severity, is_outcome=severity is Severity.NOTE)
        self._parts.notices.show_notice(NOTICE, notice)
