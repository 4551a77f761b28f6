"""Word documents (.docx): their text as it reads with all changes accepted.

What was inserted while changes were tracked is in, what was deleted is out; so are field codes and
hidden text. The cells of tables are read one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import iterparse

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.cell_text import REPLACEMENT
from kdh_desktop.core.importing.imported import ImportPlan, Reading
from kdh_desktop.core.importing.source_file import open_source
from kdh_desktop.core.importing.tally import Tally
from kdh_desktop.core.importing.texts import records_in_text
from kdh_desktop.core.importing.zipped import member_names, opened

MAX_CHARACTERS = 40_000_000

_BODY = re.compile(r"word/document\d*\.xml")
"""Word in a browser numbers it."""

_SYMBOL_FONT = "symbol"
_SYMBOLS = {
    **{place: chr(place) for place in range(0x20, 0x40)},
    **dict(enumerate("ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", 0x41)),
    **dict(enumerate("αβχδεφγηιϕκλμνοπθρστυϖωξψζ", 0x61)),
    **dict(zip(b"\xa2\xa3\xa5\xac\xad\xae\xaf", "′≤∞←↑→↓", strict=True)),
    **dict(zip(b"\xb0\xb1\xb2\xb3\xb4\xb7\xb9\xba\xbb", "°±″≥×•≠≡≈", strict=True)),
}
"""Places of letters and signs in the font that older documents write the alpha of TNF-α with."""

_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_LEFT_OUT = {"del", "moveFrom", "instrText", "Fallback"}
"""Elements whose content is not read: deletions, field codes, doubles for old programs."""

_TRACKED = {"ins", "del", "moveFrom", "moveTo"}


def parse_word_document(path: Path, plan: ImportPlan) -> Iterator[Reading]:
    """Texts of a document; each one's row is its number.

    Raises:
        InputError: It is none, damaged, too large when unpacked, or holds no text.
    """
    with open_source(path) as file, opened(file) as archive:
        bodies = [name for name in member_names(archive) if _BODY.fullmatch(name)]
        if not bodies:
            raise InputError("This is no Word document.", "Save its text as a .docx or .txt file.")
        document = _Document()
        with archive.open(bodies[0]) as body:
            document.read(body)
    del plan  # a document says all itself
    tally = Tally()
    text = "\n\n".join(document.paragraphs)
    for number, (_, record) in enumerate(records_in_text(text), 1):
        yield tally.take(replace(record, row=number), f"Text {number} of the document")
    if not tally.rows:
        raise InputError("The document holds no text.", "Choose one that holds texts.")
    yield tally.end(
        "Changes are tracked in the document: insertions were read, deletions were not."
        if document.is_tracked
        else "",
        "Hidden text in the document was left out." if document.has_hidden else "",
    )


class _Document:
    """The paragraphs of a document, gathered while its XML is read.

    Attributes:
        paragraphs: Those with text, in order; what stands in a frame comes before its anchor.
        is_tracked: Whether there are tracked changes.
        has_hidden: Whether text is formatted as hidden.
    """

    def __init__(self) -> None:
        self.paragraphs: list[str] = []
        self.is_tracked = False
        self.has_hidden = False
        self._open: list[list[str]] = []
        self._within: list[str] = []
        self._left_out = 0
        self._is_hidden_run = False
        self._joins_next = ""
        self._characters = 0

    def read(self, body: Any) -> None:
        """Read all of it.

        Raises:
            InputError: It holds too much text.
        """
        for event, element in iterparse(body, events=("start", "end")):
            name = element.tag.rpartition("}")[2]
            if event == "start":
                self._begin(name, element)
                self._within.append(name)
            else:
                self._within.pop()
                self._end(name, element)

    def _begin(self, name: str, element: Any) -> None:
        is_mark = self._within[-2:] == ["pPr", "rPr"]
        self.is_tracked |= name in _TRACKED
        if is_mark:
            if name == "del" and self._open:
                # The end of the paragraph is deleted: it goes on in the next one.
                self._open[-1].append("\0")
            return
        if self._left_out or name in _LEFT_OUT:
            self._left_out += 1
        elif name == "p":
            self._open.append([self._joins_next])
            self._joins_next = ""
        elif name == "r":
            self._is_hidden_run = False
        elif name == "vanish" and _is_on(element):
            self._is_hidden_run = True
        elif name == "sym" and self._open and not self._is_hidden_run:
            self._open[-1].append(_symbol(element))
        elif name in _SIGNS and self._open and not self._is_hidden_run:
            self._open[-1].append(_SIGNS[name])

    def _end(self, name: str, element: Any) -> None:
        if self._within[-2:] == ["pPr", "rPr"]:
            return
        if self._left_out:
            self._left_out -= 1
        elif name == "t" and self._open and element.text:
            if self._is_hidden_run:
                self.has_hidden = True
            else:
                self._open[-1].append(element.text)
        elif name == "p" and self._open:
            self._close(self._open.pop())
            element.clear()

    def _close(self, pieces: list[str]) -> None:
        text = "".join(piece for piece in pieces if piece != "\0")
        if "\0" in pieces:
            self._joins_next = text
            return
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            raise InputError("The document holds more text than can be read at once.", "Divide it.")
        if text.strip():
            self.paragraphs.append(text.strip())


def _symbol(element: Any) -> str:
    """The letter or sign that an element names by its font and its place in that."""
    values = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
    try:
        place = int(values.get("char", ""), 16)
    except ValueError:
        return ""
    if values.get("font", "").casefold() == _SYMBOL_FONT:
        return _SYMBOLS.get(place & 0xFF, REPLACEMENT)
    # Halves of characters, and places of their own in fonts of ornaments, are nothing to read.
    return "" if 0xD800 <= place <= 0xF8FF else chr(place & 0xFFFF)


def _is_on(element: Any) -> bool:
    """Whether a switch such as hidden text is on: it is, unless it says otherwise."""
    values = [value for name, value in element.attrib.items() if name.endswith("}val")]
    return not values or values[0] not in {"0", "false", "off"}
