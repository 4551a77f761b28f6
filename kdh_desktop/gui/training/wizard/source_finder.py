"""Lets a person choose labelled texts: a folder, a file with its columns, or reviewed records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from kdh_desktop.core.corpus_source import CorrectionsSource, HocSource, TableSource
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.importing.imported import ImportPlan
from kdh_desktop.gui.jobs import Err, Job, Lane, Ok, Outcome
from kdh_desktop.gui.training.wizard.columns_dialog import ColumnsDialog
from kdh_desktop.gui.training.wizard.draft import ChosenSource
from kdh_desktop.gui.training.wizard.file_looks import FileLook, LinesLook, look_work
from kdh_desktop.gui.training.wizard.hoc_dialog import HocDialog, lists_in
from kdh_desktop.gui.window_parts import WindowParts

SAMPLE = "labelled.csv"


class SourceFinder(QObject):
    """Opens the dialogs, looks at files in the background, and says what was chosen."""

    found = Signal(tuple)
    """`ChosenSource`s."""
    failed = Signal(str)
    """Why something cannot be taken, and what to do."""
    working = Signal(str)
    """What is being looked at, or nothing any more."""

    def __init__(self, parts: WindowParts, parent: QWidget) -> None:
        super().__init__(parent)
        self._parts = parts
        self._widget = parent
        self._lane = Lane(parts.jobs)
        self._dialog: QDialog | None = None

    @property
    def dialog(self) -> QDialog | None:
        """The dialog that stands open, if any."""
        return self._dialog

    def ask_folder(self) -> None:
        """Ask for a HoC folder."""
        title = self.tr("Choose the folder of the corpus")
        self._parts.dialogs.ask_folder(self._widget, title, then=self.take_folder)

    def ask_file(self) -> None:
        """Ask for a table or JSON lines."""
        kinds = self.tr(
            "Labelled texts (*.csv *.tsv *.txt *.xlsx *.xlsm *.xls *.ods *.jsonl *.ndjson)"
            ";;All files (*)"
        )
        title = self.tr("Choose a file of labelled texts")
        self._parts.dialogs.ask_file(self._widget, title, kinds=kinds, then=self.take_file)

    def take_folder(self, folder: Path) -> None:
        """Take a HoC folder, and ask about its lists where there are several."""
        self._start(lambda _job: lists_in(folder), lambda lists: self._ask_lists(folder, lists))

    def take_file(self, path: Path) -> None:
        """Look at a file, and ask what its columns hold."""
        self._start(look_work(path), lambda look: self._ask_columns(path, look))

    def take_sample(self) -> None:
        """Take the labelled sample that ships with the program."""
        path = self._parts.paths.resources / "sample" / SAMPLE
        source = TableSource(str(path), "text", labels_column="labels", id_column="id")
        self.found.emit((ChosenSource(source, self.tr("Sample of invented abstracts")),))

    def take_reviewed(self) -> None:
        """Copy the desk's reviewed records for training."""
        desk, classifier = self._parts.desk, self._parts.model.classifier
        store = desk.store
        if desk.is_private:
            self.failed.emit(
                self.tr(
                    "A private session is going on, and nothing of it may be copied. End it to "
                    "train on reviewed records."
                )
            )
            return
        if store is None or classifier is None:
            self.failed.emit(self.tr("The records are not open yet. Try again in a moment."))
            return
        labels, folders = classifier.bundle.labels, self._parts.trainings.folders

        def work(job: Job) -> tuple[Path, int, tuple[str, ...]]:
            from kdh_desktop.core.exporting.corrections import export_corrections

            target, is_wanted = folders.new_reviewed_file(), False
            try:
                outcome = export_corrections(
                    store, store.ids(), target, labels=labels, should_stop=job.should_stop
                )
                is_wanted = not job.should_stop()
            finally:
                if not is_wanted:
                    target.unlink(missing_ok=True)
            return target, outcome.complete, tuple(outcome.notices)

        self._start(work, self._take_copy)

    def stop(self) -> None:
        """Close what stands open, and forget what is being looked at."""
        self._lane.drop()
        if self._dialog is not None:
            self._dialog.reject()
        self.working.emit("")

    def _take_copy(self, copy: tuple[Path, int, tuple[str, ...]]) -> None:
        path, complete, notices = copy
        if not complete:
            path.unlink(missing_ok=True)
            self.failed.emit(
                self.tr(
                    "No record has been reviewed whole yet. Confirm some on the Records page, one "
                    "by one; records that were accepted together do not count."
                )
            )
            return
        name = self.tr("Reviewed records ({count})").format(count=f"{complete:,}")
        self.found.emit((ChosenSource(CorrectionsSource(str(path)), name, is_reviewed=True),))
        if notices:
            self.failed.emit(" ".join(notices))

    def _ask_lists(self, folder: Path, lists: tuple[str, ...]) -> None:
        if len(lists) == 1:
            name = f"{folder.name}/{lists[0]}"
            self.found.emit((ChosenSource(HocSource(str(folder), lists[0]), name),))
            return
        dialog = HocDialog(folder, lists, self._widget)
        dialog.accepted.connect(lambda: self.found.emit(dialog.sources))
        self._open(dialog)

    def _ask_columns(self, path: Path, look: FileLook) -> None:
        if isinstance(look, LinesLook) and look.is_corrections:
            self.found.emit((ChosenSource(CorrectionsSource(str(path)), path.name),))
            return
        dialog = ColumnsDialog(self._parts, path, look, self._widget)
        dialog.look_wanted.connect(lambda plan: self._look_again(dialog, path, plan))
        dialog.accepted.connect(lambda: self.found.emit((ChosenSource(dialog.source, path.name),)))
        self._open(dialog)

    def _look_again(self, dialog: ColumnsDialog, path: Path, plan: ImportPlan) -> None:
        def take(outcome: Outcome[FileLook]) -> None:
            match outcome:
                case Ok(look):
                    dialog.show_look(look)
                case Err(error):
                    dialog.show_failure(str(error))

        self._lane.start(look_work(path, plan), done=take)

    def _open(self, dialog: QDialog) -> None:
        self._dialog = dialog

        def forget() -> None:
            if self._dialog is dialog:
                self._dialog = None
                # A look that is still on its way was for this dialog.
                self._lane.drop()
            dialog.deleteLater()

        dialog.finished.connect(forget)
        dialog.open()

    def _start(self, work: Callable[[Job], object], then: Callable[..., object]) -> None:
        def take(outcome: Outcome[object]) -> None:
            self.working.emit("")
            match outcome:
                case Ok(value):
                    then(value)
                case Err(KdhError() as error):
                    self.failed.emit(str(error))
                case Err():
                    self.failed.emit(self.tr("It could not be read, because of a fault."))

        self.working.emit(self.tr("Looking at the texts…"))
        self._lane.start(work, done=take)


def forget_copies(sources: Iterable[ChosenSource]) -> None:
    """Delete the copies of reviewed records that nobody learns from any more."""
    for one in sources:
        if one.is_reviewed and isinstance(one.source, CorrectionsSource):
            with suppress(OSError):
                Path(one.source.path).unlink(missing_ok=True)
