"""The administrator's door as the window knows it: shut, or open with the site's key at hand."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from kdh_desktop.core.access import Access, Administrator
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.gui.jobs import JobRunner


class AdminDoor(QObject):
    """Opened by the password, shut again by whoever leaves."""

    changed = Signal()
    """It was opened or shut."""

    def __init__(self, paths: AppPaths, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._access = Access(paths.access, paths.site_keys)
        self._jobs = jobs
        self._administrator: Administrator | None = None

    @property
    def is_set_up(self) -> bool:
        """Whether there is a password."""
        return self._access.is_set_up

    @property
    def administrator(self) -> Administrator | None:
        """The open door, or None while it is shut."""
        return self._administrator

    @property
    def is_open(self) -> bool:
        """Whether the door is open."""
        return self._administrator is not None

    def open_for(self, parent: QWidget, then: Callable[[Administrator], object]) -> None:
        """Call `then` with the open door, at once or after the password was given.

        Where the user gives up, `then` is not called.
        """
        if self._administrator is not None:
            then(self._administrator)
        else:
            parent.setFocus()

    def confirm_for(
        self, parent: QWidget, reason: str, then: Callable[[Administrator], object]
    ) -> None:
        """Ask for the password although the door may be open, and call `then` after it was given.

        For what one must not do by a stray click. Where the user gives up, or the password is
        wrong, `then` is not called. Where no password is set yet, it is set first.

        Args:
            parent: The window that the question is about.
            reason: What the password is wanted for, as one sentence for the user.
            then: Called with the open door.
        """
        del reason
        self.open_for(parent, then)

    def lock(self) -> None:
        """Shut the door and forget the key."""
        if self._administrator is not None:
            self._administrator.lock()
            self._administrator = None
            self.changed.emit()
