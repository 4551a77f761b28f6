"""Whole files that must not break a command, each with what it shall do about them."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from tests.data import nasty_references, nasty_tables
from tests.data.nasty_exports import LETTERS
from tests.data.reference_files import abstract_of, ris_of

SHEET = "xl/worksheets/sheet1.xml"
ROWS = [["Nr", "Abstract"], *[[f"0{n}", abstract_of(n)] for n in range(1, 5)]]


@dataclass(frozen=True)
class Case:
    """A nasty input.

    Attributes:
        make: Writes it to a path.
        rows: Records that come out; None where the file is refused.
        words: What standard error says among other things.
        options: Options of the command.
        name: What the file is called.
    """

    make: Callable[[Path], object]
    rows: int | None
    words: str = ""
    options: tuple[str, ...] = ()
    name: str = "in.xlsx"


def workbook(
    rows: Sequence[Sequence[Any]] = ROWS, change: Callable[[Any], None] | None = None
) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    if change is not None:
        change(book)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def changed(data: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """A ZIP file with one of its members changed, or added."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[member] = change(parts.get(member, b""))
    return nasty_tables.zipped(parts)


def _text(content: str, encoding: str = "utf-8") -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content.encode(encoding))


def _bytes(content: Callable[[], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content())


def _two_far_cells() -> bytes:
    def set_cells(book: Any) -> None:
        book.active["XFD1048576"] = "x"

    return workbook([["Abstract"]], set_cells)


def _formula_without_value() -> bytes:
    return workbook([*ROWS, ["09", "=A1"]])


def _very_hidden_first() -> bytes:
    def hide(book: Any) -> None:
        book.create_sheet("Mine")
        for row in ROWS:
            book["Mine"].append(row)
        book.worksheets[0].sheet_state = "veryHidden"
        book.active = 1

    return workbook([["Nr", "Abstract"], ["1", "other people's words"] * 1], hide)


def _wrong_size() -> bytes:
    return changed(
        workbook(),
        SHEET,
        lambda xml: xml.replace(b'<dimension ref="A1:B5"', b'<dimension ref="A1"'),
    )


def _entities() -> bytes:
    head = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY m SYSTEM "file:///etc/passwd">]>'
    return changed(workbook(), SHEET, lambda xml: head + xml.replace(b"<t>01</t>", b"<t>&m;</t>"))


def _letters() -> bytes:
    return workbook(
        [["Nr", "Abstract", "Odd"]]
        + [[f"{n}", abstract_of(n), odd] for n, odd in enumerate(LETTERS.values())]
    )


TABLE = "Nr;Abstract\n" + "".join(f"{n};{abstract_of(n)}\n" for n in range(1, 5))

NASTY_FILES: Mapping[str, Case] = {
    "a cell at the end of the sheet": Case(
        _bytes(_two_far_cells),
        None,
        "Row 1048576: ",
        options=("--text-column", "Abstract", "--header-row", "1"),
    ),
    "a size that is a lie": Case(_bytes(_wrong_size), 4),
    "a member that climbs out": Case(
        _bytes(lambda: changed(workbook(), "../../evil", lambda _: b"x")), None, "damaged"
    ),
    "70,000 members": Case(
        _bytes(lambda: nasty_tables.zipped({f"{n}": b"" for n in range(70_000)})), None, "Input 1: "
    ),
    "an entity that names a file": Case(_bytes(_entities), None, "Input 1: "),
    "a formula without a value": Case(_bytes(_formula_without_value), 4, "Row 6: "),
    "a password": Case(
        _bytes(lambda: nasty_tables.ole_file("EncryptedPackage", b"x" * 600)), None, "password"
    ),
    "an old workbook": Case(
        _bytes(lambda: nasty_tables.old_workbook({"One": ROWS})), 4, name="in.xls"
    ),
    "a binary workbook": Case(_bytes(lambda: nasty_tables.binary_workbook(ROWS)), 4),
    "an OpenDocument sheet": Case(
        _bytes(lambda: nasty_tables.open_document_sheet({"One": ROWS})), 4
    ),
    "a web page called .xls": Case(
        _text("<html><table><tr><td>Abstract</td></tr></table></html>"),
        None,
        "web page",
        name="in.xls",
    ),
    "CSV called .xlsx": Case(_text(TABLE), 4),
    "no bytes": Case(_text(""), None, "empty"),
    "half a workbook": Case(_bytes(lambda: workbook()[: len(workbook()) // 2]), None, "damaged"),
    "a folder": Case(Path.mkdir, None, "Input 1: "),
    "a pipe": Case(os.mkfifo, None, "Input 1: "),
    "a loop of links": Case(lambda path: path.symlink_to(path), None, "Input 1: "),
    "a hidden first sheet": Case(_bytes(_very_hidden_first), 4, "1 hidden sheet"),
    "letters that spreadsheets change": Case(_bytes(_letters), len(LETTERS)),
    "UTF-16": Case(_text(TABLE, "utf-16"), 4, name="in.csv"),
    "a quotation mark without an end": Case(
        _text(TABLE + '9;"never closed\n' + "7;more\n" * 1_000),
        1_004,
        "1 row left out",
        name="in.csv",
    ),
    "carriage returns alone": Case(_text(TABLE.replace("\n", "\r")), 4, name="in.csv"),
    "one ragged row": Case(_text(TABLE + "1;2;3;4\n"), 4, "Row 6: ", name="in.csv"),
    "a large field": Case(_text(TABLE + f"9;{'cell ' * 40_000}\n"), 5, name="in.csv"),
    "characters that no file holds": Case(
        _text(TABLE + "9;The \x00\x0b\ufffe cells\n"), 5, name="in.csv"
    ),
    "RIS with junk and no end": Case(
        _text(f"Export of 2026\n\n{ris_of(3)}TY  - JOUR\nTI  - The last one\n"), 4, name="in.ris"
    ),
    "a PDF without text": Case(_bytes(lambda: nasty_tables.pdf("")), None, "Input 1: "),
    "a PDF with a password": Case(
        _bytes(lambda: nasty_tables.protected_pdf("Cells.")), None, "password"
    ),
    "a Word document": Case(
        _bytes(lambda: nasty_tables.word_document(nasty_tables.word_run(abstract_of(1)))),
        1,
        name="in.docx",
    ),
    **{
        f"{file_format} of 30": Case(_text(content), 30, name="in.txt")
        for file_format, content in nasty_references.FILES.items()
    },
}
