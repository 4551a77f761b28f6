from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kdh_desktop.core.access import FREE_TRIES, Access, Cost
from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.errors import (
    AccessError,
    Cancelled,
    InputError,
    KdhError,
    TooManyTriesError,
    WrongPasswordError,
)
from kdh_desktop.core.site_door import LockReason, Place, SiteDoor

PASSWORD = "correct horse battery"
OTHER = "another long password"
CHEAP = Cost(iterations=1, lanes=1, memory_kib=64)


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit")


@pytest.fixture
def door(tmp_path: Path, log: AuditLog) -> SiteDoor:
    access = Access(tmp_path / "access", tmp_path / "keys", cost=CHEAP)
    return SiteDoor(access, log, place=Place.WINDOW)


def actions(log: AuditLog) -> list[AuditAction]:
    return [entry.action for entry in log.entries()]


@pytest.fixture
def break_log(tmp_path: Path) -> Callable[[], None]:
    def break_it() -> None:
        file = tmp_path / "audit" / "audit.jsonl"
        file.unlink(missing_ok=True)
        file.mkdir(parents=True)

    return break_it


def test_whoever_goes_through_is_written_down(door: SiteDoor, log: AuditLog) -> None:
    _, recovery_key = door.set_up(PASSWORD)
    door.note_lock(LockReason.IDLE)
    with pytest.raises(WrongPasswordError):
        door.unlock(OTHER)
    door.unlock(PASSWORD)
    door.unlock(PASSWORD, is_confirmation=True)
    door.change_password(PASSWORD, OTHER)
    with pytest.raises(WrongPasswordError):
        door.recover(recovery_key, PASSWORD)
    assert actions(log) == [
        *(AuditAction.PASSWORD_SET, AuditAction.UNLOCKED, AuditAction.LOCKED),
        *(AuditAction.UNLOCK_FAILED, AuditAction.UNLOCKED, AuditAction.CONFIRMED),
        *(AuditAction.PASSWORD_CHANGED, AuditAction.UNLOCK_FAILED),
    ]
    entries = list(log.entries())
    assert dict(entries[2].details)["why"] == "idle"
    assert dict(entries[3].details) == {
        "by": "password", "why": "refused", "place": "window", "tries_left": "4",
    }  # fmt: skip
    assert dict(entries[7].details)["by"] == "recovery_key"
    assert dict(entries[1].details)["site_key"] == dict(entries[4].details)["site_key"]
    assert log.verify().first_bad is None


def test_the_recovery_key_is_written_down_to_have_been_used(door: SiteDoor, log: AuditLog) -> None:
    _, recovery_key = door.set_up(PASSWORD)
    door.recover(recovery_key, OTHER)
    assert actions(log)[-2:] == [AuditAction.PASSWORD_RECOVERED, AuditAction.UNLOCKED]


def test_no_secret_is_in_the_log(door: SiteDoor, tmp_path: Path) -> None:
    _, recovery_key = door.set_up(PASSWORD)
    with pytest.raises(WrongPasswordError):
        door.unlock(OTHER)
    door.recover(recovery_key, OTHER)
    kept = (tmp_path / "audit" / "audit.jsonl").read_text()
    for secret in (PASSWORD, OTHER, recovery_key, recovery_key.replace("-", "")):
        assert secret not in kept


def test_a_try_before_the_wait_is_over_is_written_down(door: SiteDoor, log: AuditLog) -> None:
    door.set_up(PASSWORD)
    for _ in range(FREE_TRIES):
        with pytest.raises(WrongPasswordError):
            door.unlock(OTHER)
    with pytest.raises(TooManyTriesError):
        door.unlock(PASSWORD)
    assert dict(list(log.entries())[-1].details)["why"] == "wait"


def test_the_door_stays_shut_where_nothing_can_be_written_down(
    door: SiteDoor, break_log: Callable[[], None]
) -> None:
    _, recovery_key = door.set_up(PASSWORD)
    break_log()
    with pytest.raises(KdhError, match="audit log"):
        door.unlock(PASSWORD)
    with pytest.raises(KdhError, match="audit log"):
        door.change_password(PASSWORD, OTHER)
    with pytest.raises(KdhError, match="audit log"):
        door.recover(recovery_key, OTHER)
    assert door.access.unlock(PASSWORD).is_open, "the password is still the old one"


def test_no_password_is_set_where_that_cannot_be_written_down(
    door: SiteDoor, break_log: Callable[[], None]
) -> None:
    break_log()
    with pytest.raises(KdhError, match="audit log"):
        door.set_up(PASSWORD)
    assert not door.access.is_set_up


def test_a_wrong_password_is_wrong_although_that_cannot_be_written_down(
    door: SiteDoor, break_log: Callable[[], None]
) -> None:
    door.set_up(PASSWORD)
    break_log()
    with pytest.raises(WrongPasswordError):
        door.unlock(OTHER)


def test_who_gives_up_leaves_no_entry(door: SiteDoor, log: AuditLog) -> None:
    with pytest.raises(Cancelled):
        door.set_up(PASSWORD, may_keep=lambda: False)
    with pytest.raises(InputError):
        door.set_up("short")
    assert actions(log) == []
    door.set_up(PASSWORD)
    with pytest.raises(AccessError):
        door.set_up(OTHER)
