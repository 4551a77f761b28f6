"""Takes files into new stores: `python -m trainer.bench.taking_in`.

It is a process of its own, so that its memory is. A line on stdin names a file and a folder as
JSON; a line on stdout says how many seconds it took, how many records came in, and what the
process held before and afterwards.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from kdh_desktop.core.importing.reading import inspect_file
from kdh_desktop.core.records.intake import take_in
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from trainer.bench.memory import resident_megabytes


def main() -> int:
    """Answer one question after the other."""
    for line in sys.stdin:
        question = json.loads(line)
        answer = _take_in(Path(question["file"]), Path(question["folder"]))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


def _take_in(file: Path, folder: Path) -> dict[str, Any]:
    store = RecordStore.open(folder, key=StoreKey.new())
    try:
        before = resident_megabytes()["steady"]
        begin = time.perf_counter()
        batch = take_in(store, file, inspect_file(file).plan)
        seconds = time.perf_counter() - begin
    finally:
        store.close()
    return {
        "seconds": seconds,
        "records": batch.records,
        "refused": batch.refused,
        "before": before,
        **resident_megabytes(),
    }


if __name__ == "__main__":
    sys.exit(main())
