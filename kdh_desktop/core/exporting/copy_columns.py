"""The columns that a copy of a person's own table gets, and how they are known again.

Each row carries the record's id, a piece of its text's hash and how each label stood, all in one
cell, so that it can be matched whatever else is sorted, filtered or deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kdh_desktop.core.exporting.columns import unique_titles
from kdh_desktop.core.exporting.rows import (
    ABSENT,
    PRESENT,
    PROBABILITY_DIGITS,
    Cell,
    names_of,
    present_names,
    standing,
    without_unwritable,
)
from kdh_desktop.core.exporting.sheet_edit import NewColumn
from kdh_desktop.core.exporting.source import KnownLabel
from kdh_desktop.core.records.stored import RecordDetail, ReviewStatus, StoredScore

ID_TITLE = "KDH id (leave as it is)"
LABELS_TITLE = "KDH labels"
CHECKED_TITLE = "KDH checked"
YES = "yes"
HASH_LETTERS = 16

_LABEL_TITLE = "KDH {}: {}"
_LABEL_PATTERN = re.compile(r"KDH ([0-9]+): (.+?)(?: \([0-9]+\))?", re.DOTALL)
_ROW_ID = re.compile(rf"r([0-9]{{1,18}})-([0-9a-f]{{{HASH_LETTERS}}})-([paPA.]+)")
_UNKNOWN = "."


@dataclass(frozen=True, slots=True)
class LabelState:
    """How a label of a record stood when its row was written.

    Attributes:
        is_present: Whether it counted as present; None where nothing was known.
        is_decided: Whether a person had decided it.
    """

    is_present: bool | None
    is_decided: bool


@dataclass(frozen=True, slots=True)
class RowId:
    """What the id cell of a row says.

    Attributes:
        record_id: The record.
        hash_start: First letters of its text's hash, hexadecimal.
        states: One for each label column of the copy, in their order.
    """

    record_id: int
    hash_start: str
    states: tuple[LabelState, ...]

    def written(self) -> str:
        """As a cell's text; begins with a letter, so that no program takes it for a number."""
        letters = "".join(_letter(state) for state in self.states)
        return f"r{self.record_id}-{self.hash_start}-{letters}"

    @classmethod
    def read(cls, text: str) -> RowId | None:
        """What a cell's text says, or None where it is no such id."""
        match = _ROW_ID.fullmatch(text.strip())
        if match is None:
            return None
        states = tuple(_state(letter) for letter in match[3])
        return cls(int(match[1]), match[2], states)


def copy_columns(labels: Sequence[KnownLabel], taken: Iterable[str]) -> tuple[NewColumn, ...]:
    """The columns to add.

    Args:
        labels: Labels of the active model.
        taken: Names of the columns that the table has.
    """
    titles = [
        LABELS_TITLE,
        *(_LABEL_TITLE.format(place, label.name) for place, label in enumerate(labels, 1)),
        CHECKED_TITLE,
        *(f"p: {label.name}" for label in labels),
        ID_TITLE,
    ]
    count = len(labels)
    widths = [36.0, *[14.0] * count, 14.0, *[9.0] * count, 9.0]
    decided: tuple[tuple[str, ...], ...] = ((PRESENT, ABSENT),) * count
    plain: tuple[tuple[str, ...], ...] = ((),) * count
    choices = ((), *decided, (YES,), *plain, ())
    clean = [without_unwritable(" ".join(title.split()))[0] for title in titles]
    unique = unique_titles(clean, taken)
    return tuple(map(NewColumn, unique, widths, choices))


def copy_cells(detail: RecordDetail, labels: Sequence[KnownLabel]) -> tuple[Cell, ...]:
    """What the added columns say of one record."""
    scores = {score.label_id: score for score in standing(detail)}
    own = [scores.get(label.id) for label in labels]
    states = tuple(map(_state_of, own))
    row_id = RowId(detail.id, detail.text_sha256[:HASH_LETTERS], states)
    names, _ = without_unwritable("; ".join(present_names(detail, names_of(labels))))
    return (
        names,
        *(_word(state) for state in states),
        YES if detail.review is ReviewStatus.CONFIRMED else None,
        *(_probability(score) for score in own),
        row_id.written(),
    )


def label_of_title(title: str) -> tuple[int, str] | None:
    """Place, from 0, and name of the label that a column of a copy is about."""
    match = _LABEL_PATTERN.fullmatch(title.strip())
    return None if match is None else (int(match[1]) - 1, match[2])


def is_title(title: str, wanted: str) -> bool:
    """Whether a column of a copy is the one that is wanted, with a number behind it or not."""
    return re.fullmatch(re.escape(wanted) + r"( \([0-9]+\))?", title.strip()) is not None


def _state_of(score: StoredScore | None) -> LabelState:
    if score is None:
        return LabelState(None, is_decided=False)
    return LabelState(score.is_present, is_decided=score.decision is not None)


def _word(state: LabelState) -> Cell:
    if state.is_present is None:
        return None
    return PRESENT if state.is_present else ABSENT


def _probability(score: StoredScore | None) -> Cell:
    if score is None or score.probability is None:
        return None
    return round(score.probability, PROBABILITY_DIGITS)


def _letter(state: LabelState) -> str:
    if state.is_present is None:
        return _UNKNOWN
    letter = "p" if state.is_present else "a"
    return letter.upper() if state.is_decided else letter


def _state(letter: str) -> LabelState:
    if letter == _UNKNOWN:
        return LabelState(None, is_decided=False)
    return LabelState(letter in "pP", is_decided=letter.isupper())
