"""Which texts to learn from, and where in their file lies what: enough for any corpus to be named.

Source files are named by a string, since a source is kept as JSON.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import build_value, parse_json, to_json_value


class HocLevel(StrEnum):
    """Which level of the HoC corpus's label paths are the labels."""

    HALLMARK = "hallmark"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class HocSource:
    """The Hallmarks of Cancer corpus, or another, in its original layout.

    Attributes:
        folder: Holds ``text``, ``labels`` and the id lists.
        ids_file: Name of the list of ids to read, one a line.
        level: The first level of the label paths (10 hallmarks), or the whole paths (36).
    """

    kind: ClassVar[str] = "hoc"

    folder: str
    ids_file: str = "train.txt"
    level: HocLevel = HocLevel.HALLMARK


@dataclass(frozen=True, slots=True)
class TableSource:
    """A workbook or delimited text with a row a text.

    Labels stand in one column of names, or in one column a label: give either.

    Attributes:
        path: The file.
        text_column: Name of the column of texts.
        labels_column: Name of the column of label names.
        separator: What stands between the names there.
        label_columns: Names of the columns that say yes or no to one label each: the labels.
        id_column: Name of the column of ids; None where the row's number is its id.
        title_column: Name of the column of titles, which are put before the texts.
        group_column: Name of the column that says which texts belong together.
        sheet: Name of a workbook's sheet; None where only one is visible.
        header_row: Number of the row that names the columns, from 1.
        encoding: Of delimited text, as Python names it; None for UTF-8 or what a mark says.
        delimiter: Of delimited text; None to take the one that gives even rows.
    """

    kind: ClassVar[str] = "table"

    path: str
    text_column: str
    labels_column: str | None = None
    separator: str = ";"
    label_columns: tuple[str, ...] = ()
    id_column: str | None = None
    title_column: str | None = None
    group_column: str | None = None
    sheet: str | None = None
    header_row: int = 1
    encoding: str | None = None
    delimiter: str | None = None

    def __post_init__(self) -> None:
        if (self.labels_column is None) == (not self.label_columns):
            raise ValueError("labels_column or label_columns must be given, and not both")
        if len(set(self.label_columns)) < len(self.label_columns):
            raise ValueError("label_columns must be unique")
        if not self.separator:
            raise ValueError("separator must not be empty")
        if self.header_row < 1:
            raise ValueError("header_row must be at least 1")
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise ValueError("delimiter must be one character")
        if self.encoding is not None and not _is_encoding(self.encoding):
            raise ValueError("encoding is not known")


@dataclass(frozen=True, slots=True)
class JsonLinesSource:
    """A file with one JSON object a line.

    Attributes:
        path: The file.
        text_field: Name of the field that holds the text.
        labels_field: Name of the field that holds a list of label names.
        id_field: Name of the field that holds the id; None where the line's number is the id.
        title_field: Name of the field that holds the title, which is put before the text.
        group_field: Name of the field that says which texts belong together.
    """

    kind: ClassVar[str] = "json_lines"

    path: str
    text_field: str = "text"
    labels_field: str = "labels"
    id_field: str | None = None
    title_field: str | None = None
    group_field: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectionsSource:
    """Records of the program with the decisions of people on them, as it exports them.

    Attributes:
        path: The file of JSON lines.
    """

    kind: ClassVar[str] = "corrections"

    path: str


CorpusSource = HocSource | TableSource | JsonLinesSource | CorrectionsSource


def source_to_json(source: CorpusSource) -> str:
    """A source as one JSON object."""
    return json.dumps(to_json_value(source), ensure_ascii=False, indent=1) + "\n"


def source_from_json(text: str) -> CorpusSource:
    """Read what `source_to_json` wrote.

    Raises:
        TrainingError: It is no source; the message says which field is wrong.
    """
    try:
        source: CorpusSource = build_value(CorpusSource, parse_json(text), "source")
    except (TypeError, ValueError) as error:
        raise TrainingError(
            f"The description of the corpus cannot be used: {error}.",
            "Correct it, or choose the file and its columns again.",
        ) from error
    return source


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - the only way to ask
    except LookupError:
        return False
