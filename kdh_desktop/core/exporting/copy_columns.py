"""The columns that a copy of a person's own table gets, and how they are known again.

Each row carries the record's id, a piece of its text's hash and how each label stood, all in one
cell, so that it can be matched whatever else is sorted, filtered or deleted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.stored import RecordDetail, StoredScore

ID_TITLE = "KDH id (leave as it is)"
LABELS_TITLE = "KDH labels"
CHECKED_TITLE = "KDH checked"
YES = "yes"
HASH_LETTERS = 16

_LABEL_TITLE = "KDH {}: {}"
_LABEL_PATTERN = re.compile(r"KDH ([0-9]{1,3}): (.+)")
_MAX_COPIES = 1_000
_ROW_ID = re.compile(rf"([rcm])([0-9]{{1,18}})-([0-9a-f]{{{HASH_LETTERS}}})-([paPA.]+)")
_NO_LETTERS = re.compile(r"[\W_]+")
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
        is_checked: Whether a person had confirmed the record.
        is_merged: Whether the row was merged into the record of another one.
    """

    record_id: int
    hash_start: str
    states: tuple[LabelState, ...]
    is_checked: bool = False
    is_merged: bool = False

    def written(self) -> str:
        """As a cell's text; begins with a letter, so that no program takes it for a number."""
        kind = "m" if self.is_merged else "c" if self.is_checked else "r"
        letters = "".join(_letter(state) for state in self.states)
        return f"{kind}{self.record_id}-{self.hash_start}-{letters}"

    @classmethod
    def read(cls, text: str) -> RowId | None:
        """What a cell's text says, or None where it is no such id."""
        match = _ROW_ID.fullmatch(text.strip())
        if match is None:
            return None
        states = tuple(_state(letter) for letter in match[4])
        return cls(
            int(match[2]),
            match[3],
            states,
            is_checked=match[1] == "c",
            is_merged=match[1] == "m",
        )


@dataclass(frozen=True, slots=True)
class CopyHeader:
    """Where the added columns stand in a copy that came back; places are from 0.

    Attributes:
        id_place: The id cells.
        checked_place: Whether a person checked the row; None where the column was deleted.
        labels: Place of the column, place among the labels, and name, of each label column.
        repeated: Names of labels whose column is there twice, so that none of them counts.
    """

    id_place: int
    checked_place: int | None
    labels: tuple[tuple[int, int, str], ...]
    repeated: tuple[str, ...] = ()


def find_header(cells: Sequence[str]) -> CopyHeader | None:
    """The added columns in a row that may be a header; None where it is not.

    Of the columns of several copies, one made from the other, the last copy's are taken.
    """
    titles = [" ".join(cell.split()) for cell in cells]
    for number in range(_MAX_COPIES, 0, -1):
        behind = _behind(number)
        if titles.count(ID_TITLE + behind) != 1:
            continue
        checked = CHECKED_TITLE + behind
        labels: list[tuple[int, int, str]] = []
        repeated: list[str] = []
        for place, title in enumerate(titles):
            match = _LABEL_PATTERN.fullmatch(title.removesuffix(behind))
            if match is None or not title.endswith(behind):
                continue
            if titles.count(title) == 1:
                labels.append((place, int(match[1]) - 1, match[2]))
            elif match[2] not in repeated:
                repeated.append(match[2])
        checked_place = titles.index(checked) if titles.count(checked) == 1 else None
        id_place = titles.index(ID_TITLE + behind)
        return CopyHeader(id_place, checked_place, tuple(labels), tuple(repeated))
    return None


def letters_digest(text: str) -> str:
    """What tells whether two texts are the same, whatever programs do to blanks and line ends."""
    letters = _NO_LETTERS.sub("", text)
    return hashlib.sha256(letters.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LETTERS]


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
    used = {" ".join(title.split()).casefold() for title in taken}
    behind = next(
        behind
        for behind in map(_behind, range(1, _MAX_COPIES + 1))
        if not any((title + behind).casefold() in used for title in clean)
    )
    return tuple(map(NewColumn, [title + behind for title in clean], widths, choices))


def copy_cells(
    detail: RecordDetail, labels: Sequence[KnownLabel], *, is_merged: bool = False
) -> tuple[Cell, ...]:
    """What the added columns say of one record.

    Args:
        detail: The record.
        labels: Labels of the active model.
        is_merged: Whether the cells are for a row that was merged into the record.
    """
    scores = {score.label_id: score for score in standing(detail)}
    own = [scores.get(label.id) for label in labels]
    states = tuple(map(_state_of, own))
    is_checked = detail.review is ReviewStatus.CONFIRMED and not is_merged
    row_id = RowId(
        detail.id,
        detail.text_sha256[:HASH_LETTERS],
        states,
        is_checked=is_checked,
        is_merged=is_merged,
    )
    names, _ = without_unwritable("; ".join(present_names(detail, names_of(labels))))
    return (
        names,
        *(_word(state) for state in states),
        YES if is_checked else None,
        *(_probability(score) for score in own),
        row_id.written(),
    )


def _behind(number: int) -> str:
    """What stands behind the titles of a copy's copy."""
    return "" if number == 1 else f" ({number})"


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
