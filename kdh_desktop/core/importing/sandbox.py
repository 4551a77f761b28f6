"""Run a parser on a stranger's file in a disposable child process.

A legal workbook of 1.5 KB can take a parser minutes and gigabytes, or end its process. So the
child is an untrusted partner: it has limits on memory and time, its answer is read in bounded
pieces, and whatever it does, this process goes on. Nothing that it could lose is worth waiting
for, so it is killed where it must end early.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO, Any, Self

from kdh_desktop.core.errors import Cancelled, InputError
from kdh_desktop.core.json_values import parse_json

Parser = Callable[[Any], Iterable[Any]]
"""A function of a module: from a JSON value to JSON values, which may come one by one."""

ITEM, EXPECTED, DONE, NO_MEMORY = "+", "!", ".", "m"
"""First character of each line that a child answers with."""

_PIPE_BYTES = 1 << 20
"""As far as a child may be ahead: it parses the next rows while the last ones are stored."""

_USUAL_PIPE = -1
_POLL_S = 0.05
_GRACE_S = 1.0
_CHILD = "from kdh_desktop.core.importing.sandbox_child import main; main()"
_NEVER = threading.Event().is_set
_QUIET = {
    # One thread, or the mathematics library reserves more memory than the limit lets it.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    # The standard library's parser is the one that defusedxml guards.
    "OPENPYXL_LXML": "False",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use.

    Attributes:
        memory_bytes: Address space; enforced on Linux only.
        seconds: Time that the child works, or that is waited for it, in all. What the taker of
            its values does in between does not count.
        pause_s: Time that is waited for any one value.
        answer_bytes: Length of its whole answer.
    """

    memory_bytes: int = 1_500_000_000
    seconds: float = 60.0
    pause_s: float = 60.0
    answer_bytes: int = 400_000_000


DEFAULT_LIMITS = Limits()


class _Ending(Enum):
    STOPPED = "stopped"
    TOO_LONG = "too long"
    TOO_LARGE = "too large"


def run_in_child(
    parser: Parser,
    argument: object,
    *,
    limits: Limits = DEFAULT_LIMITS,
    should_stop: Callable[[], bool] = _NEVER,
) -> list[Any]:
    """All that `stream_from_child` gives with the same arguments, and what it raises."""
    return list(stream_from_child(parser, argument, limits=limits, should_stop=should_stop))


def stream_from_child(
    parser: Parser,
    argument: object,
    *,
    limits: Limits = DEFAULT_LIMITS,
    should_stop: Callable[[], bool] = _NEVER,
) -> Generator[Any]:
    """Let a child process parse, and take its values one by one.

    The child starts with the first value that is asked for. It is never far ahead of who takes
    its values, since it waits where its pipe is full, and closing the generator ends it.

    Args:
        parser: A function of a module; it should import heavy libraries itself.
        argument: A JSON value. It reaches the child by way of a pipe, so that no other program
            of the machine sees the names of files.
        limits: What the child may use.
        should_stop: Is asked about twenty times a second, in another thread.

    Yields:
        The values that the parser gives, in order.

    Raises:
        InputError: The parser said so; or the file takes too long, too much memory, gives too
            long an answer, or broke the child in another way.
        Cancelled: `should_stop` said so.
    """
    request = {
        "module": parser.__module__,
        "function": parser.__qualname__,
        "argument": argument,
        "memory_bytes": limits.memory_bytes,
        "seconds": limits.seconds,
    }
    process = _child()
    with process, _Watch(process, limits, should_stop) as watch:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("both were asked for")
        _send(process.stdin, json.dumps(request))
        answer = _Answer(process.stdout, watch, limits.answer_bytes)
        yield from answer.values()
    ending = watch.ending
    if ending is None and answer.is_lost and should_stop():
        # Ctrl+C in a terminal ends the child as well, mostly before the watch asks.
        ending = _Ending.STOPPED
    _settle(answer, ending, process.returncode)


def _child() -> subprocess.Popen[str]:
    def start(pipe_bytes: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            encoding="utf-8",
            errors="replace",
            pipesize=pipe_bytes,
        )

    try:
        return start(_PIPE_BYTES)
    except PermissionError:
        # Linux may keep pipes short, for everybody or for a user who has many.
        return start(_USUAL_PIPE)


def _environment() -> dict[str, str]:
    """This process's own, with the modules found where it found them."""
    return {
        **os.environ,
        **_QUIET,
        "PYTHONPATH": os.pathsep.join(part or str(Path.cwd()) for part in sys.path),
    }


class _Watch:
    """Kills a process that takes too long, or that nobody waits for any more."""

    def __init__(
        self, process: subprocess.Popen[str], limits: Limits, should_stop: Callable[[], bool]
    ) -> None:
        self.ending: _Ending | None = None
        self._process = process
        self._limits = limits
        self._should_stop = should_stop
        self._waited_s = 0.0
        self._waits_since: float | None = time.monotonic()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Also after an error: no child may be left behind, and none waited for without end."""
        self._is_over.set()
        self._thread.join()
        if error is not None:
            self._process.kill()
        try:
            self._process.wait(timeout=_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def kill(self, ending: _Ending) -> None:
        self.ending = self.ending or ending
        self._process.kill()

    def waits(self) -> None:
        """From now on the child is waited for."""
        self._waits_since = time.monotonic()

    def waits_no_more(self) -> None:
        since, self._waits_since = self._waits_since, None
        if since is not None:
            self._waited_s += time.monotonic() - since

    def _watch(self) -> None:
        while not self._is_over.wait(_POLL_S):
            if self._should_stop():
                return self.kill(_Ending.STOPPED)
            since = self._waits_since
            pause_s = 0.0 if since is None else time.monotonic() - since
            if pause_s > self._limits.pause_s or self._waited_s + pause_s > self._limits.seconds:
                return self.kill(_Ending.TOO_LONG)
        return None


class _Answer:
    """What a child says, read in bounded pieces."""

    def __init__(self, stdout: IO[str], watch: _Watch, max_bytes: int) -> None:
        self.failure: InputError | None = None
        self.is_whole = False
        self._stdout = stdout
        self._watch = watch
        self._left = max_bytes

    @property
    def is_lost(self) -> bool:
        """Whether it broke off without a word."""
        return not self.is_whole and self.failure is None

    def values(self) -> Iterator[Any]:
        """Values up to the end of the answer, or up to where it fails."""
        while (line := self._next_line()) is not None:
            kind, value = self._read(line)
            if kind != ITEM:
                return
            yield value

    def _next_line(self) -> str | None:
        self._watch.waits()
        line = self._stdout.readline(self._left + 1)
        self._watch.waits_no_more()
        self._left -= len(line)
        if self._left < 0:
            self._watch.kill(_Ending.TOO_LARGE)
            return None
        return line if line.endswith("\n") else None

    def _read(self, line: str) -> tuple[str, Any]:
        """First character of a line and, where it is an item, its value."""
        kind = line[0]
        try:
            value = parse_json(line[1:]) if kind in ITEM + EXPECTED else None
        except ValueError:
            kind, value = "", None
        match kind, value:
            case ("+", _):
                return ITEM, value
            case ("!", [str(message), str(remedy)]):
                self.failure = InputError(message, remedy)
            case (".", _):
                self.is_whole = True
            case ("m", _):
                self.failure = _too_much_memory()
            case _:
                self.failure = broken_file()
        return kind, None


def _send(stdin: IO[str], request: str) -> None:
    """Say what to do; the pipe stays open, and by its end the child sees that we are gone."""
    try:
        stdin.write(request + "\n")
        stdin.flush()
    except OSError:  # the child has ended already: its exit code says why
        with contextlib.suppress(OSError):
            stdin.close()


def _settle(answer: _Answer, ending: _Ending | None, exit_code: int) -> None:
    match ending:
        case _Ending.STOPPED:
            raise Cancelled("Reading the file was stopped.")
        case _Ending.TOO_LONG:
            raise _too_long()
        case _Ending.TOO_LARGE:
            raise InputError(
                "The file holds more than can be read at once.", "Divide it into several files."
            )
        case None:
            pass
    if answer.failure is not None:
        raise answer.failure
    if answer.is_lost:
        raise _too_long() if -exit_code in _CPU_SIGNALS else broken_file()


_CPU_SIGNALS = {24}
"""SIGXCPU, which is no name everywhere."""


def _too_long() -> InputError:
    return InputError(
        "Reading the file takes too long.",
        "Save it again without what is not needed, or divide it.",
    )


def _too_much_memory() -> InputError:
    return InputError(
        "Reading the file needs too much memory.",
        "Save it again without what is not needed, or divide it.",
    )


def broken_file() -> InputError:
    """The failure of a file whose reader broke, or answers with nonsense."""
    return InputError(
        "The file is damaged, or made so that it breaks the reader.",
        "Open it in the program that made it and save it again, or save it as CSV.",
    )
