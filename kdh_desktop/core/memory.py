"""Memory that this process has freed, and that the system does not have back yet."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def give_back_memory() -> None:
    """Let glibc give back what it keeps for later; other systems' libraries do so by themselves.

    Without it, memory that one text of ten megabytes needed is kept in pieces that the next step
    cannot use, and the process grows by each of its steps.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # not every C library has it
            ctypes.CDLL(None).malloc_trim(0)
