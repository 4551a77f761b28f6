"""Which column of a table holds the texts and which the labels, as far as names and cells tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TEXT = ("text", "abstract", "abstract text", "body", "content", "summary")
_LABELS = (
    *("labels", "label", "hallmarks", "hallmark", "categories", "category", "topics", "topic"),
    *("tags", "codes", "class", "classes"),
)
_ID = ("pmid", "id", "record id", "text id", "identifier", "accession")
_TITLE = ("title", "heading")
_GROUP = ("group", "patient", "patient id", "dialogue", "journal", "source")
_MARKS = frozenset({"", "0", "1", "true", "false", "yes", "no", "y", "n", "x"})
_SEPARATORS = (";", "|", ",")


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """What columns are for.

    Attributes:
        text: The texts.
        title: Titles, put before the texts.
        id: Ids.
        group: What says which texts belong together.
        labels: Names of labels, several in a cell.
        separator: What stands between them there.
        marks: Columns that say yes or no to a label each; either these or `labels` count.
        has_marks: Whether they are what counts.
    """

    text: str | None = None
    title: str | None = None
    id: str | None = None
    group: str | None = None
    labels: str | None = None
    separator: str = ";"
    marks: tuple[str, ...] = ()
    has_marks: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it says where texts and labels are."""
        return self.text is not None and bool(self.marks if self.has_marks else self.labels)


def usable_columns(columns: Sequence[str], header: Sequence[str] | None = None) -> tuple[str, ...]:
    """Names that name one column each.

    Args:
        columns: Names as they are shown.
        header: Cells of the header row, where a column without a name was given one to show.
    """
    often = Counter(columns)
    named = columns if header is None else [*header, *[""] * len(columns)]
    return tuple(
        name
        for name, cell in zip(columns, named, strict=False)
        if often[name] == 1 and name.strip() and cell.strip()
    )


def guess_label_columns(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> LabelColumns:
    """The likeliest meaning of each column.

    Args:
        columns: Names that can be chosen.
        rows: The first rows, a cell for each of `columns`.
    """
    text = _one_of(_TEXT, columns) or _longest(columns, rows)
    title, id_ = _one_of(_TITLE, columns), _one_of(_ID, columns)
    group = _one_of(_GROUP, columns)
    labels = _one_of(_LABELS, columns)
    taken = {text, title, id_, group}
    marks = tuple(
        name
        for place, name in enumerate(columns)
        if name not in taken and _is_marks([row[place] for row in rows])
    )
    separator = ";" if labels is None else _separator(_cells(columns, rows, labels))
    has_marks = labels is None and bool(marks)
    return LabelColumns(text, title, id_, group, labels, separator, marks, has_marks)


def _one_of(names: Iterable[str], there: Sequence[str]) -> str | None:
    by_name = {name.casefold().replace("_", " ").strip(): name for name in reversed(there)}
    return next((by_name[name] for name in names if name in by_name), None)


def _longest(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str | None:
    """The column with the longest cells, where they are long enough for texts."""
    lengths = {
        name: sum(len(row[place]) for row in rows) / max(1, len(rows))
        for place, name in enumerate(columns)
    }
    longest = max(lengths, key=lambda name: lengths[name], default=None)
    return longest if longest is not None and lengths[longest] > 100 else None


def _is_marks(cells: Sequence[str]) -> bool:
    plain = [cell.strip().casefold() for cell in cells]
    return any(plain) and all(cell in _MARKS for cell in plain)


def _cells(columns: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> list[str]:
    place = columns.index(name)
    return [row[place] for row in rows]


def _separator(cells: Sequence[str]) -> str:
    counts = {mark: sum(mark in cell for cell in cells) for mark in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda mark: counts[mark])
    return best if counts[best] else ";"
