"""The events of a run on their way out of the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Self, TextIO

from kdh_desktop.core.errors import Cancelled, KdhError
from kdh_desktop.core.training_protocol import Envelope, Event, RunCancelled, RunFailed, to_line


class EventStream:
    """Writes events, one line each."""

    def __init__(self, out: TextIO) -> None:
        """Write to `out`."""
        self._out = out

    @classmethod
    def claim_stdout(cls) -> Self:
        """Keep stdout for events alone: what a library prints goes to stderr from now on."""
        sys.stdout.flush()
        out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
        os.dup2(2, 1)
        return cls(out)

    @contextmanager
    def told(self, run: str) -> Iterator[Callable[[Event], None]]:
        """Give what a run emits its events with, and tell how the run ended where it failed."""
        seq = 0

        def emit(event: Event) -> None:
            nonlocal seq
            seq += 1
            utc = datetime.now(UTC).isoformat(timespec="seconds")
            self._out.write(to_line(Envelope(run, seq, utc, event)) + "\n")

        try:
            yield emit
        except Cancelled:
            emit(RunCancelled())
            raise
        except KdhError as error:
            emit(RunFailed(error.message, error.remedy))
            raise
