"""Which format a file is in, told by its content and never by its name."""

from __future__ import annotations

import re
from pathlib import Path

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.encoding import encoding_shown_by, is_text
from kdh_desktop.core.importing.imported import FileFormat
from kdh_desktop.core.importing.office_file import OLD_OFFICE_MARK, ZIP_MARK, old_office, zipped
from kdh_desktop.core.importing.source_file import GZIP_MARK, is_packed, open_source
from kdh_desktop.core.importing.table_shape import looks_delimited

HEAD_BYTES = 200_000
"""What is looked at: the beginning of a file."""

_PDF_WITHIN = 1024
_UNPACK = "Unpack it and choose the files in it."
_SCAN = "Read its text by a program for scans, and paste that."
_CHOOSE = "Choose a file that holds texts or a table."
_UNREAD = (
    (b"{\\rtf", "a rich-text file", "Save its text as a .docx or .txt file."),
    (b"7z\xbc\xaf\x27\x1c", "a packed archive", _UNPACK),
    (b"Rar!", "a packed archive", _UNPACK),
    (b"BZh", "a packed file", _UNPACK),
    (b"\xfd7zXZ", "a packed file", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a packed file", _UNPACK),
    (b"PK\x05\x06", "an empty ZIP file", _CHOOSE),
    (b"\x89PNG", "a picture", _SCAN),
    (b"\xff\xd8\xff", "a picture", _SCAN),
    (b"GIF8", "a picture", _SCAN),
    (b"II*\0", "a picture", _SCAN),
    (b"MM\0*", "a picture", _SCAN),
    (b"SQLite format 3", "a database", "Export a table from the program that it belongs to."),
    (b"\x7fELF", "a program", _CHOOSE),
    (b"MZ\x90", "a program", _CHOOSE),
)

_NOT_PACKED_TWICE = (ZIP_MARK, OLD_OFFICE_MARK, GZIP_MARK, b"%PDF-")

_PUBMED_XML = re.compile(
    r"<(?:!DOCTYPE\s+)?(?:Pubmed(?:Book)?Article(?:Set)?|MedlineCitation(?:Set)?)\b"
)
_WEB_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body|table|meta|style|div)\b", re.IGNORECASE)

_TAGGED = (
    (FileFormat.PUBMED_MEDLINE, re.compile(r"^PMID ?- *\d", re.MULTILINE)),
    (FileFormat.RIS, re.compile(r"^[ \t]*TY {1,2}- ?", re.MULTILINE)),
    (
        FileFormat.WEB_OF_SCIENCE,
        re.compile(r"^(?:FN .+\n+VR \d|PT [A-Z]\n(?:AU|TI|AF|BA|CA|GP|BE) )", re.MULTILINE),
    ),
)
"""How the first record of a format begins; what stands above it may be anything."""

_JSON_ARRAY = re.compile(r"\[\s*[\[{]")
_JSON_OBJECT = re.compile(r"\{\s*(?:\"[^\"\n]*\"\s*:|\n)")
_JSON_SAMPLE_LINES = 20


def recognise(path: Path) -> FileFormat:
    """The format of a file.

    Raises:
        InputError: It is no ordinary file, empty, too large, or in no format that can be read;
            the remedy says how to save it in one.
    """
    try:
        return _recognised(path)
    except OSError as error:
        raise InputError(
            "The file cannot be read: the disk or the network gives an error.",
            "Copy it to another place and try again.",
        ) from error


def _recognised(path: Path) -> FileFormat:
    with open_source(path) as source:
        head = source.read(HEAD_BYTES)
        if is_packed(source) and head.startswith(_NOT_PACKED_TWICE):
            raise InputError(
                "This file is packed twice over, or is no text when unpacked.", _UNPACK
            )
        if head.startswith(ZIP_MARK):
            return zipped(source, head)
        if head.startswith(OLD_OFFICE_MARK):
            return old_office(source, head)
        return sniff(head)


def sniff(head: bytes) -> FileFormat:
    """The format of what begins so, where it is neither a ZIP file nor one of old Office.

    Args:
        head: The first `HEAD_BYTES` of an unpacked file, or all of a smaller one.

    Raises:
        InputError: It is in no format that can be read.
    """
    if not head.strip():
        raise InputError("The file is empty.", _CHOOSE)
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return FileFormat.PDF
    for mark, what, remedy in _UNREAD:
        if head.startswith(mark):
            raise InputError(f"This is {what}.", remedy)
    text = _readable(head)
    if text.startswith("<"):
        return _marked_up(text)
    begun = [
        (match.start(), file_format)
        for file_format, begin in _TAGGED
        if (match := begin.search(text)) is not None
    ]
    if begun:
        return min(begun)[1]
    if _is_json_lines(text):
        return FileFormat.JSON_LINES
    return FileFormat.DELIMITED if looks_delimited(text) else FileFormat.PLAIN_TEXT


def _readable(head: bytes) -> str:
    """The beginning as text in which ASCII letters are right; they are all that is looked at."""
    shown = encoding_shown_by(head)
    if shown is None and not is_text(head):
        raise InputError(
            "The file is in no format that can be read.",
            "Save what it holds as .xlsx, .csv, .docx or .txt and try again.",
        )
    text = head.decode(shown or "utf-8", errors="replace")
    return re.sub("\r\n?", "\n", text).lstrip("\ufeff\0 \t\n\x0b\x0c")


def _marked_up(text: str) -> FileFormat:
    if _PUBMED_XML.search(text):
        return FileFormat.PUBMED_XML
    if _WEB_PAGE.search(text):
        raise InputError(
            "This is a web page, whatever its name says.",
            "Open it in a spreadsheet program and save it as .xlsx or .csv.",
        )
    if text.startswith("<?xml"):
        raise InputError(
            "This is XML, but not PubMed's.",
            "Save it as .xlsx or .csv, or export the records as RIS.",
        )
    return FileFormat.DELIMITED if looks_delimited(text) else FileFormat.PLAIN_TEXT


def _is_json_lines(text: str) -> bool:
    if _JSON_ARRAY.match(text) and text.rstrip()[-1] in ']},"':
        raise _other_json()
    if not _JSON_OBJECT.match(text):
        return False
    lines = [line for line in text.split("\n") if line.strip()]
    sample = lines[:_JSON_SAMPLE_LINES]
    objects = sum(line.lstrip().startswith("{") for line in sample)
    if objects < len(sample) / 2 or sample[0].strip() == "{":
        raise _other_json()
    return True


def _other_json() -> InputError:
    return InputError(
        "This is JSON, but not one object a line.", "Save it as JSON lines (.jsonl) or CSV."
    )
