"""Labels that the model in force would not have given, worst first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.exporting.atomic import write_atomically
from kdh_desktop.core.suspicious_labels import SuspiciousLabel, SuspiciousLabels, suspects_to_csv
from kdh_desktop.gui.jobs import Err, Job, Lane, Ok, Outcome
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_table import PlainTable
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.wizard.draft import ChosenSource
from kdh_desktop.gui.training.wizard.trainer_calls import suspects_work
from kdh_desktop.gui.window_parts import WindowParts

SuspectsWork = Callable[[Sequence[ChosenSource], Path], Callable[[Job], SuspiciousLabels]]


class SuspectsDialog(QDialog):
    """Compares in the background, then lists; the list can be saved for a spreadsheet."""

    def __init__(
        self,
        parts: WindowParts,
        sources: Sequence[ChosenSource],
        parent: QWidget,
        *,
        work: SuspectsWork = suspects_work,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Suspicious labels"))
        self._parts = parts
        self._lane = Lane(parts.jobs)
        self._found: SuspiciousLabels | None = None
        self.words = plain_label(self.tr("The model in force reads the texts…"))
        self.bar = QProgressBar()
        self.bar.setAccessibleName(self.tr("Texts read"))
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.table = PlainTable(
            self.tr("Suspicious labels"),
            (
                self.tr("Text"),
                self.tr("Label"),
                self.tr("What is said"),
                self.tr("The text begins"),
            ),
        )
        self.table.hide()
        buttons = QDialogButtonBox()
        self.save_button = QPushButton(self.tr("&Save as CSV…"))
        self.save_button.setEnabled(False)
        self.save_button.clicked.connect(self._ask_target)
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.ActionRole)
        close = buttons.addButton(self.tr("Close"), QDialogButtonBox.ButtonRole.RejectRole)
        close.setDefault(True)
        for button in (self.save_button, close):
            button.setAccessibleName(button.text().replace("&", ""))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        why = self.tr(
            "Where people and the model are far apart, one of them is mistaken. Look at these "
            "texts first: a wrong label teaches the next model the mistake."
        )
        layout.addWidget(plain_label(why, kind="muted"))
        layout.addWidget(self.words)
        layout.addWidget(self.bar)
        layout.addWidget(self.table, 1)
        layout.addStretch(0)
        layout.addWidget(buttons)
        self.resize(112 * GRID, 66 * GRID)
        self.finished.connect(self._lane.drop)
        self._start(sources, work)

    def _start(self, sources: Sequence[ChosenSource], work: SuspectsWork) -> None:
        classifier = self._parts.model.classifier
        if classifier is None:
            self._fail(self.tr("There is no model in force to compare with."))
            return
        folder = classifier.bundle.folder
        self._lane.start(work(sources, folder), done=self._take, progress=self._show_progress)

    def _show_progress(self, line: str) -> None:
        """Take "compared: 25 of 240"."""
        done, _, total = line.rpartition(": ")[2].partition(" of ")
        if done.isdecimal() and total.isdecimal():
            self.bar.setRange(0, int(total))
            self.bar.setValue(int(done))

    def _take(self, outcome: Outcome[SuspiciousLabels]) -> None:
        match outcome:
            case Ok(found):
                self._show(found)
            case Err(KdhError() as error):
                self._fail(str(error))
            case Err():
                self._fail(self.tr("The labels could not be compared, because of a fault."))

    def _show(self, found: SuspiciousLabels) -> None:
        self._found = found
        self.bar.hide()
        self.words.setText(self._summary(found))
        announce(self, self.words.text())
        self.table.setVisible(bool(found.suspects))
        self.table.show_rows(
            [(one.id, one.label, self._said(one), one.beginning) for one in found.suspects]
        )
        self.save_button.setEnabled(bool(found.suspects))
        if found.suspects:
            self.table.setFocus()

    def _summary(self, found: SuspiciousLabels) -> str:
        if not found.is_comparable:
            return self.tr(
                "The model in force knows none of these labels, so there is nothing to compare."
            )
        parts = [
            self.tr("{count} labels of {texts} texts are far from what the model says").format(
                count=f"{found.count:,}", texts=f"{found.texts:,}"
            )
        ]
        if found.count > len(found.suspects):
            parts.append(self.tr("the worst {count} are listed").format(count=len(found.suspects)))
        if found.unknown:
            parts.append(
                self.tr("{count} labels that the model does not know were left out").format(
                    count=len(found.unknown)
                )
            )
        return f"{'; '.join(parts)}."

    def _said(self, one: SuspiciousLabel) -> str:
        labelled = self.tr("labelled yes") if one.is_labelled else self.tr("labelled no")
        return self.tr("{labelled}, model says {probability}").format(
            labelled=labelled, probability=f"{one.probability:.0%}"
        )

    def _fail(self, message: str) -> None:
        self.bar.hide()
        self.words.setText(message)
        announce(self, message)

    def _ask_target(self) -> None:
        self._parts.dialogs.ask_target(
            self,
            self.tr("Save the suspicious labels"),
            suggestion="suspicious-labels.csv",
            kinds="CSV (*.csv)",
            then=self._save,
        )

    def _save(self, target: Path) -> None:
        found = self._found
        if found is None:
            return

        def work(_job: Job) -> None:
            # The mark at the beginning lets spreadsheets see that it is UTF-8.
            write_atomically(target, suspects_to_csv(found.suspects).encode("utf-8-sig"))

        def take(outcome: Outcome[None]) -> None:
            match outcome:
                case Ok():
                    self.words.setText(self.tr("The list was saved."))
                case Err(error):
                    self.words.setText(str(error))
            announce(self, self.words.text())

        self._parts.jobs.start(work, done=take)
