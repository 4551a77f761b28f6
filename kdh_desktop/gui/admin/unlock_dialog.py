"""Asks for the administrator's password."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QDialogButtonBox, QPushButton, QWidget

from kdh_desktop.core.access import Administrator
from kdh_desktop.core.errors import AccessError, KdhError
from kdh_desktop.core.site_door import SiteDoor
from kdh_desktop.gui.admin.busy_dialog import BusyDialog
from kdh_desktop.gui.admin.door_work import unlock_work
from kdh_desktop.gui.jobs import Err, JobRunner, Ok, Outcome


class UnlockDialog(BusyDialog):
    """Tells wrong tries and how many are left, and counts waits down."""

    opened = Signal(object)
    """The open door, an `Administrator`; the dialog has closed."""
    recovery_wanted = Signal()
    """The password is not known any more; the dialog has closed."""

    def __init__(
        self,
        door: SiteDoor,
        jobs: JobRunner,
        *,
        reason: str = "",
        clock: Callable[[], float] = time.monotonic,
        parent: QWidget | None = None,
    ) -> None:
        """Make the dialog.

        Args:
            door: The door.
            jobs: Computes in the background.
            reason: What the password is wanted for although the door is open; empty to open it.
            clock: Seconds, for the countdown.
            parent: The window that the dialog is about.
        """
        is_confirmation = bool(reason)
        super().__init__(
            title=_tr("Confirm") if is_confirmation else _tr("Unlock"),
            heading=(
                _tr("Enter the administrator's password again")
                if is_confirmation
                else _tr("Enter the administrator's password")
            ),
            accept=_tr("Con&firm") if is_confirmation else _tr("&Unlock"),
            access=door.access,
            clock=clock,
            parent=parent,
        )
        self._door = door
        self._jobs = jobs
        self._is_confirmation = is_confirmation
        self.add_words(
            reason
            or self.tr("Training models and putting them in force is for the administrator alone.")
        )
        self.password = self.add_field(self.tr("&Password"))
        self.recovery_button = QPushButton(self.tr("Use the &recovery key…"))
        self.recovery_button.setAccessibleName(self.tr("Use the recovery key"))
        self.recovery_button.setAutoDefault(False)
        self.recovery_button.clicked.connect(self._want_recovery)
        self.buttons.addButton(self.recovery_button, QDialogButtonBox.ButtonRole.ResetRole)
        # Who is asked again has just known the password.
        self.recovery_button.setVisible(not is_confirmation)
        self.password.setFocus()
        self.begin_wait()

    def send(self) -> None:
        """Try the password."""
        if self.is_busy or self.is_waiting:
            return
        if not self.password.text:
            self.say(self.tr("Type the password first."))
            self.password.setFocus()
            return
        work = unlock_work(self._door, self.password.text, is_confirmation=self._is_confirmation)
        self.wait_for(self._jobs.start(work, done=self._take))

    def _take(self, outcome: Outcome[Administrator]) -> None:
        self.answered()
        self.password.clear()
        self.password.setFocus()
        match outcome:
            case Ok(administrator):
                self.accept()
                self.opened.emit(administrator)
            case Err(AccessError() as error):
                self.tell_failure(error)
            case Err(KdhError() as error):
                self.say(str(error))
            case Err():
                self.reject()  # a bug was reported already

    def _want_recovery(self) -> None:
        self.reject()
        self.recovery_wanted.emit()


def _tr(text: str) -> str:
    return QCoreApplication.translate("UnlockDialog", text)
