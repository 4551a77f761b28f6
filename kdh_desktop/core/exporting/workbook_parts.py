"""The small XML files of a workbook that say which sheets, tables and other parts it has.

Edits are gathered by the file that they are for, and made when the copy is written.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.exporting.xml_edit import (
    Edit,
    Element,
    appended,
    elements_of,
    spliced,
    with_attributes,
)
from kdh_desktop.core.importing.zipped import damaged, main_part

PIECE_BYTES = 1 << 20

_TYPES = "[Content_Types].xml"
_RELATION_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CONTENT_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_OTHER_BOOKS = re.compile(r"(template|macroEnabled)\.main\+xml$", re.IGNORECASE)
_MACROS = re.compile(r"(^|/)(vbaProject[^/]*|vbaData\.xml)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """An XML file of a workbook, and all its elements."""

    name: str
    source: bytes
    elements: Sequence[Element]

    def named(self, name: str) -> list[Element]:
        """Elements of that local name."""
        return [element for element in self.elements if element.name == name]

    def only(self, name: str) -> Element:
        """The one element of that local name.

        Raises:
            InputError: There is another number of them.
        """
        found = self.named(name)
        if len(found) != 1:
            raise damaged()
        return found[0]


@dataclass(frozen=True, slots=True)
class SheetPlace:
    """Where a sheet is: its number among all, from 0, its name, and the file that holds it."""

    number: int
    name: str
    member: str


class WorkbookParts:
    """What a workbook is put together from, and the changes to it that a copy shall have."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Look into a workbook.

        Raises:
            InputError: It is none, or damaged.
        """
        self._archive = archive
        self._edits: defaultdict[str, list[Edit]] = defaultdict(list)
        self._added: dict[str, bytes] = {}
        self.names = frozenset(archive.namelist())
        book = main_part(archive.namelist())
        if book is None:
            raise damaged()
        self._book = self.part(book)
        folder, name = posixpath.split(book)
        self._relations = self.part(f"{folder}/_rels/{name}.rels")

    def part(self, name: str) -> Part:
        """One file, which must be there.

        Raises:
            InputError: It is not, or is damaged.
        """
        source = b"".join(self.pieces(name))
        return Part(name, source, elements_of(source))

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of one file as they are in the original, piece by piece.

        Raises:
            InputError: It is not there, or damaged.
        """
        try:
            with self._archive.open(name) as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise damaged() from error

    def sheet(self, name: str | None) -> SheetPlace:
        """The sheet of that name, or the only visible one.

        Raises:
            InputError: There is none, or more than one.
        """
        places = [
            (number, element)
            for number, element in enumerate(self._book.named("sheet"))
            if element.attributes.get("name") == name
            or (name is None and element.attributes.get("state", "visible") == "visible")
        ]
        if len(places) != 1:
            raise InputError(
                "The sheet that was imported is not there any more.", "Import the workbook again."
            )
        [(number, element)] = places
        title = element.attributes.get("name", "")
        ids = [value for key, value in element.attributes.items() if key.endswith(":id")]
        for relation_id, member in _targets(self._relations, "xl/").items():
            if [relation_id] == ids and member in self.names:
                return SheetPlace(number, title, member)
        raise damaged()

    def tables(self, sheet: SheetPlace) -> list[Part]:
        """The tables that lie on a sheet."""
        folder, name = posixpath.split(sheet.member)
        relations = f"{folder}/_rels/{name}.rels"
        if relations not in self.names:
            return []
        targets = _targets(self.part(relations), f"{folder}/", kind="/table")
        return [self.part(member) for member in targets.values()]

    def filter_names(self, sheet: SheetPlace) -> list[Element]:
        """The hidden names under which the workbook keeps the area of a sheet's filter."""
        return [
            element
            for element in self._book.named("definedName")
            if element.attributes.get("name") == "_xlnm._FilterDatabase"
            and element.attributes.get("localSheetId") == str(sheet.number)
        ]

    def set_attributes(self, part: Part, element: Element, values: Mapping[str, str]) -> None:
        """Set attributes of an element of a part anew."""
        tag = part.source[element.start : element.inner_start]
        new = with_attributes(tag, values)
        self._edits[part.name].append(Edit(element.start, element.inner_start, new))

    def append(self, part: Part, element: Element, inner: str) -> None:
        """Put something at the end of what an element of a part holds."""
        self._edits[part.name].append(appended(part.source, element, inner))

    def widen_filter_name(self, element: Element, last_column: str) -> None:
        """Let a name for a filter's area reach to another last column."""
        area = self._book.source[element.inner_start : element.inner_end]
        new = re.sub(rb"\$[A-Z]+(\$[0-9]+)$", rb"$%s\1" % last_column.encode(), area)
        self._edits[self._book.name].append(Edit(element.inner_start, element.inner_end, new))

    def add_sheet(self, title: str, source: bytes) -> None:
        """Add a sheet behind all others."""
        sheets = self._book.named("sheet")
        name = _free("xl/worksheets/sheet{}.xml", self.names, len(sheets) + 1)
        relations = {one.attributes.get("Id", "") for one in self._relations.elements}
        relation_id = _free("rIdKdh{}", relations, 1)
        sheet_ids = {element.attributes.get("sheetId", "") for element in sheets}
        sheet_id = _free("{}", sheet_ids, len(sheets) + 1)
        self._added[name] = source
        root = self._book.only("sheets")
        self.append(
            self._book,
            root,
            f'<{root.prefix}sheet xmlns:kdh="{_RELATION_TYPES}" name="{title}" '
            f'sheetId="{sheet_id}" kdh:id="{relation_id}"/>',
        )
        root = self._relations.only("Relationships")
        self.append(
            self._relations,
            root,
            f'<{root.prefix}Relationship Id="{relation_id}" Type="{_RELATION_TYPES}/worksheet" '
            f'Target="{name.removeprefix("xl/")}"/>',
        )
        types = self.part(_TYPES)
        root = types.only("Types")
        self.append(
            types,
            root,
            f'<{root.prefix}Override PartName="/{name}" '
            f'ContentType="{_CONTENT_TYPES}.worksheet+xml"/>',
        )

    def free_sheet_name(self, wanted: str) -> str:
        """A name for a new sheet that no other has."""
        taken = {one.attributes.get("name", "").casefold() for one in self._book.named("sheet")}
        if wanted.casefold() not in taken:
            return wanted
        return _free(wanted + " {}", taken, 2)

    def leave_macros(self) -> bool:
        """Leave macros out of the copy, and make it an ordinary workbook; tell if it had any.

        Raises:
            InputError: It holds a sheet of macros, which cannot be left out.
        """
        if any(name.startswith("xl/macrosheets/") for name in self.names):
            raise InputError(
                "The workbook holds a sheet of macros.", "Save it as .xlsx and import that."
            )
        types = self.part(_TYPES)
        for element in types.elements:
            kind = element.attributes.get("ContentType", "")
            if _OTHER_BOOKS.search(kind):
                new = f"{_CONTENT_TYPES}.sheet.main+xml"
                self.set_attributes(types, element, {"ContentType": new})
            elif "vbaProject" in kind and element.name == "Default":
                new = f"{_CONTENT_TYPES}.printerSettings"
                self.set_attributes(types, element, {"ContentType": new})
            elif _MACROS.search(element.attributes.get("PartName", "")):
                self._edits[_TYPES].append(Edit(element.start, element.end, b""))
        for element in self._relations.named("Relationship"):
            if element.attributes.get("Type", "").endswith("/vbaProject"):
                self._edits[self._relations.name].append(Edit(element.start, element.end, b""))
        return any(_MACROS.search(name) for name in self.names)

    def write(self, copy: zipfile.ZipFile, replaced: Mapping[str, Iterator[bytes]]) -> None:
        """Write the copy: files with edits, `replaced` ones, added ones, the rest as they are."""
        for old in self._archive.infolist():
            if _MACROS.search(old.filename):
                continue
            new = zipfile.ZipInfo(old.filename, old.date_time)
            new.external_attr, new.compress_type = old.external_attr, zipfile.ZIP_DEFLATED
            pieces = replaced.get(old.filename) or self.pieces(old.filename)
            edits = self._edits.get(old.filename)
            with copy.open(new, "w") as file:
                if edits:
                    file.write(spliced(b"".join(pieces), edits))
                else:
                    for piece in pieces:
                        file.write(piece)
        for name, source in self._added.items():
            copy.writestr(name, source, zipfile.ZIP_DEFLATED)


def _targets(relations: Part, folder: str, *, kind: str = "") -> dict[str, str]:
    """Members that a file points to, by the ids of its relations."""
    found: dict[str, str] = {}
    for element in relations.named("Relationship"):
        target = element.attributes.get("Target", "")
        if element.attributes.get("Type", "").endswith(kind):
            path = target if target.startswith("/") else folder + target
            found[element.attributes.get("Id", "")] = posixpath.normpath(path).lstrip("/")
    return found


def _free(pattern: str, taken: frozenset[str] | set[str], number: int) -> str:
    while pattern.format(number).casefold() in {name.casefold() for name in taken}:
        number += 1
    return pattern.format(number)
