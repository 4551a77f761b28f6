"""JSON lines, opened and read one by one, with what is wrong kept as faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kdh_desktop.core.corpus_report import ProblemKind
from kdh_desktop.core.importing.text_file import read_text_file
from kdh_desktop.core.json_values import parse_json
from trainer.corpus.raw import Fault

MAX_BYTES = 400_000_000


class BadLineError(Exception):
    """A line that cannot be used; its message completes the sentence "Line 7 ..."."""


def objects_in(path: Path, faults: list[Fault]) -> Iterator[tuple[int, dict[str, Any]]]:
    """JSON objects of a file with the numbers of their lines; empty lines are passed over.

    A line that is no object is added to `faults`.

    Raises:
        InputError: The file cannot be read, or is not UTF-8 text.
    """
    # Not splitlines(): it also parts lines at characters that JSON leaves inside a text.
    for number, line in enumerate(read_text_file(path, max_bytes=MAX_BYTES).split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = parse_json(line)
        except ValueError:
            value = None
        if isinstance(value, dict):
            yield number, value
        else:
            faults.append(bad_line(number, "is no JSON object"))


def bad_line(number: int, what: str, *, id_: str = "") -> Fault:
    """The fault of a line."""
    return Fault(
        ProblemKind.UNREADABLE_ROWS, f"Line {number} {what}.", "Correct the line.", number, id_
    )


def string_in(record: dict[str, Any], name: str | None) -> str:
    """A field that holds a string or a whole number; empty where there is none.

    Raises:
        BadLineError: It holds something else.
    """
    value = "" if name is None else record.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise BadLineError(f"has a field {name} that is no text")
    return str(value)
