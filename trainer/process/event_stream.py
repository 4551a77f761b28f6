"""The events of a run on their way out of the process."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from kdh_desktop.core.errors import Cancelled, KdhError, TrainingError
from kdh_desktop.core.training_protocol import (
    Envelope,
    Event,
    MachineMeasured,
    RunCancelled,
    RunFailed,
    RunStarted,
    StageStarted,
    from_line,
    to_line,
)
from trainer.process.control import RunControl
from trainer.process.memory import is_memory_short

MEASURES_KEPT_EVERY_S = 10.0
"""The reader hears of the machine more often than the file, which stays."""

_LOCK_TIMEOUT_S = 0.3
_A_FAULT = RunFailed(
    "The training ended by a fault of the program.",
    "Start it again to go on; if it fails again, report what it wrote.",
)

_SPARE_MEMORY = (
    "Close other programs and start again to go on; or choose a smaller encoder or shorter texts."
)


def claim_stdout() -> int:
    """Keep stdout for events alone: whatever is written to it goes to stderr from now on.

    Returns:
        The file descriptor that leads to where stdout led.
    """
    sys.stdout.flush()
    out = os.dup(1)
    os.dup2(2, 1)
    return out


class EventStream:
    """Writes the events of one run, one line each, to its reader and to a file that stays.

    The file is begun when the run tells that it or its first stage has started: from then on the
    work folder is its own; or at once where that is sure. A run that is taken up again goes on
    counting where it stopped.

    A reader that went away cancels the run; the file then still has its last words.
    """

    def __init__(self, out: int, *, run: str, path: Path, control: RunControl) -> None:
        """Write to the file descriptor `out`, and to the file at `path`."""
        self._out = out
        self._run = run
        self._path = path
        self._control = control
        self._lock = threading.Lock()
        self._seq = _last_seq(path)
        self._file: int | None = None
        self._has_reader = True
        self._has_ended = False
        self._is_own = False
        self._measure_kept_s: float | None = None

    def keep_from_now(self) -> None:
        """The work folder is the run's own already: write every event to the file, too."""
        self._is_own = True

    def emit(self, event: Event) -> None:
        """Tell of one event; after the run's end nothing is told any more."""
        with self._lock:
            self._write(event)

    def emit_soon(self, event: Event) -> None:
        """Tell of one event, unless another thread has been held up while telling of one."""
        if self._lock.acquire(timeout=_LOCK_TIMEOUT_S):
            try:
                self._write(event)
            finally:
                self._lock.release()

    @contextmanager
    def told_to_the_end(self) -> Iterator[None]:
        """Tell how the run ended where it did not come to its goal."""
        try:
            yield
        except Cancelled:
            self.emit(RunCancelled(is_abandoned=self._control.is_abandoned))
            raise
        except KdhError as error:
            self.emit(RunFailed(error.message, error.remedy))
            raise
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                self.emit(_A_FAULT)
                raise
            full = TrainingError("The disk is full.", "Free some space and start again to go on.")
            self.emit(RunFailed(full.message, full.remedy))
            raise full from error
        except Exception as error:
            if is_memory_short(error):
                short = TrainingError("The memory is not enough for this training.", _SPARE_MEMORY)
                self.emit(RunFailed(short.message, short.remedy))
                raise short from error
            self.emit(_A_FAULT)
            raise
        finally:
            with self._lock:
                self._has_ended = True

    def _write(self, event: Event) -> None:
        if self._has_ended:
            return
        utc = datetime.now(UTC).isoformat(timespec="seconds")
        line = to_line(Envelope(self._run, self._seq + 1, utc, event)) + "\n"
        self._seq += 1
        self._has_ended = isinstance(event, RunCancelled | RunFailed)
        is_begun = self._is_own or isinstance(event, RunStarted | StageStarted)
        if is_begun and self._file is None:
            self._is_own = False
            self._file = _open_at_the_end(self._path)
        is_kept = not isinstance(event, MachineMeasured) or self._is_measure_due()
        if self._file is not None and is_kept and not _is_written(self._file, line.encode()):
            self._file = None
        if self._has_reader and not _is_written(self._out, line.encode()):
            self._has_reader = False
            self._control.abandon()

    def _is_measure_due(self) -> bool:
        now, before = time.monotonic(), self._measure_kept_s
        if before is not None and now - before < MEASURES_KEPT_EVERY_S:
            return False
        self._measure_kept_s = now
        return True


def _is_written(descriptor: int, data: bytes) -> bool:
    """Write all of `data`; False where nobody takes it, be it a closed pipe or a full disk."""
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        return False
    return True


def _last_seq(path: Path) -> int:
    """Number of the last event in the file, or 0."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
        return from_line(lines[-1].decode()).seq if lines else 0
    except (OSError, UnicodeDecodeError, TrainingError):
        return 0


def _open_at_the_end(path: Path) -> int:
    """Open a file to be written on; half a line that a kill has left there is cut off."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("a+b") as file:
        file.seek(0)
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    return os.open(path, flags | getattr(os, "O_BINARY", 0), 0o600)
