"""Counts what passes on the way out of a parser, so that no row of a file is lost in silence."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kdh_desktop.core.importing.cell_text import REPLACEMENT, clean_cell
from kdh_desktop.core.importing.imported import ImportedRecord, ReadingEnd, RefusedRow

MAX_RECORD_CHARACTERS = 20_000_000
"""Longer ones are refused unread: a mark is missing, or somebody means harm."""

EXPORT_AGAIN = "Export the record again and import it by itself."


@dataclass(slots=True)
class Tally:
    """The rows of one file so far.

    Attributes:
        rows: Records and refused rows.
        removed: Characters without meaning that were taken out.
        lossy: Records in which another program had lost letters.
    """

    rows: int = 0
    removed: int = 0
    lossy: int = 0

    def take(self, record: ImportedRecord, where: str) -> ImportedRecord | RefusedRow:
        """A record, cleaned; refused where it holds nothing that could be classified.

        Args:
            record: As its file gives it.
            where: How a person finds it, as the subject of a sentence.
        """
        title, abstract = self._clean(record.title), self._clean(record.abstract)
        if not title and not abstract:
            return self.refuse(
                record.row,
                f"{where} has neither a title nor an abstract.",
                "Export it again with its abstract.",
            )
        self.rows += 1
        self.lossy += REPLACEMENT in title or REPLACEMENT in abstract
        return replace(
            record,
            title=title,
            abstract=abstract,
            source_id=self._clean(record.source_id),
            doi=self._clean(record.doi),
            journal=self._clean(record.journal),
            authors=self._clean(record.authors),
            keywords=self._clean(record.keywords),
            extra=tuple((self._clean(name), self._clean(value)) for name, value in record.extra),
        )

    def refuse(self, row: int, reason: str, remedy: str = EXPORT_AGAIN) -> RefusedRow:
        """A row that is not taken in."""
        self.rows += 1
        return RefusedRow(row, reason, remedy)

    def end(self, *notices: str) -> ReadingEnd:
        """What is to be said when the whole file was seen; empty notices are left out."""
        found = [notice for notice in notices if notice]
        if self.removed:
            found.append(f"Characters without meaning that were taken out: {self.removed}.")
        if self.lossy:
            found.append(
                "Records in which another program has lost letters (they show as "
                f"{REPLACEMENT}): {self.lossy}; look whether the file was saved in the wrong "
                "encoding."
            )
        return ReadingEnd(self.rows, tuple(found))

    def _clean(self, text: str) -> str:
        clean, removed = clean_cell(text)
        self.removed += removed
        return clean
