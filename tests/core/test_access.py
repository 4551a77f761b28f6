from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from kdh_desktop.core.access import FREE_TRIES, Access, Cost
from kdh_desktop.core.classification.signing import load_trusted_keys, verify
from kdh_desktop.core.errors import (
    AccessError,
    InputError,
    LockedError,
    TooManyTriesError,
    WrongPasswordError,
)

PASSWORD = "correct horse battery"
OTHER = "another long password"
CHEAP = Cost(iterations=1, lanes=1, memory_kib=64)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(tmp_path: Path, clock: Clock) -> Callable[[], Access]:
    """Opens the same folders anew, as a restart of the program does."""
    return lambda: Access(tmp_path / "access", tmp_path / "keys", cost=CHEAP, clock=clock)


def fail(access: Access, times: int) -> None:
    for _ in range(times):
        with pytest.raises(WrongPasswordError):
            access.unlock(OTHER)


def test_the_password_lends_a_key_that_the_site_trusts(
    door: Callable[[], Access], tmp_path: Path
) -> None:
    assert not door().is_set_up
    door().set_up(PASSWORD)
    administrator = door().unlock(PASSWORD)
    verify(b"model", administrator.sign(b"model"), load_trusted_keys(tmp_path / "keys"))


def test_a_locked_door_signs_nothing(door: Callable[[], Access]) -> None:
    administrator, _ = door().set_up(PASSWORD)
    administrator.lock()
    assert not administrator.is_open
    with pytest.raises(LockedError):
        administrator.sign(b"model")


def test_a_second_password_cannot_be_set_over_the_first(door: Callable[[], Access]) -> None:
    door().set_up(PASSWORD)
    with pytest.raises(AccessError):
        door().set_up(OTHER)
    door().unlock(PASSWORD)


@pytest.mark.parametrize("weak", ["short", "elevenchars", "aaaaaaaaaaaaaaaa", ""])
def test_a_weak_password_is_refused(door: Callable[[], Access], weak: str) -> None:
    with pytest.raises(InputError):
        door().set_up(weak)
    assert not door().is_set_up


def test_a_password_is_the_same_however_its_accents_are_typed(door: Callable[[], Access]) -> None:
    door().set_up("Zürich im Frühling")
    door().unlock("Zu\u0308rich im Fru\u0308hling")


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(
    door: Callable[[], Access], clock: Clock
) -> None:
    access = door()
    access.set_up(PASSWORD)
    fail(access, FREE_TRIES)
    with pytest.raises(TooManyTriesError) as told:
        access.unlock(PASSWORD)
    clock.now += told.value.wait_s
    access.unlock(PASSWORD)
    assert access.wait_s == 0


def test_waits_grow_and_have_an_end(door: Callable[[], Access], clock: Clock) -> None:
    access = door()
    access.set_up(PASSWORD)
    fail(access, FREE_TRIES)
    waits = []
    for _ in range(12):
        waits.append(access.wait_s)
        clock.now += access.wait_s
        fail(access, 1)
    assert waits == sorted(waits)
    assert waits[1] == 2 * waits[0]
    assert waits[-1] == 3600


def test_a_restart_begins_the_wait_anew(door: Callable[[], Access], clock: Clock) -> None:
    access = door()
    access.set_up(PASSWORD)
    fail(access, FREE_TRIES)
    wait_s = access.wait_s
    clock.now += wait_s - 1
    assert door().wait_s == wait_s


def test_a_right_password_forgets_the_wrong_ones(door: Callable[[], Access]) -> None:
    access = door()
    access.set_up(PASSWORD)
    fail(access, FREE_TRIES - 1)
    access.unlock(PASSWORD)
    fail(access, FREE_TRIES - 1)
    access.unlock(PASSWORD)


@pytest.mark.parametrize("damaged", ["{", "[]", '{"failures": "none"}'])
def test_a_damaged_count_gains_nothing(
    door: Callable[[], Access], tmp_path: Path, damaged: str
) -> None:
    door().set_up(PASSWORD)
    (tmp_path / "access" / "tries.json").write_text(damaged)
    with pytest.raises(TooManyTriesError):
        door().unlock(PASSWORD)


def test_the_recovery_key_opens_the_door_once(door: Callable[[], Access]) -> None:
    administrator, recovery_key = door().set_up(PASSWORD)
    again, next_key = door().recover(recovery_key.lower().replace("-", " "), OTHER)
    assert again.public_key == administrator.public_key
    with pytest.raises(WrongPasswordError):
        door().unlock(PASSWORD)
    with pytest.raises(WrongPasswordError):
        door().recover(recovery_key, PASSWORD)
    door().unlock(OTHER)
    door().recover(next_key, PASSWORD)


def test_a_changed_password_keeps_the_sites_key(door: Callable[[], Access]) -> None:
    administrator, _ = door().set_up(PASSWORD)
    door().change_password(PASSWORD, OTHER)
    assert door().unlock(OTHER).public_key == administrator.public_key


def test_neither_secret_nor_key_lies_readable_on_the_disk(
    door: Callable[[], Access], tmp_path: Path
) -> None:
    administrator, recovery_key = door().set_up(PASSWORD)
    kept = (tmp_path / "access" / "access.json").read_bytes()
    assert PASSWORD.encode() not in kept
    assert recovery_key.replace("-", "").encode() not in kept
    assert administrator.key.private_bytes_raw() not in kept
    assert stat.S_IMODE((tmp_path / "access" / "access.json").stat().st_mode) == 0o600


def test_a_damaged_file_is_said_to_be_damaged(door: Callable[[], Access], tmp_path: Path) -> None:
    door().set_up(PASSWORD)
    (tmp_path / "access" / "access.json").write_text('{"version": 1}')
    with pytest.raises(AccessError, match="damaged"):
        door().unlock(PASSWORD)
