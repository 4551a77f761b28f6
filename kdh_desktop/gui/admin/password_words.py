"""What is said of a password while it is typed."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.access import MIN_PASSWORD, check_password
from kdh_desktop.core.errors import InputError

_LONG = 20


def advice(password: str) -> str:
    """How good a password is, and what would make it better; never the password itself."""
    missing = MIN_PASSWORD - len(password)
    if missing == MIN_PASSWORD:
        return ""
    if missing > 0:
        words = _tr("Too short: {count} more characters are needed, at least.")
        return (
            _tr("Too short: one more character is needed, at least.")
            if missing == 1
            else (words.format(count=missing))
        )
    try:
        check_password(password)
    except InputError as error:
        return _tr("Too easy to guess: {reason}").format(reason=error.message)
    if len(password) < _LONG:
        return _tr("Good enough. One more word would make it much harder to guess.")
    return _tr("Good: it is long, and hard to guess if nobody else knows it.")


def _tr(text: str) -> str:
    return QCoreApplication.translate("Password", text)
