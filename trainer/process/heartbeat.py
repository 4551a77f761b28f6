"""Signs of life, so that whoever drives a run sees that it does not hang."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kdh_desktop.core.training_protocol import Event, MachineMeasured
from trainer.process.control import RunControl
from trainer.process.memory import device_bytes, resident_bytes

BEAT_EVERY_S = 2.0
"""Time between two signs of life."""

_MEASURES_OF_PACE = 6


class PaceMeter:
    """How many texts go through a network a second, over the last few looks."""

    def __init__(self, control: RunControl, clock: Callable[[], float] = time.monotonic) -> None:
        """Look at what `control` counts."""
        self._control = control
        self._clock = clock
        self._looks: deque[tuple[float, int]] = deque(maxlen=_MEASURES_OF_PACE)

    def texts_per_s(self) -> float | None:
        """The pace; None while nothing is counted."""
        now = (self._clock(), self._control.texts_done)
        if self._control.is_paused:
            self._looks.clear()
        self._looks.append(now)
        then = self._looks[0]
        if now[0] <= then[0] or now[1] <= then[1]:
            return None
        return round((now[1] - then[1]) / (now[0] - then[0]), 3)


@contextmanager
def beating(
    emit: Callable[[Event], None], control: RunControl, *, every_s: float = BEAT_EVERY_S
) -> Iterator[None]:
    """Tell at once and then again and again, from a thread, what the run takes of the machine."""
    is_over = threading.Event()
    pace = PaceMeter(control)

    def beat() -> None:
        while True:
            emit(MachineMeasured(resident_bytes(), device_bytes(), pace.texts_per_s()))
            if is_over.wait(every_s):
                return

    threading.Thread(target=beat, daemon=True).start()
    try:
        yield
    finally:
        is_over.set()
