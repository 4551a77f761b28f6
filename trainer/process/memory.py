"""Memory of this process: how much it holds, and whether it ran out of it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

_WORDS = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    # Libraries of graphics cards that make room for themselves.
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
)


def is_memory_short(error: BaseException) -> bool:
    """Whether an error says that the device or the machine has not enough memory."""
    # What torch raises for it is a RuntimeError, too.
    is_told = isinstance(error, RuntimeError) and any(x in str(error).lower() for x in _WORDS)
    return is_told or isinstance(error, MemoryError)


def resident_bytes() -> int | None:
    """Memory of this process and those that it started; None where the system does not tell."""
    own = _resident(os.getpid())
    if own is None:
        return None
    return own + sum(_resident(child) or 0 for child in _children())


def device_bytes() -> int | None:
    """Memory of the graphics device that is in use; None where none is computed on."""
    torch = sys.modules.get("torch")
    # While torch is being imported, parts of it are not there yet.
    with suppress(AttributeError, RuntimeError):
        if torch is not None and torch.cuda.is_initialized():
            free, total = torch.cuda.mem_get_info()
            return int(total - free)
    return None


def _resident(process: int) -> int | None:
    try:
        pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _children() -> list[int]:
    found: list[int] = []
    with suppress(OSError, ValueError):
        for path in Path("/proc/self/task").glob("*/children"):
            found += map(int, path.read_text(encoding="ascii").split())
    return found
