"""How files are to be read: what their content says, and what the options say otherwise.

The window shows its guesses before anything is taken in. A command cannot, so it asks for an
option wherever the window would ask a person to look.
"""

from __future__ import annotations

import argparse
import codecs
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import InputError, KdhError
from kdh_desktop.core.importing.imported import ColumnMapping, ColumnRole, FileFormat

if TYPE_CHECKING:
    from kdh_desktop.core.importing.imported import FileInspection, ImportPlan, TablePreview

_LOOK = "See what is in the file with `kdh records inspect`."
_ROLES = {
    "text_column": ColumnRole.ABSTRACT,
    "title_column": ColumnRole.TITLE,
    "id_column": ColumnRole.ID,
}


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One input and how it will be read.

    Attributes:
        path: The file.
        inspection: What a look at it told, with the plan as it will be read.
    """

    path: Path
    inspection: FileInspection

    @property
    def plan(self) -> ImportPlan:
        """How it will be read."""
        return self.inspection.plan

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of a table's columns; empty for what is no table."""
        table = self.inspection.table
        return () if table is None else table.columns


def _row_number(text: str) -> int:
    """A row, from 1; 0 for none."""
    number = int(text)
    if number < 0:
        raise ValueError("a row before the first")
    return number


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how files are read."""
    reading = parser.add_argument_group(
        "reading", "What the files do not say themselves; columns are named as in the header row."
    )
    reading.add_argument("--text-column", metavar="C", help="column of the texts")
    reading.add_argument(
        "--title-column",
        metavar="C",
        help="column of titles, put before the texts; with --text-column only if it is named",
    )
    reading.add_argument("--id-column", metavar="C", help="column of ids")
    reading.add_argument("--sheet", metavar="NAME", help="sheet of a workbook")
    reading.add_argument(
        "--header-row",
        metavar="N",
        type=_row_number,
        help="row that names the columns, from 1; 0 if none does, then columns are A, B, C ...",
    )
    reading.add_argument("--encoding", metavar="NAME", help="encoding of text, e.g. cp1252")


def planned_files(
    names: Iterable[str], options: argparse.Namespace, should_stop: Callable[[], bool]
) -> list[PlannedFile]:
    """Look at every file and settle how it is read, before any of them is taken in.

    Raises:
        InputError: A file cannot be read, or it is not certain how; the message says which input.
        Cancelled: `should_stop` said so.
    """
    _require_encoding(options.encoding)
    planned = []
    for position, name in enumerate(names, start=1):
        path = Path(name)
        try:
            planned.append(PlannedFile(path, planned_inspection(path, options, should_stop)))
        except InputError as error:
            raise numbered(error, position) from error
    if planned and not any(one.columns for one in planned) and _names_columns(options):
        raise InputError(
            "None of the inputs is a table, so they have no sheets and columns.",
            "Leave out the options that name them.",
        )
    return planned


def numbered(error: KdhError, position: int) -> InputError:
    """The error with the number of the input that it is about; names are not repeated."""
    return InputError(f"Input {position}: {error.message}", error.remedy)


def planned_inspection(
    path: Path, options: argparse.Namespace, should_stop: Callable[[], bool]
) -> FileInspection:
    """Look at one file, with what the options say of it.

    Raises:
        InputError: It cannot be read, or it is not certain how.
        Cancelled: `should_stop` said so.
    """
    from kdh_desktop.core.importing.reading import inspect_file

    found = inspect_file(path, should_stop=should_stop)
    changed = _changed_plan(found, options)
    if changed != found.plan:
        found = inspect_file(path, plan=changed, should_stop=should_stop)
    if found.table is not None:
        mapping = _mapping(found.table, found.plan.mapping, options)
        if mapping != found.plan.mapping:
            plan = replace(found.plan, mapping=mapping)
            found = inspect_file(path, plan=plan, should_stop=should_stop)
    _require_certainty(found, options)
    return found


def _changed_plan(found: FileInspection, options: argparse.Namespace) -> ImportPlan:
    """The plan with another sheet, header row or encoding, its columns to be guessed anew."""
    plan = found.plan
    if found.table is None:
        return replace(plan, encoding=options.encoding) if options.encoding else plan
    changes = {
        name: value
        for name in ("sheet", "header_row", "encoding")
        if (value := getattr(options, name)) is not None
    }
    if plan.format is not FileFormat.DELIMITED:
        changes.pop("encoding", None)
    if not changes:
        return plan
    if "sheet" in changes and "header_row" not in changes:
        changes["header_row"] = None
    return replace(plan, layout=replace(plan.layout, **changes), mapping=ColumnMapping())


def _mapping(
    table: TablePreview, guessed: ColumnMapping, options: argparse.Namespace
) -> ColumnMapping:
    named = {
        role: _place(table.columns, name)
        for option, role in _ROLES.items()
        if (name := getattr(options, option)) is not None
    }
    if not named:
        return guessed
    roles = {
        role: place
        for role, place in guessed.columns
        if role not in named and place not in named.values()
    }
    if ColumnRole.ABSTRACT in named and ColumnRole.TITLE not in named:
        roles.pop(ColumnRole.TITLE, None)
    return ColumnMapping(tuple((roles | named).items()))


def _place(columns: tuple[str, ...], name: str) -> int:
    places = [place for place, column in enumerate(columns) if column == name]
    if not places:
        folded = name.strip().casefold()
        places = [n for n, column in enumerate(columns) if column.strip().casefold() == folded]
    match places:
        case [place]:
            return place
        case []:
            raise InputError("A column that an option names is not in the header row.", _LOOK)
        case _:
            raise InputError(
                "Several columns have the name that an option names.",
                "Give each column its own name.",
            )


def _require_certainty(found: FileInspection, options: argparse.Namespace) -> None:
    """Refuse to guess where the window would ask."""
    table = found.table
    if table is not None:
        visible = [sheet for sheet in table.sheets if not sheet.is_hidden]
        if len(visible) > 1 and options.sheet is None:
            raise InputError("The workbook has several sheets.", "Name one with --sheet.")
        if table.problem:
            raise InputError(table.problem, f"Say how with --sheet or --header-row. {_LOOK}")
        places = [
            found.plan.mapping.place(role) for role in (ColumnRole.ABSTRACT, ColumnRole.TITLE)
        ]
        if places == [None, None]:
            raise InputError(
                "It is not certain which column holds the texts.",
                f"Name it with --text-column. {_LOOK}",
            )
    if not found.needs_look:
        return
    if found.encodings and options.encoding is None:
        raise InputError(
            "It is not certain in which encoding the file is.",
            f"Name it with --encoding; likeliest: {', '.join(found.encodings[:3])}.",
        )
    if table is not None and options.text_column is None:
        raise InputError(
            found.notices[0] if found.notices else "It is not certain which column is what.",
            f"Name the one with the texts with --text-column. {_LOOK}",
        )


def _require_encoding(name: str | None) -> None:
    try:
        known = name is None or codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - the only way
    except LookupError:
        known = False
    if not known:
        raise InputError(
            "There is no encoding of the name that --encoding gives.", "Try utf-8 or cp1252."
        )


def _names_columns(options: argparse.Namespace) -> bool:
    names = (*_ROLES, "sheet", "header_row")
    return any(getattr(options, name) is not None for name in names)
