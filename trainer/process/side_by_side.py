"""Works off tasks in several processes at a time.

A task leaves what it made in files, where the caller and other tasks find it; a killed one is
begun again. On one GPU a dozen small trainings side by side are many times faster than one after
the other.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Generic, TypeVar

from kdh_desktop.core.errors import KdhError, TrainingError
from trainer.process.control import RunControl
from trainer.process.death_signal import die_with_parent

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event as Flag

_LOOK_AGAIN_S = 0.2

TaskT = TypeVar("TaskT", bound=Hashable)

OpenWork = Callable[[RunControl], Callable[[TaskT], None]]
"""Called once in each process with what it is told; gives what works off a task. Can be pickled."""


@dataclass(frozen=True, slots=True)
class Planned(Generic[TaskT]):
    """A task, and those that must be done before it can begin."""

    task: TaskT
    needs: frozenset[TaskT] = frozenset()


@dataclass(frozen=True, slots=True)
class _Failed:
    message: str
    remedy: str


def work_off(
    planned: Sequence[Planned[TaskT]],
    open_work: OpenWork[TaskT],
    *,
    jobs: int,
    control: RunControl,
    on_done: Callable[[TaskT], None],
    done: AbstractSet[TaskT] = frozenset(),
) -> None:
    """Work off tasks, the first that can begin first.

    The processor's cores are divided among the processes; a task beside which there can be no other
    has them all. So how many threads a task has does not hang on chance, and with it not its sums;
    nor on what was done already, so that what was killed goes on as it would have without.

    Args:
        planned: All tasks; what none of them is counts as done.
        open_work: Opens the work in each process.
        jobs: Number of processes.
        control: Is followed by all of them.
        on_done: Told of each task that is done, in this process.
        done: Those of the tasks that were done before.

    Raises:
        Cancelled: The user stopped it.
        TrainingError: A task cannot be done, or a process ended without a word.
    """
    waiting = [one for one in planned if one.task not in done]
    undone = {one.task for one in waiting}
    alone = _alone(planned)
    sharing = min(jobs, len(planned))
    with _workers(min(jobs, len(waiting)), open_work, control, sharing=sharing) as workers:
        busy: dict[Connection, TaskT] = {}
        while undone:
            _raise_if_cancelled(control)
            for connection in workers:
                task = None if connection in busy else _next(waiting, undone)
                if task is not None:
                    with suppress(BrokenPipeError):  # its last word is still to be read
                        connection.send((task, threads_of_each(1 if task in alone else sharing)))
                    busy[connection] = task
            for connection in _spoken(busy, workers.flags, control):
                _check(connection)
                task = busy.pop(connection)
                undone.remove(task)
                on_done(task)


def _next(waiting: list[Planned[TaskT]], undone: set[TaskT]) -> TaskT | None:
    """Take the first task whose needs are all done off the list."""
    for index, one in enumerate(waiting):
        if undone.isdisjoint(one.needs):
            return waiting.pop(index).task
    return None


def _alone(planned: Sequence[Planned[TaskT]]) -> set[TaskT]:
    """Tasks beside which there is no other: each comes before them or after them."""
    needs = {one.task: one.needs for one in planned}

    @cache
    def before(task: TaskT) -> frozenset[TaskT]:
        own = needs[task] & needs.keys()
        return own.union(*map(before, own))

    def is_ordered(one: TaskT, other: TaskT) -> bool:
        return one == other or one in before(other) or other in before(one)

    return {task for task in needs if all(is_ordered(task, other) for other in needs)}


def threads_of_each(sharing: int) -> int:
    """Threads of each of some processes that share the processor."""
    return max(1, (os.cpu_count() or 1) // max(1, sharing))


@dataclass(frozen=True, slots=True)
class _Flags:
    """What the processes are told."""

    pause: Flag
    keep_best: Flag

    def follow(self, control: RunControl) -> None:
        """Stand as a control stands."""
        for flag, is_set in (
            (self.pause, control.is_paused),
            (self.keep_best, control.is_keeping_best),
        ):
            if is_set:
                flag.set()
            else:
                flag.clear()

    def lead(self, control: RunControl) -> None:
        """Tell a control whatever the flags say, for ever."""
        while True:
            if self.keep_best.is_set():
                control.keep_best()
            elif self.pause.is_set():
                control.pause()
            else:
                control.resume()
            time.sleep(_LOOK_AGAIN_S)


class _Workers(list[Connection]):
    """Connections to the processes, and what these are told."""

    def __init__(self, flags: _Flags) -> None:
        super().__init__()
        self.flags = flags


def _raise_if_cancelled(control: RunControl) -> None:
    """Unlike `check`, do not wait while paused: the processes must hear of it."""
    if control.is_cancelled:
        control.check()


def _spoken(busy: dict[Connection, TaskT], flags: _Flags, control: RunControl) -> list[Connection]:
    """Processes that have something to say, once there is one.

    Raises:
        Cancelled: The user stopped it.
    """
    while True:
        _raise_if_cancelled(control)
        flags.follow(control)
        spoken = wait(list(busy), timeout=_LOOK_AGAIN_S)
        if spoken:
            return [connection for connection in busy if connection in spoken]


def _check(connection: Connection) -> None:
    try:
        answer = connection.recv()
    except (EOFError, OSError) as error:
        raise TrainingError(
            "A process that trained a part ended unexpectedly.",
            "Start again, with fewer processes if memory ran out: finished parts are kept.",
        ) from error
    if isinstance(answer, _Failed):
        raise TrainingError(answer.message, answer.remedy)


@contextmanager
def _workers(
    jobs: int, open_work: OpenWork[TaskT], control: RunControl, *, sharing: int
) -> Iterator[_Workers]:
    """Processes that wait for tasks; they end with the block, however it ends."""
    context = multiprocessing.get_context("spawn")
    workers = _Workers(_Flags(context.Event(), context.Event()))
    workers.flags.follow(control)
    processes: list[SpawnProcess] = []
    try:
        # Read when numpy and torch are loaded, which is before a process asks for its work.
        with sharing_the_processor(sharing):
            for _ in range(jobs):
                ours, theirs = context.Pipe()
                process = context.Process(
                    target=_serve, args=(theirs, open_work, workers.flags), daemon=True
                )
                process.start()
                theirs.close()
                processes.append(process)
                workers.append(ours)
        yield workers
    finally:
        for connection in workers:
            connection.close()
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


@contextmanager
def sharing_the_processor(sharing: int) -> Iterator[None]:
    """Give processes that are started meanwhile their share of the cores for numpy and torch."""
    name = "OMP_NUM_THREADS"
    before = os.environ.get(name)
    os.environ[name] = str(threads_of_each(sharing))
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _serve(connection: Connection, open_work: OpenWork[TaskT], flags: _Flags) -> None:
    """What each process does: take a task, do it, say so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, and then ends us
    die_with_parent()
    control = RunControl()
    threading.Thread(target=flags.lead, args=(control,), daemon=True).start()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        do = open_work(control)
        while True:
            task, threads = connection.recv()
            if "torch" in sys.modules:  # not all work needs it
                sys.modules["torch"].set_num_threads(threads)
            do(task)
            connection.send(None)
    except KdhError as error:
        connection.send(_Failed(error.message, error.remedy))
    except (EOFError, BrokenPipeError):
        sys.exit(0)


def _end_with_parent() -> None:
    """Leave nothing training behind when the parent is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
