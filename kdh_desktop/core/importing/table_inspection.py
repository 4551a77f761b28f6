"""A first look at a table: its sheets, the names of its columns, and what each seems to hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.cell_text import clean_cell
from kdh_desktop.core.importing.column_guess import LOOKED_AT_ROWS, guess_columns
from kdh_desktop.core.importing.delimited import DelimitedText
from kdh_desktop.core.importing.encoding import telling_sample
from kdh_desktop.core.importing.imported import (
    ColumnMapping,
    ColumnRole,
    FileInspection,
    ImportedRecord,
    ImportPlan,
    RefusedRow,
    Sheet,
    TablePreview,
    shortened,
)
from kdh_desktop.core.importing.source_file import open_source
from kdh_desktop.core.importing.table_head import TableHead, head_of
from kdh_desktop.core.importing.table_parsing import MAX_COLUMNS, RawRow, RawTable, open_table
from kdh_desktop.core.importing.table_records import (
    RowReader,
    layout_of,
    merged_notice,
    pasted_file,
)
from kdh_desktop.core.json_values import build, to_json_value

SHOWN_ROWS = 20
_MOST_SHEETS = 20
"""Sheets that are looked into where one has to be chosen."""

_SEVERAL_SHEETS = "The workbook has several sheets; the one that seems to hold texts was taken."
_ALL_HIDDEN = "All sheets of the workbook are hidden: choose one of them."
_NO_SHEET = "The workbook has no sheet with cells."
_UNCLEAR_ENCODING = "The encoding of the file is not certain: look whether its accents are right."


def inspect_table(argument: dict[str, Any]) -> Iterator[Any]:
    """One `FileInspection` as a JSON value.

    Args:
        argument: ``path`` or ``text``; ``plan`` as JSON, with an empty mapping where the columns
            are to be guessed, and with no header row where that is to be found.

    Raises:
        InputError: It is no table, damaged, protected or too large.
    """
    plan = build(ImportPlan, argument["plan"], "plan")
    text = argument.get("text")
    file = open_source(Path(argument["path"])) if text is None else pasted_file(text)
    with file:
        yield to_json_value(_Inspection(file, plan).whole())


class _Inspection:
    """One look, step by step; doubts are why a person should look, too."""

    def __init__(self, file: BinaryIO, plan: ImportPlan) -> None:
        self._file = file
        self._tables = open_table(file)
        self._plan = plan
        self._layout = layout_of(plan)
        self._doubts: list[str] = []
        self._encodings: tuple[str, ...] = ()
        self._sample = ""

    def whole(self) -> FileInspection:
        """The whole look."""
        if isinstance(self._tables, DelimitedText):
            self._find_encoding(self._tables)
        elif not self._find_sheet():
            return self._problem(_ALL_HIDDEN if self._tables.sheets else _NO_SHEET)
        table = self._tables.read(self._layout)
        rows = iter(table.rows)
        first = list(islice(rows, LOOKED_AT_ROWS))
        guess = guess_columns(first, self._layout.header_row)
        self._layout = replace(self._layout, header_row=guess.header_row)
        mapping = self._plan.mapping
        if not mapping.columns:
            mapping = guess.mapping
            self._doubts.extend(guess.doubts)
        try:
            head = head_of(replace(table, rows=chain(first, rows)), guess.header_row)
        except InputError as error:
            return self._problem(error.message, first)
        return self._found(table, head, mapping)

    def _find_encoding(self, text: DelimitedText) -> None:
        guess = text.guess_encoding()
        if not guess.is_certain:
            self._encodings = guess.fitting
            if self._layout.encoding is None:
                self._layout = replace(self._layout, encoding=guess.encoding)
                self._doubts.append(_UNCLEAR_ENCODING)
        self._sample = telling_sample(self._file, self._layout.encoding or guess.encoding)

    def _find_sheet(self) -> bool:
        """Name the sheet in the layout; False where a person has to choose a hidden one."""
        if self._layout.sheet is not None:
            return True
        visible = [sheet for sheet in self._tables.sheets if not sheet.is_hidden]
        if len(visible) > 1:
            self._doubts.append(_SEVERAL_SHEETS)
            visible = [max(visible[:_MOST_SHEETS], key=self._likeliness)]
        if visible:
            self._layout = replace(self._layout, sheet=visible[0].name)
        return bool(visible)

    def _likeliness(self, sheet: Sheet) -> tuple[bool, int, int]:
        """How much a sheet looks like one of texts: by its columns, and by its rows."""
        layout = replace(self._layout, sheet=sheet.name)
        rows = list(islice(self._tables.read(layout).rows, LOOKED_AT_ROWS))
        mapping = guess_columns(rows).mapping
        has_abstract = mapping.place(ColumnRole.ABSTRACT) is not None
        return has_abstract, len(mapping.columns), len(rows)

    def _found(self, table: RawTable, head: TableHead, mapping: ColumnMapping) -> FileInspection:
        reader = RowReader(head, mapping)
        shown = list(islice((row for row in head.below if not row.is_empty), SHOWN_ROWS))
        read = [reader.read(row) for row in shown]
        refused = [row for row in read if isinstance(row, RefusedRow)]
        notices = [*table.notices, *reader.notices()]
        if refused:
            notices.append(
                f"{len(refused)} of the first {len(read)} rows cannot be taken in, the first "
                f"because: {refused[0].reason}"
            )
        merged = merged_notice(table.merged, head.header_row)
        preview = TablePreview(
            sheets=self._tables.sheets,
            above=tuple(_shown(row, 0) for row in head.above),
            columns=head.columns,
            rows=tuple(_shown(row, len(head.columns)) for row in shown if not row.problem),
        )
        records = tuple(row.shortened() for row in read if isinstance(row, ImportedRecord))
        return FileInspection(
            plan=replace(self._plan, layout=self._layout, mapping=mapping),
            needs_look=bool(self._doubts or merged or not records),
            encodings=self._encodings,
            sample=self._sample,
            table=preview,
            records=records,
            notices=(*self._doubts, *notices, *merged, *self._hidden_sheets()),
        )

    def _hidden_sheets(self) -> list[str]:
        hidden = sum(sheet.is_hidden for sheet in self._tables.sheets)
        if not hidden:
            return []
        what = "1 hidden sheet, which is" if hidden == 1 else f"{hidden} hidden sheets, which are"
        return [f"The workbook has {what} not read unless chosen."]

    def _problem(self, problem: str, first: Sequence[RawRow] = ()) -> FileInspection:
        """What can be shown of a table that cannot be read so."""
        above = tuple(_shown(row, 0) for row in first[:SHOWN_ROWS])
        return FileInspection(
            plan=replace(self._plan, layout=self._layout),
            needs_look=True,
            encodings=self._encodings,
            sample=self._sample,
            table=TablePreview(self._tables.sheets, above, (), (), problem),
            records=(),
            notices=tuple(self._doubts),
        )


def _shown(row: RawRow, width: int) -> tuple[str, ...]:
    cells = [shortened(clean_cell(cell)[0]) for cell in row.cells[:MAX_COLUMNS]]
    return tuple(cells + [""] * (width - len(cells)))
