"""Plain text files: opened so that nothing hangs, and decoded without a guess."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path
from typing import BinaryIO

from kdh_desktop.core.errors import InputError

MAX_TEXT_BYTES = 40_000_000
"""About 20,000 abstracts."""

# The longer mark first: UTF-16's is the beginning of UTF-32's.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAVE = "Save its text as a .txt file."
_IMPORT = "Import it (in a terminal by kdh bulk), or save its text as a .txt file."
_OTHER_FORMATS = (
    (b"%PDF-", "a PDF", _IMPORT),
    (b"PK\x03\x04", "a Word, Excel or ZIP file", _IMPORT),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel file", _IMPORT),
    (b"{\\rtf", "a rich-text file", _SAVE),
    (b"\x1f\x8b", "a compressed file", _SAVE),
)
_MAX_NUL_SHARE = 0.01


def read_text_file(path: Path, *, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Read one text file.

    Args:
        path: An ordinary file; links to one are followed.
        max_bytes: Larger files are refused.

    Returns:
        Its text, line ends as they are, without a byte order mark.

    Raises:
        InputError: It is no ordinary file, empty, too large, not readable, or not text in UTF-8
            or marked UTF-16 or UTF-32.
    """
    return decode_text(read_bytes(path, max_bytes=max_bytes), max_bytes=max_bytes)


def read_bytes(path: Path, *, max_bytes: int) -> bytes:
    """Read an ordinary file as it is, up to one byte more than `max_bytes`.

    Raises:
        InputError: It is no ordinary file, or cannot be opened.
    """
    with open_file(path) as file:
        try:
            return file.read(max_bytes + 1)
        except OSError as error:
            raise _unreadable(error) from error


def open_file(path: Path) -> BinaryIO:
    """Open an ordinary file for reading; links to one are followed.

    Raises:
        InputError: It is no ordinary file, or cannot be opened.
    """
    try:
        # A pipe that nobody writes to must not stop us for ever, so it is opened without waiting.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _O_BINARY)
    except OSError as error:
        raise _unreadable(error) from error
    try:
        _check_kind(os.fstat(descriptor))
        return os.fdopen(descriptor, "rb")
    except InputError:
        os.close(descriptor)
        raise
    except OSError as error:
        os.close(descriptor)
        raise _unreadable(error) from error


def decode_text(data: bytes, *, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Decode the bytes of a text.

    Args:
        data: All of it.
        max_bytes: More than these are refused.

    Raises:
        InputError: They are empty, too many, or not text in UTF-8 or marked UTF-16 or UTF-32.
    """
    if not data:
        raise InputError("The file is empty.", "Give a file that holds text.")
    if len(data) > max_bytes:
        raise InputError(
            f"The text is larger than {max_bytes // 1_000_000} MB.",
            "Divide it into several files.",
        )
    check_is_text(data)
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_text() from error
    # UTF-16 without a mark decodes as UTF-8 with a NUL for every other character.
    if text.count("\0") > _MAX_NUL_SHARE * len(text):
        raise _not_text()
    return text


def check_is_text(head: bytes) -> None:
    """Refuse what begins as a format that is no text.

    Raises:
        InputError: It does.
    """
    for beginning, name, remedy in _OTHER_FORMATS:
        if head.startswith(beginning):
            raise InputError(f"This is {name}, not plain text.", remedy)


_O_BINARY = getattr(os, "O_BINARY", 0)  # only Windows tells text from binary


def _check_kind(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise InputError("This is a folder, not a file.", "Give the text files in it one by one.")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(
            "This is a pipe or a device, not a file.", "Send its text to standard input instead."
        )


def _unreadable(error: OSError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError("There is no such file.", "Check the name.")
    if isinstance(error, IsADirectoryError):
        return InputError("This is a folder, not a file.", "Give the text files in it one by one.")
    return InputError("The file cannot be read.", "Check that you may open it.")


def _not_text() -> InputError:
    return InputError("The file is not UTF-8 text.", "Save it as UTF-8 and try again.")
