"""Files of ours that are whole after a kill and after a power cut."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def write_durably(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write a file by way of a temporary one beside it, and see that both reach the disk.

    At every moment `path` holds either what it held before or all of `data`.

    Args:
        path: The file; its folder is made where it is missing.
        data: All of its bytes.
        mode: Who may read and write it; by default as the system likes.

    Raises:
        OSError: It cannot be written; `path` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    if mode is not None:
        # Before anything is in it, so that there is no moment at which others could read it.
        temporary.unlink(missing_ok=True)
        temporary.touch(mode=mode)
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    flush_folder(path.parent)


def append_durably(path: Path, line: str) -> None:
    """Add a line to a file, with its end, and see that it reaches the disk.

    Raises:
        OSError: It cannot be written.
    """
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def flush_files(folder: Path) -> None:
    """See that the files of a folder, and their names, reach the disk."""
    for path in folder.iterdir():
        with path.open("r+b") as file:
            os.fsync(file.fileno())
    flush_folder(folder)


def flush_folder(folder: Path) -> None:
    """See that a rename in `folder` reaches the disk; Windows does that by itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
