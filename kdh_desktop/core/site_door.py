"""The administrator's door with somebody who writes down who goes through it.

What opens the door or sets a password is written down before it has any effect; where that fails,
the door stays shut. A wrong secret that cannot be written down is still a wrong secret.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from enum import StrEnum

from kdh_desktop.core.access import Access, Administrator
from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.errors import AccessError, KdhError, TooManyTriesError

_PASSWORD, _RECOVERY_KEY = "password", "recovery_key"


class Place(StrEnum):
    """Where somebody stands who wants to go through."""

    WINDOW = "window"
    COMMAND = "command"


class LockReason(StrEnum):
    """Why the door was locked."""

    BY_HAND = "by_hand"
    IDLE = "idle"
    SLEEP = "sleep"
    SYSTEM_LOCK = "system_lock"
    HIDDEN = "hidden"
    CLOSED = "closed"


def _always() -> bool:
    return True


class SiteDoor:
    """The door, and the log of who went through.

    Args:
        access: The door.
        log: The audit log.
        place: Where the person stands.
    """

    def __init__(self, access: Access, log: AuditLog, *, place: Place) -> None:
        self._access = access
        self._log = log
        self._place = place

    @property
    def access(self) -> Access:
        """The door itself: whether it is set up, how long to wait."""
        return self._access

    def unlock(self, password: str, *, is_confirmation: bool = False) -> Administrator:
        """Open the door with the password.

        Args:
            password: As it was typed.
            is_confirmation: Whether it was asked for although the door is open.

        Raises:
            WrongPasswordError: It is another one; this counts and is written down.
            TooManyTriesError: The wait is not over; this is written down.
            AccessError: There is no password, or what is kept is damaged.
            KdhError: It cannot be written down; the door stays shut.
        """
        with self._noting_failures(_PASSWORD):
            administrator = self._access.unlock(password)
        action = AuditAction.CONFIRMED if is_confirmation else AuditAction.UNLOCKED
        return self._noted(administrator, action, by=_PASSWORD)

    def set_up(
        self, password: str, *, may_keep: Callable[[], bool] = _always
    ) -> tuple[Administrator, str]:
        """Set the first password; see `Access.set_up`."""
        administrator, recovery_key = self._access.set_up(
            password, may_keep=self._noting(AuditAction.PASSWORD_SET, may_keep)
        )
        return self._noted(administrator, AuditAction.UNLOCKED, by=_PASSWORD), recovery_key

    def recover(
        self, recovery_key: str, new_password: str, *, may_keep: Callable[[], bool] = _always
    ) -> tuple[Administrator, str]:
        """Open the door with the recovery key and set a password; see `Access.recover`."""
        with self._noting_failures(_RECOVERY_KEY):
            administrator, next_key = self._access.recover(
                recovery_key,
                new_password,
                may_keep=self._noting(AuditAction.PASSWORD_RECOVERED, may_keep),
            )
        return self._noted(administrator, AuditAction.UNLOCKED, by=_RECOVERY_KEY), next_key

    def change_password(
        self, password: str, new_password: str, *, may_keep: Callable[[], bool] = _always
    ) -> tuple[Administrator, str]:
        """Set another password; see `Access.change_password`."""
        with self._noting_failures(_PASSWORD):
            return self._access.change_password(
                password,
                new_password,
                may_keep=self._noting(AuditAction.PASSWORD_CHANGED, may_keep),
            )

    def note_lock(self, reason: LockReason) -> None:
        """Write down that the door was locked.

        Raises:
            KdhError: It cannot be written down; the door is locked all the same.
        """
        self._log.write(AuditAction.LOCKED, why=str(reason), place=str(self._place))

    def _noting(self, action: AuditAction, may_keep: Callable[[], bool]) -> Callable[[], bool]:
        """Ask, and write down just before it comes to pass."""

        def ask() -> bool:
            if not may_keep():
                return False
            self._log.write(action, place=str(self._place))
            return True

        return ask

    def _noted(
        self, administrator: Administrator, action: AuditAction, *, by: str
    ) -> Administrator:
        try:
            self._log.write(
                action, by=by, place=str(self._place), site_key=_fingerprint(administrator)
            )
        except KdhError:
            administrator.lock()
            raise
        return administrator

    @contextlib.contextmanager
    def _noting_failures(self, by: str) -> Iterator[None]:
        try:
            yield
        except AccessError as error:
            why = "wait" if isinstance(error, TooManyTriesError) else "refused"
            with contextlib.suppress(KdhError):
                self._log.write(
                    AuditAction.UNLOCK_FAILED,
                    by=by,
                    why=why,
                    place=str(self._place),
                    tries_left=self._access.tries_left,
                )
            raise


def _fingerprint(administrator: Administrator) -> str:
    """So that a key that was put in the place of the site's shows in the log."""
    return hashlib.sha256(administrator.public_key.public_bytes_raw()).hexdigest()
