"""A large record store: how fast it takes records and predictions in, and answers questions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.record import Evidence, LabelScore, Prediction, Record
from kdh_desktop.core.records.import_batch import BatchKind, BatchSource
from kdh_desktop.core.records.models import ActiveLabel
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from trainer.bench.child import Child
from trainer.bench.record_questions import DUPLICATES, KEY, OPEN, filters, orders
from trainer.bench.references import References
from trainer.bench.table import Row, Spread

_QUESTIONS = "trainer.bench.record_questions"
_FILES = 5
_AT_ONCE = 500
_COPIES_EVERY = 50


@dataclass(frozen=True, slots=True)
class RecordsPlan:
    """What to measure, and how thoroughly.

    Attributes:
        manifest: Of the model whose labels the records get.
        records: Records in the store.
        repeats: Times that each question is asked.
    """

    manifest: Manifest
    records: int = 100_000
    repeats: int = 5


def run_records_bench(plan: RecordsPlan, *, say: Callable[[str], None]) -> list[Row]:
    """Fill a store with invented records, predictions and decisions, and ask it; takes minutes."""
    with TemporaryDirectory(prefix="kdh-bench-") as scratch:
        folder = Path(scratch) / "records"
        rows = _fill(plan, folder, say)
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
        rows.append(Row("store on disk", "MB", Spread.of([size])))
        return rows + _ask(plan, folder, say)


def _fill(plan: RecordsPlan, folder: Path, say: Callable[[str], None]) -> list[Row]:
    store = RecordStore.open(folder, key=KEY)
    try:
        store.activate_model(plan.manifest, manifest_sha256="00" * 32)
        say(f"{plan.records} records")
        taken_in = _take_in(store, plan.records)
        say("predictions")
        predicted = _predict(store, plan)
        say("decisions")
        _decide(store, plan)
    finally:
        store.close()
    return [
        Row("records taken in", "records/s", Spread.of([plan.records / taken_in])),
        Row("predictions kept", "records/s", Spread.of([plan.records / predicted])),
    ]


def _take_in(store: RecordStore, records: int) -> float:
    """Seconds in the store, without those that it takes to invent the records."""
    references = References()
    seconds = 0.0
    for file in range(_FILES):
        batch = store.begin_import(
            BatchSource(BatchKind.FILE, f"file-{file}.ris", sha256=f"{file}")
        )
        first, last = 1 + records * file // _FILES, records * (file + 1) // _FILES
        for start in range(first, last + 1, _AT_ONCE):
            some = _with_copies(references.take(min(_AT_ONCE, last + 1 - start), first=start))
            seconds += _seconds_of(lambda some=some, batch=batch: store.add_records(batch, some))  # type: ignore[misc]
        store.finish_import(batch)
    return seconds


def _with_copies(references: Iterable[ImportedRecord]) -> list[ImportedRecord]:
    """Every fiftieth reference made a near copy of the one before it, as from another source."""
    found: list[ImportedRecord] = []
    for reference in references:
        if found and reference.row % _COPIES_EVERY == 0:
            last = found[-1]
            title, abstract = last.title.upper(), f"Background: {last.abstract}"
            reference = ImportedRecord(reference.row, title, abstract)  # noqa: PLW2901 - a copy
        found.append(reference)
    return found


def _predict(store: RecordStore, plan: RecordsPlan) -> float:
    rng = np.random.default_rng(0)
    labels = store.active_labels
    seconds, after = 0.0, 0
    while some := store.unpredicted(limit=_AT_ONCE, after=after):
        after = some[-1][0]
        chances = rng.beta(0.3, 1.5, size=(len(some), len(labels))).tolist()
        said = [
            (record, _prediction(text, plan.manifest, zip(labels, values, strict=True)))
            for (record, text), values in zip(some, chances, strict=True)
        ]
        seconds += _seconds_of(lambda said=said: store.add_predictions(said))  # type: ignore[misc]
    return seconds


def _prediction(
    text: str, manifest: Manifest, chances: Iterable[tuple[ActiveLabel, float]]
) -> Prediction:
    sentence = Evidence(0, 60, text[:60], 0.9)
    scores = tuple(
        LabelScore(
            manifest.labels[place],
            chance,
            label.threshold,
            label.band(chance),
            (sentence,) if chance >= label.threshold else (),
        )
        for place, (label, chance) in enumerate(chances)
    )
    return Prediction(Record("", text), manifest.bundle_id, scores, 300, 1, ())


def _decide(store: RecordStore, plan: RecordsPlan) -> None:
    """One record in ten confirmed, one in twenty with a label turned round."""
    store.confirm(range(1, plan.records, 10))
    label = plan.manifest.labels.ids[0]
    changes = [
        ReviewChange(row.id, ((label, label not in row.labels),), ReviewStatus.UNSURE)
        for row in store.rows(range(5, plan.records, 20))
    ]
    store.review(changes, kind=OperationKind.DECIDE)


def _ask(plan: RecordsPlan, folder: Path, say: Callable[[str], None]) -> list[Row]:
    names = [
        *(f"{kind}: {name}" for name in filters() for kind in ("list", "facets")),
        *(f"order: {name}" for name in orders()),
    ]
    with Child(_QUESTIONS, str(folder)) as child:
        opened = [child.ask(OPEN)["seconds"] for _ in range(plan.repeats)]
        rows = [_row(OPEN, opened)]
        for name in names:
            say(name)
            rows.append(_row(name, [child.ask(name)["seconds"] for _ in range(plan.repeats)]))
        say(DUPLICATES)
        found = child.ask(DUPLICATES)
        note = f"{found['answer']} groups of {plan.records // _COPIES_EVERY} near copies"
        rows.append(Row(DUPLICATES, "s", Spread.of([found["seconds"]]), note=note))
        memory = child.ask("memory")
    return [*rows[:-1], replace(rows[-1], steady_mb=memory["steady"], peak_mb=memory["peak"])]


def _row(name: str, seconds: Iterable[float]) -> Row:
    return Row(name, "ms", Spread.of([1000 * one for one in seconds]))


def _seconds_of(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
