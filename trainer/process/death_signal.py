"""What a process hears when the one that started it dies, where the system tells: on Linux."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress

_SET_PARENT_DEATH_SIGNAL = 1


def die_with_parent() -> None:
    """Let the system end this process when the one that started it dies, however it stands.

    A process that was stopped, or is deep in a library, never sees that its input was closed. What
    lies on the disk is whole at every moment, so that no more is lost than since the last
    checkpoint. To the system the parent is the thread that started us: it must live as long.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
