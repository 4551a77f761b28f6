"""Compares a run's candidate with the model in force, in a child process of the trainer's.

No Qt here: the work of a job. Figures and texts come back through a pipe and are kept nowhere; the
child's stdin stays open, and its end ends the child, so that none outlives the window.
"""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kdh_desktop.core.classification.comparison import ModelComparison, comparison_from_json
from kdh_desktop.core.errors import Cancelled, KdhError, ModelError, TrainingError
from kdh_desktop.core.runs.run_folder import RunFolder
from kdh_desktop.gui.training_process import trainer_command, trainer_environment

_PROGRESS = re.compile(r"\.\.\. ([a-z ]{1,40}): (\d{1,9}) of (\d{1,9})")
_LOOK_AGAIN_S = 0.05
_GRACE_S = 1.0
_MOST_BYTES = 64 * 2**20
_LONGEST_LINE = 2_000
_KEPT_WORDS = 600
_REFUSED = 4


@dataclass(frozen=True, slots=True)
class Comparing:
    """What shall be compared with what.

    Attributes:
        run: The run whose candidate it is.
        active: Folder of the model in force.
        keys: Folders of the keys that are trusted.
        known_sentences: Sentences that every model must know.
    """

    run: RunFolder
    active: Path
    keys: tuple[Path, ...]
    known_sentences: Path


@dataclass(frozen=True, slots=True)
class Step:
    """How far the comparison is.

    Attributes:
        what: ``texts`` or ``figures``.
        done: How much of it.
        of: Of how much.
    """

    what: str
    done: int
    of: int


class CandidateRefusedError(ModelError):
    """The candidate itself failed verification, so that there is nothing to compare."""


def compare_in_child(
    wanted: Comparing,
    *,
    report: Callable[[Step], None],
    should_stop: Callable[[], bool],
    command: Callable[[], Sequence[str]] = trainer_command,
) -> ModelComparison:
    """Let a child process compare.

    Args:
        wanted: What with what.
        report: Told how far it is; called from another thread.
        should_stop: Asked about twenty times a second.
        command: What starts the trainer.

    Raises:
        Cancelled: `should_stop` said so.
        CandidateRefusedError: The candidate is not to be trusted.
        TrainingError: The texts cannot be read any more, or the child could not do its work.
    """
    try:
        child = subprocess.Popen(
            [*command(), *_options(wanted)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=trainer_environment(),
        )
    except OSError as error:
        raise TrainingError(
            "The program that compares models cannot be started.", "Install the program again."
        ) from error
    if child.stdout is None or child.stderr is None:
        raise AssertionError("both were asked for")
    answer, words = _Answer(child.stdout), _Words(child.stderr, report)
    with child:
        try:
            _wait(child, should_stop)
        finally:
            _end(child)
            # Also where it was stopped: the pipes are closed next, under whoever still reads them.
            answer.join()
            words.join()
    if child.returncode != 0:
        raise _failure(child.returncode, words.last)
    return comparison_from_json(answer.text)


def _options(wanted: Comparing) -> list[str]:
    return [
        *("evaluate", "--run", str(wanted.run.folder), "--against", str(wanted.active)),
        *("--public-keys", *map(str, wanted.keys)),
        *("--known-sentences", str(wanted.known_sentences)),
        *("--json", "--controlled"),
    ]


def _wait(child: subprocess.Popen[bytes], should_stop: Callable[[], bool]) -> None:
    while child.poll() is None:
        if should_stop():
            raise Cancelled("The comparison was stopped.")
        time.sleep(_LOOK_AGAIN_S)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Let the child end where it has not: by the end of its input, and then by force."""
    if child.stdin is not None:
        with suppress(OSError):
            child.stdin.close()
    try:
        child.wait(timeout=_GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()


def _failure(exit_code: int, words: str) -> KdhError:
    """What the child said last, which is a sentence of ours with what to do about it."""
    if exit_code == _REFUSED:
        return CandidateRefusedError(words or "The candidate failed verification.", "")
    if exit_code in {KdhError.exit_code, Cancelled.exit_code} and words:
        return TrainingError(words, "")
    return TrainingError(
        "The comparison broke off.",
        "Compare again; close other programs if the computer is short of memory.",
    )


class _Answer:
    """What the child writes, read to its end in a thread, up to a limit."""

    def __init__(self, stdout: IO[bytes]) -> None:
        self.text = ""
        self._stdout = stdout
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _read(self) -> None:
        data = self._stdout.read(_MOST_BYTES)
        self.text = data.decode("utf-8", errors="replace")
        while self._stdout.read(65_536):
            pass  # more than a comparison can have; the child shall not wait for us


class _Words:
    """What the child says beside it, line by line: how far it is, and at last why it failed."""

    def __init__(self, stderr: IO[bytes], report: Callable[[Step], None]) -> None:
        self.last = ""
        self._stderr = stderr
        self._report = report
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _read(self) -> None:
        while line := self._stderr.readline(_LONGEST_LINE):
            words = line.decode("utf-8", errors="replace").strip()
            if found := _PROGRESS.fullmatch(words):
                self._report(Step(found[1], int(found[2]), int(found[3])))
            elif words:
                self.last = words[:_KEPT_WORDS]
