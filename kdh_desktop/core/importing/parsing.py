"""What the disposable process does with one file: the one parser of its format, asked in turn.

A parser is a function from a path and a plan to `Reading`s: records and refused rows in rising
order of `row`, each row of the file as exactly one of them, and a `ReadingEnd`. It keeps going
after a bad row, and raises `InputError` only where no row of the file can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from kdh_desktop.core.importing.encoding import encoding_shown_by, guess_encoding, telling_sample
from kdh_desktop.core.importing.imported import (
    FileFormat,
    ImportedRecord,
    ImportPlan,
    Reading,
    ReadingEnd,
)
from kdh_desktop.core.importing.row_values import to_value
from kdh_desktop.core.importing.source_file import open_source
from kdh_desktop.core.json_values import build

FormatParser = Callable[[Path, ImportPlan], Iterator[Reading]]

_HERE = "kdh_desktop.core.importing"
_PARSERS = {
    FileFormat.PUBMED_MEDLINE: (f"{_HERE}.medline", "parse_medline"),
    FileFormat.PUBMED_XML: (f"{_HERE}.pubmed_xml", "parse_pubmed_xml"),
    FileFormat.RIS: (f"{_HERE}.ris", "parse_ris"),
    FileFormat.WEB_OF_SCIENCE: (f"{_HERE}.web_of_science", "parse_web_of_science"),
    FileFormat.JSON_LINES: (f"{_HERE}.json_lines", "parse_json_lines"),
    FileFormat.WORKBOOK: (f"{_HERE}.table_records", "parse_table_records"),
    FileFormat.OLD_WORKBOOK: (f"{_HERE}.table_records", "parse_table_records"),
    FileFormat.BINARY_WORKBOOK: (f"{_HERE}.table_records", "parse_table_records"),
    FileFormat.OPEN_DOCUMENT_SHEET: (f"{_HERE}.table_records", "parse_table_records"),
    FileFormat.DELIMITED: (f"{_HERE}.table_records", "parse_table_records"),
    FileFormat.PLAIN_TEXT: (f"{_HERE}.plain_text", "parse_plain_text"),
    FileFormat.WORD_DOCUMENT: (f"{_HERE}.word_document", "parse_word_document"),
    FileFormat.PDF: (f"{_HERE}.pdf", "parse_pdf"),
}
"""Module and function, so that a library is loaded only where its format is read."""

FIRST_ROWS = 20
"""Rows that are shown before a file is taken in."""

_SIGN_OF_LIFE_ROWS = 1_000
_PLAIN_FORMATS = {
    FileFormat.PUBMED_MEDLINE,
    FileFormat.RIS,
    FileFormat.WEB_OF_SCIENCE,
    FileFormat.JSON_LINES,
    FileFormat.PLAIN_TEXT,
}
"""Formats that are text and do not say in which encoding."""


def parse_file(argument: dict[str, Any]) -> Iterator[Any]:
    """Rows after `after_row`, as `to_value` gives them; None now and then while rows are skipped.

    Args:
        argument: `path`, or a pasted table as `text`; `plan` as JSON; `after_row`.
    """
    plan = build(ImportPlan, argument["plan"], "plan")
    after_row = argument["after_row"]
    for number, item in enumerate(_readings(argument, plan)):
        if isinstance(item, ReadingEnd) or item.row > after_row:
            yield to_value(item)
        elif number % _SIGN_OF_LIFE_ROWS == 0:
            yield None


def parse_beginning(argument: dict[str, Any]) -> Iterator[Any]:
    """First the encoding as an object, then up to `FIRST_ROWS` rows as `to_value` gives them.

    Args:
        argument: `path` and `plan` as JSON; where the plan names no encoding, the likeliest is
            taken.
    """
    path, plan = Path(argument["path"]), build(ImportPlan, argument["plan"], "plan")
    if plan.format in _PLAIN_FORMATS:
        found = _encoding_of(path, plan.encoding)
        yield found
        plan = replace(plan, encoding=found["encoding"])
    else:
        yield {"encoding": None, "fitting": [], "sample": ""}
    for row in islice(parser_of(plan.format)(path, plan), FIRST_ROWS):
        yield to_value(row.shortened() if isinstance(row, ImportedRecord) else row)


def _readings(argument: dict[str, Any], plan: ImportPlan) -> Iterator[Reading]:
    if "text" in argument:
        from kdh_desktop.core.importing.table_records import parse_pasted_table

        return parse_pasted_table(argument["text"], plan)
    return parser_of(plan.format)(Path(argument["path"]), plan)


def _encoding_of(path: Path, named: str | None) -> dict[str, Any]:
    """The encoding for a plan, None where the file shows it; all that fit; and a sample."""
    with open_source(path) as source:
        guess = guess_encoding(source)
        shown = encoding_shown_by(source.read(1 << 20)) or "utf-8"
        encoding = named or guess.encoding
        return {
            "encoding": None
            if named is None and guess.is_certain and encoding == shown
            else encoding,
            "fitting": list(guess.fitting),
            "sample": telling_sample(source, encoding),
        }


def parser_of(file_format: FileFormat) -> FormatParser:
    """The parser of a format, whose libraries are loaded only now."""
    module, function = _PARSERS[file_format]
    parser: FormatParser = getattr(import_module(module), function)
    return parser
