"""Records go in, models and people speak, and all of it is there after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from kdh_desktop.core.errors import StoreError
from kdh_desktop.core.importing.imported import ImportedRecord, RefusedRow
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from tests.data.tiny_store import (
    HALLMARK_IDS,
    MANIFEST_SHA256,
    SOURCE,
    fill,
    invented_records,
    predict_all,
    prediction_of,
    tiny_manifest,
)

FIRST = HALLMARK_IDS[0]


def test_what_was_taken_in_is_there_after_a_restart(tmp_path: Path, key: StoreKey) -> None:
    store = RecordStore.open(tmp_path, key=key)
    store.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
    fill(store, 3)
    store.review([ReviewChange(2, ((FIRST, True),))], kind=OperationKind.DECIDE)
    store.save_draft("half a")
    store.close()
    again = RecordStore.open(tmp_path, key=key)
    [batch] = again.batches()
    assert (batch.records, batch.refused, batch.is_finished, batch.last_row) == (3, 0, True, 3)
    assert batch.source == SOURCE
    assert [text for _, text in again.unpredicted(limit=9)] == [
        record.text for record in invented_records(3)
    ]
    assert [label.id for label in again.active_labels] == list(HALLMARK_IDS)
    assert again.draft() == "half a"
    undone = again.undo()
    assert undone is not None
    assert undone.kind is OperationKind.DECIDE
    again.close()


def test_refused_rows_are_listed_beside_the_records(store: RecordStore) -> None:
    batch = store.begin_import(SOURCE)
    refused = [RefusedRow(2, "It has no text.", "Fill it in."), RefusedRow(5, "So too.", "So too.")]
    ids = store.add_records(batch, invented_records(1), refused)
    store.finish_import(batch, ["One sheet is hidden."])
    assert len(ids) == 1
    assert store.refused_rows(batch) == refused
    [found] = store.batches()
    assert (found.records, found.refused, found.last_row) == (1, 2, 5)
    assert found.notices == ("One sheet is hidden.",)


def test_batch_that_was_cut_goes_on(store: RecordStore) -> None:
    cut = store.begin_import(SOURCE)
    store.add_records(cut, invented_records(2))
    assert store.begin_import(SOURCE) == cut
    assert store.batch(cut).last_row == 2
    store.finish_import(cut)
    assert store.begin_import(SOURCE) != cut


def test_predictions_are_not_asked_for_again(store: RecordStore) -> None:
    fill(store, 5)
    [(record, text), *rest] = store.unpredicted(limit=5)
    store.add_predictions([(record, prediction_of(text, labels=store.active_labels))])
    assert store.unpredicted(limit=5) == rest
    assert store.unpredicted(limit=5, after=rest[0][0]) == rest[1:]
    assert store.count_unpredicted() == 4


def test_prediction_of_a_model_that_is_not_active_is_refused(store: RecordStore) -> None:
    fill(store, 1)
    [(record, text)] = store.unpredicted(limit=1)
    stranger = prediction_of(text, labels=store.active_labels, model_id="other")
    with pytest.raises(StoreError, match="Another model"):
        store.add_predictions([(record, stranger)])


def test_prediction_of_a_text_that_changed_does_not_count(store: RecordStore) -> None:
    fill(store, 1)
    store.add_predictions([(1, prediction_of("another text", labels=store.active_labels))])
    assert store.count_unpredicted() == 1


def test_going_back_to_a_model_finds_its_predictions_again(store: RecordStore) -> None:
    fill(store, 4)
    predict_all(store)
    store.activate_model(tiny_manifest("tiny-2"), manifest_sha256="6b" * 32)
    assert store.count_unpredicted() == 4
    store.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
    assert store.count_unpredicted() == 0


def test_undo_and_redo_go_all_the_way_and_back(store: RecordStore) -> None:
    fill(store, 2)
    predict_all(store)
    store.review([ReviewChange(1, ((FIRST, True),))], kind=OperationKind.DECIDE)
    store.review([ReviewChange(1, note="Look again.")], kind=OperationKind.WRITE_NOTE)
    store.confirm([1])
    done = [operation.kind for operation in store.operations(9)]
    undone = []
    while operation := store.undo():
        undone.append(operation.kind)
    assert undone == done
    assert store.count_unpredicted() == 0
    assert store.batches()[0].is_removed
    redone = []
    while operation := store.redo():
        redone.append(operation.kind)
    assert redone == done[::-1]
    assert not any(operation.is_undone for operation in store.operations(9))


def test_something_new_cuts_what_could_be_done_again(store: RecordStore) -> None:
    fill(store, 2)
    predict_all(store)
    store.confirm([1])
    store.undo()
    assert store.can_redo() is not None
    store.review([ReviewChange(2, review=ReviewStatus.UNSURE)], kind=OperationKind.SET_REVIEW)
    assert store.can_redo() is None
    undoable = store.can_undo()
    assert undoable is not None
    assert undoable.kind is OperationKind.SET_REVIEW


def test_change_that_changes_nothing_is_not_logged(store: RecordStore) -> None:
    fill(store, 1)
    store.review([ReviewChange(1, review=ReviewStatus.OPEN)], kind=OperationKind.SET_REVIEW)
    assert [operation.kind for operation in store.operations(9)] == [OperationKind.IMPORT]


def test_counter_rises_with_what_lists_show_and_not_with_drafts(store: RecordStore) -> None:
    before = store.change_counter
    fill(store, 1)
    after = store.change_counter
    assert after > before
    store.save_draft("words")
    assert store.change_counter == after


def test_private_session_does_all_of_it(tmp_path: Path) -> None:
    store = RecordStore.in_memory()
    store.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
    fill(store, 3)
    predict_all(store)
    assert store.accept([1, 2, 3], None) == 3
    store.undo()
    assert store.count_unpredicted() == 0
    store.close()


def test_pasted_texts_begin_a_new_batch_where_theirs_was_removed(store: RecordStore) -> None:
    [first] = store.keep_pasted("Pasted on a day", [ImportedRecord(row=0, abstract="One.")])
    [batch] = store.batches()
    store.remove_batch(batch.id)
    [second] = store.keep_pasted("Pasted on a day", [ImportedRecord(row=0, abstract="Two.")])
    assert list(store.ids()) == [second]
    assert [one.is_removed for one in store.batches()] == [True, False]
    store.undo()
    store.undo()
    assert list(store.ids()) == [first]
