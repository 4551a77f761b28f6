"""Sets the administrator's password: for the first time, another one, or with the recovery key."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from typing import assert_never

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from kdh_desktop.core.access import MIN_PASSWORD, check_password
from kdh_desktop.core.errors import AccessError, Cancelled, InputError, KdhError
from kdh_desktop.core.site_door import SiteDoor
from kdh_desktop.gui.admin.busy_dialog import BusyDialog
from kdh_desktop.gui.admin.consent import Consent
from kdh_desktop.gui.admin.door_work import NewPassword, change_work, recover_work, set_up_work
from kdh_desktop.gui.admin.password_field import PasswordField
from kdh_desktop.gui.admin.password_words import advice
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Ok, Outcome
from kdh_desktop.gui.notices import announce


class Purpose(StrEnum):
    """Why a password is set."""

    SET_UP = "set_up"
    CHANGE = "change"
    RECOVER = "recover"


class NewPasswordDialog(BusyDialog):
    """Takes the password twice, and says while it is typed how good it is."""

    kept = Signal(object)
    """A `NewPassword`: it is set; the dialog has closed."""

    def __init__(
        self,
        door: SiteDoor,
        jobs: JobRunner,
        purpose: Purpose,
        *,
        clock: Callable[[], float] = time.monotonic,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            title=_title(purpose),
            heading=_heading(purpose),
            accept=_tr("&Set the password"),
            access=door.access,
            clock=clock,
            parent=parent,
        )
        self._door = door
        self._jobs = jobs
        self._purpose = purpose
        self.add_words(_meaning(purpose))
        if door.access.was_set_up:
            self.add_words(
                self.tr(
                    "Warning: there was a password here before, and the file that keeps it is "
                    "gone. Models that were signed with it have to be put in force again. If you "
                    "have a backup of the program's data folder, cancel and put it back."
                )
            )
        self.secret = self._add_secret(purpose)
        self.password = self.add_field(self.tr("&New password"))
        self.advice = self.add_words("", kind="muted")
        self.again = self.add_field(self.tr("The new password a&gain"))
        self.password.edited.connect(self._advise)
        first = self.secret or self.password
        first.setFocus()
        self._advise()
        if self.secret is not None:
            self.begin_wait()

    def _add_secret(self, purpose: Purpose) -> PasswordField | None:
        match purpose:
            case Purpose.SET_UP:
                return None
            case Purpose.CHANGE:
                return self.add_field(self.tr("&Present password"))
            case Purpose.RECOVER:
                field = self.add_field(self.tr("&Recovery key"))
                # It is copied from paper, group by group, and is worth nothing afterwards.
                field.show_button.setChecked(True)
                return field

    def send(self) -> None:
        """Set the password, where it was typed twice and is good enough."""
        if self.is_busy or self.is_waiting:
            return
        if self.secret is not None and not self.secret.text:
            is_change = self._purpose is Purpose.CHANGE
            self._send_back(
                self.secret,
                self.tr("Type the present password first.")
                if is_change
                else self.tr("Type the recovery key first."),
            )
        elif problem := _problem_with(self.password.text):
            self._send_back(self.password, problem)
        elif self.password.text != self.again.text:
            self._send_back(self.again, self.tr("The two passwords are not the same."))
        else:
            consent = Consent()
            self.wait_for(self._start(consent), consent)

    def _start(self, consent: Consent) -> Job:
        password, secret = self.password.text, self.secret.text if self.secret else ""
        work: Callable[[Job], NewPassword]
        match self._purpose:
            case Purpose.SET_UP:
                work = set_up_work(self._door, password, consent)
            case Purpose.CHANGE:
                work = change_work(self._door, secret, password, consent)
            case Purpose.RECOVER:
                work = recover_work(self._door, secret, password, consent)
            case _:
                assert_never(self._purpose)
        return self._jobs.start(work, done=self._take)

    def _take(self, outcome: Outcome[NewPassword]) -> None:
        self.answered()
        match outcome:
            case Ok(found):
                for field in (self.secret, self.password, self.again):
                    if field is not None:
                        field.clear()
                self.accept()
                self.kept.emit(found)
            case Err(Cancelled()):
                self.say("")
            case Err(AccessError() as error) if self.secret is not None:
                self.secret.setFocus()
                self.secret.line.selectAll()
                self.tell_failure(error)
            case Err(InputError() as error):
                self._send_back(self.password, str(error))
            case Err(KdhError() as error):
                self.say(str(error))
            case Err():
                self.reject()  # a bug was reported already

    def _send_back(self, field: PasswordField, words: str) -> None:
        field.setFocus()
        field.line.selectAll()
        self.say(words)

    def _advise(self) -> None:
        words = advice(self.password.text)
        if words != self.advice.text():
            announce(self.password.line, words)
        self.advice.setText(words or self._rule())
        self.grow()

    def _rule(self) -> str:
        return self.tr(
            "At least {count} characters. Several words that do not belong together are easy to "
            "remember and hard to guess."
        ).format(count=MIN_PASSWORD)


def _problem_with(password: str) -> str:
    try:
        check_password(password)
    except InputError as error:
        return str(error)
    return ""


def _title(purpose: Purpose) -> str:
    match purpose:
        case Purpose.SET_UP:
            return _tr("Set up the administrator")
        case Purpose.CHANGE:
            return _tr("Change the password")
        case Purpose.RECOVER:
            return _tr("Use the recovery key")


def _heading(purpose: Purpose) -> str:
    match purpose:
        case Purpose.SET_UP:
            return _tr("Choose the administrator's password")
        case Purpose.CHANGE:
            return _tr("Choose another administrator's password")
        case Purpose.RECOVER:
            return _tr("Set a new password with the recovery key")


def _meaning(purpose: Purpose) -> str:
    match purpose:
        case Purpose.SET_UP:
            return _tr(
                "It opens what only the administrator may do: train models, put them in force "
                "and take them back. Nobody can look it up, so a recovery key follows that "
                "you can print."
            )
        case Purpose.CHANGE:
            return _tr("A new recovery key follows, and the old one is worth nothing then.")
        case Purpose.RECOVER:
            return _tr(
                "It was printed or saved when the password was set. It works once: a new one "
                "follows."
            )


def _tr(text: str) -> str:
    return QCoreApplication.translate("NewPasswordDialog", text)
