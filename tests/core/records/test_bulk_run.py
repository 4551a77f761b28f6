"""Bulk work does what is left, keeps what is done, and gives the same in one go or in many."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.errors import Cancelled, ModelError, StoreError
from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.record import Record
from kdh_desktop.core.records.bulk_run import BATCH_RECORDS, BulkProgress, BulkRun
from kdh_desktop.core.records.record_filter import RecordFilter
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from tests.data.tiny_store import SOURCE, fill, invented_records

SHA256 = "5a" * 32


@pytest.fixture(scope="module")
def classifier(tiny_bundle: ModelBundle) -> OnnxClassifier:
    return OnnxClassifier(tiny_bundle, threads=2)


def activate(store: RecordStore, bundle: ModelBundle) -> RecordStore:
    store.activate_model(bundle.manifest, manifest_sha256=SHA256)
    return store


@pytest.fixture
def store(tiny_bundle: ModelBundle) -> Iterator[RecordStore]:
    made = activate(RecordStore.in_memory(), tiny_bundle)
    yield made
    made.close()


class Told:
    """Hears of progress, and can want something at a certain count."""

    def __init__(self) -> None:
        self.all: list[BulkProgress] = []

    def __call__(self, progress: BulkProgress) -> None:
        self.all.append(progress)

    @property
    def done(self) -> int:
        return self.all[-1].done if self.all else 0


def never() -> bool:
    return False


def scores_of(store: RecordStore) -> list[tuple[object, ...]]:
    with store._database.reading() as db:
        scores = db.execute("SELECT bit, record_id, probability FROM score ORDER BY 1, 2")
        found = [tuple(row) for row in scores]
        rest = db.execute("SELECT record_id, tokens, windows, warnings, evidence FROM prediction")
        return found + sorted(tuple(row) for row in rest)


def test_everything_without_a_prediction_is_classified(
    store: RecordStore, classifier: OnnxClassifier
) -> None:
    fill(store, 300)
    told = Told()
    final = BulkRun(store, classifier).run(told, never)
    assert (final.done, final.total, store.count_unpredicted()) == (300, 300, 0)
    assert told.all[0] == BulkProgress(0, 300)
    assert [one.done for one in told.all] == sorted(one.done for one in told.all)
    assert told.all[-1].records_per_s > 0
    assert told.all[-1].seconds_left == 0


def test_predictions_are_those_of_the_classifier(
    store: RecordStore, classifier: OnnxClassifier
) -> None:
    fill(store, 100)
    expected = classifier.predict(
        [Record(str(n), text) for n, text in store.unpredicted(limit=500)]
    )
    BulkRun(store, classifier).run(Told(), never)
    found = {row[:2]: row[2] for row in scores_of(store) if isinstance(row[2], float)}
    bits = {score.label.id: bit for bit, score in enumerate(expected[0].scores)}
    assert found == {
        (bits[score.label.id], int(one.record.id)): score.probability
        for one in expected
        for score in one.scores
    }


def test_nothing_to_do_is_done_at_once(store: RecordStore, classifier: OnnxClassifier) -> None:
    told = Told()
    assert BulkRun(store, classifier).run(told, never) == BulkProgress(0, 0)
    assert told.all == [BulkProgress(0, 0)]


def test_records_without_a_text_are_done_once(
    store: RecordStore, classifier: OnnxClassifier
) -> None:
    batch = store.begin_import(SOURCE)
    store.add_records(batch, [ImportedRecord(row=1), *invented_records(3, first=2)])
    store.finish_import(batch)
    assert BulkRun(store, classifier).run(Told(), never).done == 4
    assert store.count_unpredicted() == 0


@pytest.mark.parametrize("stop_at", [0, 1, 100, 300])
def test_cancel_keeps_rows_already_classified(
    store: RecordStore, classifier: OnnxClassifier, stop_at: int
) -> None:
    fill(store, 600)
    told = Told()
    with pytest.raises(Cancelled):
        BulkRun(store, classifier).run(told, lambda: told.done >= stop_at)
    assert store.count_unpredicted() == 600 - told.done
    assert stop_at <= told.done < 600
    assert not [x for x in threading.enumerate() if x.name.startswith(("classify", "bulk"))]


def test_cut_run_goes_on_to_the_same_result_as_an_unbroken_one(
    store: RecordStore, classifier: OnnxClassifier, tiny_bundle: ModelBundle
) -> None:
    unbroken = activate(RecordStore.in_memory(), tiny_bundle)
    fill(unbroken, 400)
    BulkRun(unbroken, classifier).run(Told(), never)
    fill(store, 400)
    cuts = 0
    while store.count_unpredicted():
        told = Told()
        try:
            BulkRun(store, classifier).run(told, lambda told=told: told.done >= 100)  # type: ignore[misc]
        except Cancelled:
            cuts += 1
    assert cuts >= 2
    assert scores_of(store) == scores_of(unbroken)
    unbroken.close()


def test_pause_computes_nothing_until_it_ends(
    store: RecordStore, classifier: OnnxClassifier
) -> None:
    fill(store, 300)
    told = Told()
    looks = 0

    def should_pause() -> bool:
        """From 64 on, for three looks."""
        nonlocal looks
        if told.done < 64 or looks > 3:
            return False
        is_waiting = told.all[-1].is_paused
        looks += is_waiting
        return True

    assert BulkRun(store, classifier).run(told, never, should_pause).done == 300
    paused = [one for one in told.all if one.is_paused]
    assert len(paused) == 1
    at = told.all.index(paused[0])
    assert told.all[at + 1].done == paused[0].done, "nothing was done in between"
    assert told.all[at + 1].records_per_s == 0.0, "the pause does not count"


def test_pause_can_be_cancelled(store: RecordStore, classifier: OnnxClassifier) -> None:
    fill(store, 300)
    told = Told()
    with pytest.raises(Cancelled):
        BulkRun(store, classifier).run(
            told, lambda: bool(told.all) and told.all[-1].is_paused, lambda: told.done >= 64
        )
    assert store.count_unpredicted() == 300 - told.done


def test_records_that_come_in_meanwhile_are_done_too(
    store: RecordStore, classifier: OnnxClassifier
) -> None:
    fill(store, 300)
    told = Told()

    def take_in_more(progress: BulkProgress) -> None:
        if progress.done and not told.done:
            fill(store, 50, first=1000)
        told(progress)

    final = BulkRun(store, classifier).run(take_in_more, never)
    assert (final.done, final.total) == (350, 350)
    assert store.count_unpredicted() == 0


def test_only_the_records_that_are_asked_for_are_done(
    store: RecordStore, classifier: OnnxClassifier
) -> None:
    fill(store, 20)
    where = RecordFilter(ids=(3, 5, 7))
    assert BulkRun(store, classifier, where=where).run(Told(), never).done == 3
    assert store.count_unpredicted() == 17
    assert store.count_unpredicted(where) == 0


def test_fault_of_the_model_keeps_what_came_before(
    store: RecordStore, classifier: OnnxClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 300)
    run, windows = OnnxClassifier.score_window, iter(range(10_000))

    def fail(self: OnnxClassifier, pieces: object) -> object:
        if next(windows) > 200:
            raise ModelError("The model could not be computed.")
        return run(self, pieces)  # type: ignore[arg-type]

    monkeypatch.setattr(OnnxClassifier, "score_window", fail)
    told = Told()
    with pytest.raises(ModelError):
        BulkRun(store, classifier).run(told, never)
    assert 300 > store.count_unpredicted() == 300 - told.done


def test_another_model_in_the_middle_ends_the_run(
    store: RecordStore, classifier: OnnxClassifier, tiny_bundle: ModelBundle
) -> None:
    fill(store, 300)
    other = dataclasses.replace(tiny_bundle.manifest, bundle_id="another")

    def activate_another(progress: BulkProgress) -> None:
        if progress.done:
            store.activate_model(other, manifest_sha256="0b" * 32)

    with pytest.raises(StoreError):
        BulkRun(store, classifier).run(activate_another, never)
    assert store.count_unpredicted() == 300, "the other model has said nothing"
    assert not [x for x in threading.enumerate() if x.name.startswith(("classify", "bulk"))]


def test_what_is_told_as_done_is_on_the_disk(
    tmp_path: Path, classifier: OnnxClassifier, tiny_bundle: ModelBundle
) -> None:
    key = StoreKey.new()
    store = activate(RecordStore.open(tmp_path / "store", key=key), tiny_bundle)
    fill(store, 200)

    def check(progress: BulkProgress) -> None:
        assert store.count_unpredicted() <= 200 - progress.done

    BulkRun(store, classifier).run(check, never)
    store.close()


def test_rate_and_time_left_are_those_of_the_last_half_minute(
    store: RecordStore, classifier: OnnxClassifier
) -> None:
    fill(store, 10 * 64)
    seconds = iter(range(0, 100_000, 10))
    told = Told()
    BulkRun(store, classifier, clock=lambda: float(next(seconds))).run(told, never)
    assert [one.records_per_s for one in told.all[:3]] == [0.0, 6.4, 6.4]
    assert told.all[0].seconds_left is None
    assert told.all[1].seconds_left == 90


def test_batches_are_as_the_contract_says() -> None:
    assert BATCH_RECORDS == 256
