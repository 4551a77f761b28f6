"""PubMed's own export in MEDLINE format (.nbib, .txt)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from Bio import Medline

from kdh_desktop.core.importing.identifiers import doi_in, pmid_of, year_of
from kdh_desktop.core.importing.imported import ImportedRecord, ImportPlan, Reading
from kdh_desktop.core.importing.record_fields import joined, one_line, paragraphs_joined
from kdh_desktop.core.importing.tagged_records import Line, TaggedRecord, parse_tagged

_TAG = re.compile(r"([A-Z][A-Z0-9 ]{3})- ?")
_BEGIN = re.compile(r"PMID ?- *\d")

_PUBMED_BEGINS = frozenset({"OWN", "STAT"})
_PUBMED_ENDS = "SO"
"""PubMed ends each record with its source: one of its own without it is cut."""

# In the order in which they are taken; what is not taken is carried through.
_TITLE = ("TI", "BTI", "CTI", "TT")
_ABSTRACT = ("AB", "OAB")
_JOURNAL = ("JT", "TA")
_AUTHORS = ("FAU", "AU")
_YEAR = ("DP", "DEP", "CRDT")
_IDS = ("LID", "AID")
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
    yield from parse_tagged(path, plan, _Medline())


class _Medline:
    """MEDLINE, which parts its records by empty lines."""

    notice = ""

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
        if _PUBMED_ENDS not in fields and not _PUBMED_BEGINS.isdisjoint(fields):
            return "breaks off: its last lines are missing."
        return _record_of(fields, found.row)


def _fields_of(found: TaggedRecord) -> dict[str, list[str]]:
    """Values by tag, in the order of the file."""
    lines: list[str] = []
    for line in found.lines:
        if _TAG.match(line) or not lines:
            lines.append(line)
        else:
            # Joined here, since the library makes a new keyword of each such line.
            lines[-1] = f"{lines[-1].rstrip()} {line.strip()}"
    record = next(Medline.parse(lines))  # type: ignore[no-untyped-call] # it ships no types
    return {tag: [value] if isinstance(value, str) else value for tag, value in record.items()}


def _record_of(fields: dict[str, list[str]], row: int) -> ImportedRecord:
    taken = {"PMID", "CN"}

    def take(*tags: str) -> list[str]:
        for tag in tags:
            if any(fields.get(tag, ())):
                taken.add(tag)
                return fields[tag]
        return []

    pmid = pmid_of(" ".join(fields.get("PMID", ())))
    doi = next(filter(None, map(doi_in, _marked(fields, "[doi]"))), "")
    terms = [term.replace("*", "") for term in take("MH")]
    record = ImportedRecord(
        row=row,
        title=one_line(" ".join(take(*_TITLE))),
        abstract=paragraphs_joined(take(*_ABSTRACT)),
        source_id=pmid,
        pmid=pmid,
        doi=doi,
        year=next(filter(None, map(year_of, take(*_YEAR))), None),
        journal=one_line(" ".join(take(*_JOURNAL))),
        authors=joined([*take(*_AUTHORS), *fields.get("CN", ())]),
        keywords=joined([*terms, *take("OT")]),
    )
    extra = tuple(
        (_NAMES.get(tag, tag), value)
        for tag, values in fields.items()
        if tag not in taken and (value := joined(values))
    )
    return replace(record, extra=extra)


def _marked(fields: dict[str, list[str]], mark: str) -> list[str]:
    """Ids of an article that a mark behind them says the kind of."""
    return [
        part
        for tag in _IDS
        for value in fields.get(tag, ())
        for part in re.findall(rf"\S+(?= {re.escape(mark)})", value)
    ]
