"""One window for each user: a second start hands its files to the first, and leaves.

The first start holds a lock that the system releases however the process ends, listens on a local
socket (a pipe on Windows), and writes down where, with a key that whoever connects must know. Only
JSON passes, and at most a few megabytes: nothing that is received is ever run or unpickled.

No Qt here: the second start is over before Qt would be loaded.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from kdh_desktop.core.errors import KdhError

_log = logging.getLogger(__name__)

LOCK_FILE = "window.lock"
DOOR_FILE = "window.json"

_PATIENCE_S = 10.0
_RETRY_S = 0.1
_MAX_BYTES = 4 * 2**20
_ACTIVATION_TOKENS = ("XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID")


@dataclass(frozen=True, slots=True)
class Visit:
    """What a second start wants of the first.

    Attributes:
        files: Files and folders to take in, with their whole paths; none to be shown only.
        activation_token: What lets the first raise its window on some desktops, or empty.
    """

    files: tuple[Path, ...]
    activation_token: str = ""

    @classmethod
    def of(cls, files: Sequence[Path], environ: Mapping[str, str]) -> Self:
        """A visit from this process, as its user started it."""
        tokens = [environ[name] for name in _ACTIVATION_TOKENS if environ.get(name)]
        return cls(tuple(file.absolute() for file in files), tokens[0] if tokens else "")


class FirstInstance:
    """Held by the one process that has the window; others are heard from another thread."""

    def __init__(self, folder: Path, lock: FileLock) -> None:
        self._folder = folder
        self._lock = lock
        self._listener: Listener | None = None
        self._nook: Path | None = None
        self._is_closed = threading.Event()

    def listen(self, on_visit: Callable[[Visit], None]) -> None:
        """Hear of second starts; `on_visit` is called on another thread."""
        key = secrets.token_bytes(32)
        try:
            self._listener = self._open_door(key)
            _write_privately(
                self._folder / DOOR_FILE,
                json.dumps({"address": str(self._listener.address), "key": key.hex()}),
            )
        except OSError as error:
            # A second start then says that it found a window which does not answer.
            _log.warning("second starts cannot be heard: %s", type(error).__name__)
            return
        threading.Thread(target=self._hear, args=(on_visit,), daemon=True).start()

    def close(self) -> None:
        """Let the next start be the first."""
        self._is_closed.set()
        with suppress(OSError):
            (self._folder / DOOR_FILE).unlink(missing_ok=True)
        if self._listener is not None:
            with suppress(OSError):
                self._listener.close()
        if self._nook is not None:
            shutil.rmtree(self._nook, ignore_errors=True)
        self._lock.release()

    def _open_door(self, key: bytes) -> Listener:
        if sys.platform == "win32":
            return Listener(rf"\\.\pipe\kdh-desktop-{secrets.token_hex(16)}", authkey=key)
        # A socket's path may have about 100 characters only, so it cannot lie among our data.
        self._nook = Path(tempfile.mkdtemp(prefix="kdh-"))
        return Listener(str(self._nook / "window"), family="AF_UNIX", authkey=key)

    def _hear(self, on_visit: Callable[[Visit], None]) -> None:
        listener = self._listener
        while listener is not None and not self._is_closed.is_set():
            try:
                with listener.accept() as connection:
                    visit = _received(connection)
                    connection.send_bytes(b"taken")
            except (OSError, EOFError, AuthenticationError, ValueError) as error:
                if not self._is_closed.is_set():
                    _log.warning("a visit failed: %s", type(error).__name__)
                    # A listener that cannot go on would fail again at once, for ever.
                    self._is_closed.wait(_RETRY_S)
                continue
            on_visit(visit)


def become_first(folder: Path) -> FirstInstance | None:
    """Take the place of the one instance, or None where another process has it.

    Args:
        folder: The program's data folder; made where it is missing.

    Raises:
        OSError: The folder cannot be written to.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK_FILE, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    return FirstInstance(folder, lock)


def hand_over(folder: Path, visit: Visit, *, patience_s: float = _PATIENCE_S) -> None:
    """Give the first instance what this start was asked to open.

    Raises:
        KdhError: It does not answer.
    """
    is_taken = threading.Event()
    # On a thread of its own: a process that was stopped never ends the handshake.
    threading.Thread(
        target=_knock_until, args=(folder, visit, is_taken, patience_s), daemon=True
    ).start()
    if not is_taken.wait(patience_s):
        raise KdhError(
            "The program is running already, and its window does not answer.",
            "Wait until it does, or end it and start the program again.",
        )


def _knock_until(folder: Path, visit: Visit, is_taken: threading.Event, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        # It may be starting, and not listen yet.
        with suppress(OSError, EOFError, AuthenticationError, ValueError, KeyError):
            _knock(folder, visit)
            is_taken.set()
            return
        time.sleep(_RETRY_S)


def _knock(folder: Path, visit: Visit) -> None:
    door = json.loads((folder / DOOR_FILE).read_text("utf-8"))
    words = {"files": [str(file) for file in visit.files], "token": visit.activation_token}
    with Client(str(door["address"]), authkey=bytes.fromhex(door["key"])) as connection:
        connection.send_bytes(json.dumps(words).encode())
        if not connection.poll(_PATIENCE_S):
            raise EOFError
        connection.recv_bytes(_MAX_BYTES)


def _received(connection: Connection) -> Visit:
    if not connection.poll(_PATIENCE_S):
        raise EOFError
    words = json.loads(connection.recv_bytes(_MAX_BYTES))
    if not isinstance(words, dict) or not isinstance(words.get("files"), list):
        raise ValueError("no visit")  # noqa: TRY004  # the caller expects what JSON raises, too
    return Visit(tuple(Path(str(file)) for file in words["files"]), str(words.get("token", "")))


def _write_privately(path: Path, text: str) -> None:
    """Write a file that only this user may read, whole or not at all."""
    staged = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        staged.replace(path)
    except OSError:
        staged.unlink(missing_ok=True)
        raise
