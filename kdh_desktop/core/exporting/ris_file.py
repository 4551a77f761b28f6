"""Records as RIS, for reference software: labels stand among the keywords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kdh_desktop.core.exporting.outcome import ExportOutcome
from kdh_desktop.core.exporting.rows import present_names, without_unwritable
from kdh_desktop.core.records.stored import RecordDetail


def write_ris(
    details: Iterable[RecordDetail], path: Path, *, names: Mapping[str, str]
) -> ExportOutcome:
    """Write one RIS entry a record; columns are those of the format.

    Args:
        details: The records.
        path: Where to write.
        names: Names of labels by id.
    """
    written = removed = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for detail in details:
            for tag, value in _entry(detail, names):
                line, count = without_unwritable(" ".join(value.split()))
                removed += count
                if line or tag == "ER":
                    file.write(f"{tag}  - {line}\r\n")
            file.write("\r\n")
            written += 1
    notices = (f"{removed:,} characters that no file can hold were left out.",) if removed else ()
    return ExportOutcome(written, (path,), notices=notices)


def _entry(detail: RecordDetail, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    record = detail.imported
    yield "TY", "JOUR"
    yield "ID", record.source_id or str(detail.id)
    yield "TI", record.title
    for author in record.authors.split(";"):
        yield "AU", author
    yield "PY", "" if record.year is None else str(record.year)
    yield "JO", record.journal
    yield "AB", record.abstract
    yield "DO", record.doi
    yield "AN", record.pmid
    labels = present_names(detail, names)
    for label in labels:
        yield "KW", label
    for keyword in record.keywords.split(";"):
        if keyword.strip() not in labels:
            yield "KW", keyword
    yield "N1", detail.note
    yield "ER", ""
