"""PubMed's own export in MEDLINE format (.nbib, .txt)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from Bio import Medline

from kdh_desktop.core.importing.identifiers import doi_in, pmid_of, year_of
from kdh_desktop.core.importing.imported import ImportedRecord, ImportPlan, Reading
from kdh_desktop.core.importing.record_fields import joined, paragraphs_joined
from kdh_desktop.core.importing.source_text import open_source_text
from kdh_desktop.core.importing.tagged_fields import TaggedFields
from kdh_desktop.core.importing.tagged_records import Line, TaggedRecord, parse_tagged

_TAG = re.compile(r"([A-Z][A-Z0-9 ]{3})- ?")
_SOURCE = re.compile(r"(?:^|[\r\n])SO  - ")
_BEGIN = re.compile(r"PMID ?- *\d")

_PUBMED_BEGINS = frozenset({"OWN", "STAT"})
_PUBMED_ENDS = "SO"
"""PubMed ends each record with its source, so one of its own without it is cut. Other programs
that write its tags leave it out: it is missed only where the file has it elsewhere."""

_HEAD_CHARACTERS = 1 << 18

# In the order in which they are taken; what is not taken is carried through.
_TITLE = ("TI", "BTI", "CTI", "TT")
_ABSTRACT = ("AB", "OAB")
_JOURNAL = ("JT", "TA")
_AUTHORS = ("FAU", "AU")
_YEAR = ("DP", "DEP", "CRDT")
_NAMES = {
    "AD": "affiliation",
    "COIS": "conflict of interest",
    "DP": "date of publication",
    "GR": "grant",
    "IP": "issue",
    "IS": "ISSN",
    "LA": "language",
    "OAB": "other abstract",
    "PG": "pages",
    "PMC": "PMC",
    "PT": "publication type",
    "RN": "substance",
    "SO": "source",
    "TA": "journal abbreviation",
    "TT": "transliterated title",
    "VI": "volume",
}


def parse_medline(path: Path, plan: ImportPlan) -> Iterator[Reading]:
    """Records of a MEDLINE file; see `parse_tagged`."""
    with open_source_text(path, plan.encoding) as source:
        has_sources = _SOURCE.search(source.stream.read(_HEAD_CHARACTERS)) is not None
    yield from parse_tagged(path, plan, _Medline(has_sources=has_sources))


class _Medline:
    """MEDLINE, which parts its records by empty lines."""

    notice = ""

    def __init__(self, *, has_sources: bool) -> None:
        self._has_sources = has_sources

    def kind_of(self, line: str) -> Line:
        if not line.strip():
            return Line.END
        if _BEGIN.match(line):
            return Line.BEGIN
        return Line.FIELD if _TAG.match(line) else Line.MORE

    def is_row(self, found: TaggedRecord) -> bool:
        return bool(found.lines)

    def read(self, found: TaggedRecord) -> ImportedRecord | str:
        if not found.has_begin:
            return "has lost its beginning (PMID)."
        fields = _fields_of(found)
        is_pubmeds = not _PUBMED_BEGINS.isdisjoint(fields)
        has_end = _PUBMED_ENDS in fields or not (self._has_sources or found.is_cut_off)
        if is_pubmeds and not has_end:
            return "breaks off: its last lines are missing."
        return _record_of(TaggedFields(fields), found.row)


def _fields_of(found: TaggedRecord) -> dict[str, list[str]]:
    """Values by tag, in the order of the file."""
    # Broken lines are joined here: the library makes a new keyword of each.
    fields: list[list[str]] = []
    for line in found.lines:
        if _TAG.match(line) or not fields:
            fields.append([line.rstrip()])
        else:
            fields[-1].append(line.strip())
    lines = [" ".join(parts) for parts in fields]
    record = next(Medline.parse(lines))  # type: ignore[no-untyped-call] # it ships no types
    return {tag: [value] if isinstance(value, str) else value for tag, value in record.items()}


def _record_of(fields: TaggedFields, row: int) -> ImportedRecord:
    pmid = pmid_of(fields.take_line("PMID"))
    marked = (id_ for id_ in fields.look("LID", "AID") if id_.endswith("[doi]"))
    terms = [term.replace("*", "") for term in fields.take("MH")]
    return ImportedRecord(
        row=row,
        title=fields.take_line(*_TITLE),
        abstract=paragraphs_joined(fields.take(*_ABSTRACT)),
        source_id=pmid,
        pmid=pmid,
        doi=next(filter(None, map(doi_in, marked)), ""),
        year=next(filter(None, map(year_of, fields.take(*_YEAR))), None),
        journal=fields.take_line(*_JOURNAL),
        authors=joined([*fields.take(*_AUTHORS), *fields.take("CN")]),
        keywords=joined([*terms, *fields.take("OT")]),
        extra=fields.rest(_NAMES, lambda _, values: joined(values)),
    )
