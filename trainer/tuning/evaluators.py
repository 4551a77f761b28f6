"""Judge several positions: one after the other, or a process for each device."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kdh_desktop.core.errors import KdhError, TrainingError
from trainer.process.control import RunControl
from trainer.process.death_signal import die_with_parent
from trainer.process.side_by_side import sharing_the_processor
from trainer.tuning.positions import Evaluation, Report, Reports, Task, Values

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess
    from multiprocessing.synchronize import Event as Flag

_LOOK_AGAIN_S = 0.1

Objective = Callable[[Values, Report], float]
"""Judges a position: reports its score step by step, and gives the final one.

Once a report was answered with False it returns at once, whatever.
"""

OpenObjective = Callable[[str, RunControl], Objective]
"""Gets ready to judge positions on a device of that name; it is sent to processes as it is."""

Judged = Iterator[tuple[int, Evaluation]]
"""Numbers of tasks and what was found, in any order."""


class InTurn:
    """Judges one position after the other, in this process."""

    def __init__(self, open_objective: OpenObjective, *, device: str, control: RunControl) -> None:
        """Judge on `device`; `control` can break off an evaluation."""
        self._control = control
        self._objective = open_objective(device, _OfEvaluation(control))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def judge(self, tasks: Sequence[Task]) -> Judged:
        """Judge until all is done, or until the control asks to keep the best.

        Raises:
            Cancelled: The user stopped it.
        """
        for number, task in enumerate(tasks):
            self._control.check()
            try:
                if self._control.is_keeping_best:
                    return
                yield number, _evaluate(self._objective, task)
            except _BrokenOff:
                return


class SideBySide:
    """Judges as many positions at a time as there are devices, each in a process of its own."""

    def __init__(
        self, open_objective: OpenObjective, *, devices: Sequence[str], control: RunControl
    ) -> None:
        """Start the processes with the block that this opens, and end them with it."""
        self._open = open_objective
        self._devices = devices
        self._control = control
        self._workers: dict[Connection, SpawnProcess] = {}
        self._context = multiprocessing.get_context("spawn")
        # All that they are told: to keep the best ends them, for a training that was cut short
        # would be judged as if it had been whole.
        self._pause = self._context.Event()

    def __enter__(self) -> Self:
        with sharing_the_processor(len(self._devices)):
            for device in self._devices:
                ours, theirs = self._context.Pipe()
                process = self._context.Process(
                    target=_serve, args=(theirs, self._open, device, self._pause), daemon=True
                )
                process.start()
                theirs.close()
                self._workers[ours] = process
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for connection, process in self._workers.items():
            process.terminate()
            process.join()
            connection.close()
        self._workers.clear()

    def judge(self, tasks: Sequence[Task]) -> Judged:
        """Judge until all is done, or until the control asks to keep the best.

        Raises:
            Cancelled: The user stopped it.
            TrainingError: A process ended without a word, or cannot judge.
        """
        waiting = list(enumerate(tasks))
        idle, busy = list(self._workers), set[Connection]()
        while (waiting or busy) and not self._control.is_keeping_best:
            self._check()
            while waiting and idle:
                connection = idle.pop(0)
                connection.send(waiting.pop(0))
                busy.add(connection)
            for connection in _spoken(busy):
                yield _received(connection)
                busy.remove(connection)
                idle.append(connection)

    def _check(self) -> None:
        """Go on, or wait together with the processes."""
        if self._control.is_paused:
            self._pause.set()
            self._control.check()
            self._pause.clear()
        elif self._control.is_cancelled:
            self._control.check()


@dataclass(frozen=True, slots=True)
class _Failed:
    """An expected failure in another process."""

    message: str
    remedy: str


def _spoken(busy: set[Connection]) -> list[Connection]:
    """Those that have something to say, or none after a while."""
    ready = wait(list(busy), timeout=_LOOK_AGAIN_S)
    return [connection for connection in busy if connection in ready]


def _received(connection: Connection) -> tuple[int, Evaluation]:
    try:
        answer: tuple[int, Evaluation] | _Failed = connection.recv()
    except (EOFError, OSError) as error:
        raise TrainingError(
            "A process that judged a position ended unexpectedly.",
            "Start again, with fewer devices if memory ran out: what was judged is kept.",
        ) from error
    if isinstance(answer, _Failed):
        raise TrainingError(answer.message, answer.remedy)
    return answer


def _serve(connection: Connection, open_objective: OpenObjective, device: str, pause: Flag) -> None:
    """What each process does: take a position, judge it, say so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, and then ends us
    die_with_parent()
    control = RunControl()
    threading.Thread(target=_lead, args=(control, pause), daemon=True).start()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        objective = open_objective(device, control)
        while True:
            number, task = connection.recv()
            connection.send((number, _evaluate(objective, task)))
    except KdhError as error:
        connection.send(_Failed(error.message, error.remedy))
    except (EOFError, BrokenPipeError):
        return


def _lead(control: RunControl, pause: Flag) -> None:
    """Let a control wait whenever the flag is set, for ever."""
    while True:
        if pause.is_set():
            control.pause()
        else:
            control.resume()
        time.sleep(_LOOK_AGAIN_S)


def _end_with_parent() -> None:
    """Leave nothing training behind when the parent is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _evaluate(objective: Objective, task: Task) -> Evaluation:
    reports = Reports(task.bars)
    score = objective(task.values, reports)
    if reports.is_stopped:
        score = reports.scores[-1]
    return Evaluation(task.values, float(score), tuple(reports.scores), reports.is_stopped)


class _BrokenOff(Exception):
    """The evaluation is not needed any more."""


class _OfEvaluation(RunControl):
    """What an evaluation is told: to keep the best means to end it, not to end its training soon.

    A training that was cut short would be judged as if it had been whole.
    """

    def __init__(self, control: RunControl) -> None:
        """Follow the run's own control."""
        super().__init__()
        self._control = control

    @property
    def is_cancelled(self) -> bool:
        """As the run's."""
        return self._control.is_cancelled

    @property
    def is_paused(self) -> bool:
        """As the run's."""
        return self._control.is_paused

    def check(self) -> None:
        """Go on, wait, or break off."""
        self._control.check()
        if self._control.is_keeping_best:
            raise _BrokenOff
