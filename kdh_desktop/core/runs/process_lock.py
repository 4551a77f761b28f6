"""A lock on a file that a process holds for as long as it lives, however it ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path


def try_lock(descriptor: int) -> bool:
    """Lock an open file for as long as it is open; False where another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock on a file; where there is no file, none does.

    For the moment of the look the lock is taken: who takes it in earnest tries more than once.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not try_lock(descriptor)
    finally:
        with suppress(OSError):
            os.close(descriptor)
