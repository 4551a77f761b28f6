"""Change a few places of an XML file, and leave every other byte as it is.

Runs in the disposable process: the files are strangers'. A document type is refused before
anything in it is read, so no entity is ever declared, expanded or fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from kdh_desktop.core.importing.zipped import damaged

_TAG = re.compile(rb"""<(?:[^"'<>]|"[^"<]*"|'[^'<]*')*>""")
_CLOSING = re.compile(rb"</[^<>]*>")
_ESCAPED = re.compile("_x[0-9a-fA-F]{4}_")


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes to put in the place of ``source[start:end]``."""

    start: int
    end: int
    replacement: bytes


@dataclass(slots=True)
class Element:
    """Where an element stands in its source.

    Attributes:
        name: Local name.
        prefix: Prefix with its colon, or empty.
        attributes: As they are written, prefixes included.
        depth: 0 for the outermost.
        start: First byte of its start tag.
        inner_start: First byte after its start tag.
        inner_end: First byte of its end tag; the same as `inner_start` for an empty tag.
        end: First byte after it.
    """

    name: str
    prefix: str
    attributes: Mapping[str, str]
    depth: int
    start: int
    inner_start: int
    inner_end: int
    end: int

    @property
    def is_empty_tag(self) -> bool:
        """Whether it is written as one tag."""
        return self.inner_end == self.end


def make_parser() -> expat.XMLParserType:
    """A parser that refuses document types and other encodings than UTF-8.

    Raises:
        InputError: Later, when such a thing is met.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.XmlDeclHandler = _check_encoding
    return parser


def elements_of(source: bytes) -> list[Element]:
    """Every element of a small file, in the order of their start tags.

    Raises:
        InputError: It is no sound XML, or declares a document type.
    """
    found: list[Element] = []
    open_elements: list[Element] = []
    parser = make_parser()

    def begin(name: str, attributes: dict[str, str]) -> None:
        prefix, _, local = name.rpartition(":")
        start = parser.CurrentByteIndex
        after = start + len(tag_at(source, start))
        colon = prefix and prefix + ":"
        element = Element(local, colon, attributes, len(open_elements), start, after, after, after)
        found.append(element)
        open_elements.append(element)

    def end(_name: str) -> None:
        element = open_elements.pop()
        if source[element.inner_start - 2 : element.inner_start] != b"/>":
            element.inner_end = parser.CurrentByteIndex
            element.end = element.inner_end + len(closing_tag_at(source, element.inner_end))

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    try:
        parser.Parse(source, True)  # noqa: FBT003 - the library's own signature
    except expat.ExpatError as error:
        raise damaged() from error
    return found


def tag_at(source: bytes | bytearray, at: int) -> bytes:
    """The start tag that begins at a place.

    Raises:
        InputError: There is none.
    """
    match = _TAG.match(source, at)
    if match is None:
        raise damaged()
    return match[0]


def closing_tag_at(source: bytes | bytearray, at: int) -> bytes:
    """The end tag that begins at a place.

    Raises:
        InputError: There is none.
    """
    match = _CLOSING.match(source, at)
    if match is None:
        raise damaged()
    return match[0]


def spliced(source: bytes, edits: Iterable[Edit]) -> bytes:
    """The source with edits made, which must not overlap."""
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        parts += (source[at : edit.start], edit.replacement)
        at = edit.end
    parts.append(source[at:])
    return b"".join(parts)


def appended(source: bytes, element: Element, inner: str) -> Edit:
    """Put something at the end of what an element holds."""
    if not element.is_empty_tag:
        return Edit(element.inner_end, element.inner_end, inner.encode())
    tag = source[element.start : element.inner_start]
    opened = tag[: tag.rindex(b"/")] + b">"
    closing = f"</{element.prefix}{element.name}>"
    return Edit(element.start, element.end, opened + inner.encode() + closing.encode())


def with_attributes(tag: bytes, values: Mapping[str, str | None]) -> bytes:
    """A start tag with attributes set anew, or taken out where the value is None."""
    for name, value in values.items():
        old = re.search(rb"""\s%s\s*=\s*("[^"]*"|'[^']*')""" % name.encode(), tag)
        new = b"" if value is None else f" {name}={quoteattr(value)}".encode()
        if old is not None:
            tag = tag[: old.start()] + new + tag[old.end() :]
        elif new:
            close = len(tag) - (2 if tag.endswith(b"/>") else 1)
            tag = tag[:close].rstrip() + new + tag[close:]
    return tag


def cell_text(text: str) -> str:
    """A text as a cell's XML holds it; what looks like Excel's own escape is escaped."""
    literal = _ESCAPED.sub(lambda match: "_x005F" + match[0], text)
    return escape(literal, {"\r": "_x000D_"})


def _refuse_document_type(*_: object) -> NoReturn:
    raise damaged()


def _check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.casefold() not in {"utf-8", "us-ascii"}:
        raise damaged()
