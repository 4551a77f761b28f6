"""What `kdh` says of a file that it has written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.core.exporting.outcome import Cut

_SHOWN = 10


def records_words(count: int) -> str:
    """So many records."""
    return "1 record" if count == 1 else f"{count:,} records"


def cut_words(cuts: Sequence[Cut]) -> list[str]:
    """Every text that a format could not hold whole; the first ones by record."""
    words = [
        f"Record {cut.record_id}, column {printable(cut.column)}: {cut.kept:,} of "
        f"{cut.length:,} characters fit into a cell."
        for cut in cuts[:_SHOWN]
    ]
    if len(cuts) > _SHOWN:
        words.append(f"{len(cuts) - _SHOWN:,} more texts were cut. Save as .jsonl to keep all.")
    return words
