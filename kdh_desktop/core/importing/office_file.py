"""What lies in a ZIP file or in one of old Office, by its table of contents alone.

Nothing is unpacked: a few bytes at the end of the one and behind the head of the other tell.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.imported import FileFormat

ZIP_MARK = b"PK\x03\x04"
OLD_OFFICE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_ENTRY = struct.Struct("<4s6H3L5H2L")
_ENTRY_MARK = b"PK\x01\x02"
_MAX_COMMENT = 65_535
_MAX_CONTENTS_BYTES = 16_000_000

_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument."
_MIME_AT = 30
"""Length of a ZIP member's header: OpenDocument's first member, unpacked, says what it is."""

_SAVE_TABLE = "Save it as .xlsx or .csv and try again."
_SAVE_TEXT = "Save it as .docx or .txt and try again."
_DIRECTORY_BYTES = 16_384


def zipped(source: BinaryIO, head: bytes) -> FileFormat:
    """The format of a file that begins as a ZIP file does.

    Raises:
        InputError: It is damaged, or holds nothing that can be read.
    """
    if head[_MIME_AT:].startswith(_OPEN_DOCUMENT):
        if head[_MIME_AT + len(_OPEN_DOCUMENT) :].startswith(b"spreadsheet"):
            return FileFormat.OPEN_DOCUMENT_SHEET
        raise InputError("This is an OpenDocument text or presentation.", _SAVE_TEXT)
    names = set(_member_names(source))
    if "xl/workbook.bin" in names:
        return FileFormat.BINARY_WORKBOOK
    if any(name.startswith("xl/workbook") for name in names):
        return FileFormat.WORKBOOK
    if any(name.startswith("word/document") for name in names):
        return FileFormat.WORD_DOCUMENT
    if any(name.startswith("ppt/") for name in names):
        raise InputError("This is a presentation.", _SAVE_TEXT)
    if "content.xml" in names and "styles.xml" in names:
        return FileFormat.OPEN_DOCUMENT_SHEET
    raise InputError("This is a ZIP file.", "Unpack it and choose the files in it.")


def _member_names(source: BinaryIO) -> Iterator[str]:
    source.seek(0, io.SEEK_END)
    size = source.tell()
    source.seek(max(0, size - _MAX_COMMENT - _END.size))
    tail = source.read()
    end = tail.rfind(_END_MARK, 0, max(0, len(tail) - _END.size + len(_END_MARK)))
    if end < 0:
        raise _damaged_zip()
    contents_bytes = _END.unpack_from(tail, end)[5]
    begin = size - len(tail) + end - contents_bytes
    if contents_bytes > _MAX_CONTENTS_BYTES or begin < 0:
        raise _damaged_zip()
    source.seek(begin)
    contents = source.read(contents_bytes)
    at = 0
    while at + _ENTRY.size <= len(contents) and contents.startswith(_ENTRY_MARK, at):
        entry = _ENTRY.unpack_from(contents, at)
        name_bytes, extra_bytes, comment_bytes = entry[10:13]
        name = contents[at + _ENTRY.size : at + _ENTRY.size + name_bytes]
        yield name.decode("utf-8", errors="replace").replace("\\", "/").lower()
        at += _ENTRY.size + name_bytes + extra_bytes + comment_bytes


def _damaged_zip() -> InputError:
    return InputError(
        "The file is damaged: it begins as a workbook or ZIP file does, and its end is missing.",
        "Get it again, or open it in the program that made it and save it again.",
    )


def old_office(source: BinaryIO, head: bytes) -> FileFormat:
    """The format of a file that begins as those of Office before 2007 do.

    Raises:
        InputError: It is protected by a password, or holds nothing that can be read.
    """
    shift, first = struct.unpack_from("<H16xL", head.ljust(512, b"\0"), 30)
    contents = head
    if shift in (9, 12):
        source.seek((first + 1) << shift)
        contents = source.read(_DIRECTORY_BYTES)
    if _named("EncryptedPackage", contents):
        raise InputError(
            "The file is protected by a password.",
            "Open it with the password and save a copy without one.",
        )
    if _named("WordDocument", contents):
        raise InputError("This is an old Word document (.doc).", _SAVE_TEXT)
    if _named("PowerPoint Document", contents):
        raise InputError("This is an old presentation (.ppt).", _SAVE_TEXT)
    if _named("Workbook", contents) or _named("Book", contents):
        return FileFormat.OLD_WORKBOOK
    raise InputError("This is an old Office file, but no workbook, or damaged.", _SAVE_TABLE)


def _named(name: str, contents: bytes) -> bool:
    """Whether a directory has an entry of that name."""
    return (name + "\0").encode("utf-16-le") in contents
