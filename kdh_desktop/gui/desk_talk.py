"""What the window says of the record store, and what it asks when the store is not there."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from kdh_desktop.core.errors import DamagedStoreError, KdhError
from kdh_desktop.gui.jobs import Job, Lane, Ok, Outcome
from kdh_desktop.gui.notices import Notice, NoticeAction, Severity
from kdh_desktop.gui.store_trouble import StoreTroubleDialog, Trouble, WayOut
from kdh_desktop.gui.window_parts import WindowParts

if TYPE_CHECKING:
    from kdh_desktop.core.records.backups import Backup
    from kdh_desktop.core.records.stored import StoreNotice

_TROUBLE, _CARE, _OPENED = "store:trouble", "store:care", "store:opened"


class DeskTalk(QObject):
    """Speaks up when the store is opened, cannot be opened, or turns out to be damaged."""

    trouble_shown = Signal()
    """The dialog with the ways out is there."""

    def __init__(self, parts: WindowParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._lane = Lane(parts.jobs)
        self._told: KdhError | None = None
        self.dialog: StoreTroubleDialog | None = None
        parts.desk.changed.connect(self._show)
        parts.desk.care_failed.connect(self._show_care)

    def _show(self) -> None:
        desk = self._parts.desk
        if desk.failure is None:
            self._told = None
            self._parts.notices.dismiss(_TROUBLE)
            if desk.store is not None and not desk.is_private:
                self._show_opened(desk.store.notices)
        elif desk.failure is not self._told:
            self._told = desk.failure
            self._show_trouble()

    def _show_opened(self, notices: tuple[StoreNotice, ...]) -> None:
        from kdh_desktop.core.records.key_custody import KEY_FILE_NOTICE

        settings = self._parts.settings
        for place, notice in enumerate(notices):
            key = f"{_OPENED}:{place}"
            words = f"{notice.message} {notice.remedy}".strip()
            if notice != KEY_FILE_NOTICE:
                self._parts.notices.show_notice(key, Notice(words))
            elif not settings.is_key_notice_read:
                action = NoticeAction(self.tr("I understand"), partial(self._keep_read, key))
                self._parts.notices.show_notice(key, Notice(words, action=action))

    def _keep_read(self, key: str) -> None:
        self._parts.settings.keep_key_notice_read()
        self._parts.notices.dismiss(key)

    # When it is not there

    def _show_trouble(self) -> None:
        failure = self._parts.desk.failure
        if failure is None:
            return
        self._parts.notices.show_notice(
            _TROUBLE,
            Notice(
                self.tr("The records are not open, and nothing is stored. {reason}").format(
                    reason=failure.message
                ),
                Severity.ERROR,
                NoticeAction(self.tr("What can be done…"), self._show_trouble),
            ),
        )
        folder = self._parts.desk.folder

        def work(_job: Job) -> tuple[Backup, ...]:
            from kdh_desktop.core.records.backups import usable_backups
            from kdh_desktop.core.records.key_custody import find_key

            return usable_backups(folder, find_key(folder))

        def take(outcome: Outcome[tuple[Backup, ...]]) -> None:
            # Where even the key cannot be found, no backup can be read either.
            self._ask(Trouble(failure, outcome.value if isinstance(outcome, Ok) else ()))

        self._lane.start(work, done=take)

    def _ask(self, trouble: Trouble) -> None:
        if self.dialog is not None or self._parts.desk.failure is not trouble.error:
            return
        dialog = StoreTroubleDialog(trouble, self._parts.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(self._take_way_out)
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.open()
        self.trouble_shown.emit()

    def _forget(self) -> None:
        self.dialog = None

    def _take_way_out(self) -> None:
        if self.dialog is None:
            return
        desk, folder, backup = self._parts.desk, self._parts.desk.folder, self.dialog.backup
        match self.dialog.way_out:
            case WayOut.TRY_AGAIN:
                desk.open()
            case WayOut.RESTORE if backup is not None:
                desk.reopen_after(partial(_restore, folder, backup))
            case WayOut.SET_ASIDE:
                desk.reopen_after(partial(_set_aside, folder))
            case _:
                pass

    def _show_care(self, error: KdhError) -> None:
        action = None
        if isinstance(error, DamagedStoreError):
            action = NoticeAction(
                self.tr("What can be done…"), partial(self._parts.desk.give_up, error)
            )
        self._parts.notices.show_notice(_CARE, Notice(str(error), Severity.ERROR, action))


def _restore(folder: Path, backup: Backup) -> None:
    from kdh_desktop.core.records.backups import restore_backup

    restore_backup(folder, backup)


def _set_aside(folder: Path) -> None:
    from kdh_desktop.core.records.backups import set_store_aside

    set_store_aside(folder)
