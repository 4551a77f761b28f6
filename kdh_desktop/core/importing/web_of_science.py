"""Web of Science's tagged export, the "plain text file" with full records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import rispy

from kdh_desktop.core.importing.identifiers import doi_in, pmid_of, year_of
from kdh_desktop.core.importing.imported import ImportedRecord, ImportPlan, Reading
from kdh_desktop.core.importing.record_fields import joined, one_line, paragraphs_joined
from kdh_desktop.core.importing.rispy_fields import field_parser, fields_of
from kdh_desktop.core.importing.tagged_fields import TaggedFields
from kdh_desktop.core.importing.tagged_records import Borders, Line, TaggedRecord, parse_tagged

_TAG = re.compile(r"([A-Z][A-Z0-9])(?: |$)")
_FRAME = frozenset({"FN", "VR", "EF"})
_INDENT = "   "
_TEXT_TAGS = frozenset({"TI", "AB", "AU", "UT"})

# In the order in which they are taken; what is not taken is carried through.
_AUTHORS = ("AF", "AU", "CA")
_JOURNAL = ("SO", "JI", "J9")
_YEAR = ("PY", "EY", "PD")
_SEVERAL = frozenset({"AU", "AF", "BA", "BF", "BE", "CA", "GP", "CR", "C1", "C3", "EM"})
"""Fields in which each line is a value; in all others lines are broken anywhere."""

_NAMES = {tag: name.replace("_", " ") for tag, name in rispy.config.WOK_TAG_KEY_MAPPING.items()}


def parse_web_of_science(path: Path, plan: ImportPlan) -> Iterator[Reading]:
    """Records of a tagged export of Web of Science; see `parse_tagged`."""
    yield from parse_tagged(path, plan, _WebOfScience())


class _WebOfScience:
    """The tagged export, as one file writes it."""

    def __init__(self) -> None:
        self._borders = Borders(begin="PT", end="ER")
        self._parser = field_parser(rispy.WokParser, rispy.config.WOK_TAG_KEY_MAPPING)

    def kind_of(self, line: str) -> Line:
        match = _TAG.match(line)
        if match is None:
            return Line.MORE if line.strip() else Line.BLANK
        if match[1] in _FRAME:
            return Line.FRAME
        if match[1] == "PT":
            return Line.BEGIN
        return Line.END if match[1] == "ER" else Line.FIELD

    def is_row(self, found: TaggedRecord) -> bool:
        return any(line[:2] in _TEXT_TAGS for line in found.lines)

    def read(self, found: TaggedRecord) -> ImportedRecord | str:
        return self._borders.fault_of(found) or _record_of(self._fields_of(found), found.row)

    def _fields_of(self, found: TaggedRecord) -> TaggedFields:
        lines = [
            line if _TAG.match(line) else f"{_INDENT}{line.strip()}"
            for line in found.lines
            if line.strip()
        ]
        first = [] if found.has_begin else ["PT "]
        return fields_of(self._parser, [*first, *lines, "ER"])

    @property
    def notice(self) -> str:
        return self._borders.notice


def _record_of(fields: TaggedFields, row: int) -> ImportedRecord:
    source_id = fields.take_line("UT")
    pmid = fields.take_line("PM") or source_id.removeprefix("MEDLINE:")
    keywords = [*fields.take_line("DE").split(";"), *fields.take_line("ID").split(";")]
    return ImportedRecord(
        row=row,
        title=fields.take_line("TI"),
        abstract=paragraphs_joined(fields.take("AB")),
        source_id=source_id,
        pmid=pmid_of(pmid),
        doi=doi_in(fields.take_line("DI")),
        year=next(filter(None, map(year_of, fields.take(*_YEAR))), None),
        journal=fields.take_line(*_JOURNAL),
        authors=joined(fields.take(*_AUTHORS)),
        keywords=joined(keywords),
        extra=fields.rest(_NAMES, _text_of),
    )


def _text_of(tag: str, values: Sequence[str]) -> str:
    return joined(values) if tag in _SEVERAL else one_line(" ".join(values))
