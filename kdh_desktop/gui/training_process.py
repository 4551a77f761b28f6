"""One training in a process of its own, driven from threads: the window never waits for it.

One thread starts the process and waits for its end, one reads its events and folds them, one reads
what it says beside them. Whoever looks takes what is there at that moment. No Qt here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from kdh_desktop.core.runs.run_ending import ProcessEnd, RunEnding, ending_of, no_start
from kdh_desktop.core.runs.run_events import LineSplitter, fold_lines
from kdh_desktop.core.runs.run_folder import RunFolder
from kdh_desktop.core.training_progress import RunProgress, taken_up

LOG_LINES = 500
"""Lines that are kept of what a process says beside its events."""

STOP_GRACE_S = 1.6
"""Time for a process to end by itself once it was told to; then it is ended."""

_LOG_BYTES = 4_000_000
_LONGEST_LOG_LINE = 2_000
_STRANGE_LINES = 20
_READ_BYTES = 65_536
_LAST_WORDS_S = 2.0

_ENVIRONMENT = {
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    # Nothing is imported from the folder that the program was started in.
    "PYTHONSAFEPATH": "1",
    "PYTHONUTF8": "1",
}
_NOT_PASSED_ON = ("PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONHOME", "PYTHONBREAKPOINT")


def trainer_command() -> list[str]:
    """What starts the trainer: in a frozen build it is a program beside ours."""
    if getattr(sys, "frozen", False):
        return [str(frozen_trainer())]
    return [sys.executable, "-m", "trainer"]


def frozen_trainer() -> Path:
    """The trainer's executable in a frozen build."""
    return Path(sys.executable).with_name("kdh-trainer" + Path(sys.executable).suffix)


def trainer_environment() -> dict[str, str]:
    """This process's own, offline, with the modules found where it found them."""
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
    if not getattr(sys, "frozen", False):
        kept["PYTHONPATH"] = os.pathsep.join(part or str(Path.cwd()) for part in sys.path)
    return {**kept, **_ENVIRONMENT}


class TrainingProcess:
    """A process that trains, from its start to its end.

    Args:
        command: What starts it.
        run: Its folder, which gets the log.
        progress: Where the run stands before.
        on_end: Called from a thread of ours when it has ended, before `ending` is seen.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        run: RunFolder,
        progress: RunProgress,
        on_end: Callable[[RunEnding], None],
    ) -> None:
        self.run = run
        self.progress = taken_up(progress)
        self.ending: RunEnding | None = None
        self.log_lines = 0
        """How many lines came, so that whoever shows them sees that there are more."""
        self.events_read = 0
        """How often events came; 0 until the process has said anything."""
        self._command = list(command)
        self._on_end = on_end
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._process: subprocess.Popen[bytes] | None = None
        self._heard_s = time.monotonic()
        self._strange = 0
        self._is_stopping = False
        self._is_killed = False
        self._is_left = False
        self._pending = b""
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._drive, name="training", daemon=True)

    def start(self) -> None:
        """Start it; whether that works is seen in `ending`."""
        self._thread.start()

    @property
    def silent_s(self) -> float:
        """Seconds since it gave a sign of life."""
        return time.monotonic() - self._heard_s

    @property
    def pid(self) -> int | None:
        """Its number, once it has one."""
        return None if self._process is None else self._process.pid

    @property
    def log_tail(self) -> tuple[str, ...]:
        """The last lines that it said beside its events."""
        return tuple(self._log)

    def say(self, line: str) -> None:
        """Tell it something; where it has ended already, nobody hears."""
        with self._lock:
            self._pending += line.encode() + b"\n"
        self._flush()

    def stop(self, *, grace_s: float = STOP_GRACE_S) -> None:
        """Let it end where it can go on, and end it where it does not."""
        self._is_stopping = True
        self.say("cancel")
        timer = threading.Timer(grace_s, self.kill)
        timer.daemon = True
        timer.start()

    def kill(self) -> None:
        """End it with all that it started, however it stands."""
        self._is_killed = True
        process = self._process
        if process is not None and self.ending is None:
            _kill_group(process)

    def leave(self) -> None:
        """Close its input: it then ends by itself, wherever it is."""
        self._is_left = True
        process = self._process
        if process is not None and process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; False where it did not come in time."""
        self._thread.join(timeout_s)
        return self.ending is not None

    def _flush(self) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        with self._lock:
            data, self._pending = self._pending, b""
        with suppress(OSError, ValueError):
            process.stdin.write(data)

    def _drive(self) -> None:
        """Start the process and wait for it: Linux ends it when the thread that did is gone."""
        memory_before = _ended_for_memory()
        try:
            process = self._popen()
        except OSError:
            self._end(no_start())
            return
        self._process = process
        self._heard_s = time.monotonic()
        self._flush()
        # Whoever could not wait for the start has asked for the end already.
        if self._is_left:
            self.leave()
        if self._is_killed:
            self.kill()
        readers = [
            threading.Thread(target=reads, args=(stream,), daemon=True)
            for reads, stream in (
                (self._read_events, process.stdout),
                (self._read_log, process.stderr),
            )
            if stream is not None
        ]
        for reader in readers:
            reader.start()
        _wait_for_end(process)
        # Whatever it started must not outlive it. Until it is reaped its number is nobody else's.
        _kill_group(process)
        exit_code = process.wait()
        for reader in readers:
            reader.join(_LAST_WORDS_S)
        self.leave()
        end = ProcessEnd(
            exit_code,
            was_stopped=self._is_stopping,
            was_memory_short=_ended_for_memory() > memory_before,
            is_understood=self._strange < _STRANGE_LINES,
            has_candidate=self.run.has_candidate,
        )
        self._end(ending_of(self.progress, end))

    def _end(self, ending: RunEnding) -> None:
        try:
            self._on_end(ending)
        finally:
            self.ending = ending

    def _popen(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=trainer_environment(),
            cwd=self.run.folder,
            # A group of its own, so that it can be ended with all that it started.
            start_new_session=sys.platform != "win32",
            creationflags=_CREATION_FLAGS,
        )

    def _read_events(self, stream: IO[bytes]) -> None:
        with stream:
            self._read_events_of(stream)

    def _read_events_of(self, stream: IO[bytes]) -> None:
        splitter = LineSplitter()
        while data := _read_some(stream):
            self._heard_s = time.monotonic()
            lines = splitter.lines(data)
            if not lines:
                continue
            folded = fold_lines(self.progress, lines)
            self.progress = folded.progress
            self.events_read += 1
            self._strange += folded.strange
            if self._strange >= _STRANGE_LINES:
                # What speaks so is not our trainer, and cannot be driven.
                self.kill()

    def _read_log(self, stream: IO[bytes]) -> None:
        with stream:
            self._read_log_of(stream)

    def _read_log_of(self, stream: IO[bytes]) -> None:
        splitter = LineSplitter()
        with suppress(OSError):
            self.run.work.mkdir(parents=True, exist_ok=True)
        left = _LOG_BYTES
        descriptor = _open_log(self.run.log)
        try:
            while data := _read_some(stream):
                if descriptor is not None and left > 0:
                    with suppress(OSError):
                        os.write(descriptor, data[:left])
                    left -= len(data)
                lines = splitter.lines(data)
                self._log.extend(
                    line[:_LONGEST_LOG_LINE].decode("utf-8", errors="replace") for line in lines
                )
                self.log_lines += len(lines)
        finally:
            if descriptor is not None:
                os.close(descriptor)


_CREATION_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0)


def _read_some(stream: IO[bytes]) -> bytes:
    try:
        return os.read(stream.fileno(), _READ_BYTES)
    except (OSError, ValueError):
        return b""


def _open_log(path: Path) -> int | None:
    """Open a log to be written on, for this user's eyes alone; None where that cannot be done."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        return None
    return descriptor


def _wait_for_end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process's end, and leave its number taken where the system can do that."""
    if sys.platform != "win32" and hasattr(os, "waitid"):
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    else:
        process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)


def _ended_for_memory() -> int:
    """How many processes this system has ended for want of memory, as far as it tells."""
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
