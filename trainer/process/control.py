"""What a run is told while it works: cancel, pause, resume, stop and keep the best."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from kdh_desktop.core.errors import Cancelled

_LOOK_AGAIN_S = 0.05
_LONGEST_LINE = 1000


def _tell_nobody() -> None:
    """Stands for whoever is not interested."""


class RunControl:
    """The wishes of whoever drives a run; set from any thread or signal, seen by the run.

    Plain flags, looked at again and again: a lock could be held by the very code that a signal
    interrupts.
    """

    def __init__(self) -> None:
        """Start with no wish."""
        self._is_cancelled = False
        self._is_abandoned = False
        self._is_paused = False
        self._is_keeping_best = False
        self._waited_s = 0.0
        self.texts_done = 0
        """Texts that went through a network so far; the run counts them."""
        self.tell_waiting: Callable[[], None] = _tell_nobody
        self.tell_going_on: Callable[[], None] = _tell_nobody
        """The run calls these when it begins to wait, and when it goes on."""

    @property
    def waited_s(self) -> float:
        """Seconds for which the run was paused so far."""
        return self._waited_s

    @property
    def is_cancelled(self) -> bool:
        """Whether the run shall end; it can be resumed."""
        return self._is_cancelled

    @property
    def is_abandoned(self) -> bool:
        """Whether it shall end because whoever drove it has gone."""
        return self._is_abandoned

    @property
    def is_paused(self) -> bool:
        """Whether the run shall wait."""
        return self._is_paused

    @property
    def is_keeping_best(self) -> bool:
        """Whether the run shall come to its candidate soon, with the best that it has."""
        return self._is_keeping_best

    def cancel(self) -> None:
        """End the run at its next check."""
        self._is_cancelled = True

    def abandon(self) -> None:
        """End the run at its next check: whoever drove it has gone, and wished for no end."""
        self._is_abandoned = self._is_abandoned or not self._is_cancelled
        self.cancel()

    def pause(self) -> None:
        """Let the run wait at its next check."""
        self._is_paused = True

    def resume(self) -> None:
        """Let a paused run go on."""
        self._is_paused = False

    def keep_best(self) -> None:
        """Let the run end soon with the best that it has; a paused one goes on."""
        self._is_keeping_best = True
        self._is_paused = False

    def check(self) -> None:
        """Go on, or wait while the run is paused.

        Raises:
            Cancelled: The run shall end; it can be resumed.
        """
        if self._is_paused and not self._is_cancelled:
            self._wait()
        if self._is_cancelled:
            raise Cancelled("The training was stopped.")

    def _wait(self) -> None:
        begun = time.monotonic()
        self.tell_waiting()
        while self._is_paused and not self._is_cancelled:
            time.sleep(_LOOK_AGAIN_S)
        self._waited_s += time.monotonic() - begun
        if not self._is_cancelled:
            self.tell_going_on()


def cancel_on_signals(control: RunControl) -> None:
    """From now on a signal to end cancels the run, so that it ends where it can go on."""

    def cancel(_signal: int, _frame: object) -> None:
        control.cancel()

    signal.signal(signal.SIGINT, cancel)
    signal.signal(signal.SIGTERM, cancel)


def obey_lines(descriptor: int, control: RunControl) -> threading.Thread:
    """Do what the lines read from a file descriptor say, in a thread of its own.

    The lines are ``cancel``, ``pause``, ``resume`` and ``keep-best``; any other is named on
    stderr and left alone. The end of the input cancels the run: whoever drove it is gone.
    """
    thread = threading.Thread(target=_obey, args=(descriptor, control), daemon=True)
    thread.start()
    return thread


def _obey(descriptor: int, control: RunControl) -> None:
    wishes = {
        b"cancel": control.cancel,
        b"pause": control.pause,
        b"resume": control.resume,
        b"keep-best": control.keep_best,
    }
    held = b""
    # Read past Python's own buffers: a thread that waits in them bars the interpreter's end.
    while data := _read_some(descriptor):
        *lines, held = (held + data).split(b"\n")
        held = held[-_LONGEST_LINE:]
        for line in lines:
            wish = wishes.get(line.strip())
            if wish is not None:
                wish()
            else:
                with suppress(OSError):  # the end of the input must be seen all the same
                    sys.stderr.write(
                        "A line on stdin is none of: cancel, pause, resume, keep-best\n"
                    )
    control.abandon()


def _read_some(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _LONGEST_LINE)
    except OSError:
        return b""
