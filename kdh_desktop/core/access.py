"""The administrator's door: a password opens it, and lends the site's signing key meanwhile.

What the door guards needs a signature: nobody can put a model in force without the site's private
key, and that lies on the disk only wrapped by the password and by the recovery key. So the check
does not depend on a window that hides a button.

Guessing is slow on purpose (argon2id) and counted. The count is on the disk before a password is
looked at, so that killing the program gains nothing, and a count that is damaged or was deleted
counts as used up. Waits are measured on the monotonic clock, which runs from the start of the
computer for all processes alike: setting another time gains nothing, a restart of the program
changes nothing, and a restart of the computer can only make a wait longer.

Whoever may write these files as the same user of the operating system can put an earlier count
back. What stands in the way of guessing then is what each guess costs.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.durable_file import write_durably
from kdh_desktop.core.errors import (
    AccessError,
    Cancelled,
    InputError,
    LockedError,
    VerificationError,
    WrongPasswordError,
)
from kdh_desktop.core.json_values import build, parse_json, require, to_json_value
from kdh_desktop.core.tries import FREE_TRIES, Tries, unwritable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

__all__ = [
    "FREE_TRIES",
    "MIN_PASSWORD",
    "SITE_KEY",
    "Access",
    "Administrator",
    "Cost",
    "WrappedKey",
    "check_password",
]

SITE_KEY = "site.pub"
"""Name of the site's own key in the folder of public keys."""

MIN_PASSWORD = 12
"""Characters that a password must have at least."""

_MIN_DIFFERENT = 5
_MOST_COUNTED = 0.7
_RECOVERY_BYTES = 20
_GROUP = 4
_MOST_BYTES = 64 * 1024
_MOST_ITERATIONS = 32
_MOST_LANES = 64
_MOST_MEMORY_KIB = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: argon2id's parameters.

    Attributes:
        iterations: Passes over the memory.
        lanes: Threads.
        memory_kib: Memory in KiB.

    Raises:
        ValueError: It is none that we would ask for: a file that asks for a terabyte is damaged.
    """

    iterations: int = 3
    lanes: int = 4
    memory_kib: int = 256 * 1024

    def __post_init__(self) -> None:
        """Refuse what would take for ever, or all of the memory."""
        require(1 <= self.iterations <= _MOST_ITERATIONS, "iterations", "is out of range")
        require(1 <= self.lanes <= _MOST_LANES, "lanes", "is out of range")
        is_sound = 8 * self.lanes <= self.memory_kib <= _MOST_MEMORY_KIB
        require(is_sound, "memory_kib", "is out of range")


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The private key, encrypted by a key that argon2id makes of a secret; all in base 64."""

    cost: Cost
    salt: str
    nonce: str
    data: str


@dataclass(frozen=True, slots=True)
class _Door:
    """What lies on the disk."""

    version: int
    password: WrappedKey
    recovery: WrappedKey


def _always() -> bool:
    return True


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
        return self.key.sign(data)

    def lock(self) -> None:
        """Forget the key."""
        self._key = None


class Access:
    """The door itself.

    Args:
        folder: Where the wrapped key and the count of wrong passwords lie.
        public_keys: Folder that gets the site's public key, where models are verified by it.
        cost: What one guess shall cost where a secret is set.
        clock: Monotonic seconds since the computer was started, the same for all processes.
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
        self._public_key = public_keys / SITE_KEY
        self._cost = cost or Cost()
        self._tries = Tries(folder, clock, is_expected=self._file.exists)

    @property
    def is_set_up(self) -> bool:
        """Whether there is a password."""
        return self._file.exists()

    @property
    def was_set_up(self) -> bool:
        """Whether there was a password whose file is gone, while the site's public key is there."""
        return self._public_key.exists() and not self.is_set_up

    @property
    def tries_left(self) -> int:
        """How many wrong secrets are free before the next wait."""
        return self._tries.left

    @property
    def wait_s(self) -> float:
        """Seconds until the next try is allowed; 0 when it is allowed now."""
        return self._tries.wait_s

    def set_up(
        self, password: str, *, may_keep: Callable[[], bool] = _always
    ) -> tuple[Administrator, str]:
        """Set the first password and make the site's key.

        Args:
            password: At least `MIN_PASSWORD` characters.
            may_keep: Is asked once, when all is ready to be written.

        Returns:
            The open door, and the recovery key to be printed: it is not kept anywhere.

        Raises:
            AccessError: There is a password already, or nothing can be written.
            InputError: The password is too weak.
            Cancelled: `may_keep` said no; all is as it was.
        """
        if self.is_set_up:
            raise AccessError(
                "There is an administrator's password already.",
                "Enter it, or use the recovery key.",
            )
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        check_password(password)
        key = Ed25519PrivateKey.generate()
        recovery_key = self._keep(key, password, may_keep)
        self._publish(key)
        return Administrator(key), recovery_key

    def unlock(self, password: str) -> Administrator:
        """Open the door with the password.

        Raises:
            WrongPasswordError: It is another one; this counts.
            TooManyTriesError: It was wrong too often just now; nothing was looked at.
            AccessError: No password was set, or what was kept is damaged.
        """
        door = self._read()
        key = self._open(door.password, password)
        self._publish(key)
        return Administrator(key)

    def recover(
        self, recovery_key: str, new_password: str, *, may_keep: Callable[[], bool] = _always
    ) -> tuple[Administrator, str]:
        """Open the door with the recovery key and set a new password.

        Args:
            recovery_key: In groups or not, in capitals or not.
            new_password: At least `MIN_PASSWORD` characters.
            may_keep: See `set_up`.

        Returns:
            The open door, and a new recovery key: the old one is worth nothing any more.

        Raises:
            WrongPasswordError: It is another recovery key; this counts like a wrong password.
            InputError: The new password is too weak.
            Cancelled: `may_keep` said no; the old password and recovery key stay.
        """
        check_password(new_password)
        key = self._open(self._read().recovery, _without_groups(recovery_key))
        self._publish(key)
        return Administrator(key), self._keep(key, new_password, may_keep)

    def change_password(
        self, password: str, new_password: str, *, may_keep: Callable[[], bool] = _always
    ) -> tuple[Administrator, str]:
        """Set a new password with the old one; gives a new recovery key, too; see `recover`."""
        check_password(new_password)
        key = self._open(self._read().password, password)
        self._publish(key)
        return Administrator(key), self._keep(key, new_password, may_keep)

    def _keep(self, key: Ed25519PrivateKey, password: str, may_keep: Callable[[], bool]) -> str:
        from kdh_desktop.core.wrapped_key import wrap

        recovery = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
        door = _Door(
            version=1,
            password=wrap(key, _normal(password), self._cost),
            recovery=wrap(key, recovery, self._cost),
        )
        if not may_keep():
            raise Cancelled("Nothing was changed.")
        try:
            write_durably(self._file, json.dumps(to_json_value(door)).encode(), mode=0o600)
        except OSError as error:
            raise unwritable() from error
        self._tries.forget()
        groups = (recovery[i : i + _GROUP] for i in range(0, len(recovery), _GROUP))
        return "-".join(groups)

    def _publish(self, key: Ed25519PrivateKey) -> None:
        """Let the site's public key lie where models are verified by it.

        It may be lost or cut by a kill or a full disk in the midst of setting up, or since; and
        beside a key that cannot be read, no other is trusted either.
        """
        from kdh_desktop.core.classification.signing import load_public_key, write_public_key

        with contextlib.suppress(VerificationError):
            if load_public_key(self._public_key) == key.public_key():
                return
        try:
            write_public_key(self._public_key, key.public_key())
        except OSError as error:
            raise unwritable() from error

    def _read(self) -> _Door:
        if not self.is_set_up:
            raise AccessError(
                "No administrator's password is set.",
                "Set one in the window: Administrator, Set up.",
            )
        try:
            if not self._file.is_file() or self._file.stat().st_size > _MOST_BYTES:
                raise _damaged()
            door = build(_Door, parse_json(self._file.read_text("utf-8")), "access")
        except (OSError, TypeError, ValueError) as error:
            raise _damaged() from error
        return door

    def _open(self, wrapped: WrappedKey, secret: str) -> Ed25519PrivateKey:
        from kdh_desktop.core.wrapped_key import unwrap

        self._tries.begin()
        try:
            key = unwrap(wrapped, _normal(secret))
        except ValueError as error:
            raise _damaged() from error
        if key is None:
            raise WrongPasswordError("This is not the right one.", self._tries.words)
        self._tries.forget()
        return key


def _normal(secret: str) -> str:
    """The same characters, however a keyboard puts them together."""
    return unicodedata.normalize("NFC", secret)


def _without_groups(recovery_key: str) -> str:
    return "".join(character for character in recovery_key.upper() if character.isalnum())


def check_password(password: str) -> None:
    """Make sure that a password is not too easy to guess.

    Raises:
        InputError: It is.
    """
    if len(_normal(password)) < MIN_PASSWORD:
        raise InputError(
            f"The password has fewer than {MIN_PASSWORD} characters.",
            "Choose a longer one; several words are easy to remember.",
        )
    if len(set(password)) < _MIN_DIFFERENT:
        raise InputError(
            "The password repeats the same few characters.", "Choose one that is harder to guess."
        )
    if _counts_on(password):
        raise InputError(
            "The password counts on from letter to letter or digit to digit.",
            "Choose one that is harder to guess.",
        )


def _counts_on(password: str) -> bool:
    """Whether most characters follow from the one before, as in `123456789012`."""
    steps = [abs(ord(after) - ord(before)) for before, after in itertools.pairwise(password)]
    return sum(step <= 1 for step in steps) > _MOST_COUNTED * len(steps)


def _damaged() -> AccessError:
    return AccessError(
        "The file that keeps the administrator's key is damaged.",
        "Put it back from a backup of the program's data folder.",
    )
