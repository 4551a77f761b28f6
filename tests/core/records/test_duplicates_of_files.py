"""The same references from several databases become one record each, and apart again."""

from __future__ import annotations

from pathlib import Path

import pytest

from kdh_desktop.core.exporting.columns import original_columns
from kdh_desktop.core.exporting.rows import RowMaker
from kdh_desktop.core.importing.imported import FileFormat
from kdh_desktop.core.importing.reading import inspect_file
from kdh_desktop.core.records.intake import take_in
from kdh_desktop.core.records.record_filter import RecordFilter
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.stored import DuplicateGroup, OperationKind, ReviewChange
from tests.data.nasty_references import FILES, NUMBERS, abstract_of, title_of
from tests.data.tiny_store import HALLMARK_IDS, predict_all


def take_in_text(store: RecordStore, path: Path, text: str) -> int:
    path.write_text(text, encoding="utf-8")
    return take_in(store, path, inspect_file(path).plan).id


def without_identifiers(numbers: range) -> str:
    """A table whose cells say title, text and year only, with other capitals and blanks."""
    lines = ["Title,Abstract,Year,Reader"]
    lines += [
        f'"{title_of(one).upper()}.","{abstract_of(one)} ",{1990 + one % 30},reader {one}'
        for one in numbers
    ]
    return "\n".join(lines) + "\n"


def test_references_of_five_databases_and_a_table_become_one_record_each(
    store: RecordStore, tmp_path: Path
) -> None:
    batches = {
        kind: take_in_text(store, tmp_path / f"{kind}.txt", text) for kind, text in FILES.items()
    }
    table = take_in_text(store, tmp_path / "readers.csv", without_identifiers(NUMBERS))
    assert store.count() == 6 * len(NUMBERS)
    groups = store.find_duplicates()
    assert [len(group.records) for group in groups] == [6] * len(NUMBERS)
    store.merge(groups)
    assert store.count() == len(NUMBERS)
    for detail in store.details(store.ids()):
        assert len(detail.merged) == 5
        merged = detail.imported
        number = int(merged.pmid) - 10_000_000
        assert merged.doi == f"10.5555/invented.{number}"
        assert merged.title.strip(".").casefold() == title_of(number).casefold()
        assert ("Reader", f"reader {number}") in merged.extra
        assert merged.source_id
        assert merged.journal
        assert "apoptosis" in merged.keywords.lower()
    kept_in = {detail.batch_id for detail in store.details(store.ids())}
    for batch in {*batches.values(), table} - kept_in:
        assert [row for row, _ in store.merged_rows(batch)] != []
        assert {one for _, one in store.merged_rows(batch)} == set(store.ids())


def test_what_was_merged_comes_apart_after_a_restart(tmp_path: Path, key: StoreKey) -> None:
    folder = tmp_path / "records"
    store = RecordStore.open(folder, key=key)
    take_in_text(store, tmp_path / "a.ris", FILES[FileFormat.RIS])
    take_in_text(store, tmp_path / "b.nbib", FILES[FileFormat.PUBMED_MEDLINE])
    before = list(store.details(store.ids()))
    store.merge(store.find_duplicates())
    assert store.find_duplicates() == []
    store.close()
    again = RecordStore.open(folder, key=key)
    assert again.count() == len(NUMBERS)
    undone = again.undo()
    assert undone is not None
    assert (undone.kind, undone.records) == (OperationKind.MERGE, 2 * len(NUMBERS))
    after = list(again.details(again.ids()))
    assert [(one.id, one.imported) for one in after] == [(one.id, one.imported) for one in before]
    assert [len(group.records) for group in again.find_duplicates()] == [2] * len(NUMBERS)
    again.close()


def test_a_reviewed_record_is_the_one_that_stays(store: RecordStore, tmp_path: Path) -> None:
    take_in_text(store, tmp_path / "a.nbib", FILES[FileFormat.PUBMED_MEDLINE])
    batch = take_in_text(store, tmp_path / "b.csv", without_identifiers(NUMBERS))
    predict_all(store)
    reviewed = store.ids(RecordFilter(batches=(batch,)))[4]
    label = HALLMARK_IDS[0]
    store.review([ReviewChange(reviewed, ((label, True),))], kind=OperationKind.DECIDE)
    store.merge(store.find_duplicates())
    assert reviewed in store.ids()
    detail = store.detail(reviewed)
    assert detail.decisions == ((label, True),)
    assert detail.imported.pmid == "10000005"
    assert store.count(RecordFilter(batches=(batch,))) == 1


@pytest.mark.parametrize("kind", FILES, ids=str)
def test_one_database_has_no_duplicates_in_itself(
    store: RecordStore, tmp_path: Path, kind: FileFormat
) -> None:
    """Though its abstracts differ in a number only."""
    take_in_text(store, tmp_path / "a.txt", FILES[kind])
    assert store.find_duplicates() == []


def test_columns_of_a_table_say_after_a_merge_what_its_own_cells_said(
    store: RecordStore, tmp_path: Path
) -> None:
    titled = f'"{title_of(1)}","{abstract_of(1)}"'
    own = f"Title,Abstract,Year,DOI,Reader\n{titled},2019,10.5555/x,\n"
    other = f"Title,Abstract,Year,DOI,Reader\n{titled},2020 Jan,doi:10.5555/X,me\n"
    batch = take_in_text(store, tmp_path / "own.csv", own)
    take_in_text(store, tmp_path / "other.csv", other)
    store.merge([DuplicateGroup((1, 2), "doi", 1.0)])
    columns = original_columns(store.batch(batch).source)
    [detail] = store.details([1])
    assert RowMaker(columns, ()).row(detail).cells == (
        *(title_of(1), abstract_of(1), 2019, "10.5555/x", "me"),
    )
    assert ("Year (merged)", "2020 Jan") in detail.imported.extra
    assert ("year (merged)", "2020") in detail.imported.extra
