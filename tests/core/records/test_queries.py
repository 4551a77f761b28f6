"""Lists of records: filters, orders, rows and details."""

from __future__ import annotations

from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.records.record_filter import (
    Field,
    Queue,
    RecordFilter,
    RecordOrder,
    ReviewStatus,
)
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from tests.data.tiny_store import HALLMARK_IDS, SOURCE, fill, predict_all, prediction_of

FIRST, SECOND = HALLMARK_IDS[:2]


def take_in(store: RecordStore, *records: ImportedRecord) -> list[int]:
    batch = store.begin_import(SOURCE)
    ids = store.add_records(batch, records)
    store.finish_import(batch)
    return ids


def predict(store: RecordStore, record: int, **probabilities: float) -> None:
    text = store.detail(record).text
    said = prediction_of(text, probabilities, labels=store.active_labels)
    store.add_predictions([(record, said)])


def test_rows_come_in_the_order_of_their_ids_and_unknown_ids_are_left_out(
    store: RecordStore,
) -> None:
    fill(store, 3)
    assert [row.id for row in store.rows([3, 99, 1, 3])] == [3, 1, 3]


def test_row_without_title_shows_the_beginning_of_its_text(store: RecordStore) -> None:
    [record] = take_in(store, ImportedRecord(1, abstract="\n  Tumour cells\ngrow. " + "x" * 900))
    [row] = store.rows([record])
    assert row.title.startswith("Tumour cells grow. xxx")
    assert len(row.title) < 310


def test_detail_gives_back_what_was_taken_in_and_what_was_said_of_it(store: RecordStore) -> None:
    given = ImportedRecord(
        row=7,
        title="Title",
        abstract="Abstract of it.",
        source_id="a",
        pmid="1",
        doi="10.1/x",
        year=2020,
        journal="J",
        authors="Doe J",
        keywords="k",
        extra=(("Column", "value"), ("Column", "")),
    )
    [record] = take_in(store, given)
    predict(store, record, **{FIRST: 0.9})
    store.review(
        [ReviewChange(record, ((FIRST, False),), ReviewStatus.UNSURE, "Look again")],
        kind=OperationKind.DECIDE,
    )
    detail = store.detail(record)
    assert detail.imported == given
    assert (detail.review, detail.note) == (ReviewStatus.UNSURE, "Look again")
    assert detail.prediction is not None
    [first, *_] = detail.prediction.scores
    assert (first.probability, first.is_predicted, first.is_present) == (0.9, True, False)
    [(label, [sentence])] = detail.prediction.evidence
    assert (label, sentence.text) == (FIRST, "Titl")
    assert detail.decisions == ((FIRST, False),)
    assert [(entry.label_id, entry.before, entry.after) for entry in detail.history] == [
        (FIRST, "undecided", "absent"),
        ("", "open", "unsure"),
        ("", "", "Look again"),
    ]


def test_history_says_what_was_taken_back(store: RecordStore) -> None:
    fill(store, 1)
    predict(store, 1)
    store.confirm([1])
    store.undo()
    assert {entry.is_undone for entry in store.detail(1).history} == {True}
    store.redo()
    assert {entry.is_undone for entry in store.detail(1).history} == {False}


def test_details_come_in_chunks_and_in_order(store: RecordStore) -> None:
    fill(store, 450)
    wanted = list(range(450, 0, -1))
    assert [detail.id for detail in store.details(wanted)] == wanted


def test_unpredicted_records_of_a_filter_only(store: RecordStore) -> None:
    fill(store, 6)
    predict(store, 1)
    where = RecordFilter(ids=(1, 2, 5))
    assert [record for record, _ in store.unpredicted(limit=9, where=where)] == [2, 5]
    assert store.count_unpredicted(where) == 2
    assert store.count_unpredicted() == 5


def test_queue_gives_the_order_where_no_other_is_asked_for(store: RecordStore) -> None:
    fill(store, 3)
    predict(store, 1, **{FIRST: 0.7})
    predict(store, 2, **{FIRST: 0.52})
    predict(store, 3, **{FIRST: 0.35})
    where = RecordFilter(queue=Queue.NEEDS_REVIEW)
    assert list(store.ids(where)) == [2, 3, 1]
    assert list(store.ids(where, RecordOrder(FIRST, is_descending=True))) == [1, 2, 3]


def test_confirmed_and_accepted_records_leave_the_queue_for_review(store: RecordStore) -> None:
    fill(store, 3)
    for record in (1, 2, 3):
        predict(store, record, **{FIRST: 0.6})
    store.confirm([1])
    store.accept([2], None)
    assert list(store.ids(RecordFilter(queue=Queue.NEEDS_REVIEW))) == [3]


def test_surest_model_comes_first_where_person_and_model_disagree(store: RecordStore) -> None:
    fill(store, 3)
    predict(store, 1, **{FIRST: 0.6})
    predict(store, 2, **{FIRST: 0.95})
    predict(store, 3, **{FIRST: 0.95})
    store.review(
        [ReviewChange(1, ((FIRST, False),)), ReviewChange(2, ((FIRST, False),))],
        kind=OperationKind.DECIDE,
    )
    assert list(store.ids(RecordFilter(queue=Queue.DISAGREEMENT))) == [2, 1]


def test_numbers_sort_as_numbers_and_what_is_empty_comes_last(store: RecordStore) -> None:
    given = ("10", "9", "", "S2", "00123", "99999999999999999999", "s1")
    ids = take_in(store, *(ImportedRecord(1, "T", source_id=one) for one in given))
    rising = store.ids(order=RecordOrder(Field.SOURCE_ID))
    assert [given[ids.index(one)] for one in rising] == [
        *("9", "10", "00123", "99999999999999999999", "s1", "S2", "")
    ]
    falling = store.ids(order=RecordOrder(Field.SOURCE_ID, is_descending=True))
    assert [given[ids.index(one)] for one in falling][-2:] == ["9", ""]


def test_label_sets_sort_as_words_in_a_dictionary(store: RecordStore) -> None:
    sets = ((0, 1), (), (0,), (0, 2), (1,), (0, 1, 2), (2,))
    ids = take_in(store, *(ImportedRecord(1, "T") for _ in sets))
    predict_all(store)
    store.review(
        [
            ReviewChange(one, tuple((x, i in labels) for i, x in enumerate(HALLMARK_IDS)))
            for one, labels in zip(ids, sets, strict=True)
        ],
        kind=OperationKind.DECIDE,
    )
    found = store.ids(order=RecordOrder(Field.LABELS))
    assert [sets[ids.index(one)] for one in found] == [
        *((0,), (0, 1), (0, 1, 2), (0, 2), (1,), (2,), ())
    ]
