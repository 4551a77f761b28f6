"""How the process of a training ended, in one sentence, with what to do about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kdh_desktop.core.durable_file import write_durably
from kdh_desktop.core.json_values import build, parse_json, to_json_value
from kdh_desktop.core.training_progress import RunProgress, RunState


class EndingKind(StrEnum):
    """How a run's process ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    NO_RESULT = "no_result"
    NO_MEMORY = "no_memory"
    KILLED = "killed"
    BROKEN = "broken"
    NOT_UNDERSTOOD = "not_understood"
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class RunEnding:
    """How a run's process ended.

    Attributes:
        kind: For programs.
        message: What happened, one sentence.
        remedy: What to do about it; empty where nothing is wrong.
    """

    kind: EndingKind
    message: str
    remedy: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the run came to its candidate, or was stopped by whoever drove it."""
        return self.kind in {EndingKind.FINISHED, EndingKind.STOPPED}


@dataclass(frozen=True, slots=True)
class ProcessEnd:
    """What is known of a process that trained.

    Attributes:
        exit_code: As `subprocess` gives it: negative for a signal.
        was_stopped: Whether whoever drove it wanted it to stop.
        was_memory_short: Whether the system ended a process for want of memory meanwhile.
        is_understood: Whether it spoke in events.
        has_candidate: Whether a bundle lies where it should.
    """

    exit_code: int
    was_stopped: bool = False
    was_memory_short: bool = False
    is_understood: bool = True
    has_candidate: bool = True


_GO_ON = "Go on with the run: it takes up where its last checkpoint is."
_SPARE_MEMORY = (
    "Close other programs and go on with the run; if it happens again, choose a smaller encoder "
    "or shorter texts."
)
_KILLED = 9
_SEGMENTATION_FAULT = 11


def ending_of(progress: RunProgress, end: ProcessEnd) -> RunEnding:
    """How a run ended, from what it told and from what is known of its process."""
    if progress.state is RunState.FINISHED and end.has_candidate:
        return finished()
    if end.was_stopped:
        return RunEnding(EndingKind.STOPPED, "The training was stopped.")
    if progress.failure is not None and progress.state is RunState.FAILED:
        return RunEnding(EndingKind.FAILED, progress.failure.message, progress.failure.remedy)
    if not end.is_understood:
        return RunEnding(
            EndingKind.NOT_UNDERSTOOD,
            "The training process said something this program does not understand.",
            "Install program and trainer in the same version, and go on with the run.",
        )
    if progress.state in {RunState.CANCELLED, RunState.INTERRUPTED}:
        return RunEnding(
            EndingKind.KILLED, "The training was stopped by something outside.", _GO_ON
        )
    return _of_exit_code(end)


def _of_exit_code(end: ProcessEnd) -> RunEnding:
    if end.was_memory_short:
        return RunEnding(
            EndingKind.NO_MEMORY,
            "The system ended the training because memory ran out.",
            _SPARE_MEMORY,
        )
    if end.exit_code == -_KILLED:
        return RunEnding(
            EndingKind.KILLED,
            "The training process was killed, which is mostly for want of memory.",
            _SPARE_MEMORY,
        )
    if end.exit_code == 0:
        return RunEnding(
            EndingKind.NO_RESULT, "The training process ended without a model.", _GO_ON
        )
    if end.exit_code < 0 and end.exit_code != -_SEGMENTATION_FAULT:
        return RunEnding(EndingKind.KILLED, "The training process was ended from outside.", _GO_ON)
    return RunEnding(
        EndingKind.BROKEN,
        "The training process broke off by a fault of the program.",
        "Go on with the run; if it breaks off again, look at its log.",
    )


def finished() -> RunEnding:
    """The ending of a run that came to its candidate."""
    return RunEnding(EndingKind.FINISHED, "The training has finished.")


def lost_sight_of() -> RunEnding:
    """The ending of a run that nobody saw end: the program was killed, or the machine was off."""
    return RunEnding(EndingKind.KILLED, "The program ended while the training went on.", _GO_ON)


def no_start() -> RunEnding:
    """The ending of a run whose process could not be started at all."""
    return RunEnding(
        EndingKind.NOT_STARTED,
        "The training process cannot be started.",
        "Install the program again, or ask your administrator.",
    )


def keep_ending(path: Path, ending: RunEnding) -> None:
    """Write an ending down.

    Raises:
        OSError: It cannot be written.
    """
    write_durably(path, json.dumps(to_json_value(ending)).encode(), mode=0o600)


def kept_ending(path: Path) -> RunEnding | None:
    """Read what `keep_ending` wrote, or None where there is nothing that can be read."""
    try:
        return build(RunEnding, parse_json(path.read_text("utf-8")), "ending")
    except (OSError, ValueError, TypeError):
        return None
