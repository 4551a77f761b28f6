"""The administrator's door as the window knows it: shut, or open with the site's key at hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from kdh_desktop.core.access import Access, Administrator
from kdh_desktop.core.audit_log import AuditLog
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.site_door import LockReason, Place, SiteDoor
from kdh_desktop.gui.admin.door_work import NewPassword
from kdh_desktop.gui.admin.new_password_dialog import NewPasswordDialog, Purpose
from kdh_desktop.gui.admin.recovery_key_dialog import RecoveryKeyDialog
from kdh_desktop.gui.admin.unlock_dialog import UnlockDialog
from kdh_desktop.gui.file_dialogs import FileDialogs
from kdh_desktop.gui.jobs import Err, JobRunner, Outcome

Then = Callable[[Administrator], object]


class AdminDoor(QObject):
    """Opened by the password, shut again by whoever leaves.

    Pages show what is guarded while `is_open`, and look again after `changed`. Dialogs that show
    what is guarded are handed to `guard`, so that they go when the door is locked. A training
    that goes on is nobody's dialog, and goes on.
    """

    changed = Signal()
    """It was opened or shut, or a password was set for the first time."""
    lock_not_noted = Signal(object)
    """A `KdhError`: the door is shut, and the audit log does not say so."""
    key_not_kept = Signal()
    """The door was locked before somebody said that the recovery key is kept."""

    def __init__(
        self,
        paths: AppPaths,
        jobs: JobRunner,
        parent: QObject | None = None,
        *,
        access: Access | None = None,
        dialogs: FileDialogs | None = None,
    ) -> None:
        """Make the door.

        Args:
            paths: The installation.
            jobs: Computes in the background.
            parent: Qt's parent.
            access: The door itself, where it is not the installation's.
            dialogs: Asks for files.
        """
        super().__init__(parent)
        self.log = AuditLog(paths.audit)
        self._door = SiteDoor(
            access or Access(paths.access, paths.site_keys), self.log, place=Place.WINDOW
        )
        self._jobs = jobs
        self._dialogs = dialogs or FileDialogs()
        self._administrator: Administrator | None = None
        self._guarded: list[QDialog] = []
        self.dialog: UnlockDialog | NewPasswordDialog | RecoveryKeyDialog | None = None

    @property
    def is_set_up(self) -> bool:
        """Whether there is a password."""
        return self._door.access.is_set_up

    @property
    def administrator(self) -> Administrator | None:
        """The open door, or None while it is shut."""
        return self._administrator

    @property
    def is_open(self) -> bool:
        """Whether the door is open."""
        return self._administrator is not None

    # Going through

    def open_for(self, parent: QWidget, then: Then) -> None:
        """Call `then` with the open door, at once or after the password was given.

        Where there is no password yet, it is set first. Where the user gives up, `then` is not
        called.
        """
        if self._administrator is not None:
            then(self._administrator)
        elif not self.is_set_up:
            self._ask_new(parent, Purpose.SET_UP, then)
        else:
            self._ask(parent, "", then)

    def confirm_for(self, parent: QWidget, reason: str, then: Then) -> None:
        """Ask for the password although the door may be open, and call `then` after it was given.

        For what one must not do by a stray click. Where the user gives up, or the password is
        wrong, `then` is not called. Where no password is set yet, it is set first.

        Args:
            parent: The window that the question is about.
            reason: What the password is wanted for, as one sentence for the user.
            then: Called with the open door.
        """
        if not self.is_set_up:
            self._ask_new(parent, Purpose.SET_UP, then)
        else:
            self._ask(parent, reason, then)

    def change_password(self, parent: QWidget) -> None:
        """Ask for another password; the old one is asked for, too, although the door is open."""
        if self.is_set_up:
            self._ask_new(parent, Purpose.CHANGE, lambda _administrator: None)
        else:
            self._ask_new(parent, Purpose.SET_UP, lambda _administrator: None)

    # Shutting

    def guard(self, dialog: QDialog) -> None:
        """Close a dialog, and all that is open above it, when the door is locked.

        It is closed as if it was cancelled, without asking anything.
        """
        self._guarded.append(dialog)
        for over in (dialog.finished, dialog.destroyed):
            over.connect(lambda *_: self._release(dialog))

    def lock(self, reason: LockReason = LockReason.BY_HAND) -> None:
        """Shut the door and forget the key; the audit log is written in the background."""
        if self._administrator is None:
            return
        self._administrator.lock()
        self._administrator = None
        self._jobs.start(lambda _job: self._door.note_lock(reason), done=self._take_note)
        for dialog in reversed(self._guarded):
            _close(dialog)
        self._guarded.clear()
        self.changed.emit()

    def _release(self, dialog: QDialog) -> None:
        if dialog in self._guarded:
            self._guarded.remove(dialog)

    def _take_note(self, outcome: Outcome[None]) -> None:
        match outcome:
            case Err(KdhError() as error):
                self.lock_not_noted.emit(error)
            case _:
                pass  # a bug was reported already

    # Asking

    def _ask(self, parent: QWidget, reason: str, then: Then) -> None:
        if self._is_asking():
            return
        dialog = UnlockDialog(self._door, self._jobs, reason=reason, parent=parent)
        dialog.opened.connect(partial(self._take_open, then))
        dialog.recovery_wanted.connect(partial(self._ask_new, parent, Purpose.RECOVER, then))
        self._show(dialog)
        if self.is_open:
            self.guard(dialog)

    def _ask_new(self, parent: QWidget, purpose: Purpose, then: Then) -> None:
        if self._is_asking():
            return
        dialog = NewPasswordDialog(self._door, self._jobs, purpose, parent=parent)
        dialog.kept.connect(partial(self._take_new, parent, purpose, then))
        self._show(dialog)
        if self.is_open:
            self.guard(dialog)

    def _take_new(self, parent: QWidget, purpose: Purpose, then: Then, found: NewPassword) -> None:
        """Show the recovery key, with the door open meanwhile, and go through afterwards."""
        if purpose is Purpose.CHANGE:
            # Another password opens nothing, and shuts nothing either.
            found.administrator.lock()
        else:
            self._take(found.administrator)
        dialog = RecoveryKeyDialog(found.recovery_key, self._jobs, self._dialogs, parent=parent)
        self._show(dialog)
        dialog.finished.connect(partial(self._take_kept, dialog, then))
        if self.is_open:
            self.guard(dialog)

    def _take_kept(self, dialog: RecoveryKeyDialog, then: Then, _result: int) -> None:
        if not dialog.is_kept:
            self.key_not_kept.emit()
        if self._administrator is not None:
            then(self._administrator)

    def _take_open(self, then: Then, administrator: Administrator) -> None:
        self._take(administrator)
        if self._administrator is not None:
            then(self._administrator)

    def _take(self, administrator: Administrator) -> None:
        """Be open; who holds the door already goes on holding it."""
        if self._administrator is not None:
            administrator.lock()
            return
        self._administrator = administrator
        self.changed.emit()

    def _is_asking(self) -> bool:
        if self.dialog is None:
            return False
        self.dialog.raise_()
        self.dialog.activateWindow()
        return True

    def _show(self, dialog: UnlockDialog | NewPasswordDialog | RecoveryKeyDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._forget_dialog)
        self.dialog = dialog
        dialog.open()

    def _forget_dialog(self) -> None:
        self.dialog = None


def _close(dialog: QDialog) -> None:
    """Close a dialog without a question, those above it first."""
    for above in dialog.findChildren(QDialog):
        if above.isVisible():
            above.done(QDialog.DialogCode.Rejected)
    dialog.done(QDialog.DialogCode.Rejected)
