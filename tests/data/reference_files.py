"""Files of invented references, in the formats that curators export."""

from __future__ import annotations

import json
from collections.abc import Collection

from tests.data.tiny_bundle import KEYWORDS

_LABELS = tuple(KEYWORDS)


def abstract_of(number: int) -> str:
    """An abstract from which the tiny model tells one label, which changes with the number."""
    words = KEYWORDS[_LABELS[number % len(_LABELS)]]
    return (
        f"In this study {number} of cancer cells we treated human tumors. "
        f"The treatment reduced {words[number % len(words)]} in the cells of these patients."
    )


def ris_of(count: int, *, bad: Collection[int] = ()) -> str:
    """RIS with so many entries; those numbered in `bad` hold neither title nor abstract."""
    entries = []
    for number in range(1, count + 1):
        lines = ["TY  - JOUR", f"ID  - ris-{number}", f"PY  - {1990 + number % 30}"]
        if number not in bad:
            lines += [f"TI  - Invented study {number}", f"AB  - {abstract_of(number)}"]
        entries.append("\n".join([*lines, "ER  - "]))
    return "\n\n".join(entries) + "\n"


def json_lines_of(count: int) -> str:
    """JSON lines with so many records."""
    records = [
        {"id": f"json-{number}", "title": f"Study {number}", "abstract": abstract_of(number)}
        for number in range(1, count + 1)
    ]
    return "".join(json.dumps(record) + "\n" for record in records)
