"""The key lies in a keyring that is worth the name, else in a file, and is never made twice."""

from __future__ import annotations

import logging
import os
import pickle
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring

from kdh_desktop.core.errors import StoreError, WrongKeyError
from kdh_desktop.core.records.key_custody import KEY_FILE_NOTICE, find_key
from kdh_desktop.core.records.os_keyring import KeyringSilent, OsKeyring, can_have_keyring
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_files import StoreFiles
from kdh_desktop.core.records.store_key import StoreKey
from tests.data.tiny_store import fill


class Vault:
    """A keyring in memory, which can be locked."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.is_locked = False

    def read(self, entry: str) -> str | None:
        if self.is_locked:
            raise KeyringSilent
        return self.secrets.get(entry)

    def write(self, entry: str, secret: str) -> None:
        if self.is_locked:
            raise KeyringSilent
        self.secrets[entry] = secret


@pytest.fixture
def vault() -> Vault:
    return Vault()


def make_store(folder: Path, vault: Vault) -> None:
    store = RecordStore.open(folder, key=find_key(folder, vault=vault))
    fill(store, 2)
    store.back_up()
    store.close()


def test_key_in_the_keyring_is_found_again_without_a_notice(tmp_path: Path, vault: Vault) -> None:
    make_store(tmp_path, vault)
    key = find_key(tmp_path, vault=vault)
    store = RecordStore.open(tmp_path, key=key)
    assert store.count_unpredicted() == 2
    assert store.notices == ()
    store.close()
    assert not StoreFiles(tmp_path).key.exists()
    [secret] = vault.secrets.values()
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes()


def test_without_a_keyring_the_key_lies_in_a_private_file_and_a_notice_says_so(
    tmp_path: Path, vault: Vault
) -> None:
    vault.is_locked = True
    make_store(tmp_path, vault)
    key_file = StoreFiles(tmp_path).key
    if os.name != "nt":
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    store = RecordStore.open(tmp_path, key=find_key(tmp_path, vault=vault))
    assert store.notices == (KEY_FILE_NOTICE,)
    assert store.count_unpredicted() == 2
    store.close()


def test_key_in_a_file_stays_there_when_a_keyring_comes(tmp_path: Path, vault: Vault) -> None:
    vault.is_locked = True
    make_store(tmp_path, vault)
    vault.is_locked = False
    make_store(tmp_path, vault)
    assert vault.secrets == {}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_key_file_that_others_may_read_is_closed_to_them(tmp_path: Path, vault: Vault) -> None:
    vault.is_locked = True
    make_store(tmp_path, vault)
    key_file = StoreFiles(tmp_path).key
    key_file.chmod(0o644)
    find_key(tmp_path, vault=vault)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def lock(folder: Path, vault: Vault) -> None:
    vault.is_locked = True


def forget(folder: Path, vault: Vault) -> None:
    vault.secrets.clear()


def garble(folder: Path, vault: Vault) -> None:
    vault.secrets = dict.fromkeys(vault.secrets, "no key")


def lose_the_place(folder: Path, vault: Vault) -> None:
    StoreFiles(folder).key_place.unlink()


def lose_the_place_and_the_store(folder: Path, vault: Vault) -> None:
    files = StoreFiles(folder)
    for file in (files.key_place, files.database, files.mark):
        file.unlink()


@pytest.mark.parametrize(
    "loss", [lock, forget, garble, lose_the_place, lose_the_place_and_the_store]
)
def test_lost_key_is_never_replaced_by_a_new_one(
    tmp_path: Path, vault: Vault, loss: Callable[[Path, Vault], None]
) -> None:
    make_store(tmp_path, vault)
    secrets = dict(vault.secrets)
    loss(tmp_path, vault)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(WrongKeyError) as caught:
        find_key(tmp_path, vault=vault)
    assert caught.value.remedy
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
    assert set(vault.secrets) <= set(secrets)


@pytest.mark.parametrize("content", ["", "no key", "ab" * 31, None])
def test_lost_key_file_is_never_replaced_by_a_new_one(
    tmp_path: Path, vault: Vault, content: str | None
) -> None:
    vault.is_locked = True
    make_store(tmp_path, vault)
    key_file = StoreFiles(tmp_path).key
    if content is None:
        key_file.unlink()
    else:
        key_file.write_text(content)
    with pytest.raises(WrongKeyError) as caught:
        find_key(tmp_path, vault=vault)
    assert "no key" not in str(caught.value)
    assert not key_file.exists() or key_file.read_text() == content


def test_two_starts_at_once_make_one_key(tmp_path: Path, vault: Vault) -> None:
    marks = []
    starts = threading.Barrier(4)

    def start() -> None:
        starts.wait()
        marks.append(find_key(tmp_path, vault=vault).mark)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(marks) == 4
    assert len(set(marks)) == 1
    assert len(vault.secrets) == 1


def test_folder_that_cannot_be_made_is_told(tmp_path: Path, vault: Vault) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        find_key(tmp_path / "file" / "records", vault=vault)


def test_key_shows_itself_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    key = StoreKey.new()
    shown = (repr(key), str(key), f"{key}", repr([key]), repr({"key": key}), key.mark)
    assert all(key.reveal_hex() not in one for one in shown)
    assert repr(bytes.fromhex(key.reveal_hex())) not in repr(key)
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with caplog.at_level(logging.DEBUG):
        store = RecordStore.open(tmp_path, key=key)
        store.close()
    assert key.reveal_hex() not in caplog.text
    assert key.reveal_hex() not in repr(vars(store))


def test_new_keys_differ() -> None:
    assert StoreKey.new().mark != StoreKey.new().mark


# The system's keyring


class TrustedBackend:
    """Behaves like a keyring of the system; its module's name is set below.

    No `KeyringBackend`: the library would find it and take it for the system's.
    """

    def __init__(self, answer: Callable[[], str | None] = lambda: None) -> None:
        self.answer = answer
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username), self.answer())

    def set_password(self, service: str, username: str, password: str) -> None:
        self.answer()
        self.kept[service, username] = password


class PlainTextKeyring(TrustedBackend):
    """As those that write what they are given into a file."""


TrustedBackend.__module__ = "keyring.backends.SecretService"
PlainTextKeyring.__module__ = "keyrings.alt.file"


@pytest.fixture(autouse=True)
def _session_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")


def test_trusted_keyring_keeps_the_key() -> None:
    backend = TrustedBackend()
    keyring = OsKeyring(choose=lambda: backend)
    keyring.write("entry", "secret")
    assert keyring.read("entry") == "secret"
    assert keyring.read("other") is None
    assert [service for service, _ in backend.kept] == ["kdh-desktop records"]


@pytest.mark.parametrize("kind", [PlainTextKeyring, NullKeyring, FailKeyring])
def test_keyring_that_does_not_encrypt_is_as_good_as_none(tmp_path: Path, kind: Any) -> None:
    backend = kind()
    key = find_key(tmp_path, vault=OsKeyring(choose=lambda: backend))
    assert key.notices == (KEY_FILE_NOTICE,)
    assert not getattr(backend, "kept", {})


def test_trusted_keyring_is_found_among_several(monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = TrustedBackend(lambda: "secret")
    monkeypatch.setattr(ChainerBackend, "backends", [PlainTextKeyring(lambda: "plain"), trusted])
    assert OsKeyring(choose=ChainerBackend).read("entry") == "secret"


def fails() -> str:
    raise RuntimeError("the secret was 0123")


def test_keyring_that_fails_says_nothing_of_what_it_was_asked() -> None:
    keyring = OsKeyring(choose=lambda: TrustedBackend(fails))
    with pytest.raises(KeyringSilent) as caught:
        keyring.read("entry")
    assert "0123" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_keyring_that_never_answers_is_given_up(tmp_path: Path) -> None:
    never = threading.Event()
    backend = TrustedBackend(lambda: str(never.wait()))
    key = find_key(tmp_path, vault=OsKeyring(patience_s=0.2, choose=lambda: backend))
    assert key.notices == (KEY_FILE_NOTICE,)
    never.set()


@pytest.fixture
def _no_keyring_may_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Trap(ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise AssertionError("the keyring was loaded")

    monkeypatch.setitem(sys.modules, "keyring", Trap("keyring"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no session bus")
@pytest.mark.usefixtures("_no_keyring_may_be_loaded")
def test_without_a_session_bus_no_keyring_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    key = find_key(tmp_path / "records", vault=OsKeyring())
    assert key.notices == (KEY_FILE_NOTICE,)


def test_session_bus_is_looked_for_where_systemd_puts_it(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert not can_have_keyring(environ, "linux")
    (tmp_path / "bus").touch()
    assert can_have_keyring(environ, "linux")
    assert can_have_keyring({}, "win32")
    assert can_have_keyring({}, "darwin")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no session bus")
def test_session_bus_that_is_gone_is_as_good_as_none(tmp_path: Path) -> None:
    key = find_key(tmp_path, vault=OsKeyring(patience_s=30))
    assert key.notices == (KEY_FILE_NOTICE,)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no session bus")
def test_session_bus_that_never_answers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(tmp_path / "bus"))
        bus.listen()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
        begun = time.monotonic()
        key = find_key(tmp_path / "records", vault=OsKeyring(patience_s=0.5))
        assert time.monotonic() - begun < 20
    assert key.notices == (KEY_FILE_NOTICE,)
