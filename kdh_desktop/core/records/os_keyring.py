"""The keyring of the operating system, where it is one that is worth the name.

Asking it can block for good: there may be no session bus, one that never answers, or a dialog that
nobody sees. So each question is asked on a thread of its own, and given up after a while.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

SERVICE = "kdh-desktop records"

_TRUSTED = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
"""Backends that encrypt. Others write plain text or nothing, and are as good as none."""

_PATIENCE_S = 90.0
"""A person may have to type a password into a dialog of the system."""

_T = TypeVar("_T")


class KeyringSilent(Exception):
    """The keyring cannot be asked: it is locked, gone, or does not answer."""


class Backend(Protocol):
    """What is used of a backend of the library `keyring`."""

    def get_password(self, service: str, username: str) -> str | None:
        """A secret, or None where there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a secret."""


class KeyVault(Protocol):
    """A place that keeps secrets by name."""

    def read(self, entry: str) -> str | None:
        """A secret, or None where there is none.

        Raises:
            KeyringSilent: It cannot be asked.
        """

    def write(self, entry: str, secret: str) -> None:
        """Keep a secret.

        Raises:
            KeyringSilent: It cannot be asked.
        """


class OsKeyring:
    """The system's keyring, as the library `keyring` finds it."""

    def __init__(
        self,
        *,
        patience_s: float = _PATIENCE_S,
        choose: Callable[[], Backend] | None = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            patience_s: How long to wait for an answer.
            choose: Gives the backend that the user's configuration asks for.
        """
        self._patience_s = patience_s
        self._choose = choose or _configured_backend

    def read(self, entry: str) -> str | None:
        """A secret, or None where there is none.

        Raises:
            KeyringSilent: The keyring cannot be asked.
        """
        found = self._ask(lambda: self._backend().get_password(SERVICE, entry))
        return None if found is None else str(found)

    def write(self, entry: str, secret: str) -> None:
        """Keep a secret.

        Raises:
            KeyringSilent: The keyring cannot be asked.
        """
        self._ask(lambda: self._backend().set_password(SERVICE, entry, secret))

    def _backend(self) -> Backend:
        for backend in _flat(self._choose()):
            if type(backend).__module__ in _TRUSTED:
                return backend
        raise KeyringSilent

    def _ask(self, question: Callable[[], _T]) -> _T:
        if not can_have_keyring(os.environ):
            raise KeyringSilent
        answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put((True, question()))
            except BaseException as error:  # noqa: BLE001 - plug-ins raise what they like
                answers.put((False, error))

        # A daemon, because a question without an answer must not keep the program from ending.
        threading.Thread(target=ask, name="keyring", daemon=True).start()
        try:
            is_answer, answer = answers.get(timeout=self._patience_s)
        except queue.Empty as error:
            raise KeyringSilent from error
        if not is_answer:
            # What plug-ins say may quote what they were given.
            raise KeyringSilent from None
        result: _T = answer
        return result


def can_have_keyring(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether it is worth asking: on Linux every keyring answers over the session bus."""
    if not platform.startswith(("linux", "freebsd")):
        return True
    runtime = environ.get("XDG_RUNTIME_DIR")
    return bool(environ.get("DBUS_SESSION_BUS_ADDRESS")) or (
        bool(runtime) and Path(runtime or "", "bus").exists()
    )


def _configured_backend() -> Backend:
    import keyring

    return keyring.get_keyring()


def _flat(backend: Backend) -> Iterator[Backend]:
    """The backend, or those that it asks one after the other."""
    members = getattr(backend, "backends", None)
    if members is None:
        yield backend
    else:
        for member in members:
            yield from _flat(member)
