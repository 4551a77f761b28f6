"""The key that the record store is encrypted with; it is never shown."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import NoReturn, Self

from kdh_desktop.core.records.stored import StoreNotice

KEY_BYTES = 32


class StoreKey:
    """Thirty-two random bytes, and what a person should know of where they lie.

    Attributes:
        notices: Shown when the store is opened, e.g. that the key lies in a file.
    """

    __slots__ = ("_raw", "notices")

    def __init__(self, raw: bytes, *, notices: tuple[StoreNotice, ...] = ()) -> None:
        """Wrap a key.

        Raises:
            ValueError: It is not 32 bytes long.
        """
        if len(raw) != KEY_BYTES:
            raise ValueError(f"a store key has {KEY_BYTES} bytes")
        self._raw = raw
        self.notices = notices

    @classmethod
    def new(cls) -> Self:
        """A key that nobody has seen before."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def from_hex(cls, text: str, *, notices: tuple[StoreNotice, ...] = ()) -> Self:
        """A key as a keyring or a key file keeps it.

        Raises:
            ValueError: It is not 64 hexadecimal digits.
        """
        return cls(bytes.fromhex(text), notices=notices)

    def reveal_hex(self) -> str:
        """The key as 64 hexadecimal digits: for SQLCipher, the keyring and the key file alone."""
        return self._raw.hex()

    @property
    def mark(self) -> str:
        """A mark by which the same key is known again, from which it cannot be found out."""
        return hmac.new(self._raw, b"kdh-desktop record store", hashlib.sha256).hexdigest()[:32]

    def __repr__(self) -> str:
        return "<StoreKey>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a store key is not written down")
