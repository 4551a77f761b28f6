"""ZIP files that programs keep documents in, checked before anything in them is unpacked."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from kdh_desktop.core.errors import InputError

MAX_UNPACKED_BYTES = 600_000_000
MAX_MEMBERS = 5_000

_PIECE = 1 << 20
_BOOK = re.compile(r"xl/workbook\d*\.xml")


def member_names(archive: zipfile.ZipFile) -> list[str]:
    """Names of all members, once their number, names and sizes are known to be harmless.

    Raises:
        InputError: They are not.
    """
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(members) > MAX_MEMBERS or len(set(names)) < len(names):
        raise damaged()
    if any(name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) for name in names):
        raise damaged()
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise InputError(
            f"The file is larger than {MAX_UNPACKED_BYTES // 1_000_000} MB when unpacked.",
            "Delete what is not needed, or divide it.",
        )
    if any(member.flag_bits & 1 for member in members):
        raise InputError(
            "The file is protected by a password.",
            "Open it with the password and save a copy without one.",
        )
    return names


@contextmanager
def opened(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """A ZIP file; whatever breaks while it is read is damage.

    Raises:
        InputError: It is damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a damaged file can break a reader anywhere
        raise damaged() from error


def main_part(names: Iterable[str]) -> str | None:
    """Name of the file that holds a workbook together, if there is one.

    Excel in a browser may number it.
    """
    return next((name for name in names if _BOOK.fullmatch(name)), None)


def pieces_of(archive: zipfile.ZipFile, name: str, *, overlap: int) -> Iterator[bytes]:
    """A member in pieces, each beginning with the end of the one before."""
    with archive.open(name) as part:
        before = b""
        while piece := part.read(_PIECE):
            yield before + piece
            before = piece[-overlap:]


def check_whole(archive: zipfile.ZipFile) -> None:
    """Unpack all to nowhere, for a reader that would believe what is said of sizes.

    Raises:
        InputError: A member is not what its header says.
    """
    if archive.testzip() is not None:
        raise damaged()


def damaged() -> InputError:
    """The failure of a file that cannot be read as what it is."""
    return InputError(
        "The file is damaged, or made so that it breaks the reader.",
        "Open it in the program that made it and save it again, or save it as CSV.",
    )
