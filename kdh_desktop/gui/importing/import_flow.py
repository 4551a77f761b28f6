"""The way of files into the store: look, ask where something is open, take in, tell.

All questions come first, so that nobody has to wait beside a long import for the next one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from kdh_desktop.core.audit_notes import AuditNotes
from kdh_desktop.core.errors import Cancelled, KdhError
from kdh_desktop.core.importing.imported import FileInspection, ImportPlan
from kdh_desktop.gui.importing.import_work import (
    GivenFile,
    GivenSource,
    PastedTable,
    PlannedSource,
    SourceOutcome,
    expand_work,
    inspect_work,
    stopped,
    stopped_work,
    take_work,
)
from kdh_desktop.gui.importing.reading_dialog import ReadingDialog
from kdh_desktop.gui.incoming_files import GivenFiles
from kdh_desktop.gui.jobs import Err, Lane, Ok, Outcome
from kdh_desktop.gui.notices import Notice, Severity
from kdh_desktop.gui.record_count import record_count
from kdh_desktop.gui.window_parts import WindowParts
from kdh_desktop.gui.work_panel import Work, WorkRow

if TYPE_CHECKING:
    from kdh_desktop.core.records.intake import IntakeProgress
    from kdh_desktop.core.records.record_store import RecordStore

NOTICE = "import"


class ImportFlow(QObject):
    """Takes in what it is given, one file after the other."""

    asked = Signal()
    """A dialog asks how a file is to be read."""
    finished = Signal(object)
    """What became of everything: a tuple of `SourceOutcome`; never an empty one."""

    def __init__(self, parts: WindowParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._store: RecordStore | None = None
        self._waiting: list[Path | PastedTable] = []
        self._unseen: deque[GivenSource] = deque()
        self._planned: deque[PlannedSource] = deque()
        self._order: list[GivenSource] = []
        self._outcomes: list[SourceOutcome] = []
        self._alike: dict[tuple[str, ...], ImportPlan] = {}
        self._seen = 0
        self._row: WorkRow | None = None
        self._lane = Lane(parts.jobs)
        self._look_lane = Lane(parts.jobs)
        self._is_busy = self._is_taking = False
        self.dialog: ReadingDialog | None = None
        parts.desk.changed.connect(self._take_store)

    @property
    def is_active(self) -> bool:
        """Whether files are being read or asked about."""
        return self._row is not None

    # What is given

    def take_in(self, paths: Sequence[Path]) -> None:
        """Take in files, and the files in folders."""
        if paths and self._has_store(paths):
            self._parts.jobs.start(
                expand_work(tuple(paths)), done=partial(self._take_paths, self._parts.desk.store)
            )

    def take_in_given(self, given: GivenFiles) -> None:
        """Take in what was dropped or pasted; files on the network are not opened."""
        self.take_in(given.paths)
        if given.has_network_files:
            self._say(
                self.tr(
                    "Files on the network are not opened: copy them to this computer first, and "
                    "import them from there."
                ),
                Severity.WARNING,
            )

    def take_in_table(self, text: str, name: str) -> None:
        """Take in a table that was copied from another program."""
        table = PastedTable(text, name)
        if self._has_store([table]):
            self._add([table])

    def take_in_again(self, planned: Iterable[PlannedSource]) -> None:
        """Take in what is settled already how to read."""
        self._planned.extend(replace(one, is_wanted_again=True) for one in planned)
        self._begin()

    def cancel(self) -> None:
        """Stop; what is taken in already stays."""
        if self.dialog is not None:
            self.dialog.reject()
            return
        self._drop_rest()
        self._lane.cancel()
        self._show("", is_stopping=True)

    def _drop_rest(self) -> None:
        """Forget what has not been begun; say so only where something was taken in before."""
        left, self._planned = self._planned, deque()
        self._unseen.clear()
        if self._is_taking or any(outcome.batch is not None for outcome in self._outcomes):
            self._outcomes += [SourceOutcome(one.given, error=stopped()) for one in left]
        else:
            self._outcomes.clear()

    def _has_store(self, given: Sequence[Path | PastedTable]) -> bool:
        desk = self._parts.desk
        if desk.store is None:
            if desk.is_opening:
                # As when somebody starts the program by dropping files on its icon.
                self._waiting += given
            else:
                self._say(
                    self.tr(
                        "Nothing can be imported while the records are not open. A private "
                        "session (File menu) takes files in without storing them."
                    ),
                    Severity.WARNING,
                )
            return False
        self._parts.notices.dismiss(NOTICE)
        return True

    def _take_store(self) -> None:
        if self._parts.desk.is_opening or not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        self.take_in([path for path in waiting if isinstance(path, Path)])
        for table in waiting:
            if isinstance(table, PastedTable):
                self.take_in_table(table.text, table.name)

    def _take_paths(self, store: RecordStore | None, outcome: Outcome[tuple[Path, ...]]) -> None:
        match outcome:
            case Ok() if store is not self._parts.desk.store:
                # What was given to a private session is not for the disk.
                self._say(
                    self.tr(
                        "Nothing was imported, because a private session began or ended "
                        "meanwhile. Import the files again."
                    ),
                    Severity.WARNING,
                )
            case Ok(paths):
                self._add([GivenFile(path) for path in paths])
            case Err(KdhError() as error):
                self._say(str(error), Severity.WARNING)
            case Err():
                pass  # a bug was reported already

    def _add(self, given: Sequence[GivenSource]) -> None:
        self._unseen += given
        self._begin()

    # One step after the other

    def _begin(self) -> None:
        if self._row is None:
            self._store = self._parts.desk.store
            self._row = self._parts.panel.add_row(Work(self.tr("Importing")))
            self._row.cancel_wanted.connect(self.cancel)
        self._go_on()

    def _go_on(self) -> None:
        """Do what is next, unless something is under way."""
        if self._is_busy or self.dialog is not None:
            return
        if self._unseen:
            self._look(self._unseen.popleft())
        elif self._planned and self._store is not None:
            self._take(self._planned.popleft(), self._store)
        else:
            self._finish()

    def _look(self, given: GivenSource) -> None:
        self._is_busy = True
        self._order.append(given)
        self._seen += 1
        total = self._seen + len(self._unseen)
        words = self.tr("Looking at file {number} of {total}")
        self._show(
            words.format(number=self._seen, total=total) if total > 1 else self.tr("Looking…")
        )
        self._lane.start(inspect_work(given), done=partial(self._take_look, given))

    def _take_look(self, given: GivenSource, outcome: Outcome[FileInspection]) -> None:
        self._is_busy = False
        match outcome:
            case Ok(inspection):
                self._plan(given, inspection)
            case Err(Cancelled()):
                pass
            case Err(KdhError() as error):
                self._outcomes.append(SourceOutcome(given, error=error))
            case Err():
                pass  # a bug was reported already
        self._go_on()

    def _plan(self, given: GivenSource, inspection: FileInspection) -> None:
        columns = () if inspection.table is None else inspection.table.columns
        alike = self._alike.get(columns) if columns else None
        if alike is not None and _is_clear_beside(alike, inspection):
            plan = replace(inspection.plan, mapping=alike.mapping)
            self._settle(given, inspection, plan)
        elif inspection.needs_look:
            self._ask(given, inspection)
        else:
            self._settle(given, inspection, inspection.plan)

    def _settle(self, given: GivenSource, inspection: FileInspection, plan: ImportPlan) -> None:
        columns = () if inspection.table is None else inspection.table.columns
        self._planned.append(PlannedSource(given, plan, columns, _row_count(inspection)))

    def _ask(self, given: GivenSource, inspection: FileInspection) -> None:
        # A bar that stands still, because nothing goes on.
        self._show(self.tr("Waiting for your answer"), total=1)
        dialog = ReadingDialog(
            name=given.name,
            inspection=inspection,
            files_left=len(self._unseen),
            theme=self._parts.theme,
            icons=self._parts.icons,
            parent=self._parts.window,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.look_wanted.connect(partial(self._look_again, given))
        dialog.skipped.connect(partial(self._skip, given))
        dialog.finished.connect(partial(self._take_answer, given, dialog))
        self.dialog = dialog
        dialog.open()
        self.asked.emit()

    def _look_again(self, given: GivenSource, plan: ImportPlan) -> None:
        self._look_lane.start(inspect_work(given, plan), done=self._take_second_look)

    def _take_second_look(self, outcome: Outcome[FileInspection]) -> None:
        if self.dialog is None:
            return
        match outcome:
            case Ok(inspection):
                self.dialog.show_inspection(inspection)
            case Err(KdhError() as error):
                self.dialog.show_failure(str(error))
            case Err():
                self.dialog.show_failure(self.tr("The file cannot be read in this way."))

    def _skip(self, given: GivenSource) -> None:
        self._outcomes.append(SourceOutcome(given, error=Cancelled("Left out.")))

    def _take_answer(self, given: GivenSource, dialog: ReadingDialog, result: int) -> None:
        self.dialog = None
        self._look_lane.drop()
        if result:
            self._settle(given, dialog.inspection, dialog.plan)
            if dialog.same_box.isChecked():
                self._alike[dialog.columns] = dialog.plan
        elif not dialog.is_skipped:
            self._drop_rest()
        self._go_on()

    def _take(self, planned: PlannedSource, store: RecordStore) -> None:
        self._is_busy = self._is_taking = True
        self._show(self.tr("Reading {name}").format(name=planned.given.name))
        self._lane.start(
            take_work(store, planned, self._notes),
            done=partial(self._take_outcome, planned, store),
            progress=partial(self._show_progress, planned),
        )

    def _show_progress(self, planned: PlannedSource, progress: IntakeProgress) -> None:
        words = self.tr("{name}: {records}").format(
            name=planned.given.name, records=record_count(progress.records)
        )
        if progress.refused:
            words = self.tr("{words}, {count} refused").format(
                words=words, count=f"{progress.refused:,}"
            )
        self._show(words, done=progress.records + progress.refused, total=planned.rows)

    def _take_outcome(
        self, planned: PlannedSource, store: RecordStore, outcome: Outcome[SourceOutcome]
    ) -> None:
        match outcome:
            case Ok(found):
                self._outcomes.append(found)
            case Err(Cancelled()):
                self._lane.start(
                    stopped_work(store, planned.given, self._notes),
                    done=partial(self._take_outcome, planned, store),
                )
                return
            case Err(KdhError() as error):
                self._outcomes.append(SourceOutcome(planned.given, error=error))
            case Err():
                pass
        self._is_busy = self._is_taking = False
        self._go_on()

    def _finish(self) -> None:
        places = {given: place for place, given in enumerate(self._order)}
        outcomes = tuple(sorted(self._outcomes, key=lambda one: places.get(one.given, 0)))
        self._outcomes, self._order = [], []
        self._alike = {}
        self._seen = 0
        self._store = None
        row, self._row = self._row, None
        if row is not None:
            self._parts.panel.remove_row(row)
        if outcomes:
            self.finished.emit(outcomes)

    @property
    def _notes(self) -> AuditNotes:
        """Where imports are noted; of a private session only how much."""
        return AuditNotes(self._parts.door.log, is_private=self._parts.desk.is_private)

    # What is shown

    def _show(
        self, words: str, *, done: int = 0, total: int = 0, is_stopping: bool = False
    ) -> None:
        if self._row is not None:
            self._parts.panel.show_work(
                self._row,
                Work(
                    self.tr("Importing"),
                    done=min(done, total),
                    total=total,
                    words=words,
                    is_stopping=is_stopping,
                ),
            )

    def _say(self, message: str, severity: Severity = Severity.NOTE) -> None:
        self._parts.notices.dismiss(NOTICE)
        self._parts.notices.show_notice(NOTICE, Notice(message, severity))


def _is_clear_beside(alike: ImportPlan, inspection: FileInspection) -> bool:
    """Whether a table can be read in one way only, or seems to lie as a person said of another."""
    table, layout = inspection.table, inspection.plan.layout
    if table is None or inspection.plan.format != alike.format:
        return False
    visible = [sheet for sheet in table.sheets if not sheet.is_hidden]
    is_header_first = sum(map(any, table.above)) == 1
    return (
        (not inspection.encodings or layout.encoding == alike.layout.encoding)
        and (len(visible) <= 1 or layout.sheet == alike.layout.sheet)
        and (is_header_first or layout.header_row == alike.layout.header_row)
    )


def _row_count(inspection: FileInspection) -> int:
    """Rows of the sheet that is read, where the workbook tells; for the progress alone."""
    sheets = () if inspection.table is None else inspection.table.sheets
    name = inspection.plan.layout.sheet
    return next((sheet.rows or 0 for sheet in sheets if name in {None, sheet.name}), 0)
