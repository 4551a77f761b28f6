"""How far long work is, on standard error: one line that changes, or a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from kdh_desktop.commands.output import say

if TYPE_CHECKING:
    from kdh_desktop.core.records.bulk_run import BulkProgress

_LOOK_S = 0.2
_LINE_S = 10.0
_CLEAR = "\r\x1b[K"


class ProgressLine:
    """Shows the latest state of work, and leaves room for other lines.

    Args:
        stream: Where to; standard error by default.
        clock: Gives seconds.
    """

    def __init__(
        self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._is_terminal = self._stream.isatty()
        self._every_s = _LOOK_S if self._is_terminal else _LINE_S
        self._shown_at: float | None = None
        self._is_open = False

    def show(self, words: str) -> None:
        """Show the state, unless another one was shown a moment ago."""
        now = self._clock()
        if self._shown_at is not None and now - self._shown_at < self._every_s:
            return
        self._shown_at = now
        say(self._stream, _CLEAR + words if self._is_terminal else words + "\n")
        self._is_open = self._is_terminal

    def say(self, words: str) -> None:
        """Print a line that stays."""
        self.clear()
        say(self._stream, words + "\n")

    def clear(self) -> None:
        """Take the changing line away; the next state is shown at once."""
        if self._is_open:
            say(self._stream, _CLEAR)
            self._is_open = False
        self._shown_at = None


def bulk_words(now: BulkProgress) -> str:
    """State of bulk work in a line."""
    share = f" ({100 * now.done / now.total:.0f} %)" if now.total else ""
    words = f"Classified {now.done:,} of {now.total:,}{share}"
    if not now.records_per_s:
        return words
    words = f"{words}, {now.records_per_s:.1f} a second"
    if now.done == now.total or now.seconds_left is None:
        return words
    return f"{words}, {time_words(now.seconds_left)} left"


def time_words(seconds: float) -> str:
    """A span of time as people say it, never shorter than it is."""
    minutes = -(-seconds // 60)
    if seconds < 60:
        return f"{-(-seconds // 1):.0f} s"
    if minutes < 60:
        return f"{minutes:.0f} min"
    return f"{minutes // 60:.0f} h {minutes % 60:.0f} min"
