"""Who did something is said by the operating system, not by who did it."""

from __future__ import annotations

import getpass
import os
import pwd
from pathlib import Path

import pytest

from kdh_desktop.core.account import account
from kdh_desktop.core.audit_log import AuditAction, AuditLog


@pytest.fixture(autouse=True)
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody else")


def test_variables_of_the_environment_are_not_believed(tmp_path: Path) -> None:
    entry = AuditLog(tmp_path).write(AuditAction.UNLOCKED)
    assert entry.actor == account() == pwd.getpwuid(os.getuid()).pw_name


def test_account_without_a_name_is_called_as_well_as_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nameless(_uid: int = 0) -> None:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(pwd, "getpwuid", nameless)
    assert account() == "somebody else"
    monkeypatch.setattr(getpass, "getuser", nameless)
    assert account() == "unknown"
