"""Who runs this program, as the operating system knows it."""

from __future__ import annotations

import contextlib
import getpass
import os
import sys


def account() -> str:
    """Name of the account that this program runs under.

    Variables of the environment say it too, and first of all to `getpass`; but anybody can set
    them to somebody else's name, and this one goes into the audit log.
    """
    with contextlib.suppress(KeyError, OSError):  # an account without a name, as in some containers
        if sys.platform == "win32":
            return os.getlogin()
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    with contextlib.suppress(KeyError, OSError):
        return getpass.getuser()
    return "unknown"
