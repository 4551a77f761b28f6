"""What lists are filtered and sorted by is always what a rebuild from nothing would give."""

from __future__ import annotations

from typing import Any

import pytest

from kdh_desktop.core.labels import Label, LabelSet
from kdh_desktop.core.records.listing import title_key
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from tests.data.tiny_store import (
    HALLMARK_IDS,
    MANIFEST_SHA256,
    fill,
    predict_all,
    prediction_of,
    tiny_manifest,
)

A, B, C, *_ = HALLMARK_IDS
COLUMNS = (
    "is_hidden, is_predicted, model_mask, present_band, review_band, margin, decided_mask, "
    "decision_mask, label_mask, conflict"
)


def listing_of(store: RecordStore, record: int) -> dict[str, Any]:
    with store._database.reading() as db:
        row = db.execute(f"SELECT {COLUMNS} FROM listing WHERE record_id = ?", (record,)).fetchone()
    return dict(zip(COLUMNS.split(", "), row, strict=True))


def whole_listing(store: RecordStore) -> list[tuple[Any, ...]]:
    with store._database.reading() as db:
        return db.execute("SELECT * FROM listing ORDER BY record_id").fetchall()


def mask(store: RecordStore, *labels: str) -> int:
    return sum(1 << label.bit for label in store.active_labels if label.id in labels)


@pytest.fixture
def one(store: RecordStore) -> RecordStore:
    """One record: A is present, B in review and under its threshold, all others absent."""
    fill(store, 1)
    [(record, text)] = store.unpredicted(limit=1)
    prediction = prediction_of(text, {A: 0.9, B: 0.45}, labels=store.active_labels)
    store.add_predictions([(record, prediction)])
    return store


def test_what_the_model_says_is_listed(one: RecordStore) -> None:
    found = listing_of(one, 1)
    assert found["is_predicted"] == 1
    assert found["model_mask"] == found["label_mask"] == mask(one, A)
    assert found["present_band"] == mask(one, A)
    assert found["review_band"] == mask(one, B)
    assert found["margin"] == pytest.approx(0.05)
    assert found["conflict"] is None


def test_what_a_person_decides_counts_and_is_compared_with_the_model(one: RecordStore) -> None:
    decisions = ((A, False), (B, True), (C, False))
    one.review([ReviewChange(1, decisions)], kind=OperationKind.DECIDE)
    found = listing_of(one, 1)
    assert found["decided_mask"] == mask(one, A, B, C)
    assert found["decision_mask"] == found["label_mask"] == mask(one, B)
    assert found["model_mask"] == mask(one, A), "beside the model's word, never over it"
    assert found["conflict"] == pytest.approx(0.4), "the model was surest of A"
    one.undo()
    assert listing_of(one, 1)["conflict"] is None
    assert listing_of(one, 1)["label_mask"] == mask(one, A)


def test_probability_at_a_limit_belongs_to_the_band_above(store: RecordStore) -> None:
    fill(store, 1)
    text = store.unpredicted(limit=1)[0][1]
    limits = {A: 0.5, B: 0.3, C: 0.8}
    store.add_predictions([(1, prediction_of(text, limits, labels=store.active_labels))])
    found = listing_of(store, 1)
    assert found["model_mask"] == mask(store, A, C)
    assert found["present_band"] == mask(store, C)
    assert found["review_band"] == mask(store, A, B)
    assert found["margin"] == 0


def test_other_limits_of_another_model_give_other_labels(one: RecordStore) -> None:
    one.activate_model(tiny_manifest("tiny-2", threshold=0.4), manifest_sha256="77" * 32)
    assert listing_of(one, 1)["model_mask"] == 0
    predict_all(one, model_id="tiny-2")
    assert listing_of(one, 1)["is_predicted"] == 1
    one.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
    assert listing_of(one, 1)["model_mask"] == mask(one, A)


def test_decision_on_a_label_that_the_model_lacks_counts_without_a_conflict(
    one: RecordStore,
) -> None:
    one.review([ReviewChange(1, ((A, False),))], kind=OperationKind.DECIDE)
    other = LabelSet((Label("x", "X", ""), Label(B, "B", "")))
    one.activate_model(tiny_manifest("small", other), manifest_sha256="78" * 32)
    predict_all(one, model_id="small")
    assert listing_of(one, 1)["conflict"] is None
    one.review([ReviewChange(1, (("x", True), (A, True)))], kind=OperationKind.DECIDE)
    found = listing_of(one, 1)
    assert mask(one, "x") == 1 << len(HALLMARK_IDS), "a new label has a place of its own"
    assert found["label_mask"] & mask(one, "x")
    assert found["label_mask"] & 1, "a person's word on a label that this model does not know"


def test_last_of_62_labels_has_its_place(store: RecordStore) -> None:
    many = LabelSet(tuple(Label(f"l{number}", f"L{number}", "") for number in range(52)))
    store.activate_model(tiny_manifest("many", many), manifest_sha256="79" * 32)
    fill(store, 1)
    text = store.unpredicted(limit=1)[0][1]
    found = prediction_of(text, {"l51": 0.9}, labels=store.active_labels, model_id="many")
    store.add_predictions([(1, found)])
    assert listing_of(store, 1)["model_mask"] == 1 << 61
    store.confirm([1])
    assert dict(store.detail(1).decisions)["l51"] is True
    assert listing_of(store, 1)["label_mask"] == 1 << 61


def test_one_label_more_than_there_are_places_is_refused(store: RecordStore) -> None:
    many = LabelSet(tuple(Label(f"l{number}", f"L{number}", "") for number in range(53)))
    with pytest.raises(Exception, match="more than 62 labels"):
        store.activate_model(tiny_manifest("many", many), manifest_sha256="79" * 32)
    assert [label.id for label in store.active_labels] == list(HALLMARK_IDS)


def test_records_of_a_removed_import_are_hidden_and_come_back(store: RecordStore) -> None:
    fill(store, 3)
    store.remove_records([2])
    store.undo()
    store.undo()
    assert [row[3] for row in whole_listing(store)] == [1, 1, 1]
    store.redo()
    store.redo()
    assert [row[3] for row in whole_listing(store)] == [0, 1, 0]


def test_rebuild_gives_what_upkeep_gave(one: RecordStore) -> None:
    fill(one, 50, first=2)
    predict_all(one)
    one.accept(range(1, 20), None)
    one.review([ReviewChange(3, ((A, False), (B, True)))], kind=OperationKind.DECIDE)
    one.remove_records([5, 6])
    kept = whole_listing(one)
    with one._database.writing() as db:
        db.execute(
            "UPDATE listing SET is_hidden = 1 - is_hidden, is_predicted = 0, model_mask = 9, "
            "present_band = 9, review_band = 9, margin = 9.0, decided_mask = 9, label_mask = 9, "
            "decision_mask = 9, conflict = 9.0, title_key = 'x'"
        )
    one.rebuild_listing()
    assert whole_listing(one) == kept


@pytest.mark.parametrize(
    ("title", "abstract", "key"),
    [
        ("  The\tTitle ", "x", "the title"),
        ("", " Only an\nabstract", "only an abstract"),
        ("Straße " + "x" * 60, "", "strasse " + "x" * 33),
        ("", "", ""),
    ],
)
def test_title_key_is_what_people_would_sort_by(title: str, abstract: str, key: str) -> None:
    assert title_key(title, abstract) == key
