"""RIS, as PubMed's rivals write it: each database with tags and habits of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import rispy

from kdh_desktop.core.importing.identifiers import doi_in, named_pmid_in, pmid_of, year_of
from kdh_desktop.core.importing.imported import ImportedRecord, ImportPlan, Reading
from kdh_desktop.core.importing.record_fields import joined, paragraphs_joined
from kdh_desktop.core.importing.rispy_fields import field_parser, fields_of
from kdh_desktop.core.importing.tagged_fields import TaggedFields
from kdh_desktop.core.importing.tagged_records import Borders, Line, TaggedRecord, parse_tagged

_TAG = re.compile(r"\s*([A-Z][A-Z0-9])  -(?: |$)")
_LOOSE_TAG = re.compile(r"\s*([A-Z][A-Z0-9]) {1,3}-(?: |$)")
"""With one blank, as some write it; read so only where the record begins so."""

_BEGIN = re.compile(r"\s*TY( {1,3})-")
_TEXT_TAGS = frozenset({"TI", "T1", "AB", "N2", "AU", "A1"})
"""What lines without a beginning must hold to be what is left of a record."""

_LONG_TAGS = frozenset({"AB", "N2", "N1"})
"""Fields that may hold empty lines; text after one in another field is no part of it."""

# In the order in which they are taken; what is not taken is carried through.
_TITLE = ("TI", "T1", "BT", "CT", "TT", "ST")
_ABSTRACT = ("AB", "N2")
_JOURNAL = ("JF", "T2", "JO", "JA", "J2", "J1")
_AUTHORS = ("AU", "A1")
_YEAR = ("PY", "Y1", "DA")
_DOI = ("DO", "DI", "M3", "L3", "UR", "LK", "N1")
_ID = ("AN", "ID", "U2", "LB")
_PMID = ("AN", "ID", "C2", "C3", "C5", "U1", "UR", "LK", "N1", "M1")
_PMID_OF_DATABASE = {"pubmed": "AN", "medline": "AN", "scopus": "C2", "embase": "C5"}
"""Where each database writes a PubMed id without saying so."""

_NAMES = {tag: name.replace("_", " ") for tag, name in rispy.config.TAG_KEY_MAPPING.items()}


def parse_ris(path: Path, plan: ImportPlan) -> Iterator[Reading]:
    """Records of a RIS file; see `parse_tagged`."""
    yield from parse_tagged(path, plan, _Ris())


class _Ris:
    """RIS, as one file writes it."""

    def __init__(self) -> None:
        self._tag = _TAG
        self._last_tag = ""
        self._is_after_blank = False
        self._borders = Borders(begin="TY", end="ER")
        self._parser = field_parser(rispy.RisParser, rispy.config.TAG_KEY_MAPPING)

    def kind_of(self, line: str) -> Line:
        if not line.strip():
            self._is_after_blank = True
            return Line.BLANK
        kind = self._kind_of_text(line)
        if kind is not Line.STRAY:
            self._is_after_blank = False
        return kind

    def _kind_of_text(self, line: str) -> Line:
        if _BEGIN.match(line):
            self._tag = _tag_below(line)
            self._last_tag = "TY"
            return Line.BEGIN
        if match := self._tag.match(line):
            self._last_tag = match[1]
            return Line.END if match[1] == "ER" else Line.FIELD
        if self._is_after_blank and self._last_tag not in _LONG_TAGS:
            return Line.STRAY
        return Line.MORE

    def is_row(self, found: TaggedRecord) -> bool:
        tags = {match[1] for line in found.lines if (match := self._tag.match(line))}
        return not tags.isdisjoint(_TEXT_TAGS)

    def read(self, found: TaggedRecord) -> ImportedRecord | str:
        return self._borders.fault_of(found) or _record_of(self._fields_of(found), found.row)

    def _fields_of(self, found: TaggedRecord) -> TaggedFields:
        tag = _tag_below(found.lines[0])
        lines = [_plainly(line, tag) for line in found.lines]
        first = [] if found.has_begin else ["TY  - "]
        return fields_of(self._parser, [*first, *lines, "ER  - "])

    @property
    def notice(self) -> str:
        return self._borders.notice


def _tag_below(first_line: str) -> re.Pattern[str]:
    """What tags look like in a record with that first line."""
    begin = _BEGIN.match(first_line)
    return _TAG if begin is None or begin[1] == "  " else _LOOSE_TAG


def _plainly(line: str, tag: re.Pattern[str]) -> str:
    """A line as the library wants it, with two blanks behind its tag and none before."""
    if line[2:5] == "  -" or (match := tag.match(line)) is None:
        return line
    return f"{match[1]}  - {line[match.end() :]}"


def _record_of(fields: TaggedFields, row: int) -> ImportedRecord:
    record = ImportedRecord(
        row=row,
        title=fields.take_line(*_TITLE),
        abstract=paragraphs_joined(fields.take(*_ABSTRACT)),
        source_id=fields.take_line(*_ID),
        pmid=_pmid_in(fields),
        doi=next(filter(None, map(doi_in, fields.look(*_DOI))), ""),
        year=next(filter(None, map(year_of, fields.take(*_YEAR))), None),
        journal=fields.take_line(*_JOURNAL),
        authors=joined(fields.take(*_AUTHORS)),
        keywords=joined(fields.take("KW")),
    )

    def text_of(_: str, values: Sequence[str]) -> str:
        text = joined(values)
        return "" if text.lower() == record.doi else text

    return replace(record, extra=fields.rest(_NAMES, text_of))


def _pmid_in(fields: TaggedFields) -> str:
    """The PubMed id: where its database writes it, or where a field names it as one."""
    database = " ".join(fields.look("DB", "DP")).casefold()
    places = [tag for name, tag in _PMID_OF_DATABASE.items() if name in database]
    bare = map(pmid_of, fields.look(*places, "PM"))
    named = map(named_pmid_in, fields.look(*_PMID))
    return next(filter(None, (*bare, *named)), "")
