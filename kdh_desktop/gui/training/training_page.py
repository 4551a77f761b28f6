"""The Training page: start a run, watch it, and see past ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.runs.training_runs import RunFolder
from kdh_desktop.gui.guide_panel import GuidePanel
from kdh_desktop.gui.jobs import Err, Job, Lane, Ok, Outcome
from kdh_desktop.gui.notices import Notice, NoticeBar, Severity
from kdh_desktop.gui.page import Menus
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training import chart_saving
from kdh_desktop.gui.training.actions import TrainingActions
from kdh_desktop.gui.training.chart import Chart
from kdh_desktop.gui.training.door_panel import DoorPanel
from kdh_desktop.gui.training.run_shown import RunShown
from kdh_desktop.gui.training.run_steps import RunSteps
from kdh_desktop.gui.training.run_view import REDRAWS_APART_MS
from kdh_desktop.gui.training.run_watch import RunWatch
from kdh_desktop.gui.training.runs_panel import RunsPanel
from kdh_desktop.gui.window_parts import WindowParts

if TYPE_CHECKING:
    from kdh_desktop.core.access import Administrator

_TROUBLE, _MISSING = "training:trouble", "training:missing"


class TrainingPage(QWidget):
    """Joins the runs of the desk with the panels that show them, while the door is open."""

    comparison_wanted = Signal(object)
    """Compare the candidate of a finished run, a `RunSummary`, with the model in force."""
    front_wanted = Signal()
    """Bring this page to the front."""
    status_changed = Signal(str)
    """Something to say in passing, in the status bar."""

    def __init__(self, parts: WindowParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._log_lane, self._chart_lane = Lane(parts.jobs), Lane(parts.jobs)
        self._can_draw = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAWS_APART_MS)
        self._wanted: RunFolder | None = None
        self.commands = TrainingActions(self)
        self.notices = NoticeBar(theme=parts.theme, icons=parts.icons)
        self.door = DoorPanel()
        self.guide = GuidePanel()
        self.train_button = self.guide.add_button(self.tr("Train a model…"), self.commands.train)
        self.sample_button = self.guide.add_button(
            self.tr("Try it with the sample"), self.commands.sample
        )
        self.runs: RunsPanel | None = None
        self.steps_of_runs = RunSteps(parts, self.commands, page=self)
        self.watch = RunWatch(parts, self)
        self._stack = QStackedWidget()
        for part in (self.door, self.guide):
            self._stack.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.notices)
        layout.addWidget(self._stack, 1)
        self._connect()
        self._show_door()

    def _connect(self) -> None:
        parts, desk = self._parts, self._parts.trainings
        self.door.open_wanted.connect(self._open)
        self.watch.show_wanted.connect(self._come_to_front)
        parts.door.changed.connect(self._show_door)
        desk.changed.connect(self._show_runs)
        desk.progressed.connect(self._show_progress_soon)
        self._timer.timeout.connect(self._show_progress)
        desk.logged.connect(self._show_live_log)
        desk.failed.connect(self.tell)

    def _made_runs(self) -> RunsPanel:
        """The panel with the runs, made when there is the first one to show."""
        if self.runs is None:
            self.runs = RunsPanel(self.commands, self._parts.theme, self._parts.settings)
            self._stack.addWidget(self.runs)
            self.runs.list.run_chosen.connect(self._show_chosen)
            self.runs.view.log_wanted.connect(self._read_log)
            self.runs.view.save_wanted.connect(self.save_chart)
            self.commands.save_chart.triggered.connect(self.runs.view.save_focused)
            self._load_charts()
        return self.runs

    # What the window asks

    @property
    def menus(self) -> Menus:
        """The page's own menus."""
        return self.commands.menus()

    @property
    def steps(self) -> str:
        """How the page is used, for the help."""
        return self.tr(
            "Unlock the page with the administrator's password. Train a model leads through the "
            "steps to a new training, which then goes on by itself, also while other pages are "
            "used. Choose a training on the list to see how it learns: every chart can be shown "
            "as a table and saved. In a chart, the arrow keys go from point to point and say what "
            "each one is. When a training has finished, compare its model with the one in use."
        )

    def focus_first(self) -> None:
        """Put the cursor where work begins."""
        front = self._stack.currentWidget()
        if front is self.door:
            self.door.button.setFocus()
        elif front is self.guide:
            self.train_button.setFocus()
        elif self.runs is not None:
            self.runs.list.setFocus()

    def save_layout(self) -> None:
        """Keep where dividing lines stand."""
        if self.runs is not None:
            self.runs.keep_layout()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._parts.trainings.load()
        self._show_runs()
        self._load_charts()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._log_lane.drop()

    # The door

    def _open(self) -> None:
        self._parts.door.open_for(self, lambda _: self.focus_first())

    def _come_to_front(self) -> None:
        """Show the runs, for which the door may have to be opened first."""
        self.front_wanted.emit()
        self._open()

    def _show_door(self) -> None:
        """Show what the door lets be seen; shut, it hides everything at once."""
        self.door.show_door(is_set_up=self._parts.door.is_set_up)
        self._show_runs()

    def through_door(self, then: Callable[[Administrator], object]) -> None:
        """Do something that only the administrator may."""
        self._parts.door.open_for(self, then)

    # Runs

    @property
    def shown(self) -> RunShown | None:
        """The run that is shown, while the door is open."""
        is_seen = self.runs is not None and self._parts.door.is_open
        return self.runs.list.current if self.runs is not None and is_seen else None

    def _all(self) -> list[RunShown]:
        desk = self._parts.trainings
        return [RunShown.of(summary, desk.active) for summary in desk.runs]

    def _show_runs(self) -> None:
        runs, is_open = self._all(), self._parts.door.is_open
        self._show_missing()
        self.door.show_running(next((x for x in runs if not x.state.is_over), None))
        front: QWidget = self.guide if is_open else self.door
        if is_open and runs:
            front = panel = self._made_runs()
            panel.list.show_runs(runs)
            self._choose_wanted()
        elif self.runs is not None:
            # Nothing of a run may stay to be read while the door is shut.
            self.runs.list.show_runs([])
        self._say_guide()
        if self._stack.currentWidget() is not front:
            focus = QApplication.focusWidget()
            had_focus = focus is not None and self.isAncestorOf(focus)
            self._stack.setCurrentWidget(front)
            if had_focus:
                self.focus_first()
        self._show_chosen()

    def _say_guide(self) -> None:
        if not self._parts.trainings.is_loaded:
            self.guide.say(self.tr("Looking for trainings…"), "")
            return
        self.guide.say(
            self.tr("No training yet"),
            self.tr(
                "Let the program learn from texts that people have labelled. A few steps ask for "
                "the texts and how long it may take; then it goes on by itself. With the sample "
                "you see a whole training in some minutes."
            ),
            buttons=(self.train_button, self.sample_button),
        )

    def _show_missing(self) -> None:
        missing = self._parts.trainings.missing
        if missing is None or not self._parts.door.is_open:
            self.notices.dismiss(_MISSING)
        else:
            self.notices.show_notice(_MISSING, Notice(str(missing), Severity.WARNING))

    def _show_chosen(self) -> None:
        shown = self.shown
        if shown is not None and self.runs is not None:
            self.runs.view.show_run(shown)
        self.steps_of_runs.allow(shown, () if self.runs is None else self.runs.list.chosen)

    def _show_progress_soon(self) -> None:
        """However often a run tells of itself, nobody reads it as often."""
        if not self._timer.isActive():
            self._timer.start()

    def _show_progress(self) -> None:
        """Follow the run that goes on, without reading the list anew."""
        if not self.isVisible():
            return
        runs = self._all()
        if self._parts.door.is_open and self.runs is not None:
            self.runs.list.show_runs(runs)
            shown = self.shown
            if shown is not None:
                self.runs.view.show_run(shown)
        else:
            self.door.show_running(next((x for x in runs if not x.state.is_over), None))

    def choose_when_listed(self, run: RunFolder) -> None:
        """Show a run as soon as it is on the list."""
        self._wanted = run
        self._choose_wanted()

    def _choose_wanted(self) -> None:
        if self._wanted is not None and self.runs is not None and self.runs.list.has(self._wanted):
            self.runs.list.choose(self._wanted)
            self._wanted = None

    # The log

    def _show_live_log(self) -> None:
        shown = self.shown
        if self.runs is None or shown is None or not shown.is_active:
            return
        if self.runs.view.log.is_open:
            self.runs.view.log.show_lines(self._parts.trainings.log_tail)

    def _read_log(self) -> None:
        shown = self.shown
        if shown is None or self.runs is None:
            return
        log, run = self.runs.view.log, shown.summary.run
        folders = self._parts.trainings.folders

        def read(outcome: Outcome[tuple[str, ...]]) -> None:
            if isinstance(outcome, Ok) and self.shown and self.shown.summary.run == run:
                log.show_lines(outcome.value)

        self._log_lane.start(lambda _: folders.log_tail(run), done=read)

    # Charts

    def _load_charts(self) -> None:
        """Load the library that draws, off the GUI thread: it takes most of a second."""
        if self.runs is None or self._can_draw or not self.isVisible():
            return
        self._can_draw = True
        view = self.runs.view
        self._chart_lane.start(_load_library, done=lambda _: view.begin_drawing())

    def save_chart(self, chart: Chart, kind: str) -> None:
        """Save a chart to a file that the user names."""
        shown = self.shown
        run = "" if shown is None else shown.summary.run.id
        data = chart_saving.chart_data(chart, kind, self._parts.theme.colors)
        self._parts.dialogs.ask_target(
            self,
            self.tr("Save the chart"),
            suggestion=chart_saving.suggested_name(chart, kind, run),
            kinds=chart_saving.kind_words(kind),
            then=partial(self._write_chart, data),
        )

    def _write_chart(self, data: bytes, target: Path) -> None:
        def written(outcome: Outcome[None]) -> None:
            match outcome:
                case Ok():
                    self.status_changed.emit(self.tr("The chart was saved."))
                case Err(KdhError() as error):
                    self.tell(error)
                case Err():
                    pass  # a bug was reported already

        self._parts.jobs.start(lambda _: chart_saving.write(target, data), done=written)

    # Saying things

    def tell(self, error: object) -> None:
        """Say what went wrong, with the way out."""
        self.notices.dismiss(_TROUBLE)
        self.notices.show_notice(_TROUBLE, Notice(str(error), Severity.ERROR))

    def forget_trouble(self) -> None:
        """Take away what went wrong before."""
        self.notices.dismiss(_TROUBLE)


def _load_library(_: Job) -> None:
    import kdh_desktop.gui.training.chart_canvas  # noqa: F401  # its import is the work
