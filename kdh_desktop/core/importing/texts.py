"""Records out of running text: PubMed's display with its fields, else texts by blank lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kdh_desktop.core.importing.identifiers import doi_in, year_in
from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.importing.paragraphs import Paragraph, paragraphs_of
from kdh_desktop.core.importing.pasted_text import is_body, plain_texts, ruled_parts
from kdh_desktop.core.importing.pubmed_abstract import PubMedRecord, find_pubmed_records
from kdh_desktop.core.importing.record_fields import one_line

_JOURNAL = re.compile(r"\d{1,6}\.\s+(.{1,300}?)[.?!)\];]\s+(?=(?:1[89]|20)\d\d\b)", re.DOTALL)
_NUMBERING = re.compile(r"\([^()]{1,6}\)")
_MAX_TITLE = 500
_MIN_LINES = 3
_MIN_LINE = 250
"""Characters of a line that is a text by itself; lines that a program broke are shorter."""


def records_in_text(text: str) -> Iterator[tuple[int, ImportedRecord]]:
    """Texts of one file, each with where it begins.

    The records' rows are not set: whoever calls knows what counts there.
    """
    lines = _one_a_line(text)
    if lines:
        for line in lines:
            yield line.start, ImportedRecord(row=0, abstract=line.text)
        return
    for start, end in ruled_parts(text):
        for group in find_pubmed_records(paragraphs_of(text, start, end)):
            if isinstance(group, PubMedRecord):
                yield group.paragraphs[0].start, _of_pubmed(group, text)
            else:
                for first, last in plain_texts(group):
                    yield first, _of_plain(text[first:last])


def _one_a_line(text: str) -> list[Paragraph]:
    """Lines, where each is an abstract of its own and no blank line parts them."""
    lines = [line for line in re.split(r"[\r\n]+", text) if line.strip()]
    is_list = (
        len(lines) >= _MIN_LINES
        and len(paragraphs_of(text)) == 1
        and all(len(line) >= _MIN_LINE and is_body(line) for line in lines)
    )
    if not is_list:
        return []
    found, at = [], 0
    for line in lines:
        start = text.index(line, at)
        at = start + len(line)
        found.append(Paragraph(start, at, line.strip()))
    return found


def _of_pubmed(record: PubMedRecord, text: str) -> ImportedRecord:
    citation = one_line(record.paragraphs[0].text)
    journal = _JOURNAL.match(citation)
    prose = record.prose
    authors = [part.strip(" .") for part in _NUMBERING.sub("", one_line(record.authors)).split(",")]
    return ImportedRecord(
        row=0,
        title=one_line(record.title),
        abstract=text[prose[0].start : prose[-1].end] if prose else "",
        pmid=record.pmid,
        doi=doi_in(citation),
        year=year_in(citation[journal.end() :] if journal else citation),
        journal=journal[1] if journal else "",
        authors="; ".join(filter(None, authors)),
    )


def _of_plain(text: str) -> ImportedRecord:
    first, *rest = paragraphs_of(text)
    if rest and len(first.text) <= _MAX_TITLE and not is_body(first.text):
        return ImportedRecord(row=0, title=one_line(first.text), abstract=text[rest[0].start :])
    return ImportedRecord(row=0, abstract=text)
