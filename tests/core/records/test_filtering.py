"""Filters, orders and facets give what plain Python works out over all records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.record import Band
from kdh_desktop.core.records.record_filter import (
    Field,
    Queue,
    RecordFilter,
    RecordOrder,
    ReviewStatus,
)
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import Facets
from tests.data.known_store import ALL_LABELS, JOURNALS, LABELS, WORDS, KnownStore, known_store
from tests.data.tiny_store import SOURCE, fill, predict_all


def some_of(values: Iterable[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Usually none, so that conditions do not all exclude each other."""
    few = st.lists(st.sampled_from(list(values)), max_size=3, unique=True).map(tuple)
    return st.one_of(st.just(()), few)


searches = st.one_of(
    st.just(""),
    st.lists(
        st.one_of(
            st.sampled_from(WORDS),
            st.sampled_from(WORDS).map(lambda word: word[: max(1, len(word) // 2)]),
            st.sampled_from(["AND", '"', "(", "p53-med", "瘤", "*", "title:", "doe", "near("]),
        ),
        max_size=2,
    ).map(" ".join),
)
filters = st.builds(
    RecordFilter,
    search=searches,
    labels=some_of((*ALL_LABELS, "unheard-of")),
    has_all_labels=st.booleans(),
    without_labels=st.sampled_from([False, False, False, True]),
    bands=some_of(Band),
    reviews=some_of(ReviewStatus),
    batches=some_of([1, 2, 3, 4, 99]),
    years=some_of([None, 1999, 2000, 2020, 3000]),
    journals=some_of((*JOURNALS, "NATURE", "unheard of")),
    queue=st.sampled_from([None, None, None, *Queue]),
    is_predicted=st.sampled_from([None, None, True, False]),
    ids=st.one_of(st.none(), st.none(), st.sets(st.integers(1, 70)).map(tuple)),
)
orders = st.builds(
    RecordOrder,
    by=st.sampled_from([*Field, *ALL_LABELS, "unheard-of"]),
    is_descending=st.booleans(),
)
seeds = st.integers(0, 3)


@given(seed=seeds, where=filters, order=orders)
@settings(deadline=None, max_examples=300)
def test_list_is_what_python_works_out(seed: int, where: RecordFilter, order: RecordOrder) -> None:
    known = known_store(seed)
    expected = known.in_order(where, order)
    assert list(known.store.ids(where, order)) == expected
    assert known.store.count(where) == len(expected)
    unpredicted = [one.id for one in known.matching(where) if one.probabilities is None]
    assert known.store.count_unpredicted(where) == len(unpredicted)
    assert [record for record, _ in known.store.unpredicted(limit=99, where=where)] == unpredicted


@given(seed=seeds, where=filters)
@settings(deadline=None, max_examples=150)
def test_facets_are_what_filters_count(seed: int, where: RecordFilter) -> None:
    known = known_store(seed)
    store = known.store
    found = store.facets(where)
    assert found.total == store.count(where)
    for label, number in found.labels:
        beside = where.labels if where.has_all_labels else ()
        chosen = replace(where, labels=(*beside, label), without_labels=False)
        assert number == store.count(chosen), label
    bare = replace(where, labels=(), without_labels=True)
    assert found.without_labels == store.count(bare)
    for band, number in found.bands:
        assert number == store.count(replace(where, bands=(band,))), band
    for review, number in found.reviews:
        assert number == store.count(replace(where, reviews=(review,))), review
    for batch, number in found.batches:
        assert number == store.count(replace(where, batches=(batch,))), batch
    for year, number in found.years:
        assert number == store.count(replace(where, years=(year,))), year
    for journal, number in found.journals:
        assert number == store.count(replace(where, journals=(journal,))), journal
    for queue, number in found.queues:
        assert number == store.count(replace(where, queue=queue)), queue
    assert found.unpredicted == store.count(replace(where, is_predicted=False))
    assert_nothing_is_left_out(known, where, found)


def assert_nothing_is_left_out(known: KnownStore, where: RecordFilter, found: Facets) -> None:
    without = known.matching(replace(where, batches=()))
    assert {batch for batch, number in found.batches if number} == {one.batch for one in without}
    without = known.matching(replace(where, years=()))
    assert {year for year, number in found.years if number} == {one.given.year for one in without}
    without = known.matching(replace(where, journals=()))
    assert {name.lower() for name, number in found.journals if number} == {
        one.given.journal.lower() for one in without
    }
    assert [label for label, _ in found.labels][: len(LABELS)] == list(LABELS)
    assert [status for status, _ in found.reviews] == list(ReviewStatus)
    assert [band for band, _ in found.bands] == list(Band)
    assert [queue for queue, _ in found.queues] == list(Queue)


@given(search=st.text(max_size=60))
@settings(deadline=None)
def test_no_text_is_taken_for_syntax(search: str) -> None:
    store = known_store(0).store
    assert store.count(RecordFilter(search=search)) <= store.count()


@pytest.fixture(scope="module")
def texts() -> RecordStore:
    store = RecordStore.in_memory()
    batch = store.begin_import(SOURCE)
    store.add_records(
        batch,
        [
            ImportedRecord(1, "Role of p53-mediated arrest", "T cells, IL-2 and NF-κB."),
            ImportedRecord(2, "抗肿瘤药物的研究", "アポトーシスを誘導する"),
            ImportedRecord(3, "Can\u200bcer with a zero\u00adwidth and a ﬁbroblast", "naïve CO₂"),
            ImportedRecord(4, "Say \u201cquoted\u201d AND not", "a" + "\u0301" * 10_000 + " end"),
            ImportedRecord(
                5, "Out of a PDF", "Breast carci-\nnoma with metasta\u00ad\nsis, after IFN-\nα"
            ),
        ],
    )
    store.finish_import(batch)
    return store


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("p53-mediated", [1]),
        ("p53-med", [1]),
        ("mediated-p53", []),
        ("arrest p53", [1]),
        ("IL-2", [1]),
        ("nf-κb", [1]),
        ("肿瘤", [2]),
        ("瘤药", [2]),
        ("药瘤", []),
        ("トーシス", [2]),
        ("cancer", [3]),
        ("carcinoma", [5]),
        ("metastasis", [5]),
        ("IFN-α", [5]),
        ("zerowidth", [3]),
        ("fibro", [3]),
        ("naive", [3]),
        ("nai\u0308ve", [3]),
        ("co2", [3]),
        ("c\u200bancer", [3]),
        ("AND", [1, 3, 4]),
        ('"quoted"', [4]),
        ("\ud800quoted", [4]),
        ("quo\x00 ", [4]),
        ("end", [4]),
        ("  ", [1, 2, 3, 4, 5]),
        ("(", []),
        ("p53 (", [1]),
        ("*", []),
        ("t", [1]),
        ("title:role", []),
        ("role NOT p53", []),
        ("NEAR(p53 arrest)", []),
    ],
)
def test_search_is_literal(texts: RecordStore, search: str, expected: list[int]) -> None:
    assert list(texts.ids(RecordFilter(search=search))) == expected


def test_a_pasted_abstract_finds_its_record(store: RecordStore) -> None:
    fill(store, 20)
    text = store.detail(7).text
    assert list(store.ids(RecordFilter(search=f"{text} " * 500))) == [7]


def test_a_merged_or_removed_record_is_found_no_more(store: RecordStore) -> None:
    fill(store, 3)
    store.remove_records([2])
    assert list(store.ids(RecordFilter(search="invented"))) == [1, 3]
    store.undo()
    assert store.count(RecordFilter(search="invented")) == 3


def test_most_frequent_journals_come_first_and_a_chosen_one_is_always_there(
    store: RecordStore,
) -> None:
    batch = store.begin_import(SOURCE)
    names = [f"Journal {number:03}" for number in range(250)]
    store.add_records(batch, [ImportedRecord(1, "T", journal=name) for name in names])
    store.add_records(batch, [ImportedRecord(1, "T", journal="Often")] * 3)
    store.finish_import(batch)
    found = store.facets(RecordFilter(journals=(names[-1],))).journals
    assert len(found) == 201
    assert found[0] == ("Often", 3)
    assert (names[-1], 1) in found


def test_journals_are_kept_to_the_letter_and_listed_whatever_their_capitals(
    store: RecordStore,
) -> None:
    batch = store.begin_import(SOURCE)
    names = ("Nature", "NATURE", "nature", "Cell")
    ids = store.add_records(batch, [ImportedRecord(1, "T", journal=name) for name in names])
    store.finish_import(batch)
    assert [row.journal for row in store.rows(ids)] == list(names)
    assert store.facets(RecordFilter(journals=("NATURE",))).journals == (("Nature", 3), ("Cell", 1))
    assert store.count(RecordFilter(journals=("NATURE",))) == 3


def test_facets_of_an_empty_store_are_all_zero(store: RecordStore) -> None:
    found = store.facets()
    assert (found.total, found.unpredicted, found.years, found.journals) == (0, 0, (), ())
    assert {number for _, number in found.labels} == {0}


def test_another_model_changes_what_lists_show(store: RecordStore) -> None:
    fill(store, 5)
    predict_all(store)
    assert store.count(RecordFilter(is_predicted=True)) == 5
    from tests.data.tiny_store import tiny_manifest

    store.activate_model(tiny_manifest("tiny-2"), manifest_sha256="6b" * 32)
    assert store.count(RecordFilter(is_predicted=True)) == 0
    assert store.facets().unpredicted == 5
    assert {row.scores for row in store.rows([1, 2])} == {()}
