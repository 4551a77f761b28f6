"""What is done with runs: which actions make sense, and what each of them asks of the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMessageBox

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.runs.training_runs import RunFolder, RunRequest
from kdh_desktop.core.training_progress import RunState
from kdh_desktop.gui.jobs import Err, Ok, Outcome
from kdh_desktop.gui.questions import ask
from kdh_desktop.gui.training.actions import TrainingActions
from kdh_desktop.gui.training.run_comparison import MOST_RUNS
from kdh_desktop.gui.training.run_shown import RunShown
from kdh_desktop.gui.training_desk import RunWish
from kdh_desktop.gui.window_parts import WindowParts

if TYPE_CHECKING:
    from kdh_desktop.core.access import Administrator
    from kdh_desktop.gui.training.comparison_dialog import ComparisonDialog
    from kdh_desktop.gui.training.training_page import TrainingPage
    from kdh_desktop.gui.training.wizard.training_wizard import TrainingWizard


class RunSteps(QObject):
    """Every press is answered at once by other words; the desk does the rest within two seconds."""

    def __init__(self, parts: WindowParts, actions: TrainingActions, *, page: TrainingPage) -> None:
        super().__init__(page)
        self._parts = parts
        self._actions = actions
        self._page = page
        self.question: QMessageBox | None = None
        self.comparison: ComparisonDialog | None = None
        self.wizard: TrainingWizard | None = None
        self._shown: RunShown | None = None
        self._chosen: Sequence[RunShown] = ()
        of, desk = actions, parts.trainings
        for action, step in (
            (of.train, self._train),
            (of.sample, self._try_sample),
            (of.pause, self._pause),
            (of.keep_best, self._keep_best),
            (of.stop, desk.cancel),
            (of.discard, self._discard),
            (of.resume, self._resume),
            (of.again, self._run_again),
            (of.judge, self._judge),
            (of.compare, self._compare),
            (of.rename, self._rename),
            (of.delete, self._delete),
        ):
            action.triggered.connect(partial(self._do, step))
        self.allow(None, ())

    def _do(self, step: Callable[[], object]) -> None:
        self._page.forget_trouble()
        step()

    def allow(self, shown: RunShown | None, chosen: Sequence[RunShown]) -> None:
        """Let those actions be chosen that make sense for the run that is shown."""
        self._shown, self._chosen = shown, chosen
        of, is_open = self._actions, self._parts.door.is_open
        is_free = is_open and not self._parts.trainings.is_busy
        is_active = shown is not None and shown.is_active
        wish = None if shown is None else shown.wish
        is_last = wish is not None and wish.is_last
        is_over = shown is not None and shown.state.is_over
        can_train = is_free and self._parts.trainings.missing is None
        for action in (of.train, of.sample):
            action.setEnabled(can_train)
        of.stop.setEnabled(is_active and not is_last)
        of.discard.setEnabled(is_active and wish is not RunWish.DISCARD)
        of.keep_best.setEnabled(is_active and not is_last and not _is_keeping_best(shown))
        of.pause.setEnabled(is_active and wish not in {*RunWish})
        of.resume.setEnabled(bool(can_train and shown and is_over and shown.summary.can_resume))
        of.again.setEnabled(bool(can_train and shown and shown.summary.request is not None))
        of.judge.setEnabled(bool(shown and shown.state is RunState.FINISHED))
        of.delete.setEnabled(bool(shown and shown.summary.can_delete and not is_active))
        of.rename.setEnabled(shown is not None)
        of.save_chart.setEnabled(shown is not None)
        of.compare.setEnabled(is_open and 2 <= len(chosen) <= MOST_RUNS)
        self._say_wishes(shown)

    def _say_wishes(self, shown: RunShown | None) -> None:
        """The button that was pressed says so, until it is done."""
        of, wish = self._actions, None if shown is None else shown.wish
        is_paused = shown is not None and shown.state is RunState.PAUSED
        pause = self.tr("&Go on") if is_paused else self.tr("&Pause")
        of.pause.setText(
            {
                RunWish.PAUSE: self.tr("&Pausing…"),
                RunWish.GO_ON: self.tr("&Going on…"),
            }.get(wish, pause)
            if wish is not None
            else pause
        )
        of.keep_best.setText(
            self.tr("&Keeping the best…")
            if _is_keeping_best(shown)
            else self.tr("Stop and &keep the best…")
        )
        of.stop.setText(self.tr("St&opping…") if wish is RunWish.STOP else self.tr("St&op for now"))
        of.discard.setText(
            self.tr("D&iscarding…") if wish is RunWish.DISCARD else self.tr("D&iscard…")
        )

    # Starting

    def _train(self) -> None:
        self._page.through_door(lambda _: self._made_wizard().open())

    def _try_sample(self) -> None:
        def begin(_: Administrator) -> None:
            wizard = self._made_wizard()
            wizard.open()
            if not wizard.keeper.draft.sources:
                wizard.data_page.finder.take_sample()

        self._page.through_door(begin)

    def _made_wizard(self) -> TrainingWizard:
        """The wizard, with what was chosen in it before."""
        from kdh_desktop.gui.training.wizard.training_wizard import TrainingWizard

        if self.wizard is None:
            self.wizard = TrainingWizard(self._parts, parent=self._parts.window)
            self.wizard.start_wanted.connect(self._start)
        return self.wizard

    def _start(self, request: RunRequest) -> None:
        """Start a training, and show it."""
        wizard = self._made_wizard()

        def started(outcome: Outcome[RunFolder]) -> None:
            if isinstance(outcome, Ok):
                wizard.note_start()
            self._take_start(outcome)

        self._page.through_door(
            lambda administrator: self._parts.trainings.start(
                request, administrator, title=wizard.title, done=started
            )
        )

    def _take_start(self, outcome: Outcome[RunFolder]) -> None:
        match outcome:
            case Ok(run):
                self._page.choose_when_listed(run)
            case Err(KdhError() as error):
                self._page.tell(error)
            case Err():
                pass  # a bug was reported already

    def _resume(self) -> None:
        if self._shown is not None:
            run = self._shown.summary.run
            self._page.through_door(
                lambda _: self._parts.trainings.resume(run, done=self._take_start)
            )

    def _run_again(self) -> None:
        if self._shown is None:
            return
        shown, folders = self._shown, self._parts.trainings.folders
        run = shown.summary.run

        def begin(request: RunRequest) -> None:
            wizard = self._made_wizard()

            def show() -> None:
                wizard.begin_with(request, title=shown.summary.title)
                wizard.open()

            if wizard.has_plan:
                self.question = self._ask_for_plan(show)
            else:
                show()

        def read(outcome: Outcome[RunRequest]) -> None:
            match outcome:
                case Ok(request):
                    self._page.through_door(lambda _: begin(request))
                case Err(KdhError() as error):
                    self._page.tell(error)
                case Err():
                    pass  # a bug was reported already

        self._parts.jobs.start(lambda _: folders.as_new(run), done=read)

    def _ask_for_plan(self, then: Callable[[], object]) -> QMessageBox:
        return ask(
            self._page,
            self.tr("Give up the training that you have planned?"),
            self.tr(
                "The texts and settings that you chose for it give way to those of the earlier run."
            ),
            yes=self.tr("Give it up"),
            no=self.tr("Keep my plan"),
            then=then,
        )

    # Driving

    def _pause(self) -> None:
        desk = self._parts.trainings
        if self._shown is not None and self._shown.state is RunState.PAUSED:
            desk.go_on()
        else:
            desk.pause()

    def _keep_best(self) -> None:
        self.question = ask(
            self._page,
            self.tr("Cut this training short?"),
            self.tr(
                "What it is learning now ends with the best so far, and what is still to come "
                "goes through the texts only once. The model that comes of it is kept; it may be "
                "worse than the whole training's. This cannot be taken back, and the training "
                "stays cut short when it is resumed."
            ),
            yes=self.tr("Keep the best"),
            no=self.tr("Let it go on"),
            then=self._parts.trainings.keep_best,
        )
        self._parts.door.guard(self.question)

    def _discard(self) -> None:
        if self._shown is None:
            return
        self.question = ask(
            self._page,
            self.tr("Discard this training?"),
            self.tr("It stops, and all that it learnt is deleted for good."),
            yes=self.tr("Discard"),
            no=self.tr("Let it go on"),
            then=partial(self._parts.trainings.discard, self._shown.summary.run),
        )
        self._parts.door.guard(self.question)

    # Past runs

    def _judge(self) -> None:
        if self._shown is not None:
            self._page.comparison_wanted.emit(self._shown.summary)

    def _compare(self) -> None:
        from kdh_desktop.gui.training.comparison_dialog import ComparisonDialog

        self.comparison = dialog = ComparisonDialog(self._chosen, self._parts.theme, self._page)
        dialog.save_wanted.connect(self._page.save_chart)
        dialog.finished.connect(dialog.deleteLater)
        dialog.finished.connect(self._forget_comparison)
        self._parts.door.guard(dialog)
        dialog.open()

    def _forget_comparison(self) -> None:
        self.comparison = None

    def _rename(self) -> None:
        if self._shown is None:
            return
        run = self._shown.summary.run
        dialog = QInputDialog(self._page)
        dialog.setWindowTitle(self.tr("Call it something else"))
        dialog.setLabelText(self.tr("Name of the training"))
        dialog.setTextValue(self._shown.title)
        dialog.setTextEchoMode(QLineEdit.EchoMode.Normal)
        dialog.textValueSelected.connect(partial(self._set_title, run))
        dialog.finished.connect(dialog.deleteLater)
        self._parts.door.guard(dialog)
        dialog.open()

    def _set_title(self, run: RunFolder, title: str) -> None:
        desk = self._parts.trainings

        def renamed(outcome: Outcome[None]) -> None:
            if isinstance(outcome, Err) and isinstance(outcome.error, KdhError):
                self._page.tell(outcome.error)
            desk.load()

        self._parts.jobs.start(lambda _: desk.folders.set_title(run, title), done=renamed)

    def _delete(self) -> None:
        shown = self._shown
        if shown is None:
            return
        meaning = (
            self.tr(
                "Its model, figures and charts are deleted for good. A model that is in use is "
                "kept apart, and stays."
            )
            if shown.state is RunState.FINISHED
            else self.tr("All that it learnt is deleted for good, and it can no longer go on.")
        )
        self.question = ask(
            self._page,
            self.tr("Delete “{name}”?").format(name=shown.title),
            meaning,
            yes=self.tr("Delete"),
            no=self.tr("Keep"),
            then=partial(self._parts.trainings.delete, shown.summary.run),
        )
        self._parts.door.guard(self.question)


def _is_keeping_best(shown: RunShown | None) -> bool:
    """Whether a run was told to keep its best, which it goes on doing to its end."""
    return shown is not None and (shown.wish is RunWish.KEEP_BEST or shown.is_cut_short)
