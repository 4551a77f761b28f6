"""The key that a new bundle is signed with."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.classification.signing import (
    create_signing_key,
    load_signing_key,
    load_trusted_keys,
    write_public_key,
)
from kdh_desktop.core.paths import AppPaths


def signing_key(
    named: Path | None, *, public_keys: Path | None, paths: AppPaths
) -> Ed25519PrivateKey:
    """The publisher's key; where none is named it is made once, outside the repository.

    Args:
        named: File of a private key, or None.
        public_keys: Folder for the public half of a key that is made; by default beside the
            private one, where no installation trusts it yet.
        paths: The installation.

    Raises:
        ModelError: The named key cannot be used.
    """
    if named is not None:
        return load_signing_key(named)
    private = paths.config / "signing" / "publisher.pem"
    folder = public_keys or private.parent
    public = _unused_key_name(folder)
    if not private.exists():
        key = create_signing_key(private, public)
        sys.stderr.write(f"A signing key was made; its private half is {private}\n")
    else:
        key = load_signing_key(private)
        if key.public_key() in load_trusted_keys(folder):
            return key
        write_public_key(public, key.public_key())
    sys.stderr.write(f"Its public half, by which others trust its models, is {public}\n")
    return key


def _unused_key_name(folder: Path) -> Path:
    """A name for one more trusted key: those that are there are other publishers'."""
    names = itertools.chain(["publisher.pub"], (f"publisher-{n}.pub" for n in itertools.count(2)))
    return next(path for path in map(folder.joinpath, names) if not path.exists())
