"""JSON lines: one object a line, its names taken as they are usually written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.cell_text import has_undecoded
from kdh_desktop.core.importing.identifiers import doi_in, pmid_of, year_of
from kdh_desktop.core.importing.imported import (
    ImportedRecord,
    ImportPlan,
    Reading,
    RefusedRow,
)
from kdh_desktop.core.importing.record_fields import one_line
from kdh_desktop.core.importing.source_text import open_source_text
from kdh_desktop.core.importing.tally import Tally

_MEND = "Mend the line, or export the record again."
# Names in lower case, in the order in which they are taken; all others are carried through.
_NAMES = {
    "title": ("title", "articletitle", "article_title", "ti"),
    "abstract": ("abstract", "abstracttext", "abstract_text", "text", "body", "content", "ab"),
    "source_id": ("id", "_id", "source_id", "record_id", "uid", "corpusid", "paperid"),
    "pmid": ("pmid", "pubmed_id", "pubmedid"),
    "doi": ("doi",),
    "year": ("year", "publication_year", "pub_year", "pubyear", "date", "publication_date"),
    "journal": ("journal", "journal_title", "journal_name", "venue", "source"),
    "authors": ("authors", "author"),
    "keywords": ("keywords", "keyword", "mesh", "mesh_terms", "meshterms"),
}
_BROUGHT_TO_ONE_FORM = {"pmid", "doi", "year"}
_PERSON = ("name", "full_name", "fullname", "last_name", "lastname", "family")
_GIVEN = ("first_name", "firstname", "given")


def parse_json_lines(path: Path, plan: ImportPlan) -> Iterator[Reading]:
    """Records of a file with one object a line; `row` is the line.

    Raises:
        InputError: It cannot be opened, or holds nothing.
    """
    tally = Tally()
    with open_source_text(path, plan.encoding) as source:
        for number, line in enumerate(source.stream, 1):
            if line.strip():
                yield _row_of(line, number, tally)
        if not tally.rows:
            raise InputError("The file is empty.", "Choose a file that holds texts.")
        yield tally.end(source.notice)


def _row_of(line: str, number: int, tally: Tally) -> ImportedRecord | RefusedRow:
    if not line.isascii() and has_undecoded(line):
        return tally.refuse(
            number,
            f"Line {number} holds letters that are not in the encoding of the file.",
            "Choose another encoding, or save the file as UTF-8.",
        )
    try:
        # Numbers with a point stay as they are written: 1.10 may be an id.
        value = json.loads(line.strip("\ufeff\0 \t\r\n"), parse_float=str)
    except (ValueError, RecursionError):
        return tally.refuse(number, f"Line {number} is no JSON, or breaks off.", _MEND)
    if not isinstance(value, dict):
        return tally.refuse(number, f"Line {number} holds JSON, but no object.", _MEND)
    return tally.take(_record_of(value, number), f"Line {number}")


def _record_of(value: Mapping[str, Any], row: int) -> ImportedRecord:
    names = {name.strip().casefold(): name for name in reversed([*value])}
    taken: dict[str, str] = {}
    for field, known in _NAMES.items():
        found = [names[name] for name in known if name in names and _text_of(value[names[name]])]
        if found:
            taken[field] = found[0]
    texts = {field: _text_of(value[name]) for field, name in taken.items()}
    if isinstance(sections := value.get(taken.get("abstract", "")), list):
        texts["abstract"] = "\n".join(map(_text_of, sections))
    record = ImportedRecord(
        row=row,
        title=texts.get("title", ""),
        abstract=texts.get("abstract", ""),
        source_id=texts.get("source_id", ""),
        pmid=pmid_of(texts.get("pmid", "")),
        doi=doi_in(texts.get("doi", "")),
        year=year_of(texts.get("year", "")),
        journal=texts.get("journal", ""),
        authors=texts.get("authors", ""),
        keywords=texts.get("keywords", ""),
    )
    # What its field does not hold in full is carried through rather than lost.
    used = {
        name
        for field, name in taken.items()
        if field not in _BROUGHT_TO_ONE_FORM or str(getattr(record, field)) == texts[field]
    }
    extra = tuple(
        (name, text) for name, one in value.items() if name not in used and (text := _text_of(one))
    )
    return replace(record, extra=extra)


def _text_of(value: Any) -> str:
    """A JSON value as text: lists joined, a person's name from an object, all else as JSON."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list() if all(isinstance(one, (str, int, float, dict)) for one in value):
            # Each one, also what is said twice: the list may be one of numbers, by their place.
            return "; ".join(filter(None, (one_line(_text_of(one)) for one in value)))
        case dict() if name := _person_in(value):
            return name
        case _:
            return json.dumps(value, ensure_ascii=False)


def _person_in(value: Mapping[str, Any]) -> str:
    family = next((value[name] for name in _PERSON if isinstance(value.get(name), str)), "")
    given = next((value[name] for name in _GIVEN if isinstance(value.get(name), str)), "")
    return ", ".join(filter(None, (family, given)))
