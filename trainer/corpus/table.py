"""Read labelled texts from workbooks and delimited text, a row a text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kdh_desktop.core.corpus_report import ProblemKind
from kdh_desktop.core.corpus_source import TableSource
from kdh_desktop.core.importing.table import CellKind, Table, TableLayout, TableRow, read_table
from kdh_desktop.core.labels import LabelSet
from trainer.corpus.label_names import labels_from_names, tidy_name
from trainer.corpus.raw import Fault, RawCorpus, RawText, pasted

YES = frozenset({"1", "true", "yes", "y", "x"})
NO = frozenset({"0", "false", "no", "n"})

_UNREADABLE = {
    CellKind.FORMULA_WITHOUT_VALUE: "The {what} in row {row} is a formula without a value.",
    CellKind.FAULT: "The {what} in row {row} is an error of the spreadsheet.",
}
_NO_TEXT = {
    CellKind.DATE: "The {what} in row {row} is a date.",
    CellKind.NUMBER: "The {what} in row {row} is a number.",
    CellKind.TRUTH: "The {what} in row {row} is a truth value.",
}


def read_raw_table(source: TableSource) -> RawCorpus:
    """Read a table as it is written; a row that cannot be used is a fault.

    In columns that say yes or no, ``1``, ``true``, ``yes``, ``y`` and ``x`` mean yes, and ``0``,
    ``false``, ``no`` and ``n`` no. An empty cell means no where no cell of these columns says so
    in words or numbers; else it means that nobody decided, and the text is left out.

    Raises:
        InputError: The file is no table, or a column is missing.
    """
    layout = TableLayout(source.sheet, source.header_row, source.encoding, source.delimiter)
    table = read_table(Path(source.path), layout)
    reader = _RowReader(source, table)
    read = [reader.read(row) for row in table.rows]
    faults = [
        Fault(ProblemKind.FILE_NOTICE, notice, "Look at a few texts before you go on.")
        for notice in table.notices
    ]
    faults += [
        Fault(
            ProblemKind.UNREADABLE_ROWS,
            f"Row {row.number} does not fit: {row.reason}",
            "Mend the row; a text that holds the delimiter must stand in quotation marks.",
            row.number,
        )
        for row in table.rejected
    ]
    faults += reader.faults
    return RawCorpus([text for text in read if text is not None], reader.labels, faults)


@dataclass(frozen=True, slots=True)
class _Columns:
    text: int
    labels: tuple[int, ...]
    id: int | None
    title: int | None
    group: int | None


class _RowReader:
    """Turns rows into texts and keeps what is wrong with them."""

    def __init__(self, source: TableSource, table: Table) -> None:
        self.faults: list[Fault] = []
        self.labels: LabelSet | None = None
        self._separator = source.separator
        self._names = tuple(tidy_name(name) for name in source.label_columns)
        named = [source.labels_column] if source.labels_column else source.label_columns
        self._at = _Columns(
            table.column(source.text_column),
            tuple(table.column(name) for name in named),
            _optional(table, source.id_column),
            _optional(table, source.title_column),
            _optional(table, source.group_column),
        )
        if self._names:
            self.labels = labels_from_names(self._names)
        self._has_no = any(
            row.cells[column].strip().casefold() in NO
            for row in table.rows
            for column in self._at.labels
        )

    def read(self, row: TableRow) -> RawText | None:
        at = self._at
        id_ = self._cell(row, at.id).strip() or str(row.number)
        if not self._check_kinds(row, id_):
            return None
        names, undecided = self._decided(row) if self._names else (self._listed(row), ())
        if names is None:
            self._fault(row, id_, "A cell of a label in row {row} says neither yes nor no.")
            return None
        return RawText(
            row.number,
            id_,
            pasted(row.cells[at.text], self._cell(row, at.title)),
            names,
            group=self._cell(row, at.group).strip() or None,
            undecided=undecided,
        )

    def _check_kinds(self, row: TableRow, id_: str) -> bool:
        """Whether the row can be used; cells that may have been changed are pointed out."""
        for column in (self._at.text, *self._at.labels):
            words = _UNREADABLE.get(row.kind(column))
            if words is not None:
                what = "text" if column == self._at.text else "label"
                self._fault(row, id_, words.replace("{what}", what))
                return False
        words = _NO_TEXT.get(row.kind(self._at.text))
        if words is not None:
            self.faults.append(
                Fault(
                    ProblemKind.NUMBERS_OR_DATES_AS_TEXT,
                    words.format(what="text", row=row.number),
                    "Look whether the spreadsheet changed a name of a gene, and mend it.",
                    row.number,
                    id_,
                )
            )
        return True

    def _listed(self, row: TableRow) -> tuple[str, ...]:
        names = [tidy_name(part) for part in row.cells[self._at.labels[0]].split(self._separator)]
        return tuple(dict.fromkeys(name for name in names if name))

    def _decided(self, row: TableRow) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """Labels that the row has, and those that nobody decided on; None where a cell is odd."""
        said = [row.cells[column].strip().casefold() for column in self._at.labels]
        if any(word and word not in YES | NO for word in said):
            return None, ()
        pairs = list(zip(self._names, said, strict=True))
        undecided = tuple(name for name, word in pairs if not word and self._has_no)
        return tuple(name for name, word in pairs if word in YES), undecided

    def _fault(self, row: TableRow, id_: str, words: str) -> None:
        self.faults.append(
            Fault(
                ProblemKind.UNREADABLE_ROWS,
                words.format(row=row.number),
                "Correct the cell.",
                row.number,
                id_,
            )
        )

    @staticmethod
    def _cell(row: TableRow, column: int | None) -> str:
        return "" if column is None else row.cells[column]


def _optional(table: Table, name: str | None) -> int | None:
    return None if name is None else table.column(name)
