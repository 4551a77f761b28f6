"""RIS, as PubMed's rivals write it: each database with tags and habits of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import rispy

from kdh_desktop.core.importing.identifiers import doi_in, named_pmid_in, pmid_of, year_of
from kdh_desktop.core.importing.imported import ImportedRecord, ImportPlan, Reading
from kdh_desktop.core.importing.record_fields import joined, one_line, paragraphs_joined
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
_PMID = ("PM", "AN", "ID", "C2", "C3", "C5", "U1", "UR", "LK", "N1", "M1")
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
        # Every field is a list, or the library would drop what is said twice.
        tags = [*rispy.config.TAG_KEY_MAPPING]
        self._parser = rispy.RisParser(
            mapping={tag: tag for tag in tags}, list_tags=tags, delimiter_tags_mapping={}
        )

    def kind_of(self, line: str) -> Line:
        if not line.strip():
            self._is_after_blank = True
            return Line.BLANK
        kind = self._kind_of_text(line)
        if kind is not Line.STRAY:
            self._is_after_blank = False
        return kind

    def _kind_of_text(self, line: str) -> Line:
        if begin := _BEGIN.match(line):
            self._tag = _TAG if begin[1] == "  " else _LOOSE_TAG
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
        return not _TEXT_TAGS.isdisjoint(tags)

    def read(self, found: TaggedRecord) -> ImportedRecord | str:
        return self._borders.fault_of(found) or _record_of(self._fields_of(found), found.row)

    def _fields_of(self, found: TaggedRecord) -> dict[str, list[str]]:
        """Values by tag, in the order of the file."""
        lines = [
            line if line[2:5] == "  -" else self._tag.sub(r"\1  - ", line, count=1)
            for line in found.lines
        ]
        framed = [*([] if found.has_begin else ["TY  - "]), *lines, "ER  - "]
        parsed = self._parser.parse_lines(iter(framed))[0]
        unknown = parsed.pop("UK", {})
        return {
            tag: [value] if isinstance(value, str) else value
            for tag, value in [*parsed.items(), *unknown.items()]
        }

    @property
    def notice(self) -> str:
        return self._borders.notice


def _record_of(fields: dict[str, list[str]], row: int) -> ImportedRecord:
    taken: set[str] = set()

    def take(tags: Sequence[str]) -> list[str]:
        for tag in tags:
            if any(fields.get(tag, ())):
                taken.add(tag)
                return fields[tag]
        return []

    title = one_line(" ".join(take(_TITLE)))
    abstract = paragraphs_joined(take(_ABSTRACT))
    source_id = one_line(" ".join(take(_ID)))
    record = ImportedRecord(
        row=row,
        title=title,
        abstract=abstract,
        source_id=source_id,
        pmid=_pmid_in(fields),
        doi=_doi_in(fields),
        year=next(filter(None, map(year_of, take(_YEAR))), None),
        journal=one_line(" ".join(take(_JOURNAL))),
        authors=joined(take(_AUTHORS)),
        keywords=joined(take(("KW",))),
    )
    extra = tuple(
        (_NAMES.get(tag, tag), value)
        for tag, values in fields.items()
        if tag not in taken and (value := joined(values)) and value.lower() != record.doi
    )
    return replace(record, extra=extra)


def _doi_in(fields: Mapping[str, Sequence[str]]) -> str:
    found = (doi_in(value) for tag in _DOI for value in fields.get(tag, ()))
    return next(filter(None, found), "")


def _pmid_in(fields: Mapping[str, Sequence[str]]) -> str:
    """The PubMed id: where its database writes it, or where a field names it as one."""
    database = " ".join([*fields.get("DB", ()), *fields.get("DP", ())]).casefold()
    for name, tag in _PMID_OF_DATABASE.items():
        if name in database and (pmid := pmid_of(" ".join(fields.get(tag, ())))):
            return pmid
    found = (named_pmid_in(value) for tag in _PMID for value in fields.get(tag, ()))
    return next(filter(None, found), "") or pmid_of(" ".join(fields.get("PM", ())))
