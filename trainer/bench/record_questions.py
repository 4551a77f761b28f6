"""Questions to a large record store: `python -m trainer.bench.record_questions FOLDER`.

It is a process of its own, so that its memory is. Each line on stdin is the name of a question, and
one line of JSON on stdout says how many seconds its answer took, and the answer where that is a
number; ``memory`` tells what the process holds.
"""

from __future__ import annotations

import json
import sys
import time
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path

from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.record import Band
from kdh_desktop.core.records.record_filter import (
    Field,
    Queue,
    RecordFilter,
    RecordOrder,
    ReviewStatus,
)
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from trainer.bench.memory import resident_megabytes
from trainer.bench.references import References

KEY = StoreKey(bytes(32))
DUPLICATES = "find duplicates"

ROWS = 100
"""Rows that a table fetches at a time."""

_LABEL = HALLMARKS_OF_CANCER.ids[0]

OPEN = "open the store, first rows and all counts"


def filters() -> Mapping[str, RecordFilter]:
    """Filters that people use, and the worst ones."""
    words = References().words
    return {
        "all records": RecordFilter(),
        "search: a frequent word": RecordFilter(search=words[0]),
        "search: a rare word": RecordFilter(search=words[30_000]),
        "search: one letter": RecordFilter(search="e"),
        "search: two letters": RecordFilter(search="et"),
        "search: three frequent words": RecordFilter(search=" ".join(words[:3])),
        "search: two joined words": RecordFilter(search=f"{words[0]}-{words[1]}"),
        "a label": RecordFilter(labels=(_LABEL,)),
        "a label in the band for review": RecordFilter(
            labels=(_LABEL,), bands=(Band.NEEDS_REVIEW,)
        ),
        "not reviewed, of some years": RecordFilter(
            reviews=(ReviewStatus.OPEN,), years=(2001, 2002, None)
        ),
        "needs review": RecordFilter(queue=Queue.NEEDS_REVIEW),
        "disagreement": RecordFilter(queue=Queue.DISAGREEMENT),
        "all at once": RecordFilter(
            search="e",
            labels=(_LABEL,),
            bands=(Band.PRESENT, Band.NEEDS_REVIEW, Band.ABSENT),
            reviews=tuple(ReviewStatus),
            years=tuple(range(1975, 2027)),
        ),
    }


def orders() -> Mapping[str, RecordOrder]:
    """All orders, of all records."""
    found = {str(field): RecordOrder(field, is_descending=True) for field in Field}
    return found | {"probability of a label": RecordOrder(_LABEL, is_descending=True)}


def questions(folder: Path) -> Mapping[str, Callable[[], object]]:
    """What can be asked of the store in a folder; it is opened with the first question."""
    opened: list[RecordStore] = []

    def store() -> RecordStore:
        if not opened:
            opened.append(RecordStore.open(folder, key=KEY))
        return opened[0]

    def open_all() -> None:
        while opened:
            opened.pop().close()
        show(store().ids())
        store().facets()

    def show(ids: array[int]) -> None:
        store().rows(ids[:ROWS])

    found: dict[str, Callable[[], object]] = {
        OPEN: open_all,
        DUPLICATES: lambda: len(store().find_duplicates()),
    }
    for name, where in filters().items():
        found[f"list: {name}"] = lambda where=where: show(store().ids(where))  # type: ignore[misc]
        found[f"facets: {name}"] = lambda where=where: store().facets(where)  # type: ignore[misc]
    for name, order in orders().items():
        found[f"order: {name}"] = lambda order=order: store().ids(order=order)  # type: ignore[misc]
    return found


def main() -> int:
    """Answer questions until there are no more."""
    known = questions(Path(sys.argv[1]))
    for line in sys.stdin:
        question = line.strip()
        answer: Mapping[str, object]
        if question == "memory":
            answer = resident_megabytes()
        else:
            begin = time.perf_counter()
            said = known[question]()
            seconds = time.perf_counter() - begin
            answer = {"seconds": seconds, "answer": said if isinstance(said, int) else None}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
