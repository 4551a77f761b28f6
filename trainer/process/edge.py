"""The edge of a process that trains: how it is driven, and how it tells of its end.

A program that drives a training starts it with ``--controlled`` and writes lines to its stdin;
when that program dies, stdin ends, and the training with it. Without the switch stdin is not
read, so that a training started from a shell or by a scheduler lives on when its input is closed.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kdh_desktop.core.errors import Cancelled, TrainingError
from kdh_desktop.core.training_protocol import Event, RunCancelled, RunPaused, RunResumed
from trainer.process.allocator import restart_with_allocator
from trainer.process.control import RunControl, cancel_on_signals, obey_lines
from trainer.process.death_signal import die_with_parent
from trainer.process.event_stream import EventStream, claim_stdout
from trainer.process.heartbeat import beating
from trainer.process.work_folder import CHECKPOINT_EVERY_S, EVENTS, has_stages, held_work_folder

DEVICES = ("auto", "cpu", "cuda", "mps")

_GRACE_S = 1.0
_LOOK_AGAIN_S = 0.1


@dataclass(frozen=True, slots=True)
class Edge:
    """What a run tells with, and what it is told by."""

    emit: Callable[[Event], None]
    control: RunControl


def add_edge_options(parser: argparse.ArgumentParser, *, is_work_required: bool = False) -> None:
    """Add the options that say how a process which trains is driven."""
    parser.add_argument(
        "--work",
        type=Path,
        required=is_work_required,
        help="folder for checkpoints; name it again to go on",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with what lies in the work folder, and end if nothing does",
    )
    parser.add_argument(
        "--controlled",
        action="store_true",
        help="obey the lines cancel, pause, resume and keep-best on stdin; its end cancels",
    )


def add_computing_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where a process computes, and how often it keeps what it has."""
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="where to compute (the fastest there is)"
    )
    parser.add_argument(
        "--checkpoint-seconds",
        type=float,
        default=CHECKPOINT_EVERY_S,
        help=f"longest time between two checkpoints ({CHECKPOINT_EVERY_S:.0f})",
    )


@contextmanager
def edge_of_process(
    arguments: argparse.Namespace, *, run: str, work: Path, is_own: bool = False
) -> Iterator[Edge]:
    """Let this process be driven, and its stdout tell nothing but the events of `run`.

    To be entered before anything heavy is imported: the process may start itself again.

    Args:
        arguments: Of the command line, as `add_edge_options` asks for them.
        run: Id of the run.
        work: Its work folder.
        is_own: Whether nothing but this run ever works there, so that its folder tells also how
            it failed before it had begun.

    Raises:
        TrainingError: There is nothing to go on with, or another process works there.
    """
    restart_with_allocator()
    control = RunControl()
    cancel_on_signals(control)
    stream = EventStream(claim_stdout(), run=run, path=work / EVENTS, control=control)
    control.tell_waiting = lambda: stream.emit(RunPaused())
    control.tell_going_on = lambda: stream.emit(RunResumed())
    with stream.told_to_the_end():
        if arguments.resume and not has_stages(work):
            raise TrainingError(
                "There is nothing to go on with in the work folder.",
                "Name the folder of the stopped run with --work, or leave --resume out.",
            )
        with ExitStack() as stack:
            stack.enter_context(held_work_folder(work))
            if is_own:
                stream.keep_from_now()
            stack.enter_context(_ended_in_time(control, stream))
            if arguments.controlled:
                die_with_parent()
                obey_lines(0, control)
                stack.enter_context(beating(stream.emit, control))
            yield Edge(stream.emit, control)


@contextmanager
def _ended_in_time(control: RunControl, stream: EventStream) -> Iterator[None]:
    """End the process by force when it is cancelled and does not end by itself.

    Some of the work, such as an export, cannot be interrupted. Whatever lies on the disk is whole
    at every moment, so that the process may simply stop.
    """
    is_over = threading.Event()

    def watch() -> None:
        while not control.is_cancelled:
            if is_over.wait(_LOOK_AGAIN_S):
                return
        if not is_over.wait(_GRACE_S):
            stream.emit_soon(RunCancelled(is_abandoned=control.is_abandoned))
            with suppress(OSError):  # whoever read it may be gone: that is why we end
                sys.stderr.write("The training was stopped.\n")
                sys.stderr.flush()
            os._exit(Cancelled.exit_code)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        is_over.set()
