"""A format is told by what is in a file, whatever its name; what is none is refused at once."""

from __future__ import annotations

import codecs
import errno
import gzip
import io
import os
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing import file_format
from kdh_desktop.core.importing.file_format import recognise
from kdh_desktop.core.importing.imported import FileFormat
from tests.data.nasty_references import (
    abstract_of,
    medline_record,
    pubmed_article,
    pubmed_file,
    ris_record,
    web_of_science_file,
    web_of_science_record,
)

RIS = ris_record(1) + "\n" + ris_record(2)
PROSE = (
    "A title without an end\n\nIn this study, we counted cells; half of them, or more, died.\n"
    "We also counted others, which lived, and wrote them down; see Table 1.\n"
)


def zip_of(**members: str | bytes) -> bytes:
    """A ZIP file; in the names, two underscores stand for a slash and one for a dot."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return made.getvalue()


def workbook() -> bytes:
    made = io.BytesIO()
    openpyxl.Workbook().save(made)
    return made.getvalue()


def old_office(*streams: str) -> bytes:
    """The head and the directory of an old Office file."""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", head, 30, 9)
    struct.pack_into("<L", head, 48, 3)
    directory = b"".join(
        name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *streams)
    )
    return bytes(head) + bytes(512 * 3) + directory.ljust(512, b"\0")


KNOWN: dict[str, tuple[FileFormat, str | bytes]] = {
    "RIS": (FileFormat.RIS, RIS),
    "RIS below a heading": (FileFormat.RIS, f"Provider: Invented\nContent: text\n\n{RIS}"),
    "RIS with a mark": (FileFormat.RIS, codecs.BOM_UTF8 + RIS.encode()),
    "RIS in UTF-16": (FileFormat.RIS, RIS.encode("utf-16")),
    "RIS in UTF-16 without a mark": (FileFormat.RIS, RIS.encode("utf-16-be")),
    "RIS in Windows-1252": (FileFormat.RIS, RIS.replace("Ada", "Zoë").encode("cp1252")),
    "RIS with CR alone": (FileFormat.RIS, RIS.replace("\n", "\r")),
    "RIS with one blank": (FileFormat.RIS, RIS.replace("  -", " -")),
    "RIS packed": (FileFormat.RIS, gzip.compress(RIS.encode())),
    "MEDLINE": (FileFormat.PUBMED_MEDLINE, "\n" + medline_record(1)),
    "PubMed XML": (FileFormat.PUBMED_XML, pubmed_file([pubmed_article(1)])),
    "PubMed XML packed": (
        FileFormat.PUBMED_XML,
        gzip.compress(pubmed_file([pubmed_article(1)]).encode()),
    ),
    "PubMed XML in UTF-16": (
        FileFormat.PUBMED_XML,
        pubmed_file([pubmed_article(1)], encoding="UTF-16").encode("utf-16"),
    ),
    "Web of Science": (FileFormat.WEB_OF_SCIENCE, web_of_science_file([web_of_science_record(1)])),
    "Web of Science, headless": (FileFormat.WEB_OF_SCIENCE, web_of_science_record(1)),
    "Web of Science, tab-delimited": (
        FileFormat.DELIMITED,
        "PT\tAU\tTI\tAB\tUT\nJ\tMuster, A\tA title\tAn abstract.\tWOS:1\n",
    ),
    "JSON lines": (FileFormat.JSON_LINES, '{"id": 1, "text": "a"}\n{"id": 2, "text": "b"}\n'),
    "JSON lines, first one broken": (
        FileFormat.JSON_LINES,
        '{"id": 1, "text": \n{"id": 2, "text": "b"}\n',
    ),
    "CSV": (FileFormat.DELIMITED, f'id,text\n1,"{PROSE}"\n2,x\n'),
    "CSV with semicolons": (FileFormat.DELIMITED, "id;text;year\n1;Some, text;1999\n2;b;2000\n"),
    "CSV below titles": (FileFormat.DELIMITED, "Our list\nof 2020\n\nid,a text\n1,x\n2,y\n3,z\n"),
    "CSV with one column": (FileFormat.DELIMITED, "abstract\nOne text, with more.\nAnother.\n"),
    "CSV without a header": (
        FileFormat.DELIMITED,
        f'1,"{abstract_of(1)}, and more",1999\n2,"{abstract_of(2)}",2000\n',
    ),
    "CSV with carets": (FileFormat.DELIMITED, "id^text\n1^Some, text\n2^b\n"),
    "CSV with one row": (FileFormat.DELIMITED, "id;text\n1;Some; text; more\n"),
    "CSV in Chinese": (FileFormat.DELIMITED, "编号,摘要\n1,我们研究了，该药物。\n"),
    "CSV with one column and a capital": (
        FileFormat.DELIMITED,
        f'Abstract\n"{abstract_of(1)}"\n"{abstract_of(2)}"\n',
    ),
    "a text under its heading": (FileFormat.PLAIN_TEXT, f"Abstract\n{PROSE}\nAnother line.\n"),
    "TSV": (FileFormat.DELIMITED, f"1\t{abstract_of(1)}\n2\t{abstract_of(2)}\n"),
    "one abstract": (FileFormat.PLAIN_TEXT, abstract_of(1)),
    "prose": (FileFormat.PLAIN_TEXT, PROSE),
    "prose about columns": (
        FileFormat.PLAIN_TEXT,
        f"Cells in dishes\n\nWe noted author, year, journal, and growth. {abstract_of(1)}\n",
    ),
    "prose with JSON's brackets": (FileFormat.PLAIN_TEXT, "{sic} is what they wrote.\n"),
    "a title in brackets": (FileFormat.PLAIN_TEXT, "[Counting of cells].\n\nWe counted.\n"),
    "a text with NULs": (FileFormat.PLAIN_TEXT, "Cells\0 were counted. " * 20),
    "PDF": (FileFormat.PDF, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    "PDF behind junk": (FileFormat.PDF, b"\r\n\r\n%PDF-1.4\n"),
    "workbook": (FileFormat.WORKBOOK, workbook()),
    "binary workbook": (FileFormat.BINARY_WORKBOOK, zip_of(xl__workbook_bin=b"")),
    "Word document": (FileFormat.WORD_DOCUMENT, zip_of(word__document_xml="<x/>")),
    "OpenDocument sheet": (
        FileFormat.OPEN_DOCUMENT_SHEET,
        zip_of(mimetype="application/vnd.oasis.opendocument.spreadsheet", content_xml="<x/>"),
    ),
    "old workbook": (FileFormat.OLD_WORKBOOK, old_office("Workbook")),
    "older workbook": (FileFormat.OLD_WORKBOOK, old_office("Book")),
}

REFUSED: dict[str, tuple[str, str | bytes]] = {
    "nothing": ("empty", b""),
    "blanks": ("empty", b" \r\n \t\n"),
    "half a workbook": ("its end is missing", workbook()[:2000]),
    "a ZIP file": ("ZIP file", zip_of(a_csv="id,text\n1,x\n")),
    "a ZIP file that holds a workbook": ("ZIP file", zip_of(a_xlsx=workbook())),
    "an empty ZIP file": ("empty ZIP", zip_of()),
    "a presentation": ("presentation", zip_of(ppt__presentation_xml="<x/>")),
    "an OpenDocument text": (
        "OpenDocument",
        zip_of(mimetype="application/vnd.oasis.opendocument.text", content_xml="<x/>"),
    ),
    "a protected workbook": ("password", old_office("EncryptedPackage")),
    "an old Word document": ("old Word", old_office("WordDocument")),
    "an old presentation": ("old presentation", old_office("PowerPoint Document")),
    "another old file": ("old Office", old_office("Something")),
    "the mark of old Office alone": ("old Office", old_office()[:8]),
    "a web page": ("web page", "<html><body><table><tr><td>1</td></tr></table></body></html>"),
    "a web page from Excel": ("web page", '\ufeff<!DOCTYPE html>\n<html xmlns:x="urn:x">'),
    "other XML": ("XML, but not PubMed's", '<?xml version="1.0"?><records/>'),
    "a JSON object over lines": ("one object a line", '{\n  "records": [\n  ]\n}\n'),
    "a JSON list": ("one object a line", '[{"id": 1}, {"id": 2}]'),
    "rich text": ("rich-text", b"{\\rtf1\\ansi Cells}"),
    "a picture": ("picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
    "a program": ("program", b"\x7fELF" + bytes(500)),
    "bytes": ("no format", bytes(range(256)) * 20),
    "zeros": ("no format", bytes(5000)),
    "a packed workbook": ("packed", gzip.compress(workbook())),
    "what is packed twice": ("packed", gzip.compress(gzip.compress(RIS.encode()))),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_format_is_told_by_content(tmp_path: Path, name: str) -> None:
    file_format, content = KNOWN[name]
    path = tmp_path / "misleading.xls"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert recognise(path) is file_format


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_a_way_out(tmp_path: Path, name: str) -> None:
    words, content = REFUSED[name]
    path = tmp_path / "misleading.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=words) as caught:
        recognise(path)
    assert caught.value.remedy


def make_folder(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_nothing(path: Path) -> None:
    assert not path.exists()


def make_link_to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


NO_FILES = [make_folder, make_pipe, make_loop, make_nothing, make_link_to_device]


@pytest.mark.skipif(os.name != "posix", reason="pipes and links are POSIX")
@pytest.mark.parametrize("make", NO_FILES, ids=lambda make: make.__name__)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "a.xlsx"
    make(path)
    start = time.monotonic()
    with pytest.raises(InputError):
        recognise(path)
    assert time.monotonic() - start < 1


def test_a_file_that_unpacks_without_end_is_looked_at_in_bounds(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    member = gzip.compress(bytes(100_000_000))
    path.write_bytes(gzip.compress(b"id,text\n1,x\n2,y\n") + member * 50)
    start = time.monotonic()
    with pytest.raises(InputError, match="no format"):
        recognise(path)
    assert time.monotonic() - start < 1


def test_a_table_of_contents_that_lies_is_refused(tmp_path: Path) -> None:
    content = bytearray(workbook())
    end = content.rfind(b"PK\x05\x06")
    struct.pack_into("<L", content, end + 12, 0xFFFFFFF0)
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        recognise(path)


def test_a_file_that_the_disk_gives_no_more_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(file_format, "open_source", lambda _: io.BufferedReader(Broken()))
    with pytest.raises(InputError, match="the network gives an error"):
        recognise(tmp_path / "a.csv")
