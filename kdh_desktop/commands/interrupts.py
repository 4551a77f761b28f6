"""Ctrl+C as a question that work asks at points where it can stop."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def stopping_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Let Ctrl+C end the work where it can stop; a second one ends it at once."""
    previous = signal.getsignal(signal.SIGINT)
    if previous is signal.SIG_IGN:  # started in the background, where Ctrl+C is not for us
        yield lambda: False
        return
    asked = threading.Event()

    def ask(_signal: int, _frame: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, previous)
