"""What a person wants to have exported, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kdh_desktop.core.exporting.columns import (
    ExportColumn,
    FieldColumn,
    ProbabilityColumn,
    column_of,
)
from kdh_desktop.core.records.import_batch import ImportBatch
from kdh_desktop.core.records.record_filter import Field


class Destination(StrEnum):
    """Where records go to."""

    WORKBOOK = "workbook"
    CSV = "csv"
    JSON_LINES = "json_lines"
    RIS = "ris"
    REPORT = "report"
    REPORT_PDF = "report_pdf"
    OWN_TABLE = "own_table"

    @property
    def has_columns(self) -> bool:
        """Whether a person can choose what is written of each record."""
        return self in {Destination.WORKBOOK, Destination.CSV, Destination.JSON_LINES}

    @property
    def is_report(self) -> bool:
        """Whether it sums the records up."""
        return self in {Destination.REPORT, Destination.REPORT_PDF}

    @property
    def ending(self) -> str:
        """How the names of its files end; of a person's own table, as a rule."""
        return _ENDINGS[self]


_ENDINGS = {
    Destination.WORKBOOK: ".xlsx",
    Destination.CSV: ".csv",
    Destination.JSON_LINES: ".jsonl",
    Destination.RIS: ".ris",
    Destination.REPORT: ".html",
    Destination.REPORT_PDF: ".pdf",
    Destination.OWN_TABLE: ".xlsx",
}


@dataclass(frozen=True, slots=True)
class OwnTable:
    """An imported table that can be handed back.

    Attributes:
        batch: Its import.
        unclassified: Records of it that the model has said nothing of.
    """

    batch: ImportBatch
    unclassified: int


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """What a person chose.

    Attributes:
        destination: What is written.
        has_abstracts: Whether abstracts are written beside the columns of the list.
        has_probabilities: Whether the probability of every label is.
        title: What a report is called; empty for a plain name.
        table: The table to hand back, where that is the destination.
    """

    destination: Destination = Destination.WORKBOOK
    has_abstracts: bool = False
    has_probabilities: bool = False
    title: str = ""
    table: OwnTable | None = None


def export_columns(
    shown: Sequence[Field | str], choice: ExportChoice, label_ids: Sequence[str]
) -> list[ExportColumn]:
    """The columns to write: those of the list, and what was wished for beside them."""
    columns = [column_of(key) for key in shown]
    abstract = FieldColumn(Field.ABSTRACT)
    if choice.has_abstracts and abstract not in columns:
        title = FieldColumn(Field.TITLE)
        place = columns.index(title) + 1 if title in columns else len(columns)
        columns.insert(place, abstract)
    if choice.has_probabilities:
        wanted = [ProbabilityColumn(label_id) for label_id in label_ids]
        columns += [column for column in wanted if column not in columns]
    return columns
