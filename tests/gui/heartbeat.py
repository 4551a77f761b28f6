"""Whether the window stays alive while something else goes on."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QTimer


class Heartbeat:
    """The longest time for which the GUI thread did not come round."""

    def __init__(self) -> None:
        self.longest_ms = 0
        self._clock = QElapsedTimer()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._clock.start()
        self._timer.start(0)

    def _beat(self) -> None:
        self.longest_ms = max(self.longest_ms, self._clock.restart())

    def stop(self) -> None:
        self._timer.stop()
