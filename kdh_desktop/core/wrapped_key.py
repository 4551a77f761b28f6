"""A private key that lies on the disk encrypted by a secret, which takes long to guess.

Apart from the door itself, since these libraries take a while to load, and nobody needs them
before a password is given.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from kdh_desktop.core.access import Cost, WrappedKey
from kdh_desktop.core.errors import AccessError

_KEY_BYTES = 32
_SALT_BYTES = 16
_NONCE_BYTES = 12


def wrap(key: Ed25519PrivateKey, secret: str, cost: Cost) -> WrappedKey:
    """Encrypt a key by a secret.

    Raises:
        AccessError: There is too little memory.
    """
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    data = AESGCM(_derive(secret, salt, cost)).encrypt(nonce, key.private_bytes_raw(), None)
    return WrappedKey(cost, *(base64.b64encode(part).decode() for part in (salt, nonce, data)))


def unwrap(wrapped: WrappedKey, secret: str) -> Ed25519PrivateKey | None:
    """The key, or None where it was encrypted by another secret.

    Raises:
        ValueError: What was kept is damaged.
        AccessError: There is too little memory.
    """
    salt, nonce, data = (
        base64.b64decode(part, validate=True)
        for part in (wrapped.salt, wrapped.nonce, wrapped.data)
    )
    derived = _derive(secret, salt, wrapped.cost)
    try:
        return Ed25519PrivateKey.from_private_bytes(AESGCM(derived).decrypt(nonce, data, None))
    except InvalidTag:
        return None


def _derive(secret: str, salt: bytes, cost: Cost) -> bytes:
    """Source: argon2id, RFC 9106."""
    try:
        return Argon2id(
            salt=salt,
            length=_KEY_BYTES,
            iterations=cost.iterations,
            lanes=cost.lanes,
            memory_cost=cost.memory_kib,
        ).derive(secret.encode("utf-8", "surrogatepass"))
    except MemoryError as error:
        raise AccessError(
            "There is too little free memory to check a password.",
            f"Close other programs; {cost.memory_kib // 1024} MiB are needed for a moment.",
        ) from error
