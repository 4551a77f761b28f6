"""Notices that nobody is there, and that the computer slept: both by looking at clocks.

Sleep is seen on every system as time that went by between two looks without us: by the clock that
runs through sleep where there is one (Linux), by the time of the day, or by a look that came far
too late. Somebody who sets the clock forward is taken for sleep, too, and that is on the safe side.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QWindow

_LOOK_MS = 2_000
_SLEEP_S = 20.0
"""Time that is missing after this much was slept; a slow computer misses less."""

_SIGNS_OF_LIFE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TabletPress,
        QEvent.Type.TabletMove,
        QEvent.Type.InputMethod,
    }
)


@dataclass(frozen=True, slots=True)
class Clocks:
    """What the time is, in seconds from whenever.

    Attributes:
        running: Does not go back; whether it stands still in sleep differs from system to system.
        through_sleep: Does not stand still in sleep, as far as the system has such a clock.
    """

    running: Callable[[], float] = time.monotonic
    through_sleep: Callable[[], float] = time.time


def system_clocks() -> Clocks:
    """The clocks of this system."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    if boot is None:
        return Clocks()
    return Clocks(through_sleep=lambda: time.clock_gettime(boot))


class IdleWatch(QObject):
    """Looks now and then while it is started; watches only our own windows."""

    gone = Signal()
    """Nobody touched a key or the mouse in our windows for the time that was set."""
    slept = Signal()
    """The computer slept, or our process was held."""

    def __init__(self, *, clocks: Clocks | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clocks = clocks or system_clocks()
        self._limit_s = 0.0
        self._touched_s = 0.0
        self._looked = (0.0, 0.0)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.look)

    @property
    def is_started(self) -> bool:
        """Whether it looks."""
        return self._timer.isActive()

    def start(self, limit_s: float) -> None:
        """Look from now on."""
        self._limit_s = limit_s
        self.touch()
        self._looked = (self._clocks.running(), self._clocks.through_sleep())
        for window in QGuiApplication.allWindows():
            self._watch(window)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication) and not self.is_started:
            # Every window that somebody types in was in front before.
            application.focusWindowChanged.connect(self._watch)
        self._timer.start()

    def stop(self) -> None:
        """Look no more."""
        if not self.is_started:
            return
        self._timer.stop()
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.disconnect(self._watch)
        for window in QGuiApplication.allWindows():
            window.removeEventFilter(self)

    def set_limit(self, limit_s: float) -> None:
        """Wait for another time; what has passed counts."""
        self._limit_s = limit_s

    def touch(self) -> None:
        """Somebody is there."""
        self._touched_s = self._clocks.running()

    def look(self) -> None:
        """See what the clocks say."""
        before, before_through = self._looked
        running, through = self._looked = (self._clocks.running(), self._clocks.through_sleep())
        late_s = running - before - _LOOK_MS / 1000
        missing_s = (through - before_through) - (running - before)
        if late_s > _SLEEP_S or missing_s > _SLEEP_S:
            self.slept.emit()
        elif running - self._touched_s >= self._limit_s:
            self.gone.emit()

    def _watch(self, window: QWindow | None) -> None:
        if window is not None:
            # A filter on windows, and not on the application, sees what the system sends and
            # nothing else: a list that scrolls does not pass through here.
            window.removeEventFilter(self)
            window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in _SIGNS_OF_LIFE:
            self.touch()
        return False
