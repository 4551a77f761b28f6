"""Whose models this installation takes in: the publisher's, its own, and those it was told to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kdh_desktop.core.access import SITE_KEY, Administrator
from kdh_desktop.core.classification.signing import (
    fingerprint,
    load_public_key,
    load_trusted_keys,
    write_public_key,
)
from kdh_desktop.core.errors import InputError, VerificationError
from kdh_desktop.core.paths import AppPaths

_OTHER = "publisher-"


@dataclass(frozen=True, slots=True)
class Publisher:
    """One whose signature is accepted.

    Attributes:
        fingerprint: Of the key, to be compared by telephone.
        is_other: Whether it was added, in whatever way; such a key can be taken away again.
        file: Where the key lies.
    """

    fingerprint: str
    is_other: bool
    file: Path


def publishers(paths: AppPaths) -> list[Publisher]:
    """All whose models are taken in."""
    return [
        Publisher(fingerprint(load_public_key(file)), _is_other(file, paths), file)
        for folder in (paths.publisher_keys, paths.site_keys)
        for file in sorted(folder.glob("*.pub"))
    ]


def read_publisher_key(file: Path, paths: AppPaths) -> Ed25519PublicKey:
    """The public key that somebody handed over, still to be trusted.

    Raises:
        InputError: It is no public key, or is trusted already.
    """
    try:
        key = load_public_key(file)
    except VerificationError as error:
        raise InputError(
            "The file holds no publisher's key.",
            "Ask for the .pub file of the site that made the model.",
        ) from error
    known = {one.public_bytes_raw() for one in _trusted(paths)}
    if key.public_bytes_raw() in known:
        raise InputError("This publisher is trusted already.", "Import the model.")
    return key


def trust_publisher(
    key: Ed25519PublicKey, paths: AppPaths, *, administrator: Administrator
) -> Path:
    """Take in this publisher's models from now on.

    Raises:
        LockedError: The door is locked again.
        OSError: The key cannot be written.
    """
    _ = administrator.key  # the check itself: whoever has no open door has no key
    digest = fingerprint(key).replace(" ", "")
    file = paths.site_keys / f"{_OTHER}{digest[:16]}.pub"
    write_public_key(file, key)
    return file


def distrust_publisher(publisher: Publisher, *, administrator: Administrator) -> None:
    """Take in nothing of this publisher any more; what is installed of it cannot be used any more.

    Raises:
        LockedError: The door is locked again.
        InputError: It is the program's or the site's own key.
    """
    _ = administrator.key
    if not publisher.is_other:
        raise InputError("This key is needed.", "Only keys that were added can be taken away.")
    publisher.file.unlink(missing_ok=True)


def _is_other(file: Path, paths: AppPaths) -> bool:
    """Whether a key is neither the program's nor the site's own; a copy by hand has any name."""
    return file.parent == paths.site_keys and file.name != SITE_KEY


def _trusted(paths: AppPaths) -> tuple[Ed25519PublicKey, ...]:
    return load_trusted_keys(paths.publisher_keys, paths.site_keys)
