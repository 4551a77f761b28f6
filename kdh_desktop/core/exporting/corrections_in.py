"""Corrections that people made in a copy of their table, matched and checked one by one.

A row is matched by the id that the copy gave it, and only where the hash of the record's text
and the text in the row itself still agree. What two people decided otherwise is listed and left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.exporting.copy_columns import YES, RowId, letters_digest
from kdh_desktop.core.exporting.corrections_parsing import parse_corrections
from kdh_desktop.core.exporting.rows import ABSENT, PRESENT
from kdh_desktop.core.exporting.workbook_copy import COPY_LIMITS, BatchStore
from kdh_desktop.core.importing.imported import ColumnRole
from kdh_desktop.core.importing.sandbox import stream_from_child
from kdh_desktop.core.records.import_batch import ImportBatch
from kdh_desktop.core.records.record_filter import RecordFilter, RecordOrder, ReviewStatus
from kdh_desktop.core.records.stored import RecordDetail, ReviewChange

_NEVER = Event().is_set
_CHUNK = 2_000
_TRUE = {PRESENT, YES, "y", "true", "1", "ja", "x"}
_FALSE = {ABSENT, "no", "n", "false", "0", "nein"}


class ConflictKind(StrEnum):
    """Why something in a corrected table is not taken over."""

    UNREADABLE_ID = "unreadable_id"
    REPEATED_ID = "repeated_id"
    UNKNOWN_RECORD = "unknown_record"
    MERGED_ROW = "merged_row"
    CHANGED_RECORD = "changed_record"
    CHANGED_ROW = "changed_row"
    UNKNOWN_LABEL = "unknown_label"
    REPEATED_COLUMN = "repeated_column"
    NO_ANSWER = "no_answer"
    EMPTIED = "emptied"
    NO_CHECK = "no_check"
    UNCHECKED = "unchecked"
    NOT_WHOLE = "not_whole"
    DECIDED_SINCE = "decided_since"


_SENTENCES: Mapping[ConflictKind, tuple[str, str]] = {
    ConflictKind.UNREADABLE_ID: (
        "The id of the row is not one that this program wrote.",
        "Copy it from the old table, or decide in the program.",
    ),
    ConflictKind.REPEATED_ID: (
        "Several rows have this id.",
        "Delete all but one of them, or decide in the program.",
    ),
    ConflictKind.UNKNOWN_RECORD: (
        "The record is not in the store, or was removed or merged.",
        "Import it again, or decide about the record that it was merged into.",
    ),
    ConflictKind.MERGED_ROW: (
        "The row was merged into another one, whose labels it shows.",
        "Correct that one, or decide in the program.",
    ),
    ConflictKind.CHANGED_RECORD: (
        "The record's text is another one than when the copy was made.",
        "Make a new copy, or decide in the program.",
    ),
    ConflictKind.CHANGED_ROW: (
        "The text in the row is not the text of the record.",
        "Sort whole rows, or bring the text back.",
    ),
    ConflictKind.UNKNOWN_LABEL: (
        "The column is about a label that the active model does not know.",
        "Activate the model that the copy was made with.",
    ),
    ConflictKind.REPEATED_COLUMN: (
        "There are several columns for this label, so none of them counts.",
        "Delete all but one of them.",
    ),
    ConflictKind.NO_ANSWER: (
        "The cell says neither present nor absent.",
        "Choose one of the two from the list.",
    ),
    ConflictKind.EMPTIED: (
        "The cell was emptied, so the label is left as it is.",
        "Choose present or absent from the list.",
    ),
    ConflictKind.NO_CHECK: (
        "The cell that says whether the row is checked holds something else than yes.",
        "Write yes into it, or empty it.",
    ),
    ConflictKind.UNCHECKED: (
        "The row is no longer marked as checked, but its record stays confirmed.",
        "Take the confirmation back in the program.",
    ),
    ConflictKind.NOT_WHOLE: (
        "The row is checked but lacks an answer on some label, so its record is not confirmed.",
        "Fill in all labels, or confirm the record in the program.",
    ),
    ConflictKind.DECIDED_SINCE: (
        "Somebody decided otherwise in the program after the copy was made.",
        "Look at the record, and decide in the program.",
    ),
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something in a corrected table that is not taken over.

    Attributes:
        kind: Why.
        sheet: Name of the sheet; empty for delimited text.
        row: Row of the sheet, or line of the text; 0 where a whole column is meant.
        record_id: The record; None where it is not known.
        label: Name of the label; empty where the whole row is meant.
    """

    kind: ConflictKind
    sheet: str
    row: int
    record_id: int | None = None
    label: str = ""

    @property
    def message(self) -> str:
        """What is wrong, as one sentence."""
        return _SENTENCES[self.kind][0]

    @property
    def remedy(self) -> str:
        """What to do about it, as one sentence."""
        return _SENTENCES[self.kind][1]


@dataclass(frozen=True, slots=True)
class CorrectionsFound:
    """What a corrected table gives; nothing is in the store yet.

    Attributes:
        changes: For `RecordStore.review`, as one operation `TAKE_CORRECTIONS`; by rising id.
        conflicts: What is not taken over, in the file's order.
        rows: Rows with an id.
        unmatched: Rows without any id, which people added.
        corrections: Labels that the changes decide.
    """

    changes: tuple[ReviewChange, ...]
    conflicts: tuple[Conflict, ...]
    rows: int
    unmatched: int
    corrections: int


def read_corrections(
    path: Path, store: BatchStore, *, should_stop: Callable[[], bool] = _NEVER
) -> CorrectionsFound:
    """Read a copy that people corrected, in whatever order its rows and columns are now.

    Args:
        path: A workbook or delimited text with the columns that `export_workbook_copy` added.
        store: Where the records are; nothing is written to it.
        should_stop: Is asked while the file is read.

    Raises:
        InputError: It is no such copy, damaged, or too large.
        Cancelled: `should_stop` said so.
    """
    if not store.active_labels:
        raise InputError("There is no model, so there are no labels.", "Activate a model first.")
    batches = store.batches()
    texts = sorted({pair for batch in batches if (pair := _text_columns(batch)) is not None})
    argument = {"path": str(path.absolute()), "texts": texts}
    items = stream_from_child(
        parse_corrections, argument, limits=COPY_LIMITS, should_stop=should_stop
    )
    places = {pair: place for place, pair in enumerate(texts)}
    text_places = {
        batch.id: places[pair] for batch in batches if (pair := _text_columns(batch)) is not None
    }
    matching = _Matching(store, text_places)
    with closing(items):
        for item in items:
            matching.take(item)
    return matching.found()


def _text_columns(batch: ImportBatch) -> tuple[str, str] | None:
    """Names of the columns of title and abstract; empty for one that there is not."""
    plan, columns = batch.source.plan, batch.source.columns
    if plan is None or not columns:
        return None
    found = [plan.mapping.place(role) for role in (ColumnRole.TITLE, ColumnRole.ABSTRACT)]
    names = ["" if place is None or place >= len(columns) else columns[place] for place in found]
    return (names[0], names[1]) if any(names) else None


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a corrected table."""

    sheet: str
    number: int
    row_id: RowId
    labels: tuple[tuple[int, str], ...]
    cells: tuple[str, ...]
    checked: str | None
    digests: tuple[str | None, ...]

    @property
    def is_newly_checked(self) -> bool:
        """Whether it is marked as checked, and was not when it was written."""
        return _answer(self.checked or "") is True and not self.row_id.is_checked

    @property
    def is_touched(self) -> bool:
        """Whether it says anything else than when it was written."""
        states = self.row_id.states
        answers = zip(self.labels, map(_answer, self.cells), strict=True)
        return self.is_newly_checked or any(
            states[place].is_present != one for (place, _), one in answers
        )


@dataclass(slots=True)
class _Matching:
    """Brings rows and records together."""

    store: BatchStore
    text_places: Mapping[int, int]
    rows: list[_Row] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    unmatched: int = 0
    sheet: str = ""
    labels: tuple[tuple[int, str], ...] = ()

    def take(self, item: Any) -> None:
        """Take what the child read: a header, or a row below it."""
        if isinstance(item, dict):
            self.sheet = str(item["sheet"])
            self.labels = tuple((int(place), str(name)) for place, name in item["labels"])
            known = {" ".join(label.name.split()) for label in self.store.active_labels}
            for _, name in self.labels:
                if name not in known:
                    self._add(ConflictKind.UNKNOWN_LABEL, 0, label=name)
            for name in item["repeated"]:
                self._add(ConflictKind.REPEATED_COLUMN, 0, label=str(name))
            return
        number, id_text, cells, checked, digests = item
        row_id = RowId.read(str(id_text))
        if not id_text:
            self.unmatched += 1
        elif row_id is None or any(place >= len(row_id.states) for place, _ in self.labels):
            self._add(ConflictKind.UNREADABLE_ID, int(number))
        else:
            row = _Row(
                self.sheet,
                int(number),
                row_id,
                self.labels,
                tuple(map(str, cells)),
                None if checked is None else str(checked),
                tuple(digests),
            )
            if not row_id.is_merged:
                self.rows.append(row)
            elif row.is_touched:
                self._add_for(row, ConflictKind.MERGED_ROW)

    def found(self) -> CorrectionsFound:
        """All changes and conflicts."""
        counts = Counter(row.row_id.record_id for row in self.rows)
        single = {row.row_id.record_id: row for row in self.rows}
        for row in self.rows:
            if counts[row.row_id.record_id] > 1:
                self._add_for(row, ConflictKind.REPEATED_ID)
                single.pop(row.row_id.record_id, None)
        known = set[int]()
        changes: list[ReviewChange] = []
        for detail in self._records(sorted(single)):
            known.add(detail.id)
            change = self._judge(single[detail.id], detail)
            if change is not None:
                changes.append(change)
        for record_id in single.keys() - known:
            self._add_for(single[record_id], ConflictKind.UNKNOWN_RECORD)
        return CorrectionsFound(
            changes=tuple(changes),
            conflicts=tuple(sorted(self.conflicts, key=lambda one: (one.sheet, one.row))),
            rows=len(self.rows),
            unmatched=self.unmatched,
            corrections=sum(len(change.decisions) for change in changes),
        )

    def _records(self, ids: Sequence[int]) -> Iterator[RecordDetail]:
        """Those of the records that are still there."""
        waiting = iter(ids)
        while some := tuple(islice(waiting, _CHUNK)):
            there = self.store.ids(RecordFilter(ids=some), RecordOrder())
            yield from self.store.details(there)

    def _judge(self, row: _Row, detail: RecordDetail) -> ReviewChange | None:
        if not detail.text_sha256.startswith(row.row_id.hash_start):
            self._add_for(row, ConflictKind.CHANGED_RECORD)
            return None
        if not self._has_its_text(row, detail):
            self._add_for(row, ConflictKind.CHANGED_ROW)
            return None
        before = len(self.conflicts)
        decisions = tuple(self._decisions(row, dict(detail.decisions)))
        review = None
        if row.is_newly_checked and len(self.conflicts) == before:
            review = self._confirmation(row, detail, decisions)
        self._look_at_mark(row, detail)
        if not decisions and review is None:
            return None
        return ReviewChange(detail.id, decisions, review)

    def _confirmation(
        self, row: _Row, detail: RecordDetail, decisions: Iterable[tuple[str, bool | None]]
    ) -> ReviewStatus | None:
        """What a checked row makes of its record, once its decisions are taken over."""
        if detail.review is ReviewStatus.CONFIRMED:
            return None
        decided = {label_id for label_id, _ in (*detail.decisions, *decisions)}
        if all(label.id in decided for label in self.store.active_labels):
            return ReviewStatus.CONFIRMED
        self._add_for(row, ConflictKind.NOT_WHOLE)
        return None

    def _look_at_mark(self, row: _Row, detail: RecordDetail) -> None:
        """List what nobody can understand under the title of checked rows, and marks taken away."""
        is_marked = _answer(row.checked or "")
        if row.checked and is_marked is None:
            self._add_for(row, ConflictKind.NO_CHECK)
        elif (
            row.row_id.is_checked
            and row.checked is not None
            and not is_marked
            and detail.review is ReviewStatus.CONFIRMED
        ):
            self._add_for(row, ConflictKind.UNCHECKED)

    def _has_its_text(self, row: _Row, detail: RecordDetail) -> bool:
        place = self.text_places.get(detail.batch_id)
        if place is None or detail.merged:
            return True  # what was merged has words of several rows
        digest = row.digests[place]
        return digest is None or digest == letters_digest(detail.text)

    def _decisions(
        self, row: _Row, decided: Mapping[str, bool]
    ) -> Iterator[tuple[str, bool | None]]:
        ids = {" ".join(label.name.split()): label.id for label in self.store.active_labels}
        for (place, name), cell in zip(row.labels, row.cells, strict=True):
            if name not in ids:
                continue  # listed once, for the whole column
            state = row.row_id.states[place]
            answer = _answer(cell)
            if answer is None:
                if cell:
                    self._add_for(row, ConflictKind.NO_ANSWER, name)
                elif state.is_present is not None:
                    self._add_for(row, ConflictKind.EMPTIED, name)
                continue
            is_meant = answer != state.is_present or row.is_newly_checked
            now = decided.get(ids[name])
            if not is_meant or now == answer:
                continue
            was = state.is_present if state.is_decided else None
            if now == was:
                yield ids[name], answer
            else:
                self._add_for(row, ConflictKind.DECIDED_SINCE, name)

    def _add_for(self, row: _Row, kind: ConflictKind, label: str = "") -> None:
        self.conflicts.append(Conflict(kind, row.sheet, row.number, row.row_id.record_id, label))

    def _add(self, kind: ConflictKind, row: int, *, label: str = "") -> None:
        self.conflicts.append(Conflict(kind, self.sheet, row, label=label))


def _answer(cell: str) -> bool | None:
    word = cell.casefold()
    return True if word in _TRUE else False if word in _FALSE else None
