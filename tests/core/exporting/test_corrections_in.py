"""Corrections find their records again, whatever people did to the table meanwhile."""

from __future__ import annotations

import csv
import dataclasses
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.exporting.copy_columns import (
    CHECKED_TITLE,
    ID_TITLE,
    LabelState,
    RowId,
    letters_digest,
)
from kdh_desktop.core.exporting.corrections_in import (
    Conflict,
    ConflictKind,
    CorrectionsFound,
    read_corrections,
)
from kdh_desktop.core.exporting.workbook_copy import export_workbook_copy
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.stored import RecordDetail, ReviewChange
from tests.core.exporting.test_workbook_copy import assert_same_cells, assert_same_members
from tests.data.original_workbooks import (
    HEADER_ROW,
    SHEET,
    batch_of,
    imported_rows,
    make_workbook,
)
from tests.data.stored_records import LABELS, MadeStore, detail

ROWS = 12
GROWTH, VESSELS, SPREAD = (f"KDH {place}: {label.name}" for place, label in enumerate(LABELS, 1))


@dataclasses.dataclass
class Trip:
    """A copy on its way: made from `store`, changed by people, brought back."""

    copy: Path
    store: MadeStore

    def edit(self, change: Callable[[Any], None]) -> None:
        book = openpyxl.load_workbook(self.copy)
        change(book[SHEET])
        book.save(self.copy)

    def correct(self, cells: Mapping[tuple[int, str], Any]) -> None:
        """Set cells by the number of their record and the title of their column."""

        def change(sheet: Any) -> None:
            for (number, title), value in cells.items():
                sheet.cell(HEADER_ROW + number, column(sheet, title)).value = value

        self.edit(change)

    def found(self) -> CorrectionsFound:
        return read_corrections(self.copy, self.store)

    def conflicts(self) -> list[tuple[ConflictKind, int | None, str]]:
        found = self.found()
        assert found.changes == ()
        return [(one.kind, one.record_id, one.label) for one in found.conflicts]

    def decide(self, number: int, **changes: Any) -> None:
        """Let somebody change a record in the store."""
        records = dict(self.store.records)
        records[number] = dataclasses.replace(records[number], **changes)
        self.store = dataclasses.replace(self.store, records=records)


def column(sheet: Any, title: str) -> int:
    return [cell.value for cell in sheet[HEADER_ROW]].index(title) + 1


def made_record(number: int, record: Any) -> RecordDetail:
    return detail(
        number,
        record,
        probabilities={"growth": 0.9, "vessels": 0.1, "spread": 0.1},
        decisions={"spread": True} if number == 3 else {},
        review=ReviewStatus.CONFIRMED if number == 4 else ReviewStatus.OPEN,
    )


@pytest.fixture
def trip(tmp_path: Path) -> Trip:
    original = tmp_path / "list.xlsx"
    make_workbook(original, ROWS)
    records = [made_record(number, one) for number, one in enumerate(imported_rows(ROWS), 1)]
    store = MadeStore.of(*records, batch=batch_of(original, records=ROWS))
    copy = tmp_path / "copy.xlsx"
    export_workbook_copy(store, 1, original, copy)
    return Trip(copy, store)


def test_copy_that_nobody_touched_gives_nothing(trip: Trip) -> None:
    assert trip.found() == CorrectionsFound((), (), rows=ROWS, unmatched=0, corrections=0)


def test_corrections_become_decisions(trip: Trip) -> None:
    trip.correct({(1, GROWTH): "absent", (1, SPREAD): "Present ", (3, SPREAD): "no"})
    trip.correct({(7, VESSELS): True})
    found = trip.found()
    assert found.changes == (
        ReviewChange(1, (("growth", False), ("spread", True))),
        ReviewChange(3, (("spread", False),)),
        ReviewChange(7, (("vessels", True),)),
    )
    assert (found.conflicts, found.corrections) == ((), 4)


def test_row_that_was_checked_is_confirmed_with_all_its_labels(trip: Trip) -> None:
    trip.correct({(1, CHECKED_TITLE): "yes", (1, GROWTH): "absent", (3, CHECKED_TITLE): "x"})
    labels = (("growth", False), ("vessels", False), ("spread", False))
    assert trip.found().changes == (
        ReviewChange(1, labels, ReviewStatus.CONFIRMED),
        ReviewChange(3, (("growth", True), ("vessels", False)), ReviewStatus.CONFIRMED),
    )


def test_row_that_was_confirmed_before_is_not_confirmed_anew(trip: Trip) -> None:
    trip.decide(4, decisions=(("growth", False),))
    assert trip.found().changes == ()
    assert trip.found().conflicts == ()


def test_rows_are_found_after_sorting_deleting_and_moving(trip: Trip) -> None:
    trip.correct({(2, GROWTH): "absent", (11, SPREAD): "present"})

    def change(sheet: Any) -> None:
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=HEADER_ROW)]
        header, below = rows[0], rows[1:]
        random.Random(0).shuffle(below)
        below = [row for row in below if "r5-" not in str(row[-1])]
        kept = [place for place, title in enumerate(header) if title not in {"Score", VESSELS}]
        kept.reverse()
        sheet.delete_rows(1, sheet.max_row)
        sheet.append(["A line above"])
        for row in [header, *below]:
            sheet.append([row[place] for place in kept])
        sheet.append([None, "a row of my own"])

    trip.edit(change)
    found = trip.found()
    assert found.changes == (
        ReviewChange(2, (("growth", False),)),
        ReviewChange(11, (("spread", True),)),
    )
    assert (found.rows, found.unmatched, found.conflicts) == (ROWS - 1, 1, ())


def test_csv_saved_from_the_copy_is_read_as_well(trip: Trip) -> None:
    trip.correct({(2, GROWTH): "absent"})
    book = openpyxl.load_workbook(trip.copy, data_only=True)
    trip.copy = trip.copy.with_suffix(".csv")
    with trip.copy.open("w", encoding="cp1252", newline="", errors="replace") as file:
        rows = list(book[SHEET].iter_rows(values_only=True))
        csv.writer(file, delimiter=";").writerows(rows[HEADER_ROW - 1 :])
    assert trip.found().changes == (ReviewChange(2, (("growth", False),)),)


def test_ids_and_texts_that_do_not_match_are_listed(trip: Trip) -> None:
    cells = {(number, GROWTH): "absent" for number in range(1, 8)}
    trip.correct(cells)

    def change(sheet: Any) -> None:
        ids = column(sheet, ID_TITLE)
        own = [sheet.cell(HEADER_ROW + number, ids) for number in range(8)]
        own[1].value = "r1"
        own[2].value = own[3].value
        own[4].value = own[4].value.replace("c4-", "c99-")
        own[5].value = None
        sheet.cell(HEADER_ROW + 6, column(sheet, "Title")).value = "Another title"

    trip.edit(change)
    trip.decide(7, text_sha256="0" * 64)
    assert trip.conflicts() == [
        (ConflictKind.UNREADABLE_ID, None, ""),
        (ConflictKind.REPEATED_ID, 3, ""),
        (ConflictKind.REPEATED_ID, 3, ""),
        (ConflictKind.UNKNOWN_RECORD, 99, ""),
        (ConflictKind.CHANGED_ROW, 6, ""),
        (ConflictKind.CHANGED_RECORD, 7, ""),
    ]
    assert trip.found().unmatched == 1
    assert [one.row for one in trip.found().conflicts] == [5, 6, 7, 8, 10, 11]


def test_rows_whose_texts_were_sorted_without_their_labels_are_all_refused(trip: Trip) -> None:
    def change(sheet: Any) -> None:
        for place in range(1, 4):
            cells = [sheet.cell(HEADER_ROW + number, place) for number in range(1, ROWS + 1)]
            values = [cell.value for cell in cells]
            for cell, value in zip(cells, reversed(values), strict=True):
                cell.value = value

    trip.correct({(1, GROWTH): "absent"})
    trip.edit(change)
    kinds = {one.kind for one in trip.found().conflicts}
    assert kinds == {ConflictKind.CHANGED_ROW}
    assert len(trip.found().conflicts) == ROWS
    assert trip.found().changes == ()


def test_line_ends_and_blanks_do_not_make_another_text(trip: Trip) -> None:
    def change(sheet: Any) -> None:
        title = sheet.cell(HEADER_ROW + 1, column(sheet, "Title"))
        title.value = "  " + title.value.replace(" ", "\r\n")

    trip.correct({(1, GROWTH): "absent"})
    trip.edit(change)
    assert trip.found().changes == (ReviewChange(1, (("growth", False),)),)


@pytest.mark.parametrize("value", ["maybe", 2, "=1=1", "ABSENT?"])
def test_answer_that_is_neither_is_listed(trip: Trip, value: Any) -> None:
    trip.correct({(1, GROWTH): value})
    assert trip.conflicts() == [(ConflictKind.NO_ANSWER, 1, LABELS[0].name)]


def test_emptied_cell_is_listed_and_left(trip: Trip) -> None:
    trip.correct({(1, GROWTH): None, (2, VESSELS): ""})
    assert trip.conflicts() == [
        (ConflictKind.EMPTIED, 1, LABELS[0].name),
        (ConflictKind.EMPTIED, 2, LABELS[1].name),
    ]


def test_checked_row_with_a_conflict_is_not_confirmed(trip: Trip) -> None:
    trip.correct({(1, GROWTH): "maybe", (1, CHECKED_TITLE): "yes"})
    found = trip.found()
    assert found.changes == (ReviewChange(1, (("vessels", False), ("spread", False))),)
    assert len(found.conflicts) == 1


def test_checked_row_that_does_not_tell_every_label_is_listed_and_not_confirmed(
    trip: Trip, tmp_path: Path
) -> None:
    for number in (1, 2):  # nobody and no model has said anything of these
        trip.decide(number, prediction=None)
    export_workbook_copy(trip.store, 1, tmp_path / "list.xlsx", trip.copy)
    trip.correct({(1, CHECKED_TITLE): "yes", (2, CHECKED_TITLE): "yes", (2, GROWTH): "present"})
    trip.correct({(5, CHECKED_TITLE): "yes", (6, GROWTH): "absent"})
    trip.edit(lambda sheet: sheet.delete_cols(column(sheet, SPREAD)))
    found = trip.found()
    assert [(one.kind, one.record_id) for one in found.conflicts] == [
        (ConflictKind.NOT_WHOLE, number) for number in (1, 2, 5)
    ]
    assert found.changes == (
        ReviewChange(2, (("growth", True),)),
        ReviewChange(5, (("growth", True), ("vessels", False))),
        ReviewChange(6, (("growth", False),)),
    )


@pytest.mark.parametrize("mark", ["ok", "Yes!", "=1=1"])
def test_mark_of_a_checked_row_that_says_something_else_is_listed(trip: Trip, mark: str) -> None:
    trip.correct({(1, CHECKED_TITLE): mark, (2, CHECKED_TITLE): "no"})
    assert trip.conflicts() == [(ConflictKind.NO_CHECK, 1, "")]


def test_mark_that_was_taken_away_is_listed_while_its_record_is_confirmed(trip: Trip) -> None:
    trip.correct({(4, CHECKED_TITLE): None})
    assert trip.conflicts() == [(ConflictKind.UNCHECKED, 4, "")]
    trip.decide(4, review=ReviewStatus.OPEN)
    assert trip.conflicts() == []


def test_what_was_decided_otherwise_since_is_listed(trip: Trip) -> None:
    trip.correct({(1, GROWTH): "absent", (2, GROWTH): "absent", (3, SPREAD): "absent"})
    trip.decide(1, decisions=(("growth", True),))
    trip.decide(2, decisions=(("growth", False),))
    trip.decide(3, decisions=())
    assert trip.conflicts() == [
        (ConflictKind.DECIDED_SINCE, 1, LABELS[0].name),
        (ConflictKind.DECIDED_SINCE, 3, LABELS[2].name),
    ]


def test_labels_that_the_model_lacks_and_doubled_columns_are_listed(trip: Trip) -> None:
    def change(sheet: Any) -> None:
        sheet.cell(HEADER_ROW, column(sheet, VESSELS)).value = GROWTH
        sheet.cell(HEADER_ROW, column(sheet, SPREAD)).value = "KDH 3: Something else"

    trip.correct({(1, GROWTH): "absent", (1, SPREAD): "present"})
    trip.edit(change)
    assert trip.conflicts() == [
        (ConflictKind.UNKNOWN_LABEL, None, "Something else"),
        (ConflictKind.REPEATED_COLUMN, None, LABELS[0].name),
    ]


def test_file_without_the_id_column_is_refused(trip: Trip) -> None:
    trip.edit(lambda sheet: sheet.delete_cols(column(sheet, ID_TITLE)))
    with pytest.raises(InputError, match="id column is gone"):
        trip.found()


def test_hidden_sheets_are_not_read(trip: Trip) -> None:
    trip.correct({(1, GROWTH): "absent"})

    def hide(sheet: Any) -> None:
        sheet.sheet_state = "hidden"

    trip.edit(hide)
    with pytest.raises(InputError, match="no copy with labels"):
        trip.found()


def test_every_kind_of_conflict_has_its_sentences() -> None:
    for kind in ConflictKind:
        conflict = Conflict(kind, "", 1)
        assert conflict.message.endswith(".")
        assert conflict.remedy.endswith(".")


def test_row_id_survives_being_written() -> None:
    states = (LabelState(True, True), LabelState(False, False), LabelState(None, False))
    row_id = RowId(123, "0123456789abcdef", states, is_checked=True)
    assert row_id.written() == "c123-0123456789abcdef-Pa."
    assert RowId.read(f" {row_id.written()}\n") == row_id
    for text in ("", "123", "r1-0-p", "r1-0123456789abcdef-", "r1-0123456789abcdefg-p"):
        assert RowId.read(text) is None


def test_digest_sees_letters_only() -> None:
    assert letters_digest("TP53 in\r\n mice.") == letters_digest("TP53in mice")
    assert letters_digest("TP53") != letters_digest("TP54")


@pytest.mark.stress
def test_500_corrections_in_10_000_shuffled_rows_come_back_with_none_wrong(
    tmp_path: Path,
) -> None:
    rows, original, copy = 10_000, tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    make_workbook(original, rows)
    chance = random.Random(1)
    records = [
        detail(
            number,
            record,
            probabilities={label.id: round(chance.random(), 3) for label in LABELS},
        )
        for number, record in enumerate(imported_rows(rows), 1)
    ]
    store = MadeStore.of(*records, batch=batch_of(original, records=rows))
    export_workbook_copy(store, 1, original, copy)
    assert_same_cells(original, copy)
    assert_same_members(original, copy)

    book = openpyxl.load_workbook(copy)
    header, *below = list(book[SHEET].iter_rows(min_row=HEADER_ROW, values_only=True))
    corrected: dict[int, tuple[str, bool]] = {}
    changed = [list(row) for row in below]
    for number in chance.sample(range(rows), 500):
        label = chance.randrange(len(LABELS))
        place = header.index(f"KDH {label + 1}: {LABELS[label].name}")
        is_present = changed[number][place] != "present"
        changed[number][place] = "present" if is_present else "absent"
        corrected[number + 1] = (LABELS[label].id, is_present)
    chance.shuffle(changed)
    book[SHEET].delete_rows(1, book[SHEET].max_row)
    for row in [header, *changed]:
        book[SHEET].append(row)
    book.save(copy)

    found = read_corrections(copy, store)
    assert {change.record_id: change.decisions for change in found.changes} == {
        number: (decision,) for number, decision in corrected.items()
    }
    assert (found.conflicts, found.corrections, found.rows) == ((), 500, rows)
