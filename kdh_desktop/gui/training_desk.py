"""The training runs as the window knows them: those on the disk, and the one that goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.util import find_spec

from PySide6.QtCore import QObject, QTimer, Signal

from kdh_desktop.core.access import Administrator
from kdh_desktop.core.errors import KdhError, TrainingError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.run_ending import RunEnding
from kdh_desktop.core.runs.training_runs import RunFolder, RunRequest, RunSummary, TrainingRuns
from kdh_desktop.core.training_progress import RunProgress, RunState
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Lane, Ok, Outcome, T
from kdh_desktop.gui.training_process import TrainingProcess, frozen_trainer, trainer_command

LOOKS_APART_MS = 100
"""Time between two looks at a run that goes on: what is shown changes at most that often."""

SILENCE_S = 8.0
"""A process that gives no sign of life for so long does not answer; it gives one every 2 s."""

SILENCE_AT_START_S = 60.0
"""While a process loads its libraries, which a slow disk makes long."""


class RunWish(StrEnum):
    """What the user wants of the run, until it is so."""

    PAUSE = "pause"
    GO_ON = "go_on"
    KEEP_BEST = "keep_best"
    STOP = "stop"
    DISCARD = "discard"

    @property
    def is_last(self) -> bool:
        """Whether the run ends by it at once, so that nothing more can be wished."""
        return self in {RunWish.STOP, RunWish.DISCARD}


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """The run that goes on.

    Attributes:
        run: Its folder.
        title: What somebody called it, or empty.
        progress: Where it stands.
        wish: What was wished and is not so yet, or None.
        is_silent: Whether its process does not answer.
        has_begun: Whether this process has said anything yet.
        is_cut_short: Whether it keeps its best by now, and comes to its end soon.
    """

    run: RunFolder
    title: str
    progress: RunProgress
    wish: RunWish | None = None
    is_silent: bool = False
    has_begun: bool = False
    is_cut_short: bool = False

    @property
    def state(self) -> RunState:
        """What it does; one that is taken up again is starting until it says something."""
        is_before = self.progress.state.is_over or not self.has_begun
        return RunState.STARTING if is_before else self.progress.state


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run whose process has ended.

    Attributes:
        run: Its folder.
        ending: How, in a sentence with what to do about it.
        progress: Where it stood.
        was_discarded: Whether its folder is being deleted.
    """

    run: RunFolder
    ending: RunEnding
    progress: RunProgress
    was_discarded: bool = False


RunDone = Callable[[Outcome[RunFolder]], object]


class TrainingDesk(QObject):
    """Starts, drives and lists training runs; one goes on at a time."""

    changed = Signal()
    """The list of runs is another one, a run began or ended, or one does something else."""
    progressed = Signal(object)
    """Where the active run stands, a `RunProgress`; at most ten times a second."""
    ended = Signal(object)
    """An `EndedRun`."""
    logged = Signal()
    """The active run said something beside its events: see `log_tail`."""
    failed = Signal(object)
    """A `KdhError`: something that nobody waits for could not be done."""

    def __init__(
        self,
        paths: AppPaths,
        jobs: JobRunner,
        parent: QObject | None = None,
        *,
        command: Callable[[], list[str]] = trainer_command,
    ) -> None:
        super().__init__(parent)
        self.folders = TrainingRuns(paths)
        """What lies on the disk; for jobs."""
        self._jobs = jobs
        self._lane = Lane(jobs)
        self._command = command
        self._runs: tuple[RunSummary, ...] = ()
        self._is_loaded = False
        self._missing: KdhError | None = None
        self._process: TrainingProcess | None = None
        self._active: ActiveRun | None = None
        self._is_beginning = False
        self._deletions = 0
        self._seen_events = 0
        self._seen_log = 0
        self._timer = QTimer(self)
        self._timer.setInterval(LOOKS_APART_MS)
        self._timer.timeout.connect(self._look)
        # A program that was killed could not forget what was planned in it.
        self.folders.forget_planned()

    @property
    def runs(self) -> tuple[RunSummary, ...]:
        """The runs on the disk, the newest first, as `load` found them last."""
        return self._runs

    @property
    def is_loaded(self) -> bool:
        """Whether the list was read at least once."""
        return self._is_loaded

    @property
    def missing(self) -> KdhError | None:
        """What keeps this installation from training, or None; known once the list is loaded."""
        return self._missing

    @property
    def active(self) -> ActiveRun | None:
        """The run that goes on, or None."""
        return self._active

    @property
    def is_busy(self) -> bool:
        """Whether a run goes on, or is about to."""
        return self._active is not None or self._is_beginning

    @property
    def is_deleting(self) -> bool:
        """Whether a run is being deleted; `changed` follows when it is."""
        return self._deletions > 0

    @property
    def log_tail(self) -> tuple[str, ...]:
        """The last lines that the process said, also after its end; they may name files."""
        return () if self._process is None else self._process.log_tail

    def load(self) -> None:
        """Read the list of runs, and see what is missing; `changed` follows."""
        is_first = not self._is_loaded
        folders = self.folders

        def work(_: Job) -> tuple[tuple[RunSummary, ...], KdhError | None]:
            if is_first:
                folders.sweep()
            return tuple(folders.runs()), _missing_trainer()

        self._lane.start(work, done=self._take_list)

    def start(
        self,
        request: RunRequest,
        administrator: Administrator,
        *,
        title: str = "",
        done: RunDone | None = None,
    ) -> None:
        """Start a new run.

        Args:
            request: What is asked.
            administrator: The open door.
            title: What to call it in the list; may be empty.
            done: Gets the run's folder, or why it did not start; by default `failed` tells.
        """
        folders = self.folders

        def work(_: Job) -> _Beginning:
            run = folders.create(request, administrator=administrator, title=title)
            return _Beginning(run, title, RunProgress())

        self._begin(work, done)

    def resume(self, run: RunFolder, *, done: RunDone | None = None) -> None:
        """Go on with a run from its last checkpoint; `done` is as for `start`."""
        folders = self.folders

        def work(_: Job) -> _Beginning:
            folders.refuse_second()
            summary = folders.summary(run)
            if not summary.can_resume:
                raise summary.problem or TrainingError(
                    "This run cannot go on.", "Start another one like it."
                )
            folders.note_start(run)
            return _Beginning(run, summary.title, summary.progress, is_resumed=run.events.exists())

        self._begin(work, done)

    def pause(self) -> None:
        """Let the run wait; its memory is kept, and what it had done is in a checkpoint."""
        self._wish(RunWish.PAUSE, "pause")

    def go_on(self) -> None:
        """Let a paused run go on."""
        self._wish(RunWish.GO_ON, "resume")

    def keep_best(self) -> None:
        """Let the run come to its candidate soon, with the best that it has."""
        self._wish(RunWish.KEEP_BEST, "keep-best")

    def cancel(self) -> None:
        """Stop the run within two seconds; it can go on later from its last checkpoint."""
        if self._process is not None and self._can_wish(RunWish.STOP):
            self._set_wish(RunWish.STOP)
            self._process.stop()

    def discard(self, run: RunFolder) -> None:
        """Stop a run within two seconds and delete all that it made; at once where it is over."""
        if self._active is None or self._active.run != run:
            self.delete(run)
        elif self._process is not None and self._can_wish(RunWish.DISCARD):
            self._set_wish(RunWish.DISCARD)
            self._process.stop()

    def delete(
        self, run: RunFolder, *, done: Callable[[Outcome[None]], object] | None = None
    ) -> None:
        """Delete a run that does not go on, with all that it made."""
        folders = self.folders

        def deleted(outcome: Outcome[None]) -> None:
            self._deletions -= 1
            self.load()
            self._answer(outcome, done)

        self._deletions += 1
        self._jobs.start(lambda _: folders.delete(run), done=deleted)

    def close(self, timeout_s: float = 0.0) -> None:
        """The program ends: a run that still goes on stops by itself, and can be resumed.

        Copies of reviewed records for a run that was only planned are deleted.
        """
        self._timer.stop()
        self.folders.forget_planned()
        if self._process is not None:
            self._process.leave()
            self._process.wait(timeout_s)

    def _begin(self, work: Callable[[Job], _Beginning], done: RunDone | None) -> None:
        if self.is_busy:
            error = TrainingError(
                "Another training is going on already.", "Wait until it ends, or stop it."
            )
            self._answer(Err(error), done)
            return
        self._is_beginning = True
        self.changed.emit()

        def begun(outcome: Outcome[_Beginning]) -> None:
            self._is_beginning = False
            match outcome:
                case Ok(beginning):
                    self._launch(beginning)
                    self._answer(Ok(beginning.run), done)
                case Err():
                    self.changed.emit()
                    self._answer(outcome, done)

        self._jobs.start(work, done=begun)

    def _launch(self, beginning: _Beginning) -> None:
        run, folders = beginning.run, self.folders
        command = [*self._command(), "run", str(run.folder), "--controlled"]
        if beginning.is_resumed:
            command.append("--resume")
        self._process = TrainingProcess(
            command,
            run=run,
            progress=beginning.progress,
            on_end=lambda ending: folders.note_end(run, ending),
        )
        self._seen_events = self._seen_log = 0
        self._active = ActiveRun(run, beginning.title, beginning.progress)
        self._process.start()
        self._timer.start()
        self.changed.emit()
        self.load()

    def _can_wish(self, wish: RunWish) -> bool:
        before = None if self._active is None else self._active.wish
        return before is None or not before.is_last or wish is RunWish.DISCARD

    def _wish(self, wish: RunWish, line: str) -> None:
        if self._process is not None and self._active is not None and self._can_wish(wish):
            self._set_wish(wish)
            self._process.say(line)

    def _set_wish(self, wish: RunWish | None) -> None:
        if self._active is not None:
            self._active = replace(self._active, wish=wish)
            self.changed.emit()

    def _look(self) -> None:
        """See what the process did since the last look."""
        process, before = self._process, self._active
        if process is None or before is None:
            self._timer.stop()
            return
        ending = process.ending
        now = _seen(before, process)
        self._active = now
        if process.events_read != self._seen_events:
            self._seen_events = process.events_read
            self.progressed.emit(now.progress)
        if process.log_lines != self._seen_log:
            self._seen_log = process.log_lines
            self.logged.emit()
        if ending is not None:
            self._end(process, ending)
        elif replace(now, progress=before.progress) != before or now.state != before.state:
            self.changed.emit()

    def _end(self, process: TrainingProcess, ending: RunEnding) -> None:
        was_discarded = self._active is not None and self._active.wish is RunWish.DISCARD
        self._timer.stop()
        self._active = None
        # At once, so that no list calls the run interrupted until its folder has been read.
        self._runs = tuple(
            one.ended(process.progress, ending) if one.run == process.run else one
            for one in self._runs
        )
        # Before anybody hears of the end who would close the window then.
        if was_discarded:
            self.delete(process.run)
        ended = EndedRun(process.run, ending, process.progress, was_discarded=was_discarded)
        self.ended.emit(ended)
        self.changed.emit()
        if not was_discarded:
            self.load()

    def _take_list(self, outcome: Outcome[tuple[tuple[RunSummary, ...], KdhError | None]]) -> None:
        if isinstance(outcome, Ok):
            self._runs, self._missing = outcome.value
            self._is_loaded = True
        elif isinstance(outcome.error, KdhError):
            self.failed.emit(outcome.error)
        self.changed.emit()

    def _answer(self, outcome: Outcome[T], done: Callable[..., object] | None) -> None:
        if done is not None:
            done(outcome)
        elif isinstance(outcome, Err) and isinstance(outcome.error, KdhError):
            self.failed.emit(outcome.error)


@dataclass(frozen=True, slots=True)
class _Beginning:
    run: RunFolder
    title: str
    progress: RunProgress
    is_resumed: bool = False


def _seen(before: ActiveRun, process: TrainingProcess) -> ActiveRun:
    """The run as it stands now."""
    progress = process.progress
    has_begun = before.has_begun or progress.seq > before.progress.seq
    wish = before.wish
    fulfilled = {RunState.PAUSED: RunWish.PAUSE, RunState.RUNNING: RunWish.GO_ON}
    if wish is not None and fulfilled.get(progress.state) is wish:
        wish = None
    is_cut_short = before.is_cut_short
    # The stage under way ends by that wish, and those that follow it are short.
    if wish is RunWish.KEEP_BEST and _stage_key(progress) != _stage_key(before.progress):
        wish, is_cut_short = None, True
    now = replace(
        before, progress=progress, has_begun=has_begun, wish=wish, is_cut_short=is_cut_short
    )
    patience_s = SILENCE_AT_START_S if now.state is RunState.STARTING else SILENCE_S
    return replace(now, is_silent=process.silent_s > patience_s)


def _stage_key(progress: RunProgress) -> tuple[int, int, str] | None:
    stage = progress.stage
    return None if stage is None else (stage.number, stage.of, stage.name)


def _missing_trainer() -> KdhError | None:
    """What keeps this installation from training; nothing heavy is imported for it."""
    if getattr(sys, "frozen", False):
        if frozen_trainer().exists():
            return None
        return TrainingError(
            "This installation has no trainer.", "Install the program again, with its trainer."
        )
    if all(find_spec(name) is not None for name in ("torch", "trainer")):
        return None
    return TrainingError(
        "What training needs is not installed.",
        "Run `make trainer` in the program's folder, and start the program again.",
    )
