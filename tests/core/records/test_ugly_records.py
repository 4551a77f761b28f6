"""No text breaks lists, searches, duplicates, merging or undo, however ugly it is."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.records.record_filter import Field, RecordFilter, RecordOrder
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import DuplicateGroup, OperationKind, ReviewChange
from tests.data.tiny_store import MANIFEST_SHA256, SOURCE, fill, predict_all, tiny_manifest

words = st.text(max_size=30)
records = st.builds(
    ImportedRecord,
    row=st.integers(1, 10**6),
    **dict.fromkeys(
        (one.name for one in fields(ImportedRecord) if one.name not in {"row", "year", "extra"}),
        words,
    ),
    year=st.one_of(st.none(), st.integers(-(10**6), 10**6)),
    extra=st.lists(st.tuples(words, words), max_size=3).map(tuple),
)


@given(given=st.lists(records, min_size=1, max_size=5))
@settings(deadline=None, max_examples=40)
def test_whatever_is_taken_in_is_listed_found_merged_and_given_back(
    given: list[ImportedRecord],
) -> None:
    store = RecordStore.in_memory()
    store.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
    batch = store.begin_import(SOURCE)
    ids = store.add_records(batch, given)
    store.finish_import(batch)
    predict_all(store)
    assert [detail.imported for detail in store.details(ids)] == given
    for field in Field:
        assert sorted(store.ids(order=RecordOrder(field))) == ids
        assert sorted(store.ids(order=RecordOrder(field, is_descending=True))) == ids
    for one in given:
        assert store.count(RecordFilter(journals=(one.journal,))) >= 1
        assert store.count(RecordFilter(years=(one.year,))) >= 1
        for text in (one.title, one.abstract, one.doi):
            assert store.count(RecordFilter(search=text)) <= len(ids)
    assert sum(number for _, number in store.facets().journals) == len(ids)
    found = store.find_duplicates()
    assert {record for group in found for record in group.records} <= set(ids)
    store.merge([DuplicateGroup(tuple(ids), "text", 1.0)])
    [kept] = store.details(store.ids())
    for one in given:
        for name in ("title", "abstract", "pmid", "doi", "journal", "authors", "year"):
            assert is_told(getattr(one, name), kept.imported)
    if len(ids) > 1:
        store.undo()
    assert [detail.imported for detail in store.details(ids)] == given
    assert store.count() == len(ids)
    store.close()


def is_told(value: object, merged: ImportedRecord) -> bool:
    """Whether a value stands in a record, up to its blanks."""
    texts = [getattr(merged, one.name) for one in fields(merged)] + [x for _, x in merged.extra]
    words = "" if value is None else str(value)
    return not words.strip() or words.split() in [str(text).split() for text in texts]


def test_a_note_with_half_a_character_is_kept(store: RecordStore) -> None:
    """As the window gives it after a paste on Windows that was cut within an emoji."""
    fill(store, 1)
    store.review([ReviewChange(1, note="seen \ud83e again")], kind=OperationKind.WRITE_NOTE)
    assert store.detail(1).note == "seen \ufffd again"
    store.undo()
    assert store.detail(1).note == ""


WHOLE = {
    "one word, very long": "x" * 1_000_000,
    "one word, very often": "tumour " * 100_000,
    "no blanks at all": "肿瘤细胞" * 50_000,
    "emoji": "\U0001f9ec" * 20_000,
    "combining marks": "a" + "\u0301\u0316\u0338" * 10_000,
    "points": "ש" + "\u05b0\u05bc\u05c1" * 10_000,
    "zero-width": "c\u200b" * 50_000,
    "direction overrides": "\u202eabc\u202c" * 10_000,
    "ligatures that grow": "\ufdfa" * 10_000,
    "markup": "<i>" * 50_000,
    "quotes": '"' * 50_000,
    "base64": "QUJDREVG" * 20_000,
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE.keys())
@pytest.mark.timeout(20)
def test_an_extreme_text_is_stored_searched_and_compared_in_seconds(
    store: RecordStore, text: str
) -> None:
    batch = store.begin_import(SOURCE)
    title = "The same telling title of two records"
    ids = store.add_records(batch, [ImportedRecord(1, title, text), ImportedRecord(2, title, text)])
    store.finish_import(batch)
    assert store.count(RecordFilter(search="telling")) == 2
    assert store.count(RecordFilter(search=text)) in {0, 2}
    assert store.detail(ids[0]).imported.abstract == text
    assert len(store.rows(ids)[0].title) <= 300
    [group] = store.find_duplicates()
    assert set(group.records) == set(ids)
    store.merge([group])
    assert store.count() == 1
    store.undo()
    assert store.count() == 2
