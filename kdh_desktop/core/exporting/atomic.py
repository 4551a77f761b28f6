"""Write a file so that its place holds the old one or the new one, whole, at every moment.

All that is written on the way lies in one private folder beside the target: the same disk, so
that the last step is a rename, and no copy of anybody's texts in a folder for temporary files.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kdh_desktop.core.errors import ExportError

_PREFIX, _SUFFIX = ".kdh-", ".part"
_STALE_S = 24 * 3600.0
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_PLACE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL}


@contextlib.contextmanager
def staged(target: Path, *, check: Callable[[Path], bool] | None = None) -> Iterator[Path]:
    """Give a path to write to, and put what was written in the target's place at the end.

    Whatever is raised in the block, a full disk included, leaves the target as it was. The path
    lies in a folder of its own, in which other files may be made on the way.

    Args:
        target: Where the file shall lie; a link is followed, and the mode of an old file kept.
        check: Whether the finished file, opened again, is what it should be.

    Raises:
        ExportError: The disk is full, the folder or file cannot be written to or is not there,
            or the file did not pass its check.
    """
    with _told():
        place = _place_of(target)
        _sweep(place.parent)
        folder = _folder_in(place.parent)
        try:
            path = folder / place.name
            yield path
            _flush(path)
            if check is not None and not check(path):
                raise ExportError(
                    "The file that was written cannot be read back.",
                    "Save it again, on another disk if this happens twice.",
                )
            if place.exists():
                shutil.copymode(place, path)
            path.replace(place)
            _flush_folder(place.parent)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def write_atomically(target: Path, data: bytes) -> None:
    """Write bytes to a file.

    Raises:
        ExportError: See `staged`.
    """
    with staged(target) as path:
        path.write_bytes(data)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say in a sentence why something cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise ExportError(
                "The file cannot be written: the disk is full.",
                "Make room on it, or save to another disk. What was there before is untouched.",
            ) from error
        if error.errno in _READ_ONLY:
            raise ExportError(
                "The file cannot be replaced: it is open in another program, or protected.",
                "Close it there, or save under another name.",
            ) from error
        if error.errno in _NO_PLACE:
            raise ExportError(
                "The file cannot be written: there is no such folder, or its name is not allowed.",
                "Choose another folder or a shorter name.",
            ) from error
        raise ExportError(
            f"The file cannot be written ({error.strerror or 'the disk gives an error'}).",
            "Save to another folder or disk.",
        ) from error


def _place_of(target: Path) -> Path:
    try:
        place = target.resolve()
    except RuntimeError as error:  # a loop of links, as older Pythons call it
        raise OSError(errno.ELOOP, "a loop of links") from error
    if place.is_dir():
        raise ExportError("There is a folder of that name.", "Save under another name.")
    if place.exists() and not place.is_file():
        raise ExportError("What has that name is no file.", "Save under another name.")
    if place.exists() and not os.access(place, os.W_OK):
        raise OSError(errno.EACCES, "write-protected")
    return place


def _folder_in(folder: Path) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=_PREFIX, suffix=_SUFFIX, dir=folder))
    except OSError as error:
        if error.errno not in _READ_ONLY:
            raise
        raise ExportError(
            "The file cannot be written: nothing may be written to that folder.",
            "Save to another folder.",
        ) from error


def _sweep(folder: Path) -> None:
    """Take away what a killed export left here long ago."""
    with contextlib.suppress(OSError):
        for left in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            status = left.lstat()
            is_old = time.time() - status.st_mtime > _STALE_S
            if is_old and stat.S_ISDIR(status.st_mode):
                shutil.rmtree(left, ignore_errors=True)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the rename itself last, where the system knows how."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
