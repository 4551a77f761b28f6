"""What a run is told while it works: cancel, pause, resume, stop and keep the best."""

from __future__ import annotations

import signal
import time

from kdh_desktop.core.errors import Cancelled

_LOOK_AGAIN_S = 0.05


class RunControl:
    """The wishes of whoever drives a run; set from any thread or signal, seen by the run.

    Plain flags, looked at again and again: a lock could be held by the very code that a signal
    interrupts.
    """

    def __init__(self) -> None:
        """Start with no wish."""
        self._is_cancelled = False
        self._is_paused = False
        self._is_keeping_best = False

    @property
    def is_cancelled(self) -> bool:
        """Whether the run shall end; it can be resumed."""
        return self._is_cancelled

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
        while self._is_paused and not self._is_cancelled:
            time.sleep(_LOOK_AGAIN_S)
        if self._is_cancelled:
            raise Cancelled("The training was stopped.")


def cancel_on_signals(control: RunControl) -> None:
    """From now on a signal to end cancels the run, so that it ends where it can go on."""

    def cancel(_signal: int, _frame: object) -> None:
        control.cancel()

    signal.signal(signal.SIGINT, cancel)
    signal.signal(signal.SIGTERM, cancel)
