from __future__ import annotations

import json
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kdh_desktop.core.access import FREE_TRIES, Access, Cost
from kdh_desktop.core.classification.signing import load_trusted_keys, verify, write_public_key
from kdh_desktop.core.errors import (
    AccessError,
    Cancelled,
    InputError,
    LockedError,
    TooManyTriesError,
    WrongPasswordError,
)
from kdh_desktop.core.tries import Tries
from tests.data.nasty_exports import disk_full_at
from tests.data.tiny_bundle import tiny_key

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


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "elevenchars",
        "aaaaaaaaaaaaaaaa",
        "",
        "123456789012",
        "abcdefghijklm",
        "zyxwvutsrqpo",
    ],
)
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


def test_a_restart_of_the_program_changes_no_wait(door: Callable[[], Access], clock: Clock) -> None:
    access = door()
    access.set_up(PASSWORD)
    fail(access, FREE_TRIES)
    clock.now += access.wait_s - 1
    assert door().wait_s == 1
    with pytest.raises(TooManyTriesError):
        door().unlock(PASSWORD)
    clock.now += 1
    door().unlock(PASSWORD)


def test_a_restart_of_the_computer_begins_the_wait_anew(
    door: Callable[[], Access], clock: Clock
) -> None:
    access = door()
    access.set_up(PASSWORD)
    fail(access, FREE_TRIES)
    wait_s = access.wait_s
    clock.now = 5.0
    again = door()
    assert again.wait_s == wait_s
    clock.now += wait_s
    again.unlock(PASSWORD)


def test_a_wait_that_a_restart_began_anew_ends_for_commands_too(
    door: Callable[[], Access], clock: Clock
) -> None:
    clock.now = 1_000_000.0
    access = door()
    access.set_up(PASSWORD)
    fail(access, FREE_TRIES)
    clock.now = 5.0
    with pytest.raises(TooManyTriesError) as told:
        door().unlock(PASSWORD)
    clock.now += told.value.wait_s / 2
    with pytest.raises(TooManyTriesError):
        door().unlock(PASSWORD)
    clock.now += told.value.wait_s / 2
    door().unlock(PASSWORD)


def test_another_time_of_the_day_changes_no_wait(
    door: Callable[[], Access], monkeypatch: pytest.MonkeyPatch
) -> None:
    access = door()
    access.set_up(PASSWORD)
    fail(access, FREE_TRIES)
    wait_s = access.wait_s
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert door().wait_s == wait_s


def test_tries_in_another_process_count_in_a_window_that_is_open_for_long(
    door: Callable[[], Access], clock: Clock
) -> None:
    window = door()
    window.set_up(PASSWORD)
    clock.now += 10_000
    fail(door(), FREE_TRIES)
    assert window.tries_left == 0
    with pytest.raises(TooManyTriesError):
        window.unlock(PASSWORD)


def test_it_is_said_how_many_tries_are_left(door: Callable[[], Access]) -> None:
    access = door()
    access.set_up(PASSWORD)
    left = []
    for _ in range(FREE_TRIES):
        left.append(access.tries_left)
        fail(access, 1)
    assert left == [5, 4, 3, 2, 1]
    assert access.tries_left == 0


def test_a_right_password_forgets_the_wrong_ones(door: Callable[[], Access]) -> None:
    access = door()
    access.set_up(PASSWORD)
    fail(access, FREE_TRIES - 1)
    access.unlock(PASSWORD)
    fail(access, FREE_TRIES - 1)
    access.unlock(PASSWORD)


@pytest.mark.parametrize(
    "damaged",
    [
        *("", "{", "[]", "[" * 100_000, "\x00" * 2_000_000),
        *('{"failures": "none"}', '{"failures": -9}', '{"failures": 0, "tried_s": NaN}'),
        '{"failures": 0, "tried_s": 1e999}',
    ],
)
def test_a_damaged_count_gains_nothing(
    door: Callable[[], Access], tmp_path: Path, clock: Clock, damaged: str
) -> None:
    door().set_up(PASSWORD)
    (tmp_path / "access" / "tries.json").write_text(damaged)
    with pytest.raises(TooManyTriesError) as told:
        door().unlock(PASSWORD)
    clock.now += told.value.wait_s
    door().unlock(PASSWORD)


def test_a_right_secret_does_not_disturb_who_tries_at_the_same_time(tmp_path: Path) -> None:
    def tries() -> Tries:
        return Tries(tmp_path, lambda: 1e9 * time.monotonic(), is_expected=lambda: True)

    def keep_forgetting(mine: Tries) -> None:
        while not is_over.is_set():
            mine.forget()

    is_over = threading.Event()
    other = threading.Thread(target=keep_forgetting, args=(tries(),))
    other.start()
    try:
        mine = tries()
        for _ in range(100):
            mine.begin()
    finally:
        is_over.set()
        other.join()


def test_a_deleted_count_gains_nothing(door: Callable[[], Access], tmp_path: Path) -> None:
    door().set_up(PASSWORD)
    fail(door(), 3)
    (tmp_path / "access" / "tries.json").unlink()
    with pytest.raises(TooManyTriesError):
        door().unlock(PASSWORD)


def test_a_folder_in_place_of_the_count_opens_nothing(
    door: Callable[[], Access], tmp_path: Path
) -> None:
    door().set_up(PASSWORD)
    (tmp_path / "access" / "tries.json").unlink()
    (tmp_path / "access" / "tries.json").mkdir()
    with pytest.raises(AccessError):
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


@pytest.mark.parametrize(
    "damaged",
    ['{"version": 1}', "", "null", "[" * 100_000, " " * 1_000_000, "\ud800"],
)
def test_a_damaged_file_is_said_to_be_damaged(
    door: Callable[[], Access], tmp_path: Path, damaged: str
) -> None:
    door().set_up(PASSWORD)
    (tmp_path / "access" / "access.json").write_text(damaged, "utf-8", "surrogatepass")
    with pytest.raises(AccessError, match="damaged"):
        door().unlock(PASSWORD)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("memory_kib", 1 << 40), ("memory_kib", 0), ("memory_kib", -1), ("lanes", 0)),
        *(("lanes", 1 << 33), ("iterations", 1_000_000), ("iterations", 0)),
    ],
)
def test_a_cost_that_nobody_would_ask_for_is_damage(
    door: Callable[[], Access], tmp_path: Path, field: str, value: int
) -> None:
    door().set_up(PASSWORD)
    file = tmp_path / "access" / "access.json"
    kept = json.loads(file.read_text())
    kept["password"]["cost"][field] = value
    file.write_text(json.dumps(kept))
    with pytest.raises(AccessError, match="damaged"):
        door().unlock(PASSWORD)


@pytest.mark.parametrize("field", ["salt", "nonce", "data"])
@pytest.mark.parametrize("value", ["", "AAAA", "not base 64", "A" * 4000])
def test_a_changed_key_never_opens(
    door: Callable[[], Access], tmp_path: Path, field: str, value: str
) -> None:
    door().set_up(PASSWORD)
    file = tmp_path / "access" / "access.json"
    kept = json.loads(file.read_text())
    kept["password"][field] = value
    file.write_text(json.dumps(kept))
    with pytest.raises(AccessError):
        door().unlock(PASSWORD)


def test_a_pipe_in_place_of_the_file_holds_nobody_up(
    door: Callable[[], Access], tmp_path: Path
) -> None:
    (tmp_path / "access").mkdir()
    os.mkfifo(tmp_path / "access" / "access.json")
    with pytest.raises(AccessError, match="damaged"):
        door().unlock(PASSWORD)


def test_nothing_is_kept_where_somebody_gave_up_meanwhile(door: Callable[[], Access]) -> None:
    with pytest.raises(Cancelled):
        door().set_up(PASSWORD, may_keep=lambda: False)
    assert not door().is_set_up
    assert not door().was_set_up
    _, recovery_key = door().set_up(PASSWORD)
    with pytest.raises(Cancelled):
        door().change_password(PASSWORD, OTHER, may_keep=lambda: False)
    with pytest.raises(Cancelled):
        door().recover(recovery_key, OTHER, may_keep=lambda: False)
    door().unlock(PASSWORD)
    door().recover(recovery_key, OTHER)


def test_a_lost_public_key_comes_back_with_the_password(
    door: Callable[[], Access], tmp_path: Path
) -> None:
    administrator, _ = door().set_up(PASSWORD)
    signature = administrator.sign(b"model")
    (tmp_path / "keys" / "site.pub").unlink()
    door().unlock(PASSWORD)
    verify(b"model", signature, load_trusted_keys(tmp_path / "keys"))


@pytest.mark.parametrize("left", [b"", b"-----BEGIN PUBLIC KEY-----\nMCow", None])
@pytest.mark.parametrize("way", ["unlock", "recover", "change"])
def test_a_public_key_that_was_cut_or_exchanged_comes_back_with_the_password(
    door: Callable[[], Access], tmp_path: Path, left: bytes | None, way: str
) -> None:
    administrator, recovery_key = door().set_up(PASSWORD)
    file = tmp_path / "keys" / "site.pub"
    if left is None:
        write_public_key(file, tiny_key(5).public_key())
    else:
        file.write_bytes(left)
    match way:
        case "unlock":
            door().unlock(PASSWORD)
        case "recover":
            door().recover(recovery_key, OTHER)
        case _:
            door().change_password(PASSWORD, OTHER)
    assert load_trusted_keys(tmp_path / "keys") == (administrator.public_key,)


def test_a_full_disk_cuts_no_public_key(door: Callable[[], Access], tmp_path: Path) -> None:
    key = tmp_path / "keys" / "site.pub"
    write_public_key(key, tiny_key(5).public_key())
    kept = key.read_bytes()
    with disk_full_at(10), pytest.raises(OSError, match="large"):
        write_public_key(key, tiny_key(6).public_key())
    assert key.read_bytes() == kept


def test_a_lost_password_file_is_told_from_a_first_start(
    door: Callable[[], Access], tmp_path: Path
) -> None:
    assert not door().was_set_up
    door().set_up(PASSWORD)
    assert not door().was_set_up
    (tmp_path / "access" / "access.json").unlink()
    assert door().was_set_up


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_said_to_be_so(
    door: Callable[[], Access], tmp_path: Path
) -> None:
    door().set_up(PASSWORD)
    (tmp_path / "access").chmod(0o500)
    with pytest.raises(AccessError, match="cannot be written"):
        door().unlock(PASSWORD)


def test_a_file_in_place_of_the_folder_is_said_to_be_in_the_way(
    door: Callable[[], Access], tmp_path: Path
) -> None:
    (tmp_path / "access").write_text("in the way")
    with pytest.raises(AccessError, match="cannot be written"):
        door().set_up(PASSWORD)
    assert not door().is_set_up
