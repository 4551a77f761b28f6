"""Tables and documents in formats that no library of ours writes, and some made to break us."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

Rows = Sequence[Sequence[str | float]]

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A ZIP file of these members."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            packing = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(name, data, packing)
    return made.getvalue()


def old_workbook(sheets: Mapping[str, Rows], *, hidden: Sequence[str] = ()) -> bytes:
    """A workbook of Excel 97 (.xls): its records in an OLE file."""
    parts = [_old_sheet(rows) for rows in sheets.values()]
    head_size = len(_old_globals(sheets, hidden, [0] * len(parts)))
    offsets = [head_size + sum(map(len, parts[:place])) for place in range(len(parts))]
    return ole_file("Workbook", _old_globals(sheets, hidden, offsets) + b"".join(parts))


def _old_globals(sheets: Mapping[str, Rows], hidden: Sequence[str], offsets: list[int]) -> bytes:
    made = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 6))
    for name, offset in zip(sheets, offsets, strict=True):
        state = 2 if name in hidden else 0
        text = struct.pack("<BB", len(name), 1) + name.encode("utf-16-le")
        made += _record(0x0085, struct.pack("<IBB", offset, state, 0) + text)
    return made + _record(0x000A, b"")


def _old_sheet(rows: Rows) -> bytes:
    made = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 6))
    width = max(map(len, rows), default=0)
    made += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(value, str):
                text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
                made += _record(0x0204, place + text)
            else:
                made += _record(0x0203, place + struct.pack("<d", value))
    return made + _record(0x000A, b"")


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def ole_file(name: str, stream: bytes) -> bytes:
    """A compound file with one stream."""
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    sectors = len(stream) // _SECTOR
    fat_sectors = 1
    while fat_sectors * 128 < fat_sectors + 1 + sectors:
        fat_sectors += 1
    chain = [_FAT] * fat_sectors + [_END]
    first = len(chain)
    chain += [first + place + 1 for place in range(sectors - 1)] + [_END]
    chain += [_FREE] * (fat_sectors * 128 - len(chain))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, fat_sectors, fat_sectors, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", *range(fat_sectors), *[_FREE] * (109 - fat_sectors))
    entries = _entry("Root Entry", 5, child=1, start=_END, size=0)
    entries += _entry(name, 2, child=_FREE, start=first, size=len(stream))
    entries += _entry("", 0, child=_FREE, start=0, size=0) * 2
    return header + struct.pack(f"<{len(chain)}I", *chain) + entries + stream


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    coded = name.encode("utf-16-le")
    length = len(coded) + 2 if name else 0
    made = coded.ljust(64, b"\0") + struct.pack("<HBB", length, kind, 1)
    made += struct.pack("<III", _FREE, _FREE, child) + bytes(36)
    return made + struct.pack("<IQ", start, size)


_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def binary_workbook(rows: Rows, *, name: str = "Data") -> bytes:
    """A binary workbook (.xlsb) of one sheet."""
    book = _binary(131, b"") + _binary(143, b"")
    book += _binary(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide(name))
    book += _binary(144, b"") + _binary(132, b"")
    width = max(map(len, rows), default=1)
    sheet = _binary(148, struct.pack("<4I", 0, len(rows) - 1, 0, width - 1)) + _binary(145, b"")
    for row, cells in enumerate(rows):
        sheet += _binary(0, struct.pack("<I", row) + bytes(13))
        for column, value in enumerate(cells):
            place = struct.pack("<II", column, 0)
            if isinstance(value, str):
                sheet += _binary(6, place + _wide(value))
            else:
                sheet += _binary(5, place + struct.pack("<d", value))
    sheet += _binary(146, b"")
    relation = f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/a.bin"/>'
    return zipped(
        {
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{_PACKAGE}">{relation}'
            "</Relationships>",
            "xl/worksheets/a.bin": sheet,
        }
    )


def _binary(kind: int, data: bytes) -> bytes:
    return _sevens(kind) + _sevens(len(data)) + data


def _sevens(number: int) -> bytes:
    made = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        made.append(low | (0x80 if number else 0))
        if not number:
            return bytes(made)


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def open_document_sheet(
    sheets: Mapping[str, Rows], *, hidden: Sequence[str] = (), far: int = 0
) -> bytes:
    """A spreadsheet of LibreOffice (.ods), with `far` empty rows before the last row."""
    tables = ""
    for name, rows in sheets.items():
        style = "hid" if name in hidden else "vis"
        lines = [
            f"<table:table-row>{''.join(map(_open_cell, row))}</table:table-row>" for row in rows
        ]
        if far:
            gap = f'<table:table-row table:number-rows-repeated="{far}"><table:table-cell/>'
            lines.insert(-1, gap + "</table:table-row>")
        body = "".join(lines)
        tables += (
            f'<table:table table:name="{name}" table:style-name="{style}">{body}</table:table>'
        )
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in (
            *(("office", "office"), ("table", "table"), ("text", "text"), ("style", "style")),
        )
    )
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table"><style:table-properties '
        f'table:display="{shown}"/></style:style>'
        for name, shown in (("vis", "true"), ("hid", "false"))
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return zipped(
        {
            "mimetype": kind,
            "META-INF/manifest.xml": "<manifest/>",
            "content.xml": f"<office:document-content {names}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:spreadsheet>{tables}"
            "</office:spreadsheet></office:body></office:document-content>",
        }
    )


def _open_cell(value: str | float) -> str:
    if isinstance(value, str):
        lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in value.split("\n"))
        return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"/>'


_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word_document(*paragraphs: str, head: str = "") -> bytes:
    """A Word document of paragraphs, each the XML within its ``w:p``."""
    body = "".join(f"<w:p>{paragraph}</w:p>" for paragraph in paragraphs)
    return word_file(f"<w:body>{body}</w:body>", head=head)


def word_file(body: str, *, head: str = "") -> bytes:
    """A Word document of the XML within its ``w:document``."""
    document = f'{head}<w:document xmlns:w="{_WORD}">{body}</w:document>'
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    types = f'<Types><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
    return zipped({"[Content_Types].xml": types, "word/document.xml": document})


def word_run(text: str, properties: str = "") -> str:
    """The XML of a run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def pdf(*pages: str) -> bytes:
    """A PDF whose pages show these lines; an empty one shows a grey square."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", ""]
    kids = []
    for page in pages:
        lines = [line.replace("(", r"\(").replace(")", r"\)") for line in page.split("\n")]
        shown = " T* ".join(f"({line}) Tj" for line in lines)
        drawn = f"BT /F1 11 Tf 14 TL 50 780 Td {shown} ET" if page else "0.5 g 50 50 200 200 re f"
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {len(objects) + 2} 0 R"
            "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
        )
        objects.append(f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream")
    objects[1] = f"<</Type/Pages/Count {len(pages)}/Kids[{' '.join(kids)}]>>"
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj{content}endobj\n".encode("latin-1")
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}"
    trailer = f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(made)}\n%%EOF\n"
    return made + (table + trailer).encode()


def protected_pdf(*pages: str) -> bytes:
    """A PDF that opens with a password only."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(PdfReader(io.BytesIO(pdf(*pages))))
    writer.encrypt("secret", algorithm="AES-256")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()
