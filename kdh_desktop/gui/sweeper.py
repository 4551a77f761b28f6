"""Frees cycles of objects on the GUI thread alone, and in small steps."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 1_000
_OLD_EVERY = 30
_LEAST, _MOST = 700, 20_000


class Sweeper(QObject):
    """Does what Python's own collector does, at times that hurt nobody.

    Python collects on whatever thread makes the next object. In a job that would take widgets
    apart on a thread that must not touch them; and while 100,000 records pass through a job,
    every look at all of their objects holds the window up for a quarter of a second, to find
    nothing, because records have no cycles.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._beats = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.sweep)

    def start(self) -> None:
        """Take over from Python; what there is by now is never looked at again."""
        gc.disable()
        gc.collect()
        gc.freeze()
        self._timer.start()

    def settle(self) -> None:
        """Look no more at what was loaded since, such as the libraries of the model.

        They are more objects than a sweep looks at, so that it would find none of the others.
        """
        gc.freeze()

    def stop(self) -> None:
        """Give back to Python."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    def sweep(self) -> None:
        """Free cycles, unless there are few new objects, or many that a job is working with."""
        self._beats += 1
        new = gc.get_count()[0]
        if new > _MOST:
            return
        if self._beats % _OLD_EVERY == 0:
            gc.collect()
        elif new > _LEAST:
            gc.collect(1)
