"""Background work for the window: one call per job, answered on the GUI thread.

Whoever starts a job captures what it needs on the GUI thread, hands the work frozen inputs, and
gets `Ok` or `Err` back on the GUI thread. Work never touches a widget, a setting or a connection
that it does not own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, QThreadPool, Signal, Slot

from kdh_desktop.core.errors import Cancelled, KdhError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ok(Generic[T]):
    """The work is done."""

    value: T


@dataclass(frozen=True, slots=True)
class Err:
    """The work failed: a `KdhError` to tell the user, or a bug that was reported already."""

    error: Exception


Outcome = Ok[T] | Err
Executor = Callable[[Callable[[], None]], None]

_LEAST_THREADS = 8


class Job:
    """One running call. The work gets it too, to report progress and to see whether to stop."""

    def __init__(self, post_progress: Callable[[object], None]) -> None:
        self._post_progress = post_progress
        self._stop = threading.Event()
        self.is_dropped = False

    def report(self, progress: object) -> None:
        """Send progress to the GUI thread; called by the work."""
        self._post_progress(progress)

    def should_stop(self) -> bool:
        """Whether the work should raise `Cancelled` soon; asked by the work."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Ask the work to stop; the answer will be `Err(Cancelled)`, even if it comes too late."""
        self._stop.set()

    def drop(self) -> None:
        """Ask the work to stop, and never hear of it again."""
        self.is_dropped = True
        self._stop.set()


class JobRunner(QObject):
    """Runs jobs on a thread pool, or on whatever executor a test hands in."""

    bug_found = Signal(object)
    _posted = Signal(object)

    def __init__(self, execute: Executor | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        # Jobs mostly wait for a disk or a child process, and a list must not wait for an import.
        self._pool.setMaxThreadCount(max(_LEAST_THREADS, self._pool.maxThreadCount()))
        self._execute: Executor = execute if execute is not None else self._pool.start
        self._running: set[Job] = set()
        self._is_closed = False
        # Queued even from the GUI thread itself, so that an answer never arrives inside the
        # call that asked for it.
        self._posted.connect(self._run_posted, Qt.ConnectionType.QueuedConnection)

    def start(
        self,
        work: Callable[[Job], T],
        *,
        done: Callable[[Outcome[T]], None],
        progress: Callable[[Any], None] | None = None,
    ) -> Job:
        """Run `work` in the background; `progress` and `done` are called on the GUI thread."""

        def deliver_progress(value: object) -> None:
            if progress is not None and not job.should_stop():
                progress(value)

        def deliver(outcome: Outcome[T]) -> None:
            self._running.discard(job)
            if not job.is_dropped:
                done(outcome)

        def run() -> None:
            outcome = _outcome_of(work, job)
            if isinstance(outcome, Err) and not isinstance(outcome.error, KdhError):
                self._post(lambda: self.bug_found.emit(outcome.error))
            self._post(lambda: deliver(outcome))

        job = Job(lambda value: self._post(lambda: deliver_progress(value)))
        if self._is_closed:
            # The window has closed, and what asks, such as a timer, is about to go.
            job.drop()
            return job
        self._running.add(job)
        self._execute(run)
        return job

    def close(self, timeout_ms: int = 5000) -> bool:
        """Drop all jobs and wait for their threads; False where one did not stop in time.

        No job is started any more.
        """
        self._is_closed = True
        for job in self._running:
            job.drop()
        return self._pool.waitForDone(timeout_ms)

    def _post(self, call: Callable[[], None]) -> None:
        try:
            self._posted.emit(call)
        except RuntimeError:
            # The window is gone, and with it the one who asked.
            return

    @Slot(object)
    def _run_posted(self, call: Callable[[], None]) -> None:
        call()


class Lane:
    """Jobs of one kind, of which only the newest counts: starting one drops the one before."""

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner
        self._job: Job | None = None

    def start(
        self,
        work: Callable[[Job], T],
        *,
        done: Callable[[Outcome[T]], None],
        progress: Callable[[Any], None] | None = None,
    ) -> Job:
        """Like `JobRunner.start`, after dropping the job before."""
        self.drop()
        self._job = self._runner.start(work, done=done, progress=progress)
        return self._job

    def cancel(self) -> None:
        """Ask the newest job to stop; it will still answer."""
        if self._job is not None:
            self._job.cancel()

    def drop(self) -> None:
        """Forget the newest job."""
        if self._job is not None:
            self._job.drop()
            self._job = None


def _outcome_of(work: Callable[[Job], T], job: Job) -> Outcome[T]:
    try:
        value = work(job)
    except Exception as error:  # noqa: BLE001  # the door: whatever happens, the window hears of it
        return Err(error)
    if job.should_stop():
        return Err(Cancelled("The work was stopped."))
    return Ok(value)
