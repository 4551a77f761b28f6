"""Records out of the rows of a table, by what a person or a guess said its columns are.

Every row below the header with anything in it becomes one record or one refused row; rows that
are empty, and those above the header, do not count. Rows that a sheet hides, by hand or by a
filter, count like the others. A line of delimited text that a broken row has swallowed counts
with that row, unless it begins like all rows and is read as one.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from kdh_desktop.core.formula_guard import is_own_header, unguarded
from kdh_desktop.core.importing.cell_faults import (
    CellFault,
    CellFaults,
    OtherColumns,
    fault_of_id,
    fault_of_text,
)
from kdh_desktop.core.importing.cell_text import REPLACEMENT, clean_cell
from kdh_desktop.core.importing.identifiers import doi_of, pmid_of, year_of
from kdh_desktop.core.importing.imported import (
    ColumnMapping,
    ColumnRole,
    ImportedRecord,
    ImportPlan,
    Reading,
    ReadingEnd,
    RefusedRow,
)
from kdh_desktop.core.importing.source_file import open_source
from kdh_desktop.core.importing.table import CellKind, TableLayout
from kdh_desktop.core.importing.table_head import TableHead, head_of, name_of, width_of
from kdh_desktop.core.importing.table_parsing import (
    MAX_COLUMNS,
    RawRow,
    RawTable,
    misfit,
    open_table,
)

_MEND_LINE = (
    "Mend that line: a text that holds the delimiter or a line end must stand in quotation marks, "
    "and each quotation mark within it be doubled."
)
_MEND_CELL = "Write the text into the cell again, with the cell formatted as text."
_NO_TEXT = "It has neither a title nor an abstract."
_SECOND_HEADER = "It repeats the names of the columns."
_DELETE = "Nothing is lost; delete it if the file is to be tidy."
_FILL_IN = "Fill one in, or choose other columns."
_BETWEEN = re.compile(r"\s*[;|\n]\s*")
_TEXT_ROLES = (ColumnRole.ABSTRACT, ColumnRole.TITLE)
_KINDS = {kind.value: kind for kind in CellKind}
_UNREADABLE = {CellKind.FAULT, CellKind.FORMULA_WITHOUT_VALUE}
_MERGED_FROM = re.compile(r"[A-Z]+[0-9]+:[A-Z]+([0-9]+)")
_WORDS = {ColumnRole.ABSTRACT: "abstract", ColumnRole.TITLE: "title"}


def parse_table_records(path: Path, plan: ImportPlan) -> Iterator[Reading]:
    """Rows of a workbook or of delimited text, as a plan says.

    Raises:
        InputError: It is no table, damaged, protected, too large, or laid out otherwise.
    """
    with open_source(path) as file:
        yield from records_in(open_table(file).read(layout_of(plan)), plan)


def parse_pasted_table(text: str, plan: ImportPlan) -> Iterator[Reading]:
    """Rows of a table that was pasted, as a plan says.

    Raises:
        InputError: It is laid out otherwise.
    """
    with pasted_file(text) as file:
        yield from records_in(open_table(file).read(layout_of(plan)), plan)


def pasted_file(text: str) -> BinaryIO:
    """A pasted text as if it were a file; halves of pairs are cleaned later, as in files."""
    return io.BytesIO(text.encode("utf-8", "surrogatepass"))


def layout_of(plan: ImportPlan) -> TableLayout:
    """The layout of a plan, with the encoding wherever the plan names it."""
    return replace(plan.layout, encoding=plan.layout.encoding or plan.encoding)


def records_in(table: RawTable, plan: ImportPlan) -> Iterator[Reading]:
    """Rows of a table that was opened.

    Raises:
        InputError: The row that should name the columns is empty, or there are too many columns.
    """
    head = head_of(table, plan.layout.header_row)
    reader = RowReader(head, plan.mapping)
    for row in head.below:
        if not row.is_empty:
            yield reader.read(row)
    notices = [*table.notices, *reader.notices(), *merged_notice(table.merged, head.header_row)]
    yield ReadingEnd(reader.rows, tuple(notices))


def merged_notice(merged: tuple[str, ...], header_row: int) -> list[str]:
    """What to say of merged cells below a header, if there are any."""
    below = [one for one in merged if (to := _MERGED_FROM.match(one)) and int(to[1]) > header_row]
    if not below:
        return []
    listed = ", ".join(below[:5]) + (" and others" if len(below) > 5 else "")
    return [f"Cells are merged ({listed}): what is in them counts for the first cell only."]


class _Row:
    """A row on its way: its cells cleaned, with what they are."""

    def __init__(self, raw: RawRow, width: int, *, is_guarded: bool) -> None:
        cells = map(unguarded, raw.cells) if is_guarded else raw.cells
        cleaned = [clean_cell(cell) for cell in cells]
        self.number = raw.number
        self.removed = sum(removed for _, removed in cleaned)
        self.cells = [text for text, _ in cleaned]
        self.cells += [""] * (width - len(self.cells))
        self._kinds = raw.kinds

    def kind(self, place: int) -> CellKind:
        return _KINDS[self._kinds[place]] if place < len(self._kinds) else CellKind.TEXT


class RowReader:
    """Turns rows into records, and keeps what a person should look at.

    Attributes:
        rows: How many rows it has read, records and refused ones.
    """

    def __init__(self, head: TableHead, mapping: ColumnMapping) -> None:
        """Read rows below `head`; a mapping may name columns that are not there."""
        self.rows = 0
        self._is_sheet = head.is_sheet
        self._columns = head.columns
        # Where we wrote an apostrophe in front of a text, so that no spreadsheet runs it.
        self._is_guarded = not head.is_sheet and is_own_header(head.columns)
        self._width = len(head.columns)
        self._places = {role: at for role, at in mapping.columns if at < self._width}
        self._mapped = set(self._places.values())
        self._others = [at for at in range(self._width) if at not in self._mapped]
        counts = Counter(self._columns)
        self._repeated = {at for at, name in enumerate(self._columns) if counts[name] > 1}
        self._faults = CellFaults(head.is_sheet)
        self._other_columns = OtherColumns(self._others)
        self._removed = 0

    def read(self, raw: RawRow) -> ImportedRecord | RefusedRow:
        """The row as a record, or why it is none."""
        self.rows += 1
        if raw.problem:
            return RefusedRow(raw.number, raw.problem, _MEND_LINE)
        if (refused := self._misfit(raw)) is not None:
            return refused
        row = _Row(raw, self._width, is_guarded=self._is_guarded)
        if tuple(row.cells) == self._columns:
            return RefusedRow(raw.number, _SECOND_HEADER, _DELETE)
        if (refused := self._unreadable(row)) is not None:
            return refused
        self._removed += row.removed
        self._look_at(row)
        return self._record(row)

    def notices(self) -> list[str]:
        """What a person should know of the rows that were read; to be asked once, at the end."""
        self._other_columns.report(self._faults)
        notices = self._faults.notices()
        if self._removed:
            what = "character was" if self._removed == 1 else "characters were"
            notices.append(f"{self._removed:,} {what} taken out that no program can show.")
        return notices

    def _misfit(self, raw: RawRow) -> RefusedRow | None:
        filled, given = width_of(raw.cells), len(raw.cells)
        if self._is_sheet:
            if filled <= MAX_COLUMNS:
                return None
            reason = f"It has a cell beyond column {MAX_COLUMNS}."
            return RefusedRow(raw.number, reason, "Delete what stands far to the right.")
        if filled > self._width:
            return RefusedRow(raw.number, misfit(filled, self._width), _MEND_LINE)
        if given < self._width:
            return RefusedRow(raw.number, misfit(given, self._width), _MEND_LINE)
        return None

    def _unreadable(self, row: _Row) -> RefusedRow | None:
        """Refuse a row whose text was lost, or is nothing that a person wrote."""
        texts = [(role, self._places[role]) for role in _TEXT_ROLES if role in self._places]
        for role, at in texts:
            kind = row.kind(at)
            if kind in _UNREADABLE:
                what = "is a formula without a value"
                if kind is CellKind.FAULT:
                    what = "is an error of the spreadsheet"
                return RefusedRow(row.number, self._about(row, at, role, what), _MEND_CELL)
        filled = [(role, at) for role, at in texts if row.cells[at]]
        if not filled:
            return RefusedRow(row.number, _NO_TEXT, _FILL_IN)
        if all(row.kind(at) is not CellKind.TEXT for _, at in filled):
            role, at = filled[0]
            what = _OTHER_THAN_TEXT[row.kind(at)]
            return RefusedRow(row.number, self._about(row, at, role, what), _MEND_CELL)
        return None

    def _about(self, row: _Row, at: int, role: ColumnRole, what: str) -> str:
        return f"Cell {self._faults.address(row.number, at)}, the {_WORDS[role]}, {what}."

    def _look_at(self, row: _Row) -> None:
        """Note what a person should look at; the row is taken in all the same."""
        for role, at in self._places.items():
            if (fault := _fault(role, row.cells[at], row.kind(at))) is not None:
                self._faults.add(fault, row.number, at)
            if REPLACEMENT in row.cells[at]:
                self._faults.add(CellFault.LOST_LETTER, row.number, at)
        for at in self._others:
            kind = row.kind(at)
            if kind is CellKind.FORMULA_WITHOUT_VALUE:
                self._faults.add(CellFault.NO_VALUE, row.number, at)
            self._other_columns.look_at(row.number, at, row.cells[at], kind)
        for at in range(self._width, len(row.cells)):
            if row.cells[at]:
                self._faults.add(CellFault.UNNAMED, row.number, at)

    def _record(self, row: _Row) -> ImportedRecord:
        fields: dict[ColumnRole, str] = {}
        changed: set[int] = set()
        for role, at in self._places.items():
            fields[role] = _field(role, row.cells[at], row.kind(at))
            if fields[role] != row.cells[at]:
                changed.add(at)
        year = fields.pop(ColumnRole.YEAR, "")
        named = {role.value: text for role, text in fields.items()}
        return ImportedRecord(
            row=row.number,
            year=int(year) if year else None,
            extra=tuple(self._extra(row, changed)),
            **named,
        )

    def _extra(self, row: _Row, changed: set[int]) -> Iterator[tuple[str, str]]:
        """What no field holds to the letter, and all cells of columns that share a name.

        Those come even where they are empty, for only their order tells them apart.
        """
        for at, text in enumerate(row.cells):
            if at >= self._width:
                if text:
                    yield name_of(at), text
            elif at in self._repeated or at in changed or (text and at not in self._mapped):
                yield self._columns[at], text


_OTHER_THAN_TEXT = {
    CellKind.DATE: "is a date",
    CellKind.NUMBER: "is a number",
    CellKind.TRUTH: "is a truth value",
}


def _fault(role: ColumnRole, text: str, kind: CellKind) -> CellFault | None:
    """What is the matter with a cell, by what its column should hold."""
    match role:
        case ColumnRole.ID | ColumnRole.PMID | ColumnRole.DOI:
            return fault_of_id(text, kind)
        case ColumnRole.YEAR if kind not in _UNREADABLE:
            return None
        case _:
            return fault_of_text(text, kind)


def _field(role: ColumnRole, text: str, kind: CellKind) -> str:
    """What a field holds of a cell."""
    if kind in _UNREADABLE:
        return ""
    match role:
        case ColumnRole.PMID:
            return pmid_of(text)
        case ColumnRole.DOI:
            return doi_of(text)
        case ColumnRole.YEAR:
            year = year_of(text)
            return "" if year is None else str(year)
        case ColumnRole.AUTHORS | ColumnRole.KEYWORDS:
            return "; ".join(part for part in _BETWEEN.split(text) if part)
        case _:
            return text
