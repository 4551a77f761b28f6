"""Ed25519 signatures: who may say that a model is good."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from kdh_desktop.core.durable_file import write_durably
from kdh_desktop.core.errors import ModelError, VerificationError

SIGNATURE_SIZE = 64
"""Bytes of an Ed25519 signature."""

_MAX_KEY_SIZE = 16_384


def sign(data: bytes, key: Ed25519PrivateKey) -> bytes:
    """Signature of `data`, `SIGNATURE_SIZE` bytes."""
    return key.sign(data)


def verify(data: bytes, signature: bytes, trusted: Sequence[Ed25519PublicKey]) -> None:
    """Check that one of the trusted keys signed `data`.

    Raises:
        VerificationError: None did, or no key is trusted.
    """
    if not trusted:
        raise VerificationError(
            "No publisher's key is installed, so no model can be trusted.",
            "Install the program again, or ask your administrator for the key.",
        )
    for key in trusted:
        try:
            key.verify(signature, data)
        except InvalidSignature:
            continue
        return
    raise VerificationError(
        "The model is not signed by a publisher that this program trusts.",
        "Use a model from its original source, or ask your administrator to add its key.",
    )


def load_trusted_keys(*folders: Path) -> tuple[Ed25519PublicKey, ...]:
    """Public keys (``*.pub``, PEM) of these folders, by file name; a missing folder holds none.

    Raises:
        VerificationError: A file there is not an Ed25519 public key. A folder that cannot be
            trusted in part is not trusted at all.
    """
    return tuple(
        load_public_key(path) for folder in folders for path in sorted(folder.glob("*.pub"))
    )


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key (PEM).

    Raises:
        VerificationError: It is not a readable Ed25519 public key.
    """
    try:
        key = load_pem_public_key(_read_key_file(path))
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise _bad_public_key(path) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _bad_public_key(path)
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of a key, in groups that two people can read to each other by telephone."""
    digest = hashlib.sha256(key.public_bytes_raw()).hexdigest()
    return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))


def _bad_public_key(path: Path) -> VerificationError:
    return VerificationError(
        f"The trusted key {path.name} is not a readable Ed25519 public key.",
        "Remove the file, or put back the key as its owner gave it.",
    )


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key (PEM, not encrypted).

    Raises:
        ModelError: There is none, or it is of another kind.
    """
    try:
        key = load_pem_private_key(_read_key_file(path), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _bad_signing_key() from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _bad_signing_key()
    return key


def _bad_signing_key() -> ModelError:
    return ModelError(
        "The signing key cannot be read.",
        "Name the file of an unencrypted Ed25519 private key in PEM form.",
    )


def create_signing_key(private_path: Path, public_path: Path) -> Ed25519PrivateKey:
    """Make a key pair; the private half is readable by its owner only.

    Raises:
        ModelError: One of the files exists; a key is never overwritten.
    """
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    if public_path.exists():
        raise _key_exists()
    private_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(private_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise _key_exists() from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(private)
    write_public_key(public_path, key.public_key())
    return key


def write_public_key(path: Path, key: Ed25519PublicKey) -> None:
    """Write a public key as PEM, so that `load_trusted_keys` finds it if `path` ends in .pub.

    Raises:
        OSError: It cannot be written; what was there before is as it was.
    """
    write_durably(path, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _key_exists() -> ModelError:
    return ModelError(
        "A key of that name exists already, and keys are never overwritten.",
        "Choose another name, or move the old key away.",
    )


def _read_key_file(path: Path) -> bytes:
    if not path.is_file():  # a pipe would be waited for
        raise ValueError("no plain file")
    with path.open("rb") as file:
        data = file.read(_MAX_KEY_SIZE + 1)
    if len(data) > _MAX_KEY_SIZE:
        raise ValueError("too large for a key")
    return data
