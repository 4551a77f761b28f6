"""A source out of a path alone, where the names of columns and fields leave no doubt."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kdh_desktop.core.corpus_source import (
    CorpusSource,
    CorrectionsSource,
    HocSource,
    JsonLinesSource,
    TableSource,
    source_from_json,
)
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.importing.table import TableLayout, read_table
from kdh_desktop.core.importing.text_file import read_text_file
from trainer.corpus.lines import objects_in
from trainer.corpus.table import NO, YES

_TEXT = ("text", "abstract")
_LABELS = ("labels", "label")
_ID = ("pmid", "id")
_TITLE = ("title",)
_GROUP = ("group", "dialogue", "patient")
_LINES = {".jsonl", ".ndjson"}


def source_of(path: Path) -> CorpusSource:
    """The source that a path stands for.

    A folder is HoC's original layout with its ``train.txt``, and one of its lists that with this
    list; a ``.json`` file describes a source; ``.jsonl`` is JSON lines or corrected records, and
    any other file a table.

    Raises:
        TrainingError: The columns or fields do not say what they hold.
        InputError: The file cannot be read.
    """
    if path.is_dir():
        return HocSource(str(path))
    if path.suffix == ".txt" and (path.parent / "labels").is_dir():
        return HocSource(str(path.parent), path.name)
    if path.suffix == ".json":
        return source_from_json(read_text_file(path))
    if path.suffix in _LINES:
        return _lines(path)
    return _table(path)


def _lines(path: Path) -> CorpusSource:
    first = next((record for _, record in objects_in(path, [])), {})
    if "decisions" in first or "format" in first:
        return CorrectionsSource(str(path))
    text, labels = _one_of(_TEXT, first), _one_of(_LABELS, first)
    if text is None or labels is None:
        raise _unclear()
    return JsonLinesSource(
        str(path),
        text,
        labels,
        id_field=_one_of(_ID, first),
        title_field=_one_of(_TITLE, first),
        group_field=_one_of(_GROUP, first),
    )


def _table(path: Path) -> TableSource:
    table = read_table(path, TableLayout())
    text, labels = _one_of(_TEXT, table.columns), _one_of(_LABELS, table.columns)
    id_, title = _one_of(_ID, table.columns), _one_of(_TITLE, table.columns)
    group = _one_of(_GROUP, table.columns)
    rest = [name for name in table.columns if name and name not in {text, id_, title, group}]
    marks = YES | NO | {""}
    is_marked = bool(rest) and all(
        row.cells[table.column(name)].strip().casefold() in marks
        for row in table.rows
        for name in rest
    )
    if text is None or (labels is None and not is_marked):
        raise _unclear()
    return TableSource(
        str(path),
        text,
        labels_column=labels,
        label_columns=() if labels else tuple(rest),
        id_column=id_,
        title_column=title,
        group_column=group,
    )


def _one_of(names: Iterable[str], there: Iterable[str]) -> str | None:
    """What is called by the first of `names` that is there, however it is capitalised."""
    by_name = {name.casefold(): name for name in there}
    return next((by_name[name] for name in names if name in by_name), None)


def _unclear() -> TrainingError:
    return TrainingError(
        "The names of the columns or fields do not say which holds the texts and the labels.",
        "Call them text and labels, or describe the source in a .json file.",
    )
