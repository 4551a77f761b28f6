"""The administrator's menu, the sign in the status bar, and what locks the door by itself."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog

from kdh_desktop.core.access import Administrator
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.site_door import LockReason
from kdh_desktop.gui.admin.audit_dialog import AuditDialog
from kdh_desktop.gui.admin.auto_lock import AutoLock
from kdh_desktop.gui.admin.door_sign import DoorSign
from kdh_desktop.gui.admin.lock_after_dialog import LockAfterDialog
from kdh_desktop.gui.notices import Notice, Severity
from kdh_desktop.gui.window_parts import WindowParts

_LOG_NOTICE, _KEY_NOTICE = "admin:log", "admin:key"


class AdminActions(QObject):
    """What the Administrator menu offers, whatever page is in front."""

    def __init__(self, parts: WindowParts, parent: QObject | None = None) -> None:
        super().__init__(parent or parts.window)
        self._parts = parts
        self._door = parts.door
        self.auto_lock = AutoLock(parts.door, parts.settings, parent=self)
        self.sign = DoorSign(parts.door, theme=parts.theme, icons=parts.icons)
        self.dialog: AuditDialog | LockAfterDialog | None = None
        self.switch = self._action("", "Ctrl+Shift+L")
        self.switch.triggered.connect(self._switch)
        self.change_password = self._action(self.tr("&Change password…"))
        self.change_password.setStatusTip(self.tr("Set another administrator's password"))
        self.change_password.triggered.connect(lambda: self._door.change_password(parts.window))
        self.audit_log = self._action(self.tr("&Audit log…"))
        self.audit_log.setStatusTip(self.tr("See what was done, and whether the log is whole"))
        self.audit_log.triggered.connect(self._show_log)
        self.lock_after = self._action(self.tr("Loc&k after…"))
        self.lock_after.setStatusTip(self.tr("Choose when the pages lock by themselves"))
        self.lock_after.triggered.connect(self._ask_minutes)
        self._door.changed.connect(self._follow)
        self._door.lock_not_noted.connect(self._tell_not_noted)
        self._door.key_not_kept.connect(self._tell_not_kept)
        self._follow()

    @property
    def menu(self) -> Sequence[QAction | None]:
        """The actions in their order, with None for a line."""
        return (
            *(self.switch, None),
            *(self.change_password, self.lock_after, None, self.audit_log),
        )

    def lock(self, reason: LockReason) -> None:
        """Lock the door, where it is open."""
        self._door.lock(reason)

    def _action(self, text: str, keys: str = "") -> QAction:
        action = QAction(text, self)
        action.setIconVisibleInMenu(False)
        # Not to be taken for the preferences or the like by a system that sorts menus by words.
        action.setMenuRole(QAction.MenuRole.NoRole)
        if keys:
            action.setShortcut(QKeySequence(keys))
        return action

    def _follow(self) -> None:
        door = self._door
        if door.is_open:
            self.switch.setText(self.tr("&Lock"))
            self.switch.setStatusTip(self.tr("Lock what only the administrator may do"))
        elif door.is_set_up:
            self.switch.setText(self.tr("Un&lock…"))
            self.switch.setStatusTip(self.tr("Open what only the administrator may do"))
        else:
            self.switch.setText(self.tr("&Set up…"))
            self.switch.setStatusTip(self.tr("Choose the administrator's password"))
        self.change_password.setEnabled(door.is_set_up)

    def _switch(self) -> None:
        if self._door.is_open:
            self._door.lock()
        else:
            self._door.open_for(self._parts.window, lambda _administrator: None)

    # Dialogs behind the door

    def _show_log(self) -> None:
        def show(_administrator: Administrator) -> None:
            self._open(AuditDialog(self._parts, self._door.log, self._parts.window))

        self._door.open_for(self._parts.window, show)

    def _ask_minutes(self) -> None:
        def ask(_administrator: Administrator) -> None:
            dialog = LockAfterDialog(self._parts.settings.lock_after_min, self._parts.window)
            dialog.accepted.connect(lambda: self.auto_lock.set_minutes(dialog.spin.value()))
            self._open(dialog)

        self._door.open_for(self._parts.window, ask)

    def _open(self, dialog: AuditDialog | LockAfterDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._forget_dialog)
        self.dialog = dialog
        self._door.guard(dialog)
        QDialog.open(dialog)

    def _forget_dialog(self) -> None:
        self.dialog = None

    # What went wrong

    def _tell_not_noted(self, error: KdhError) -> None:
        words = self.tr("The administrator's pages are locked, but the log does not say so.")
        self._parts.notices.show_notice(_LOG_NOTICE, Notice(f"{words} {error}", Severity.WARNING))

    def _tell_not_kept(self) -> None:
        words = self.tr(
            "The pages were locked before anybody said that the recovery key is kept. If you do "
            "not have it: Administrator, Change password… makes a new one."
        )
        self._parts.notices.show_notice(_KEY_NOTICE, Notice(words, Severity.WARNING))
