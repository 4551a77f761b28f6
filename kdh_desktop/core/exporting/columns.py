"""Which columns an export has, and what they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kdh_desktop.core.exporting.sheet_reading import letters_of
from kdh_desktop.core.exporting.source import KnownLabel
from kdh_desktop.core.importing.imported import ColumnRole
from kdh_desktop.core.records.import_batch import BatchSource
from kdh_desktop.core.records.record_filter import Field


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """What every record has."""

    field: Field


@dataclass(frozen=True, slots=True)
class ProbabilityColumn:
    """The active model's probability of a label, in 0..1."""

    label_id: str


@dataclass(frozen=True, slots=True)
class PresenceColumn:
    """Whether a label counts as present: by a person's decision, else by the model."""

    label_id: str


@dataclass(frozen=True, slots=True)
class DecisionColumn:
    """What a person decided about a label; empty where nobody did."""

    label_id: str


@dataclass(frozen=True, slots=True)
class OriginalColumn:
    """A column of the imported table, under its own name.

    Attributes:
        name: Its name, which may repeat.
        place: Which of the columns of this name, from 0.
        field: What it was taken in as; None where it was only carried through. Where the field
            does not say what the cell said, the record carries the cell's own text as well.
    """

    name: str
    place: int = 0
    field: Field | None = None


ExportColumn = FieldColumn | ProbabilityColumn | PresenceColumn | DecisionColumn | OriginalColumn

_FIELD_OF_ROLE = {role: Field(role.value) for role in ColumnRole}


def column_of(shown: Field | str) -> ExportColumn:
    """The column for one that a list of records shows: a field, or the id of a label."""
    return FieldColumn(shown) if isinstance(shown, Field) else ProbabilityColumn(shown)


def label_columns(labels: Iterable[KnownLabel]) -> tuple[ExportColumn, ...]:
    """The labels that count as present, and each label's probability."""
    probabilities = (ProbabilityColumn(label.id) for label in labels)
    return (FieldColumn(Field.LABELS), *probabilities)


def is_table(source: BatchSource) -> bool:
    """Whether what was imported has columns of its own."""
    return bool(source.columns) and source.plan is not None


def original_columns(
    source: BatchSource, extra: Iterable[tuple[str, int]] = ()
) -> tuple[ExportColumn, ...]:
    """The columns of an imported table in its order; the usual fields for what is no table.

    Args:
        source: What was imported.
        extra: What else records say of what is no table, by name, and how often one says it.
    """
    if not is_table(source) or source.plan is None:
        usual = (Field.SOURCE_ID, Field.PMID, Field.DOI, Field.TITLE, Field.ABSTRACT)
        rest = (Field.AUTHORS, Field.JOURNAL, Field.YEAR, Field.KEYWORDS)
        more = (OriginalColumn(name, place) for name, times in extra for place in range(times))
        return (*(FieldColumn(field) for field in usual + rest), *more)
    seen = Counter[str]()
    columns: list[ExportColumn] = []
    for place, given in enumerate(source.columns):
        name = given or f"Column {letters_of(place + 1)}"
        role = source.plan.mapping.role(place)
        field = None if role is None else _FIELD_OF_ROLE[role]
        columns.append(OriginalColumn(name, seen[name], field))
        seen[name] += 1
    return tuple(columns)


def titles_of(columns: Sequence[ExportColumn], names: dict[str, str]) -> tuple[str, ...]:
    """What the columns are called, each otherwise; case does not tell two names apart.

    Args:
        columns: The columns.
        names: Names of labels by id; a label without one is called by its id.
    """
    return unique_titles(_title(column, names) for column in columns)


def unique_titles(titles: Iterable[str], taken: Iterable[str] = ()) -> tuple[str, ...]:
    """The titles, with a number behind each that is taken already."""
    seen = {title.casefold() for title in taken}
    last = Counter[str]()
    unique: list[str] = []
    for title in titles:
        name = title
        while name.casefold() in seen:
            last[title.casefold()] += 1
            name = f"{title} ({last[title.casefold()] + 1})"
        seen.add(name.casefold())
        unique.append(name)
    return tuple(unique)


def _title(column: ExportColumn, names: dict[str, str]) -> str:
    match column:
        case FieldColumn(field):
            return field.value
        case ProbabilityColumn(label_id):
            return f"p: {names.get(label_id, label_id)}"
        case PresenceColumn(label_id):
            return names.get(label_id, label_id)
        case DecisionColumn(label_id):
            return f"decision: {names.get(label_id, label_id)}"
        case OriginalColumn(name):
            return name
