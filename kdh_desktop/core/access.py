"""The administrator's door: a password opens it, and lends the site's signing key meanwhile.

What the door guards needs a signature: nobody can put a model in force without the site's private
key, and that lies on the disk only wrapped by the password and by the recovery key. So the check
does not depend on a window that hides a button.

Guessing is slow on purpose (argon2id) and counted. The count is on the disk before a password is
looked at, so that killing the program gains nothing. Waits run on the monotonic clock and begin
anew with each start, so that neither a restart nor a changed clock shortens them.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from filelock import FileLock

from kdh_desktop.core.classification.signing import sign, write_public_key
from kdh_desktop.core.durable_file import write_durably
from kdh_desktop.core.errors import (
    AccessError,
    InputError,
    LockedError,
    TooManyTriesError,
    WrongPasswordError,
)
from kdh_desktop.core.json_values import build, parse_json, to_json_value

MIN_PASSWORD = 12
"""Characters that a password must have at least."""

FREE_TRIES = 5
"""Wrong passwords before the first wait."""

_FIRST_WAIT_S = 30.0
_LONGEST_WAIT_S = 3600.0
_MIN_DIFFERENT = 5
_KEY_BYTES = 32
_SALT_BYTES = 16
_NONCE_BYTES = 12
_RECOVERY_BYTES = 20
_GROUP = 4
_PUBLIC_KEY = "site.pub"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: argon2id's parameters.

    Attributes:
        iterations: Passes over the memory.
        lanes: Threads.
        memory_kib: Memory in KiB.
    """

    iterations: int = 3
    lanes: int = 4
    memory_kib: int = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Wrapped:
    """The private key, encrypted by a key that argon2id makes of a secret; all in base 64."""

    cost: Cost
    salt: str
    nonce: str
    data: str


@dataclass(frozen=True, slots=True)
class _Door:
    """What lies on the disk."""

    version: int
    password: _Wrapped
    recovery: _Wrapped


class Administrator:
    """Proof that the door is open: signs with the site's key until it is locked."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key: Ed25519PrivateKey | None = key

    @property
    def is_open(self) -> bool:
        """Whether the door is still open."""
        return self._key is not None

    @property
    def key(self) -> Ed25519PrivateKey:
        """The site's private key.

        Raises:
            LockedError: The door is locked again.
        """
        if self._key is None:
            raise LockedError("The administrator's pages are locked.", "Enter the password again.")
        return self._key

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The public half of the site's key."""
        return self.key.public_key()

    def sign(self, data: bytes) -> bytes:
        """Signature of `data` with the site's key."""
        return sign(data, self.key)

    def lock(self) -> None:
        """Forget the key."""
        self._key = None


class Access:
    """The door itself.

    Args:
        folder: Where the wrapped key and the count of wrong passwords lie.
        public_keys: Folder that gets the site's public key, where models are verified by it.
        cost: What one guess shall cost where a secret is set.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        folder: Path,
        public_keys: Path,
        *,
        cost: Cost | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = folder / "access.json"
        self._public_key = public_keys / _PUBLIC_KEY
        self._cost = cost or Cost()
        self._tries = _Tries(folder, clock)

    @property
    def is_set_up(self) -> bool:
        """Whether there is a password."""
        return self._file.exists()

    @property
    def wait_s(self) -> float:
        """Seconds until the next try is allowed; 0 when it is allowed now."""
        return self._tries.wait_s

    def set_up(self, password: str) -> tuple[Administrator, str]:
        """Set the first password and make the site's key.

        Args:
            password: At least `MIN_PASSWORD` characters.

        Returns:
            The open door, and the recovery key to be printed: it is not kept anywhere.

        Raises:
            AccessError: There is a password already.
            InputError: The password is too weak.
        """
        if self.is_set_up:
            raise AccessError(
                "There is an administrator's password already.",
                "Enter it, or use the recovery key.",
            )
        _check_strength(password)
        key = Ed25519PrivateKey.generate()
        write_public_key(self._public_key, key.public_key())
        return Administrator(key), self._keep(key, password)

    def unlock(self, password: str) -> Administrator:
        """Open the door with the password.

        Raises:
            WrongPasswordError: It is another one; this counts.
            TooManyTriesError: It was wrong too often just now; nothing was looked at.
            AccessError: No password was set, or what was kept is damaged.
        """
        door = self._read()
        return Administrator(self._open(door.password, password))

    def recover(self, recovery_key: str, new_password: str) -> tuple[Administrator, str]:
        """Open the door with the recovery key and set a new password.

        Returns:
            The open door, and a new recovery key: the old one is worth nothing any more.

        Raises:
            WrongPasswordError: It is another recovery key; this counts like a wrong password.
            InputError: The new password is too weak.
        """
        _check_strength(new_password)
        key = self._open(self._read().recovery, _without_groups(recovery_key))
        return Administrator(key), self._keep(key, new_password)

    def change_password(self, password: str, new_password: str) -> tuple[Administrator, str]:
        """Set a new password with the old one; gives a new recovery key, too."""
        _check_strength(new_password)
        key = self._open(self._read().password, password)
        return Administrator(key), self._keep(key, new_password)

    def _keep(self, key: Ed25519PrivateKey, password: str) -> str:
        recovery = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
        door = _Door(
            version=1,
            password=_wrap(key, _normal(password), self._cost),
            recovery=_wrap(key, recovery, self._cost),
        )
        write_durably(self._file, json.dumps(to_json_value(door)).encode(), mode=0o600)
        self._tries.forget()
        groups = (recovery[i : i + _GROUP] for i in range(0, len(recovery), _GROUP))
        return "-".join(groups)

    def _read(self) -> _Door:
        if not self.is_set_up:
            raise AccessError("No administrator's password is set.", "Set one on the Admin page.")
        try:
            door = build(_Door, parse_json(self._file.read_text("utf-8")), "access")
        except (OSError, TypeError, ValueError) as error:
            raise _damaged() from error
        return door

    def _open(self, wrapped: _Wrapped, secret: str) -> Ed25519PrivateKey:
        self._tries.begin()
        try:
            key = _unwrap(wrapped, _normal(secret))
        except InvalidTag:
            raise WrongPasswordError("This is not the right one.", self._tries.words) from None
        self._tries.forget()
        return key


@dataclass(frozen=True, slots=True)
class _Count:
    failures: int


class _Tries:
    """Counts wrong secrets on the disk, and says how long to wait."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._file = folder / "tries.json"
        self._lock = FileLock(folder / "tries.lock")
        self._clock = clock
        self._since = clock()

    @property
    def wait_s(self) -> float:
        """Seconds until the next try; a start of the program begins the wait anew."""
        return max(0.0, self._wait_after(self._failures()) - (self._clock() - self._since))

    @property
    def words(self) -> str:
        """What to do after a wrong secret."""
        left = FREE_TRIES - self._failures()
        if left > 0:
            return f"Try again; {left} more {'try' if left == 1 else 'tries'} before a wait."
        return f"Try again in {int(self.wait_s) + 1} seconds."

    def begin(self) -> None:
        """Count a try before it is made.

        Raises:
            TooManyTriesError: The wait is not over.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            if (wait_s := self.wait_s) > 0:
                raise TooManyTriesError(wait_s)
            count = _Count(self._failures() + 1)
            write_durably(self._file, json.dumps(to_json_value(count)).encode(), mode=0o600)
            self._since = self._clock()

    def forget(self) -> None:
        """The secret was right."""
        self._file.unlink(missing_ok=True)

    def _failures(self) -> int:
        try:
            return max(0, build(_Count, parse_json(self._file.read_text("utf-8")), "").failures)
        except FileNotFoundError:
            return 0
        except (OSError, TypeError, ValueError):
            return FREE_TRIES  # whoever damaged it shall not gain by it

    @staticmethod
    def _wait_after(failures: int) -> float:
        if failures < FREE_TRIES:
            return 0.0
        return float(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(failures - FREE_TRIES, 20)))


def _wrap(key: Ed25519PrivateKey, secret: str, cost: Cost) -> _Wrapped:
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    data = AESGCM(_derive(secret, salt, cost)).encrypt(nonce, key.private_bytes_raw(), None)
    return _Wrapped(cost, *(base64.b64encode(part).decode() for part in (salt, nonce, data)))


def _unwrap(wrapped: _Wrapped, secret: str) -> Ed25519PrivateKey:
    try:
        salt, nonce, data = (
            base64.b64decode(part, validate=True)
            for part in (wrapped.salt, wrapped.nonce, wrapped.data)
        )
        derived = _derive(secret, salt, wrapped.cost)
        return Ed25519PrivateKey.from_private_bytes(AESGCM(derived).decrypt(nonce, data, None))
    except ValueError as error:
        raise _damaged() from error


def _derive(secret: str, salt: bytes, cost: Cost) -> bytes:
    """Source: argon2id, RFC 9106."""
    return Argon2id(
        salt=salt,
        length=_KEY_BYTES,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    ).derive(secret.encode())


def _normal(secret: str) -> str:
    """The same characters, however a keyboard puts them together."""
    return unicodedata.normalize("NFC", secret)


def _without_groups(recovery_key: str) -> str:
    return "".join(character for character in recovery_key.upper() if character.isalnum())


def _check_strength(password: str) -> None:
    if len(_normal(password)) < MIN_PASSWORD:
        raise InputError(
            f"The password has fewer than {MIN_PASSWORD} characters.",
            "Choose a longer one; several words are easy to remember.",
        )
    if len(set(password)) < _MIN_DIFFERENT:
        raise InputError(
            "The password repeats the same few characters.", "Choose one that is harder to guess."
        )


def _damaged() -> AccessError:
    return AccessError(
        "The file that keeps the administrator's key is damaged.",
        "Put it back from a backup of the program's data folder.",
    )
