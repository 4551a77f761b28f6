"""Which columns a table of records can have, and which it has at first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kdh_desktop.core.records.record_filter import Field
from kdh_desktop.gui.field_names import field_name
from kdh_desktop.gui.settings import KeptColumn

LEAST_WIDTH = 40
_NARROW, _MIDDLE, _WIDE = 64, 112, 288

_WIDTHS = {
    Field.ID: _NARROW,
    Field.TITLE: _WIDE,
    Field.LABELS: _WIDE,
    Field.YEAR: _NARROW,
    Field.ROW: _NARROW,
}

_FIRST = (Field.TITLE, Field.LABELS, Field.REVIEW, Field.YEAR, Field.JOURNAL, Field.FILE)

_IN_TABLES = tuple(field for field in Field if field != Field.ABSTRACT)
"""An abstract is too long for a cell; the pane beside the table shows it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        key: A field, or the id of a label for the active model's probability of it.
        name: What stands above it.
        width: In device-independent pixels.
    """

    key: Field | str
    name: str
    width: int

    @property
    def is_number(self) -> bool:
        """Whether its values stand at the right, under each other."""
        return self.key in {Field.ID, Field.YEAR, Field.ROW} or not isinstance(self.key, Field)


def all_columns(labels: Iterable[tuple[str, str]]) -> tuple[Column, ...]:
    """Every column that can be chosen.

    Args:
        labels: Ids and names of the active model's labels, in its order.
    """
    fields = [Column(field, field_name(field), _WIDTHS.get(field, _MIDDLE)) for field in _IN_TABLES]
    return (*fields, *(Column(label_id, name, _MIDDLE) for label_id, name in labels))


def first_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns that a table has before anybody chose."""
    by_key = {column.key: column for column in columns}
    return tuple(by_key[field] for field in _FIRST)


def remembered_columns(columns: Sequence[Column], kept: Sequence[KeptColumn]) -> tuple[Column, ...]:
    """The columns that a person chose, as far as they still can be chosen."""
    by_key = {str(column.key): column for column in columns}
    found = [
        replace(by_key[one.key], width=max(one.width, LEAST_WIDTH))
        for one in kept
        if one.key in by_key
    ]
    return tuple(found) or first_columns(columns)


def to_keep(columns: Sequence[Column]) -> list[KeptColumn]:
    """What to remember of a choice of columns."""
    return [KeptColumn(str(column.key), column.width) for column in columns]
