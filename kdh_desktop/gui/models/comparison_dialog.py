"""Compares a run's candidate with the model in force, and puts it into force where it may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.classification.comparison import ModelComparison
from kdh_desktop.core.classification.gate import Verdict, judge_gate, refusal
from kdh_desktop.core.errors import Cancelled, KdhError
from kdh_desktop.core.runs.run_folder import RunFolder
from kdh_desktop.gui.jobs import Err, Job, Lane, Ok, Outcome
from kdh_desktop.gui.models.comparing import (
    CandidateRefusedError,
    Comparing,
    Step,
    compare_in_child,
)
from kdh_desktop.gui.models.comparison_view import ComparisonView
from kdh_desktop.gui.models.errands import ModelErrands
from kdh_desktop.gui.models.reason_dialog import ReasonDialog
from kdh_desktop.gui.models.verdict_panel import VerdictPanel
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training_process import trainer_command
from kdh_desktop.gui.window_parts import WindowParts

if TYPE_CHECKING:
    from kdh_desktop.core.access import Administrator
    from kdh_desktop.core.classification.activation import Activation


class ComparisonDialog(QDialog):
    """Compares as soon as it is opened; closing it stops that, and changes nothing."""

    activated = Signal(object)
    """An `Activation`: the candidate is in force, and the dialog has closed."""

    def __init__(
        self,
        parts: WindowParts,
        run_folder: Path | RunFolder,
        *,
        command: Callable[[], Sequence[str]] = trainer_command,
        parent: QWidget | None = None,
    ) -> None:
        """Make the dialog.

        Args:
            parts: Parts of the window.
            run_folder: Of the run whose candidate is to be judged.
            command: What starts the trainer.
            parent: The window, or None for the parts' own.
        """
        super().__init__(parent or parts.window)
        self.setWindowTitle(self.tr("Compare with the model in force"))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._parts = parts
        self._run = run_folder if isinstance(run_folder, RunFolder) else RunFolder(run_folder)
        self._command = command
        self._lane = Lane(parts.jobs)
        self.comparison: ModelComparison | None = None
        self.verdict: Verdict | None = None
        self.reason_dialog: ReasonDialog | None = None
        self._can_overrule = False
        # Not the dialog's own: what is begun goes on where the dialog is closed, as by the lock.
        self.errands = ModelErrands(parts, parts.window)
        self.errands.busy_changed.connect(self._show_buttons)
        self.errands.failed.connect(self._tell_failure)
        self.errands.activated.connect(self._take_activation)
        self.panel = VerdictPanel(theme=parts.theme, icons=parts.icons)
        self.view = ComparisonView(theme=parts.theme)
        self.message = plain_label(kind="heading")
        self.message.hide()
        self._pages = QStackedWidget()
        self._waiting = self._waiting_page()
        self._result = self._result_page()
        self._pages.addWidget(self._waiting)
        self._pages.addWidget(self._result)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.message)
        layout.addWidget(self._buttons())
        self.resize(self._fitting_size())
        if parts.door.is_open:
            parts.door.guard(self)
        self.compare()

    @property
    def is_comparing(self) -> bool:
        """Whether the child is at work."""
        return self._pages.currentWidget() is self._waiting

    def compare(self) -> None:
        """Compare, or compare again."""
        self.message.hide()
        self.comparison = self.verdict = None
        self._pages.setCurrentWidget(self._waiting)
        self._show_step(None)
        self._show_buttons()
        classifier = self._parts.model.classifier
        if classifier is None:
            self._fail(KdhError(self.tr("There is no model in force to compare with.")))
            return
        paths = self._parts.paths
        wanted = Comparing(
            run=self._run,
            active=classifier.bundle.folder,
            keys=(paths.publisher_keys, paths.site_keys),
            known_sentences=paths.known_sentences,
        )
        command = self._command

        def work(job: Job) -> ModelComparison:
            return compare_in_child(
                wanted, report=job.report, should_stop=job.should_stop, command=command
            )

        self._lane.start(work, done=self._take, progress=self._show_step)

    def reject(self) -> None:
        """Close, but not while a model is being put into force."""
        if not self.errands.is_busy:
            super().reject()

    def done(self, result: int) -> None:
        """Close, and let the child end."""
        self._lane.drop()
        super().done(result)

    # Parts

    def _waiting_page(self) -> QWidget:
        page = QWidget()
        self.heading = plain_label(
            self.tr("Comparing the candidate with the model in force"), kind="heading"
        )
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of the comparison"))
        self.progress_words = plain_label(kind="muted")
        layout = QVBoxLayout(page)
        layout.setSpacing(GRID)
        layout.addStretch(2)
        layout.addWidget(self.heading)
        layout.addWidget(
            plain_label(
                self.tr(
                    "Both models classify the same texts, which the candidate was not trained on. "
                    "Comparing changes nothing: the present model stays in force until somebody "
                    "puts another one in its place."
                )
            )
        )
        layout.addWidget(self.progress)
        layout.addWidget(self.progress_words)
        layout.addStretch(3)
        return page

    def _result_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.panel)
        layout.addWidget(self.view, 1)
        self._filler = QWidget()
        layout.addWidget(self._filler, 1)
        return page

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox()
        self.keep = QPushButton(self.tr("&Keep the present model"))
        self.put = QPushButton(self.tr("&Put into force"))
        self.put.setProperty("kind", "main")
        self.overrule = QPushButton(self.tr("Put into force all the &same…"))
        self.again = QPushButton(self.tr("Compare &again"))
        for button, role, slot in (
            (self.put, QDialogButtonBox.ButtonRole.AcceptRole, self._put),
            (self.overrule, QDialogButtonBox.ButtonRole.AcceptRole, self._ask_reason),
            (self.again, QDialogButtonBox.ButtonRole.ResetRole, self.compare),
            (self.keep, QDialogButtonBox.ButtonRole.RejectRole, self.reject),
        ):
            button.setAccessibleName(button.text().replace("&", ""))
            button.setAutoDefault(False)
            button.clicked.connect(slot)
            box.addButton(button, role)
        self.keep.setDefault(True)
        return box

    def _fitting_size(self) -> QSize:
        """Large, but inside a small screen."""
        wanted = QSize(132 * GRID, 92 * GRID)
        screen = self._parts.window.screen()
        return wanted.boundedTo(screen.availableSize() - QSize(4 * GRID, 8 * GRID))

    # What it shows

    def _show_step(self, step: Step | None) -> None:
        if step is None:
            self.progress.setRange(0, 0)
            self.progress_words.setText(self.tr("Reading the texts…"))
            return
        self.progress.setRange(0, step.of)
        self.progress.setValue(step.done)
        words = (
            self.tr("{done} of {total} texts classified by both")
            if step.what == "texts"
            else self.tr("Working out figures and their intervals: {done} of {total}")
        )
        self.progress_words.setText(words.format(done=f"{step.done:,}", total=f"{step.of:,}"))

    def _take(self, outcome: Outcome[ModelComparison]) -> None:
        match outcome:
            case Ok(comparison):
                self._show(comparison)
            case Err(Cancelled()):
                self.reject()
            case Err(KdhError() as error):
                self._fail(error)
            case Err():
                self.reject()  # a bug was reported already

    def _show(self, comparison: ModelComparison) -> None:
        self.comparison = comparison
        verdict = judge_gate(comparison)
        heading = (
            self.tr("The gate lets the candidate pass: it may be put into force")
            if verdict.passes
            else self.tr("The gate refuses the candidate")
        )
        self.view.show_comparison(comparison)
        self._show_verdict(verdict, heading, has_figures=True)

    def _fail(self, error: KdhError) -> None:
        """Nothing could be compared."""
        if isinstance(error, CandidateRefusedError):
            heading = self.tr("The candidate cannot be used")
        else:
            heading = self.tr("The candidate could not be compared")
        self._show_verdict(refusal(str(error)), heading, has_figures=False)

    def _show_verdict(self, verdict: Verdict, heading: str, *, has_figures: bool) -> None:
        self.verdict = verdict
        self.view.setVisible(has_figures)
        self._filler.setVisible(not has_figures)
        self._pages.setCurrentWidget(self._result)
        self.panel.show_verdict(verdict, heading=heading)
        self._can_overrule = has_figures or heading != self.tr("The candidate cannot be used")
        self._show_buttons()
        (self.view.tabs if has_figures else self.keep).setFocus()

    def _show_buttons(self) -> None:
        verdict, is_busy = self.verdict, self.errands.is_busy
        is_refused = verdict is not None and not verdict.passes
        self.put.setVisible(verdict is not None and verdict.passes)
        self.overrule.setVisible(is_refused and self._can_overrule)
        self.again.setVisible(verdict is not None and self.comparison is None)
        self.keep.setText(
            self.tr("Cancel") if verdict is None else self.tr("&Keep the present model")
        )
        self.keep.setAccessibleName(self.keep.text().replace("&", ""))
        for button in (self.put, self.overrule, self.again, self.keep):
            button.setEnabled(not is_busy)
        if is_busy:
            self._say(self.tr("Putting the model into force…"))

    # Putting into force

    def _put(self) -> None:
        self._parts.door.open_for(self, lambda administrator: self._start(administrator, ""))

    def _ask_reason(self) -> None:
        verdict = self.verdict
        if verdict is None:
            return
        dialog = ReasonDialog(
            question=self.tr("The gate refuses this model. Put it into force all the same?"),
            reasons=verdict.reasons,
            theme=self._parts.theme,
            icons=self._parts.icons,
            parent=self,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.given.connect(self._confirm)
        self.reason_dialog = dialog
        dialog.open()

    def _confirm(self, reason: str) -> None:
        self._parts.door.confirm_for(
            self,
            self.tr("The gate refuses this model. The password puts it into force all the same."),
            lambda administrator: self._start(administrator, reason),
        )

    def _start(self, administrator: Administrator, reason: str) -> None:
        self.errands.put_candidate_in_force(self._run, administrator, reason=reason)

    def _take_activation(self, activation: Activation) -> None:
        self.accept()
        self.activated.emit(activation)

    def _tell_failure(self, error: KdhError) -> None:
        self._say(self.tr("{error} The present model stays in force.").format(error=error))

    def _say(self, words: str) -> None:
        self.message.setText(words)
        self.message.show()
        announce(self, words)
