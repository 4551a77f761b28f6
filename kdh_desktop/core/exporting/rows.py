"""Records as rows of cells: the one place from which every format, window and command take them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from kdh_desktop.core.exporting.columns import (
    DecisionColumn,
    ExportColumn,
    FieldColumn,
    OriginalColumn,
    PresenceColumn,
    ProbabilityColumn,
    titles_of,
)
from kdh_desktop.core.exporting.source import KnownLabel
from kdh_desktop.core.records.record_filter import Field
from kdh_desktop.core.records.stored import RecordDetail, StoredScore

Cell = str | int | float | None
"""A text, a number, or nothing."""

PRESENT, ABSENT = "present", "absent"
PROBABILITY_DIGITS = 6

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML and UTF-8 cannot hold; readers take it out of what they import, but not of notes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record.

    Attributes:
        record_id: Its id in the store.
        cells: One for each column.
        removed: Characters taken out because no file can hold them.
    """

    record_id: int
    cells: tuple[Cell, ...]
    removed: int


class RowMaker:
    """Turns records into rows with the same columns."""

    def __init__(self, columns: Sequence[ExportColumn], labels: Sequence[KnownLabel]) -> None:
        self._columns = tuple(columns)
        self._names = names_of(labels)
        self.titles = tuple(
            _UNWRITABLE.sub("", title) for title in titles_of(self._columns, self._names)
        )

    def row(self, detail: RecordDetail) -> Row:
        """The cells of one record."""
        scores = {score.label_id: score for score in standing(detail)}
        cells: list[Cell] = []
        removed = 0
        for column in self._columns:
            cell = _cell(detail, column, scores=scores, names=self._names)
            if isinstance(cell, str):
                clean, count = without_unwritable(cell)
                removed += count
                cells.append(clean)
            else:
                cells.append(cell)
        return Row(detail.id, tuple(cells), removed)


def names_of(labels: Sequence[KnownLabel]) -> dict[str, str]:
    """Names of labels by id, in the model's order."""
    return {label.id: label.name for label in labels}


def standing(detail: RecordDetail) -> tuple[StoredScore, ...]:
    """What model and person say of each label: the model's in its order, then the person's own."""
    decisions = dict(detail.decisions)
    scores = () if detail.prediction is None else detail.prediction.scores
    known = tuple(replace(score, decision=decisions.pop(score.label_id, None)) for score in scores)
    own = tuple(
        StoredScore(label_id, None, None, None, decision)
        for label_id, decision in decisions.items()
    )
    return known + own


def present_names(detail: RecordDetail, names: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the labels that count as present."""
    present = (score.label_id for score in standing(detail) if score.is_present)
    return tuple(names.get(label_id, label_id) for label_id in present)


def without_unwritable(text: str) -> tuple[str, int]:
    """The text without characters that no file can hold, and how many these were."""
    return _UNWRITABLE.subn("", text) if _UNWRITABLE.search(text) else (text, 0)


def _cell(
    detail: RecordDetail,
    column: ExportColumn,
    *,
    scores: Mapping[str, StoredScore],
    names: Mapping[str, str],
) -> Cell:
    match column:
        case FieldColumn(field):
            return _field(detail, field, names)
        case ProbabilityColumn(label_id):
            score = scores.get(label_id)
            probability = None if score is None else score.probability
            return None if probability is None else round(probability, PROBABILITY_DIGITS)
        case PresenceColumn(label_id):
            score = scores.get(label_id)
            return None if score is None else _word(is_present=score.is_present)
        case DecisionColumn(label_id):
            score = scores.get(label_id)
            decision = None if score is None else score.decision
            return None if decision is None else _word(is_present=decision)
        case OriginalColumn(name, place, field):
            return _original(detail, name, place, field=field, names=names)
        case _:
            assert_never(column)


def _word(*, is_present: bool) -> str:
    return PRESENT if is_present else ABSENT


def _original(
    detail: RecordDetail, name: str, place: int, *, field: Field | None, names: Mapping[str, str]
) -> Cell:
    values = [value for extra, value in detail.imported.extra if extra == name]
    if place < len(values):
        return values[place]
    return None if field is None else _field(detail, field, names)


def _field(detail: RecordDetail, field: Field, names: Mapping[str, str]) -> Cell:
    imported = detail.imported
    match field:
        case Field.ID:
            return detail.id
        case Field.LABELS:
            return "; ".join(present_names(detail, names))
        case Field.REVIEW:
            return detail.review.value
        case Field.FILE:
            return detail.file
        case Field.NOTE:
            return detail.note
        case Field.YEAR:
            return imported.year
        case Field.ROW:
            return imported.row
        case _:
            return str(getattr(imported, field.value))
