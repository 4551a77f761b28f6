"""Whether the window stays alive while something else goes on.

Tests run side by side and on busy machines. So neither of the two measures counts the time for
which a machine gave no processor to threads that would work.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QTimer

ATTEMPTS = 4
"""What blocks the window by itself does so each time."""


class Heartbeat:
    """The longest time for which the GUI thread did not come round, whatever it waited for."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._waited_ms = waited_ms()
        self._clock = QElapsedTimer()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._clock.start()
        self._timer.start(0)

    def _beat(self) -> None:
        # Before the look at the threads, which itself waits for whoever computes in Python.
        elapsed_ms = self._clock.elapsed()
        before, self._waited_ms = self._waited_ms, waited_ms()
        kept_waiting = sum(now - before.get(thread, now) for thread, now in self._waited_ms.items())
        self.longest_ms = max(self.longest_ms, elapsed_ms - kept_waiting)
        self._clock.restart()

    def stop(self) -> None:
        self._timer.stop()


class Effort:
    """The longest that the GUI thread worked, in its own time, before it came round again."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._last = time.thread_time()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(0)

    def _beat(self) -> None:
        now = time.thread_time()
        self.longest_ms = max(self.longest_ms, 1000 * (now - self._last))
        self._last = now

    def begin(self) -> None:
        self._beat()
        self.longest_ms = 0.0


def least_ms(longest_ms: Callable[[], float], *, goal: float) -> float:
    """The least of what some attempts give; the first that reaches the goal is the last."""
    found = longest_ms()
    for _ in range(ATTEMPTS - 1):
        if found <= goal:
            break
        found = min(found, longest_ms())
    return found


def waited_ms() -> dict[str, float]:
    """For how long each thread of this process waited for a processor; nothing but on Linux."""
    found = {}
    for path in Path("/proc/self/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            found[path.parent.name] = int(path.read_text(encoding="ascii").split()[1]) / 1e6
    return found
