"""Settings of the C library and of OpenMP without which training on a CPU crawls."""

from __future__ import annotations

import os
import sys

SETTINGS = {
    # Without these glibc gives idle pages back after every step and faults them in again, which
    # halves the speed of training on a CPU. They are read at the start of a process only.
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    # Threads that wait by spinning keep each other and all other programs from computing: beside
    # a busy desk small networks were twenty times slower with two threads than with one.
    "OMP_WAIT_POLICY": "PASSIVE",
}


def restart_with_allocator() -> None:
    """Start this process again with the settings, where they mean something and are not there."""
    if sys.platform == "linux" and any(name not in os.environ for name in SETTINGS):
        os.environ.update(SETTINGS)
        # In a frozen program the executable is the trainer itself.
        module = [] if getattr(sys, "frozen", False) else ["-m", "trainer"]
        os.execv(  # noqa: S606 - there is no shell, which is what we want
            sys.executable, [sys.executable, *module, *sys.argv[1:]]
        )
