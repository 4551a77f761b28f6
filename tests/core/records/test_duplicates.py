"""Duplicates are found by PubMed id, DOI and near text, and nothing else is taken for one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdh_desktop.core.errors import Cancelled
from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import DuplicateGroup, OperationKind, ReviewChange
from tests.data.tiny_store import HALLMARK_IDS, SOURCE, fill, predict_all

TITLE = "Loss of an invented gene drives glycolysis in colon carcinoma"
ABSTRACT = (
    "Background: the role of the gene is debated. We treated 24 cultures with an inhibitor and "
    "measured expression by PCR. Loss of the gene doubled the uptake of glucose, and restoring it "
    "brought the uptake back to that of controls. In mice, tumours without it grew faster. These "
    "data suggest that the gene restrains glycolysis through a receptor that was not known so far."
)
OTHER = (
    "Lymphocytes of forty patients were followed for a year after surgery. Numbers fell in the "
    "first month and rose again later, whatever the treatment was. No marker that we looked at "
    "told in advance who would recover, although two came close to doing so in the older group."
)


def take_in(store: RecordStore, *records: ImportedRecord) -> list[int]:
    batch = store.begin_import(SOURCE)
    ids = store.add_records(batch, records)
    store.finish_import(batch)
    return ids


def found_in(*records: ImportedRecord) -> list[DuplicateGroup]:
    store = RecordStore.in_memory()
    take_in(store, *records)
    found = store.find_duplicates()
    store.close()
    return found


def test_records_with_one_pubmed_id_or_doi_are_one() -> None:
    found = found_in(
        ImportedRecord(1, "One thing", pmid="77"),
        ImportedRecord(2, "Two", doi="10.5555/x"),
        ImportedRecord(3, "One  THING.", pmid="77"),
        ImportedRecord(4, "Four", doi="10.5555/x"),
        ImportedRecord(5, "Five"),
    )
    assert [(set(group.records), group.reason, group.similarity) for group in found] == [
        ({1, 3}, "pmid", 1.0),
        ({2, 4}, "doi", 1.0),
    ]


def test_what_hangs_together_is_one_group_with_its_weakest_reason() -> None:
    [group] = found_in(
        ImportedRecord(1, TITLE, ABSTRACT, pmid="77"),
        ImportedRecord(2, TITLE + ": a trial", pmid="77", doi="10.5555/x"),
        ImportedRecord(3, "And one more title", doi="10.5555/x"),
        ImportedRecord(4, TITLE.upper() + ".", ABSTRACT.replace("debated", "disputed")),
    )
    assert set(group.records) == {1, 2, 3, 4}
    assert group.reason == "text"
    assert 0.9 <= group.similarity < 1.0


@pytest.mark.parametrize(
    "other",
    [
        ImportedRecord(2, TITLE, ABSTRACT),
        ImportedRecord(2, TITLE.upper() + ".", ABSTRACT.replace("Background: the", "The")),
        ImportedRecord(2, f"[{TITLE}]", ABSTRACT.replace(",", " ,").replace(".", " .")),
        ImportedRecord(
            2, TITLE.replace("colon", "<i>colon</i>"), ABSTRACT + " © 2020 Invented Ltd."
        ),
        ImportedRecord(2, TITLE, ABSTRACT[:230]),
        ImportedRecord(2, TITLE, ""),
        ImportedRecord(2, "", ABSTRACT),
        ImportedRecord(2, TITLE.split(" in ", maxsplit=1)[0], ABSTRACT),
        ImportedRecord(
            2, TITLE, ABSTRACT.replace("role", "ro\u00adle").replace("data", "da\u200bta")
        ),
        ImportedRecord(2, TITLE, ABSTRACT, pmid="9"),
    ],
    ids=lambda record: record.title[:20] + "|" + record.abstract[-20:],
)
def test_near_text_is_one(other: ImportedRecord) -> None:
    [group] = found_in(ImportedRecord(1, TITLE, ABSTRACT, year=2020), other)
    assert set(group.records) == {1, 2}
    assert group.reason == "text"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ImportedRecord(1, TITLE, ABSTRACT), ImportedRecord(2, TITLE, OTHER)),
        (ImportedRecord(1, TITLE, ABSTRACT), ImportedRecord(2, "", OTHER)),
        (
            ImportedRecord(1, f"{TITLE}: part 1", ABSTRACT),
            ImportedRecord(2, f"{TITLE}: part 2", ABSTRACT),
        ),
        (ImportedRecord(1, "Editorial"), ImportedRecord(2, "Editorial")),
        (ImportedRecord(1, TITLE, year=1990), ImportedRecord(2, TITLE, year=2020)),
        (
            ImportedRecord(1, "", f"Case 12. {ABSTRACT}"),
            ImportedRecord(2, "", f"Case 13. {ABSTRACT}"),
        ),
        (
            ImportedRecord(1, TITLE, ABSTRACT, pmid="8"),
            ImportedRecord(
                2, TITLE, ABSTRACT.replace("not known so far", "lately found"), pmid="9"
            ),
        ),
    ],
)
def test_what_only_looks_alike_is_not_one(one: ImportedRecord, other: ImportedRecord) -> None:
    assert found_in(one, other) == []


def test_a_doi_that_a_whole_book_shares_makes_nothing_one() -> None:
    titles = ("Lymphocytes", "A receptor", "Mice and glucose", "Telomeres at night", "Old", "New")
    shared = [
        ImportedRecord(row, f"{title} {title} {title}", doi="10.5555/book")
        for row, title in enumerate(titles, start=1)
    ]
    assert found_in(*shared) == []
    [group] = found_in(*shared, ImportedRecord(7, "LYMPHOCYTES lymphocytes", doi="10.5555/book"))
    assert set(group.records) == {1, 7}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ImportedRecord(1, TITLE, ABSTRACT), ImportedRecord(2, "Patients after surgery", OTHER)),
        (ImportedRecord(1, TITLE), ImportedRecord(2, "Patients after surgery")),
        (ImportedRecord(1, "", ABSTRACT), ImportedRecord(2, "", OTHER)),
    ],
    ids=["both", "titles", "texts"],
)
def test_case_numbers_taken_for_pubmed_ids_make_nothing_one(
    one: ImportedRecord, other: ImportedRecord
) -> None:
    assert found_in(replace(one, pmid="3"), replace(other, pmid="3")) == []


@pytest.mark.parametrize(
    "other",
    [
        ImportedRecord(2, "Ein erfundenes Gen treibt die Glykolyse an", ABSTRACT[:200]),
        ImportedRecord(2, TITLE + " (abridged)", OTHER),
        ImportedRecord(2, "", ""),
    ],
    ids=["title in another language", "abstract in another language", "nothing to compare"],
)
def test_one_pubmed_id_is_enough_where_the_texts_do_not_speak_against_it(
    other: ImportedRecord,
) -> None:
    [group] = found_in(ImportedRecord(1, TITLE, ABSTRACT, pmid="77"), replace(other, pmid="77"))
    assert group.reason == "pmid"


def test_thousands_of_pubmed_ids_shared_by_two_are_compared() -> None:
    count = 1_200
    twice = [
        ImportedRecord(row, f"Word{row % count}a word{row % count}b", pmid=str(1 + row % count))
        for row in range(2 * count)
    ]
    assert len(found_in(*twice)) == count


def test_records_taken_out_of_the_lists_are_no_duplicates() -> None:
    store = RecordStore.in_memory()
    take_in(store, ImportedRecord(1, "One", pmid="7"), ImportedRecord(2, "One", pmid="7"))
    store.remove_records([2])
    assert store.find_duplicates() == []


def test_the_record_that_people_worked_on_is_kept_then_the_fullest(store: RecordStore) -> None:
    take_in(
        store,
        ImportedRecord(1, "One", pmid="7"),
        ImportedRecord(2, "One", pmid="7", journal="J", year=2000),
        ImportedRecord(3, "One", pmid="7"),
        ImportedRecord(4, "One", pmid="7"),
    )
    store.review(
        [ReviewChange(3, ((HALLMARK_IDS[0], True),)), ReviewChange(4, (), ReviewStatus.CONFIRMED)],
        kind=OperationKind.DECIDE,
    )
    [group] = store.find_duplicates()
    assert group.records == (4, 3, 2, 1)


def test_a_persons_decision_outweighs_labels_accepted_for_many_records(store: RecordStore) -> None:
    decided, accepted = take_in(
        store,
        ImportedRecord(1, "One", pmid="7"),
        ImportedRecord(2, "One", pmid="7", journal="J", year=2000),
    )
    predict_all(store)
    [score, *_] = store.rows([accepted])[0].scores
    own = (score.label_id, not score.is_present)
    assert store.accept([accepted], None) == 1
    store.review([ReviewChange(decided, (own,))], kind=OperationKind.DECIDE)
    [group] = store.find_duplicates()
    assert group.records == (decided, accepted)
    store.merge([group])
    [kept] = store.details(store.ids())
    assert kept.decisions == (own,)
    assert kept.looked_at == {score.label_id}
    store.undo()
    *_, score = store.rows([accepted])[0].scores
    against = (score.label_id, not score.is_present)
    store.review([ReviewChange(accepted, (against,))], kind=OperationKind.DECIDE)
    store.merge([group])
    assert set(store.detail(decided).decisions) == {own, against}


def test_progress_rises_to_one_and_a_stop_is_heeded() -> None:
    store = RecordStore.in_memory()
    fill(store, 30)
    shares: list[float] = []
    store.find_duplicates(on_progress=shares.append)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    with pytest.raises(Cancelled):
        store.find_duplicates(should_stop=lambda: True)


def test_thousands_of_one_text_and_of_one_phrase_take_no_longer_than_others() -> None:
    phrase = "All rights reserved by the invented society of all invented things. "
    same = [ImportedRecord(row, TITLE, ABSTRACT) for row in range(1, 1501)]
    different = [
        ImportedRecord(row, f"Word{row}a word{row}b word{row}c", phrase + f"x{row} y{row} " * 40)
        for row in range(1501, 3001)
    ]
    [group] = found_in(*same, *different)
    assert set(group.records) == set(range(1, 1501))


UGLY = st.text(
    st.sampled_from("aA b\n\u00ad\u200b\u0301é肿瘤<i>&;\x01\U0001f9ec1٣ß'\"%_"), max_size=80
)


@given(texts=st.lists(st.tuples(UGLY, UGLY), min_size=1, max_size=6))
@settings(deadline=None, max_examples=40)
def test_no_text_breaks_the_search_and_copies_of_telling_texts_are_found(
    texts: list[tuple[str, str]],
) -> None:
    records = [ImportedRecord(row, *text) for row, text in enumerate(texts, start=1)]
    copy = ImportedRecord(99, TITLE + texts[0][0].replace("1", "").replace("٣", ""), ABSTRACT)
    found = found_in(*records, copy, copy)
    assert {len(records) + 1, len(records) + 2} in [set(group.records) for group in found]


# Merging


def test_merging_loses_no_field_and_keeps_the_kept_records_words(store: RecordStore) -> None:
    kept, other, third = take_in(
        store,
        ImportedRecord(1, "Title", "", pmid="7", year=2000, keywords="b; a", extra=(("C", "1"),)),
        ImportedRecord(
            2,
            "Other title",
            "Abstract",
            doi="10.5555/x",
            year=2001,
            journal="J",
            keywords="a; c",
            authors="Doe J",
            extra=(("C", "1"), ("C", "2"), ("D", "")),
        ),
        ImportedRecord(3, " Title ", "Another abstract", source_id="s", keywords="c"),
    )
    store.merge([DuplicateGroup((kept, other, third), "pmid", 1.0)])
    assert list(store.ids()) == [kept]
    detail = store.detail(kept)
    assert detail.merged == (other, third)
    merged = detail.imported
    assert (merged.title, merged.abstract, merged.pmid, merged.doi) == (
        *("Title", "Abstract", "7", "10.5555/x"),
    )
    assert (merged.year, merged.journal, merged.authors) == (2000, "J", "Doe J")
    assert (merged.source_id, merged.keywords) == ("s", "b; a; c")
    assert merged.extra == (
        ("C", "1"),
        ("title (merged)", "Other title"),
        ("year (merged)", "2001"),
        ("C", "2"),
        ("D", ""),
        ("abstract (merged)", "Another abstract"),
    )
    assert [entry.kind for entry in detail.history] == [OperationKind.MERGE]


def test_a_merged_text_that_changed_is_classified_again_and_undo_brings_all_back(
    store: RecordStore,
) -> None:
    kept, other = take_in(
        store, ImportedRecord(1, "Title", pmid="7"), ImportedRecord(2, "", "Abstract", pmid="7")
    )
    predict_all(store)
    before = list(store.details([kept, other]))
    store.merge([DuplicateGroup((kept, other), "pmid", 1.0)])
    assert [record for record, _ in store.unpredicted(limit=9)] == [kept]
    assert store.detail(kept).prediction is None
    store.undo()
    after = list(store.details([kept, other]))
    assert [one.imported for one in after] == [one.imported for one in before]
    assert [one.prediction for one in after] == [one.prediction for one in before]
    assert store.count() == 2
    store.redo()
    assert list(store.ids()) == [kept]


def test_a_merge_that_leaves_the_text_keeps_its_prediction(store: RecordStore) -> None:
    ids = take_in(
        store,
        ImportedRecord(1, "Title", "Abstract", pmid="7"),
        ImportedRecord(2, "Title", pmid="7", journal="J"),
    )
    predict_all(store)
    before = store.detail(ids[0]).prediction
    store.merge([DuplicateGroup(tuple(ids), "pmid", 1.0)])
    assert store.detail(ids[0]).prediction == before
    assert store.rows(ids[:1])[0].journal == "J"


def test_decisions_and_notes_of_merged_records_fill_what_the_kept_one_leaves_open(
    store: RecordStore,
) -> None:
    first, second, third = HALLMARK_IDS[:3]
    fill(store, 2)
    predict_all(store)
    store.review(
        [
            ReviewChange(1, ((first, True), (second, False)), note="Mine"),
            ReviewChange(2, ((first, False), (third, True)), ReviewStatus.UNSURE, "Theirs"),
        ],
        kind=OperationKind.DECIDE,
    )
    store.merge([DuplicateGroup((1, 2), "text", 0.95)])
    detail = store.detail(1)
    assert dict(detail.decisions) == {first: True, second: False, third: True}
    assert (detail.note, detail.review) == ("Mine\nTheirs", ReviewStatus.OPEN)
    store.undo()
    assert dict(store.detail(1).decisions) == {first: True, second: False}
    assert store.detail(1).note == "Mine"
    assert dict(store.detail(2).decisions) == {first: False, third: True}


def test_merged_records_can_be_merged_again_and_groups_may_overlap(store: RecordStore) -> None:
    fill(store, 5)
    store.remove_records([5])
    store.merge([DuplicateGroup((1, 2), "text", 1.0), DuplicateGroup((2, 3, 5), "text", 1.0)])
    assert list(store.ids()) == [1, 3, 4]
    store.merge([DuplicateGroup((3, 1), "text", 1.0)])
    assert store.detail(3).merged == (1, 2)
    assert store.merged_rows(1) == [(1, 3), (2, 3)]
    for _ in range(3):
        store.undo()
    assert list(store.ids()) == [1, 2, 3, 4, 5]
    assert store.detail(3).merged == ()
    assert store.merged_rows(1) == []


def test_words_of_a_merged_record_find_the_kept_one(store: RecordStore) -> None:
    from kdh_desktop.core.records.record_filter import RecordFilter

    ids = take_in(
        store,
        ImportedRecord(1, "Title", pmid="7"),
        ImportedRecord(2, "Zebrafish", pmid="7", journal="Annals"),
    )
    store.merge([DuplicateGroup(tuple(ids), "pmid", 1.0)])
    for word in ("zebrafish", "annals", "title"):
        assert list(store.ids(RecordFilter(search=word))) == [ids[0]]
    store.undo()
    assert list(store.ids(RecordFilter(search="zebrafish"))) == [ids[1]]


def test_thousands_of_groups_are_merged_at_once(store: RecordStore) -> None:
    take_in(
        store, *(ImportedRecord(row, f"T{row // 2}", pmid=str(row // 2)) for row in range(2, 4002))
    )
    groups = store.find_duplicates()
    assert len(groups) == 2000
    store.merge(groups)
    assert store.count() == 2000
    store.undo()
    assert store.count() == 4000
