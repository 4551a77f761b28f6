"""First looks at files of labelled texts, for jobs: what columns there are, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.imported import (
    ColumnMapping,
    FileFormat,
    FileInspection,
    ImportPlan,
)
from kdh_desktop.core.importing.sandbox import Limits, run_in_child
from kdh_desktop.core.json_values import parse_json
from kdh_desktop.gui.jobs import Job

LOOKED_AT_LINES = 20

_LIMITS = Limits(seconds=20.0)
_MAX_LINE = 2_000_000
_MAX_CELL = 600
_CORRECTIONS = "kdh-corrections"


@dataclass(frozen=True, slots=True)
class LinesLook:
    """How a file of JSON lines begins.

    Attributes:
        fields: Names in the order of their first appearance.
        rows: The first objects, a cell for each field.
        is_corrections: Whether it holds reviewed records as this program exports them.
    """

    fields: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_corrections: bool


FileLook = FileInspection | LinesLook


def look_work(path: Path, plan: ImportPlan | None = None) -> Callable[[Job], FileLook]:
    """Look at a table or a file of JSON lines; the work raises `InputError` where it is neither."""

    def work(job: Job) -> FileLook:
        from kdh_desktop.core.importing.file_format import recognise
        from kdh_desktop.core.importing.reading import inspect_file

        found = plan.format if plan is not None else recognise(path)
        if found is FileFormat.JSON_LINES:
            return _lines_look(path, job)
        if not found.is_table:
            raise InputError(
                "This file holds references or running text, without labels to learn from.",
                "Choose a workbook, a CSV file or JSON lines with a label for each text.",
            )
        look = inspect_file(path, plan=plan, should_stop=job.should_stop)
        if plan is None and not look.plan.layout.header_row:
            # Columns are chosen by their names here, so that some row has to hold them.
            layout = replace(look.plan.layout, header_row=1)
            named = replace(look.plan, layout=layout, mapping=ColumnMapping())
            look = inspect_file(path, plan=named, should_stop=job.should_stop)
        return look

    return work


def _lines_look(path: Path, job: Job) -> LinesLook:
    argument = {"path": str(path.absolute())}
    objects = run_in_child(first_objects, argument, limits=_LIMITS, should_stop=job.should_stop)
    if not objects:
        raise InputError("The file holds no JSON object in a line.", "Choose another file.")
    is_corrections = any("decisions" in one or one.get("format") == _CORRECTIONS for one in objects)
    fields = tuple(dict.fromkeys(name for one in objects for name in one))
    rows = tuple(tuple(_shown(one.get(name)) for name in fields) for one in objects)
    return LinesLook(fields, rows, is_corrections)


def first_objects(argument: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The first objects of a file, for the disposable process; long values are cut."""
    with Path(argument["path"]).open(encoding="utf-8-sig", errors="replace") as file:
        for line in islice(iter(lambda: file.readline(_MAX_LINE), ""), LOOKED_AT_LINES):
            if not line.strip():
                continue
            try:
                value = parse_json(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield {str(name)[:80]: _cut(one) for name, one in islice(value.items(), 60)}


def _cut(value: object) -> object:
    match value:
        case str():
            return value[:_MAX_CELL]
        case list():
            return [_cut(one) for one in value[:50]]
        case dict():
            return {}
        case _:
            return value


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(str(one) for one in value)
    return "" if value is None else str(value)
