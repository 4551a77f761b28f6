"""What a reader gives as JSON values, for the way out of the disposable process."""

from __future__ import annotations

from typing import Any

from kdh_desktop.core.importing.imported import ImportedRecord, Reading, ReadingEnd, RefusedRow


def to_value(item: Reading) -> list[Any]:
    """A JSON value, short because there may be a million of them."""
    match item:
        case ImportedRecord():
            return [
                item.row,
                item.title,
                item.abstract,
                item.source_id,
                item.pmid,
                item.doi,
                item.year,
                item.journal,
                item.authors,
                item.keywords,
                item.extra,
            ]
        case RefusedRow(row, reason, remedy):
            return [row, reason, remedy]
        case ReadingEnd(rows, notices):
            return [rows, notices]


def from_value(value: Any) -> Reading:
    """What `to_value` made a value of.

    Raises:
        ValueError: It made no such value.
    """
    match value:
        case [int(row), *texts, year, str(journal), str(authors), str(keywords), list(extra)] if (
            len(texts) == 5 and all(map(_is_text, texts)) and (year is None or type(year) is int)
        ):
            title, abstract, source_id, pmid, doi = texts
            return ImportedRecord(
                row=row,
                title=title,
                abstract=abstract,
                source_id=source_id,
                pmid=pmid,
                doi=doi,
                year=year,
                journal=journal,
                authors=authors,
                keywords=keywords,
                extra=tuple(_pair(one) for one in extra),
            )
        case [int(row), str(reason), str(remedy)]:
            return RefusedRow(row, reason, remedy)
        case [int(rows), list(notices)] if all(map(_is_text, notices)):
            return ReadingEnd(rows, tuple(notices))
        case _:
            raise ValueError("not what a reader gives")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _pair(value: Any) -> tuple[str, str]:
    match value:
        case [str(name), str(text)]:
            return name, text
        case _:
            raise ValueError("not a name and a text")
