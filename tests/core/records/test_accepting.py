"""Labels accepted for many records at once, as the limits allow, and taken back as one."""

from __future__ import annotations

import math

import pytest

from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from tests.data.tiny_store import HALLMARK_IDS, fill, prediction_of

A, B, *OTHERS = HALLMARK_IDS
LIMITS = dict.fromkeys(HALLMARK_IDS, (0.2, 0.8))


def predict(store: RecordStore, record: int, **probabilities: float) -> None:
    """All labels at 0.1 but those named."""
    text = dict(store.unpredicted(limit=100))[record]
    prediction = prediction_of(text, probabilities, labels=store.active_labels)
    store.add_predictions([(record, prediction)])


def review_of(store: RecordStore, record: int) -> tuple[ReviewStatus, dict[str, bool]]:
    detail = store.detail(record)
    return detail.review, dict(detail.decisions)


@pytest.fixture
def filled(store: RecordStore) -> RecordStore:
    """1 is sure, 2 is not sure of A, 3 was confirmed, 4 is not classified."""
    fill(store, 4)
    predict(store, 1, **{A: 0.8})
    predict(store, 2, **{A: 0.7, B: 0.9})
    predict(store, 3, **{A: 0.9})
    store.review([ReviewChange(3, ((A, False),))], kind=OperationKind.DECIDE)
    store.confirm([3])
    return store


def test_without_limits_all_labels_are_accepted_as_they_stand(filled: RecordStore) -> None:
    assert filled.accept([1, 2, 3, 4], None) == 2
    expected = {label: label in {A, B} for label in HALLMARK_IDS}
    assert review_of(filled, 2) == (ReviewStatus.ACCEPTED, expected)
    assert review_of(filled, 3)[0] is ReviewStatus.CONFIRMED
    assert review_of(filled, 4) == (ReviewStatus.OPEN, {})


def test_what_a_person_marked_as_unsure_is_left_as_it_is(filled: RecordStore) -> None:
    filled.review([ReviewChange(1, (), ReviewStatus.UNSURE)], kind=OperationKind.DECIDE)
    assert filled.acceptable([1, 2], None) == [2]
    assert filled.accept([1, 2], None) == 1
    assert review_of(filled, 1) == (ReviewStatus.UNSURE, {})


def test_with_limits_a_record_with_an_unsure_label_is_left_as_it_is(filled: RecordStore) -> None:
    assert filled.accept([1, 2, 3, 4], LIMITS) == 1
    assert review_of(filled, 1) == (
        ReviewStatus.ACCEPTED,
        {label: label == A for label in HALLMARK_IDS},
    )
    assert review_of(filled, 2) == (ReviewStatus.OPEN, {})


def test_label_that_a_person_decided_is_sure_and_stays(filled: RecordStore) -> None:
    filled.review([ReviewChange(2, ((A, False),))], kind=OperationKind.DECIDE)
    assert filled.accept([2], LIMITS) == 1
    status, decisions = review_of(filled, 2)
    assert status is ReviewStatus.ACCEPTED
    assert decisions[A] is False
    assert decisions[B] is True


def test_label_without_limits_stays_undecided_and_so_does_the_record(filled: RecordStore) -> None:
    limits = {label: pair for label, pair in LIMITS.items() if label != A}
    assert filled.accept([1, 2], limits) == 2
    status, decisions = review_of(filled, 2)
    assert status is ReviewStatus.OPEN
    assert A not in decisions
    assert decisions[B] is True
    assert filled.accept([1, 2], limits) == 0, "nothing is left to accept"


@pytest.mark.parametrize("bounds", [(0.2, math.inf), (0.0, 0.8), (-math.inf, math.inf)])
def test_limits_may_leave_one_side_open(filled: RecordStore, bounds: tuple[float, float]) -> None:
    accepted = filled.accept([1], {A: bounds})
    assert accepted == (1 if bounds[1] <= 0.8 else 0)


def test_limits_may_be_no_limits(filled: RecordStore) -> None:
    assert filled.accept([1, 2], {}) == 0
    assert filled.accept([1, 2], {"a label of another model": (0.5, 0.5)}) == 0
    assert filled.accept([], None) == 0


def test_all_of_it_is_one_operation(filled: RecordStore) -> None:
    filled.accept([1, 2], None)
    done = filled.undo()
    assert done is not None
    assert (done.kind, done.records, done.first_record) == (OperationKind.ACCEPT_MANY, 2, 1)
    assert review_of(filled, 1) == (ReviewStatus.OPEN, {})
    filled.redo()
    assert review_of(filled, 1)[0] is ReviewStatus.ACCEPTED


def test_confirming_decides_every_label_as_it_stands(filled: RecordStore) -> None:
    filled.review([ReviewChange(2, ((A, False),))], kind=OperationKind.DECIDE)
    filled.confirm([2])
    assert review_of(filled, 2) == (
        ReviewStatus.CONFIRMED,
        {label: label == B for label in HALLMARK_IDS},
    )


def test_confirming_leaves_what_nobody_and_no_model_has_spoken_of(filled: RecordStore) -> None:
    operations = len(filled.operations(99))
    assert filled.confirm([4]) == 0
    assert review_of(filled, 4) == (ReviewStatus.OPEN, {})
    assert len(filled.operations(99)) == operations
    assert filled.confirm([1, 3, 4]) == 2
    assert review_of(filled, 4) == (ReviewStatus.OPEN, {})
    assert review_of(filled, 1)[0] is ReviewStatus.CONFIRMED


def test_record_that_was_labelled_by_hand_is_confirmed_without_a_model(
    filled: RecordStore,
) -> None:
    filled.review([ReviewChange(4, ((A, True),))], kind=OperationKind.DECIDE)
    assert filled.confirm([4]) == 1
    expected = {label: label == A for label in HALLMARK_IDS}
    assert review_of(filled, 4) == (ReviewStatus.CONFIRMED, expected)


def test_several_changes_of_one_record_are_made_one_after_the_other(filled: RecordStore) -> None:
    filled.review(
        [
            ReviewChange(1, ((A, True), (B, True))),
            ReviewChange(1, ((A, None),), note="first"),
            ReviewChange(1, ((B, False),), ReviewStatus.UNSURE, "last"),
        ],
        kind=OperationKind.TAKE_CORRECTIONS,
    )
    assert review_of(filled, 1) == (ReviewStatus.UNSURE, {B: False})
    assert filled.detail(1).note == "last"
    filled.undo()
    assert review_of(filled, 1) == (ReviewStatus.OPEN, {})
    assert filled.detail(1).note == ""


def test_record_that_is_not_there_is_a_bug(filled: RecordStore) -> None:
    with pytest.raises(ValueError, match="not in the store"):
        filled.review([ReviewChange(99, note="x")], kind=OperationKind.WRITE_NOTE)


def test_long_acceptance_and_its_undo_say_how_far_they_are(
    filled: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kdh_desktop.core.records.share_done.CHUNK", 1)
    said: list[float] = []
    filled.accept([1, 2], None, said.append)
    assert len(said) > 4
    assert said == sorted(said)
    assert said[-1] == 1.0
    said.clear()
    filled.undo(said.append)
    assert said == sorted(said)
    assert said[-1] == 1.0
    assert review_of(filled, 1) == (ReviewStatus.OPEN, {})
