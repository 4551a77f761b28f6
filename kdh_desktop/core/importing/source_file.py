"""A stranger's file as bytes: opened so that nothing hangs, and unpacked where gzip packed it."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import BinaryIO

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.text_file import open_file

MAX_SOURCE_BYTES = 4_000_000_000
"""Of a file as it lies there, and of what it unpacks to: more than a million records."""

GZIP_MARK = b"\x1f\x8b"


def open_source(path: Path) -> BinaryIO:
    """Open an ordinary file; one that gzip packed gives what it holds.

    A packed file that breaks off or is damaged ends where it can no longer be unpacked, and
    `is_cut` says so afterwards. The limit on what it unpacks to is met while it is read.

    Raises:
        InputError: It is no ordinary file, cannot be opened, is empty or too large.
    """
    file = open_file(path)
    try:
        _check_size(os.fstat(file.fileno()).st_size)
        if _begins_packed(file):
            return io.BufferedReader(_Unpacked(file), 1 << 16)
    except BaseException:
        file.close()
        raise
    return file


def is_packed(source: BinaryIO) -> bool:
    """Whether a source is unpacked on the way."""
    return isinstance(getattr(source, "raw", None), _Unpacked)


def is_cut(source: BinaryIO) -> bool:
    """Whether the end of a packed file is missing, as far as it was read."""
    raw = getattr(source, "raw", None)
    return isinstance(raw, _Unpacked) and raw.is_cut


def too_large() -> InputError:
    """The failure of a file over the limit."""
    return InputError(
        f"The file is larger than {MAX_SOURCE_BYTES // 1_000_000_000} GB.",
        "Divide it into several files.",
    )


def _check_size(size: int) -> None:
    if size == 0:
        raise InputError("The file is empty.", "Choose a file that holds texts or a table.")
    if size > MAX_SOURCE_BYTES:
        raise too_large()


def _begins_packed(file: BinaryIO) -> bool:
    mark = file.read(len(GZIP_MARK))
    file.seek(0)
    return mark == GZIP_MARK


class _Unpacked(io.RawIOBase):
    """What a file packed by gzip holds, up to where it can be read and to the limit."""

    def __init__(self, packed: BinaryIO) -> None:
        self.is_cut = False
        self._packed = packed
        self._inner = gzip.GzipFile(fileobj=packed, mode="rb")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            piece = self._inner.read1(len(buffer))
        except (EOFError, OSError, zlib.error):
            self.is_cut = True
            return 0
        if self._inner.tell() > MAX_SOURCE_BYTES:
            raise too_large()
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """To the beginning, or to say where it stands: nobody needs more."""
        if (offset, whence) == (0, io.SEEK_CUR):
            return self._inner.tell()
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("only the beginning can be gone back to")
        return self._inner.seek(0)

    def close(self) -> None:
        self._inner.close()
        self._packed.close()
        super().close()
