"""How a command opens the administrator's door."""

from __future__ import annotations

import contextlib
import getpass
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kdh_desktop.core.audit_log import AuditLog
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
        KdhError: It cannot be written down in the audit log.
    """
    from kdh_desktop.core.access import Access
    from kdh_desktop.core.site_door import Place, SiteDoor

    access = Access(paths.access, paths.site_keys)
    door = SiteDoor(access, AuditLog(paths.audit), place=Place.COMMAND)
    if not access.is_set_up:
        raise AccessError(
            "No administrator's password is set.",
            "Set one in the window: Administrator, Set up.",
        )
    administrator = door.unlock(_ask_password())
    try:
        yield administrator
    finally:
        # Not written down: with `place=command`, that it was unlocked tells this, too.
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
