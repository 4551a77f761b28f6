"""Files that say themselves whether they are whole."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.durable_file import write_durably

_DIGEST_LENGTH = 64


def write_hashed(path: Path, data: bytes) -> None:
    """Write a file that begins with the SHA-256 of the rest, in hexadecimal.

    One rename puts both in place, so that no kill can part them.
    """
    write_durably(path, hashlib.sha256(data).hexdigest().encode() + data)


def read_hashed(path: Path) -> bytes | None:
    """Read what `write_hashed` wrote, or None where it is missing or not whole."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, data = content[:_DIGEST_LENGTH], content[_DIGEST_LENGTH:]
    return data if hashlib.sha256(data).hexdigest().encode() == digest else None


def save_arrays(path: Path, **arrays: NDArray[np.generic]) -> None:
    """Write arrays to one ``.npz`` file, whole or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_durably(path, buffer.getvalue())
