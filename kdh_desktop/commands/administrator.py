"""How a command opens the administrator's door."""

from __future__ import annotations

import contextlib
import getpass
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.errors import AccessError, InputError
from kdh_desktop.core.paths import AppPaths

if TYPE_CHECKING:
    from kdh_desktop.core.access import Administrator


@contextlib.contextmanager
def administrator_of(paths: AppPaths) -> Iterator[Administrator]:
    """Ask for the password, and lock the door again at the end.

    The password comes from the terminal, or as the first line of standard input where that is no
    terminal; never as an argument, which other users of the machine could see.

    Raises:
        AccessError: No password is set, or it is another one.
    """
    from kdh_desktop.core.access import Access

    access, log = Access(paths.access, paths.site_keys), AuditLog(paths.audit)
    if not access.is_set_up:
        raise AccessError(
            "No administrator's password is set.", "Set one in the window, on the Admin page."
        )
    try:
        administrator = access.unlock(_ask_password())
    except AccessError:
        log.write(AuditAction.UNLOCK_FAILED)
        raise
    try:
        log.write(AuditAction.UNLOCKED)
        yield administrator
    finally:
        administrator.lock()


def _ask_password() -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        return getpass.getpass("Administrator's password: ")
    password = "" if sys.stdin is None else sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise InputError(
            "The administrator's password is needed.", "Give it on standard input, as one line."
        )
    return password
