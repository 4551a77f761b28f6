"""Web of Science's tagged export, the "plain text file" with full records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import rispy

from kdh_desktop.core.importing.identifiers import doi_in, pmid_of, year_of
from kdh_desktop.core.importing.imported import ImportedRecord, ImportPlan, Reading
from kdh_desktop.core.importing.record_fields import joined, one_line, paragraphs_joined
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
        tags = [*_NAMES, "UK"]
        # Every field is a list, or the library would drop what is said twice.
        self._parser = rispy.WokParser(mapping={tag: tag for tag in tags}, list_tags=tags)

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

    def _fields_of(self, found: TaggedRecord) -> dict[str, list[str]]:
        """Values by tag, in the order of the file."""
        lines = [
            line if _TAG.match(line) else f"{_INDENT}{line.strip()}"
            for line in found.lines
            if line.strip()
        ]
        framed = [*([] if found.has_begin else ["PT "]), *lines, "ER"]
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
    taken = {"TI", "AB", "UT", "DI", "PM", "DE", "ID"}

    def take(*tags: str) -> list[str]:
        for tag in tags:
            if any(fields.get(tag, ())):
                taken.add(tag)
                return fields[tag]
        return []

    source_id = _line(fields, "UT")
    of_medline = source_id.removeprefix("MEDLINE:") if source_id.startswith("MEDLINE:") else ""
    keywords = [word for tag in ("DE", "ID") for word in _line(fields, tag).split(";")]
    record = ImportedRecord(
        row=row,
        title=_line(fields, "TI"),
        abstract=paragraphs_joined(fields.get("AB", ())),
        source_id=source_id,
        pmid=pmid_of(_line(fields, "PM")) or pmid_of(of_medline),
        doi=doi_in(_line(fields, "DI")),
        year=year_of(" ".join(take(*_YEAR))),
        journal=one_line(" ".join(take(*_JOURNAL))),
        authors=joined(take(*_AUTHORS)),
        keywords=joined(keywords),
    )
    extra = tuple(
        (_NAMES.get(tag, tag), value)
        for tag, values in fields.items()
        if tag not in taken
        and (value := joined(values) if tag in _SEVERAL else one_line(" ".join(values)))
    )
    return replace(record, extra=extra)


def _line(fields: dict[str, list[str]], tag: str) -> str:
    return one_line(" ".join(fields.get(tag, ())))
