"""The reading of a corrected table, which runs in the disposable process only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.exporting.copy_columns import CopyHeader, find_header, letters_digest
from kdh_desktop.core.importing.imported import text_of
from kdh_desktop.core.importing.table import CellKind, TableLayout
from kdh_desktop.core.importing.table_parsing import RawRow, TableFile, open_table
from kdh_desktop.core.importing.text_file import open_file

_HEADER_ROWS = 200
_FORMULA = "="


def parse_corrections(argument: dict[str, Any]) -> Iterator[Any]:
    """What people wrote into the added columns of a copy.

    Each sheet that has them gives an object with its ``sheet``, its ``labels``, as pairs of a
    place among the labels and a name, and those that are ``repeated``. Then comes a list for each
    row: its number, its id cell, its label cells, what says whether it is checked, or None where
    that column is gone, and digests of its text, one for each pair of names in the argument's
    ``texts``, or None where it has no such columns.

    Args:
        argument: ``path`` of the file, and ``texts``: names of the columns that hold title and
            abstract, as they were when tables were imported.

    Raises:
        InputError: It is no table, damaged, protected, too large, or no such copy.
    """
    pairs = [tuple(pair) for pair in argument["texts"]]
    is_found = False
    with open_file(Path(argument["path"])) as file:
        table = open_table(file)
        visible: list[str | None] = [one.name for one in table.sheets if not one.is_hidden]
        for sheet in visible if table.sheets else [None]:
            for item in _sheet(table, sheet, pairs):
                is_found = True
                yield item
    if not is_found:
        raise InputError(
            "The file is no copy with labels that this program wrote, "
            "or its id column is gone, or there twice.",
            "Choose a copy that still has one column of ids.",
        )


def _sheet(table: TableFile, sheet: str | None, pairs: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
    rows = iter(table.read(TableLayout(sheet=sheet)).rows)
    for row in islice(rows, _HEADER_ROWS):
        header = find_header(row.cells)
        if header is not None:
            labels = [[place, name] for _, place, name in header.labels]
            yield {"sheet": sheet or "", "labels": labels, "repeated": list(header.repeated)}
            texts = [_places(row.cells, pair) for pair in pairs]
            yield from _below(rows, header, texts)
            return


def _below(
    rows: Iterator[RawRow], header: CopyHeader, texts: Sequence[list[int] | None]
) -> Iterator[Any]:
    for row in rows:
        if row.is_empty and not row.problem:
            continue
        labels = [_cell(row, place) for place, _, _ in header.labels]
        checked = None if header.checked_place is None else _cell(row, header.checked_place)
        digests = [None if places is None else _digest(row, places) for places in texts]
        yield [row.number, _cell(row, header.id_place), labels, checked, digests]


def _cell(row: RawRow, place: int) -> str:
    if place >= len(row.cells):
        return ""
    if row.kinds and row.kinds[place] == CellKind.FORMULA_WITHOUT_VALUE:
        return _FORMULA
    return row.cells[place].strip()


def _places(cells: Sequence[str], names: Sequence[str]) -> list[int] | None:
    """Where the columns of a title and an abstract are; None where one is not, or not clear."""
    titles = [" ".join(cell.split()) for cell in cells]
    wanted = [" ".join(name.split()) for name in names if name]
    if not wanted or any(titles.count(name) != 1 for name in wanted):
        return None
    return [titles.index(name) for name in wanted]


def _digest(row: RawRow, places: Sequence[int]) -> str:
    parts = [row.cells[place] if place < len(row.cells) else "" for place in places]
    return letters_digest(text_of(parts[0], "".join(parts[1:])))
