"""What a process hears when the one that started it dies, where the system tells: on Linux."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress

_SET_PARENT_DEATH_SIGNAL = 1


def wake_when_parent_dies() -> None:
    """Go on, though this process was stopped: it then finds its input closed, and ends."""
    if sys.platform == "linux":
        _hear(signal.SIGCONT)


def die_with_parent() -> None:
    """End at once, however this process stands."""
    if sys.platform == "linux":
        _hear(signal.SIGKILL)


def _hear(number: int) -> None:
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, number, 0, 0, 0)
