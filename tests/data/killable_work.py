"""The trip of a file from import to export in a process that can be killed at any moment.

`python -m tests.data.killable_work BUNDLE STORE SOURCE OUTPUT COUNTER` goes on where the last one
was killed. Each line on stdout acknowledges something: ``in`` rows taken in, ``done`` predictions
saved, ``out`` rows on their way out, ``end`` when the output is whole. COUNTER grows by a byte for
each window that is computed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import open_bundle
from kdh_desktop.core.exporting.columns import label_columns, original_columns
from kdh_desktop.core.exporting.outcome import ExportFormat
from kdh_desktop.core.exporting.records_file import export_records
from kdh_desktop.core.importing.reading import inspect_file
from kdh_desktop.core.records.bulk_run import BulkRun
from kdh_desktop.core.records.intake import take_in
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from tests.data.tiny_bundle import tiny_key

KEY = StoreKey(bytes(range(32)))


def main(bundle_folder: Path, folder: Path, source: Path, output: Path, counter: Path) -> None:
    """Do all that is left to do."""
    bundle = open_bundle(bundle_folder, trusted_keys=[tiny_key().public_key()])
    store = RecordStore.open(folder, key=KEY)
    batches = store.batches()
    if not (batches and batches[0].is_finished):
        plan = inspect_file(source).plan
        take_in(store, source, plan, on_progress=lambda now: say("in", now.records + now.refused))
    store.activate_model(bundle.manifest, manifest_sha256=bundle.manifest_sha256)
    classifier = OnnxClassifier(bundle, threads=2)
    count_windows(counter)
    BulkRun(store, classifier).run(lambda now: say("done", now.done), lambda: False)
    (batch,) = store.batches()
    export_records(
        store,
        store.ids(),
        output,
        file_format=ExportFormat(output.suffix.removeprefix(".")),
        columns=(*original_columns(batch.source), *label_columns(store.active_labels)),
        on_progress=lambda done, _: say("out", done),
    )
    store.close()
    say("end", 0)


def say(what: str, number: int) -> None:
    """Acknowledge something."""
    os.write(1, f"{what} {number}\n".encode())


def count_windows(counter: Path) -> None:
    """Write a byte for each window, as soon as it is computed."""
    descriptor = os.open(counter, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    run = OnnxClassifier.score_window

    def run_and_count(self: OnnxClassifier, pieces: Any) -> Any:
        found = run(self, pieces)
        os.write(descriptor, b"x")
        return found

    OnnxClassifier.score_window = run_and_count  # type: ignore[method-assign]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:6]))
