"""What a reader gives for one file: records to take in, rows that it refuses, and how it read them.

Every row of a file ends as exactly one of the two, so that the two counts add up to the file's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from kdh_desktop.core.importing.table import TableLayout

SHOWN_CHARACTERS = 2_000
"""Of a text, in a first look at a file."""


class FileFormat(StrEnum):
    """A format that can be read, told by content and never by name."""

    PUBMED_MEDLINE = "pubmed_medline"
    PUBMED_XML = "pubmed_xml"
    RIS = "ris"
    WEB_OF_SCIENCE = "web_of_science"
    JSON_LINES = "json_lines"
    WORKBOOK = "workbook"
    OLD_WORKBOOK = "old_workbook"
    BINARY_WORKBOOK = "binary_workbook"
    OPEN_DOCUMENT_SHEET = "open_document_sheet"
    DELIMITED = "delimited"
    PLAIN_TEXT = "plain_text"
    WORD_DOCUMENT = "word_document"
    PDF = "pdf"

    @property
    def is_table(self) -> bool:
        """Whether a person has to say which column is what."""
        return self in _TABLES


_TABLES = {
    FileFormat.WORKBOOK,
    FileFormat.OLD_WORKBOOK,
    FileFormat.BINARY_WORKBOOK,
    FileFormat.OPEN_DOCUMENT_SHEET,
    FileFormat.DELIMITED,
}


@dataclass(frozen=True, slots=True)
class ImportedRecord:
    """One record as its file gives it; what is not there is empty.

    Attributes:
        row: Where it stands in its file, from 1: the row of a sheet, the line of a text or the
            number of the record, whichever `RefusedRow.row` counts there, too.
        title: Title in plain text.
        abstract: Abstract or body in plain text, with line breaks between its sections.
        source_id: The record's id in its file, e.g. an accession number or a row id.
        pmid: PubMed id, digits only.
        doi: DOI in lower case, without a prefix such as ``https://doi.org/``.
        year: Year of publication.
        journal: Name of the journal.
        authors: Names, joined by ``; ``.
        keywords: Keywords or MeSH terms, joined by ``; ``.
        extra: All else that the file says of it, as names and values in the file's order.
    """

    row: int
    title: str = ""
    abstract: str = ""
    source_id: str = ""
    pmid: str = ""
    doi: str = ""
    year: int | None = None
    journal: str = ""
    authors: str = ""
    keywords: str = ""
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """What is classified: the title, a blank line and the abstract, or whichever is there."""
        return text_of(self.title, self.abstract)

    def shortened(self) -> ImportedRecord:
        """The record with no more of its long texts than a first look at a file shows."""
        return replace(
            self,
            title=shortened(self.title),
            abstract=shortened(self.abstract),
            authors=shortened(self.authors),
            keywords=shortened(self.keywords),
            extra=tuple((name, shortened(value)) for name, value in self.extra),
        )


def shortened(text: str) -> str:
    """A text, or its beginning where it is longer than a first look at a file shows."""
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def text_of(title: str, abstract: str) -> str:
    """Title and abstract as one text, as the model was trained on them."""
    return "\n\n".join(part for part in (title.strip(), abstract.strip()) if part)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not taken in.

    Attributes:
        row: Where it stands in its file, from 1.
        reason: What is wrong, as one sentence; quotes nothing of the row.
        remedy: What to do about it, as one sentence.
    """

    row: int
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ReadingEnd:
    """What a reader gives last, when it has seen the whole file.

    Attributes:
        rows_in_file: As many as there are records and refused rows, from the first on even where
            the reading began later.
        notices: What a person should know of the file, one sentence each.
    """

    rows_in_file: int
    notices: tuple[str, ...] = ()


Reading = ImportedRecord | RefusedRow | ReadingEnd
"""What a reader gives: rows as they stand in the file, and one `ReadingEnd` after the last."""


class ColumnRole(StrEnum):
    """What a column of a table is for."""

    TITLE = "title"
    ABSTRACT = "abstract"
    ID = "source_id"
    PMID = "pmid"
    DOI = "doi"
    YEAR = "year"
    JOURNAL = "journal"
    AUTHORS = "authors"
    KEYWORDS = "keywords"


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column of a table is what; all others are carried through as `extra`.

    Attributes:
        columns: Role and place of its column, from 0; each role and each place at most once.
    """

    columns: tuple[tuple[ColumnRole, int], ...] = ()

    def place(self, role: ColumnRole) -> int | None:
        """Place of the column with a role."""
        return dict(self.columns).get(role)

    def role(self, place: int) -> ColumnRole | None:
        """Role of the column at a place."""
        return next((role for role, column in self.columns if column == place), None)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """How to read one file; what `inspect_file` suggests, or a person changed.

    Attributes:
        format: The format.
        encoding: Of text formats, as Python names it; None where the file says it itself.
        layout: Of tables only.
        mapping: Of tables only.
    """

    format: FileFormat
    encoding: str | None = None
    layout: TableLayout = field(default_factory=TableLayout)
    mapping: ColumnMapping = field(default_factory=ColumnMapping)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that can be chosen.

    Attributes:
        name: As the workbook names it.
        is_hidden: Whether the workbook hides it; such a sheet is never taken unasked.
        rows: Rows with content, or None where they are not counted.
    """

    name: str
    is_hidden: bool
    rows: int | None


@dataclass(frozen=True, slots=True)
class TablePreview:
    """The beginning of a table, read with the plan's layout.

    Attributes:
        sheets: Sheets of a workbook, in its order; empty for delimited text.
        above: Rows up to and with the header row, so that another can be chosen as header.
        columns: Names in the header row, which may repeat; one without a name is called by its
            letters, e.g. ``Column C``.
        rows: The first 20 rows below it, as they will be read, but for the ends of long texts.
        problem: Why the table cannot be read with this layout, as one sentence, or empty.
    """

    sheets: tuple[Sheet, ...]
    above: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FileInspection:
    """What a first look at a file tells, before anything is taken in.

    Attributes:
        plan: How it would be read; a guess wherever `needs_look` is true.
        needs_look: Whether a person should look at the plan: several sheets, no header that
            names the columns, no column that is surely the text, an encoding that is not clear.
        encodings: Encodings that fit, likeliest first, where the file does not say its own.
        sample: The first lines of a text format in the plan's encoding, for a look.
        table: Of tables only.
        records: The first 20 records as the plan gives them, but for the ends of long texts.
        notices: What a person should know of the file, one sentence each.
    """

    plan: ImportPlan
    needs_look: bool
    encodings: tuple[str, ...]
    sample: str
    table: TablePreview | None
    records: tuple[ImportedRecord, ...]
    notices: tuple[str, ...]
