"""What is done at the door in the background: plain functions of frozen inputs.

Each takes about a second, because a guess shall take as long.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kdh_desktop.core.access import Administrator
from kdh_desktop.core.durable_file import write_durably
from kdh_desktop.core.errors import Cancelled, ExportError, KdhError
from kdh_desktop.core.site_door import LockReason, SiteDoor
from kdh_desktop.gui.admin.consent import Consent
from kdh_desktop.gui.jobs import Job


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password was set.

    Attributes:
        administrator: The open door.
        recovery_key: In groups; it is kept nowhere.
    """

    administrator: Administrator
    recovery_key: str


def unlock_work(
    door: SiteDoor, password: str, *, is_confirmation: bool
) -> Callable[[Job], Administrator]:
    """Open the door; the work raises `AccessError`, and locks again what nobody waits for."""

    def work(job: Job) -> Administrator:
        administrator = door.unlock(password, is_confirmation=is_confirmation)
        if job.should_stop():
            administrator.lock()
            with contextlib.suppress(KdhError):
                door.note_lock(LockReason.BY_HAND)
            raise Cancelled("The work was stopped.")
        return administrator

    return work


def set_up_work(door: SiteDoor, password: str, consent: Consent) -> Callable[[Job], NewPassword]:
    """Set the first password; the work raises `AccessError`, and `Cancelled` in time."""
    return lambda _job: NewPassword(*door.set_up(password, may_keep=consent.take))


def change_work(
    door: SiteDoor, old: str, new: str, consent: Consent
) -> Callable[[Job], NewPassword]:
    """Set another password; see `set_up_work`."""
    return lambda _job: NewPassword(*door.change_password(old, new, may_keep=consent.take))


def recover_work(
    door: SiteDoor, recovery_key: str, new: str, consent: Consent
) -> Callable[[Job], NewPassword]:
    """Set another password with the recovery key; see `set_up_work`."""
    return lambda _job: NewPassword(*door.recover(recovery_key, new, may_keep=consent.take))


def save_key_work(text: str, target: Path) -> Callable[[Job], None]:
    """Write the recovery key to a file that only its owner can read; raises `ExportError`."""

    def work(_job: Job) -> None:
        try:
            write_durably(target, text.encode(), mode=0o600)
        except OSError as error:
            raise ExportError(
                "The file cannot be written.", "Choose another folder, or print the key."
            ) from error

    return work
