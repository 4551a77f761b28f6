"""Plain text files that hold one text or several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kdh_desktop.core.errors import InputError
from kdh_desktop.core.importing.cell_text import has_undecoded
from kdh_desktop.core.importing.encoding import guess_encoding, open_text
from kdh_desktop.core.importing.imported import ImportPlan, Reading
from kdh_desktop.core.importing.source_file import open_source
from kdh_desktop.core.importing.tally import Tally
from kdh_desktop.core.importing.text_file import MAX_TEXT_BYTES
from kdh_desktop.core.importing.texts import records_in_text


def parse_plain_text(path: Path, plan: ImportPlan) -> Iterator[Reading]:
    """Texts of a file; each one's row is the line that it begins in.

    Raises:
        InputError: It is no text, or too large for one whose records must be told apart.
    """
    with open_source(path) as file:
        encoding = plan.encoding or guess_encoding(file).encoding
        text = open_text(file, encoding).read(MAX_TEXT_BYTES + 1)
    if len(text) > MAX_TEXT_BYTES:
        raise InputError(
            f"The text is larger than {MAX_TEXT_BYTES // 1_000_000} MB.",
            "Divide it into several files.",
        )
    tally = Tally()
    line, counted_to = 1, 0
    for start, record in records_in_text(text):
        line += _line_ends(text, counted_to, start)
        counted_to = start
        where = f"The text that begins in line {line}"
        if has_undecoded(record.title + record.abstract):
            reason = f"{where} holds bytes that are not in the encoding of the file."
            yield tally.refuse(line, reason, "Choose another encoding, or save it as UTF-8.")
        else:
            yield tally.take(replace(record, row=line), where)
    if not tally.rows:
        raise InputError("The file holds no text.", "Choose a file that holds texts or a table.")
    yield tally.end()


def _line_ends(text: str, start: int, end: int) -> int:
    both = text.count("\r\n", start, end)
    return text.count("\n", start, end) + text.count("\r", start, end) - both
