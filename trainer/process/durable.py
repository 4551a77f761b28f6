"""Files that are whole after a kill and after a power cut."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_DIGEST_LENGTH = 64


def write_durably(path: Path, data: bytes) -> None:
    """Write a file by way of a temporary one beside it, and see that both reach the disk.

    At every moment `path` holds either what it held before or all of `data`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    flush_folder(path.parent)


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


def flush_folder(folder: Path) -> None:
    """See that a rename in `folder` reaches the disk; Windows does that by itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
