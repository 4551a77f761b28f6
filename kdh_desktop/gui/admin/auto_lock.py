"""Locks the administrator's door by itself: when nobody is there, and when the computer says so."""

from __future__ import annotations

from PySide6.QtCore import QObject

from kdh_desktop.core.site_door import LockReason
from kdh_desktop.gui.admin.idle_watch import Clocks, IdleWatch
from kdh_desktop.gui.admin.system_watch import SystemWatch
from kdh_desktop.gui.admin_door import AdminDoor
from kdh_desktop.gui.settings import Settings

_MINUTE_S = 60.0


class AutoLock(QObject):
    """Watches only while the door is open. A training that goes on is not touched by a lock."""

    def __init__(
        self,
        door: AdminDoor,
        settings: Settings,
        *,
        clocks: Clocks | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._door = door
        self._settings = settings
        self.idle = IdleWatch(clocks=clocks, parent=self)
        self.system = SystemWatch(self)
        self.idle.gone.connect(lambda: door.lock(LockReason.IDLE))
        self.idle.slept.connect(lambda: door.lock(LockReason.SLEEP))
        self.system.heard.connect(door.lock)
        door.changed.connect(self._follow)
        self._follow()

    def set_minutes(self, minutes: int) -> None:
        """Remember another time, and go by it from now on."""
        self._settings.lock_after_min = minutes
        self.idle.set_limit(self._settings.lock_after_min * _MINUTE_S)

    def _follow(self) -> None:
        if self._door.is_open:
            self.idle.start(self._settings.lock_after_min * _MINUTE_S)
            self.system.start()
        else:
            self.idle.stop()
            self.system.stop()
