"""What people decided goes to the trainer in its own form, and what nobody looked at does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kdh_desktop.core.corpus_source import CorrectionsSource
from kdh_desktop.core.errors import Cancelled
from kdh_desktop.core.exporting.corrections import export_corrections
from kdh_desktop.core.importing.imported import ImportedRecord
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, Label, LabelSet
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.stored import OperationKind, ReviewChange
from tests.data.stored_records import LABELS, MadeStore, detail
from tests.data.tiny_store import (
    HALLMARK_IDS,
    MANIFEST_SHA256,
    fill,
    predict_all,
    tiny_manifest,
)
from trainer.corpus.corrections import read_raw_corrections

LABEL_SET = LabelSet(tuple(Label(x.id, x.name, f"About {x.name}.") for x in LABELS))
ALL = {"growth": True, "vessels": False, "spread": True}


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_trainer_reads_what_is_written(tmp_path: Path) -> None:
    store = MadeStore.of(
        detail(
            1, ImportedRecord(row=2, title="Ångström", abstract="A\nb.", pmid="77"), decisions=ALL
        ),
        detail(2, decisions={"growth": False}, review=ReviewStatus.UNSURE),
    )
    target = tmp_path / "a.jsonl"
    outcome = export_corrections(store, list(store.records), target, labels=LABEL_SET)
    assert (outcome.rows, outcome.complete) == (2, 1)
    assert "1 of the records" in outcome.notices[0]
    corpus = read_raw_corrections(CorrectionsSource(str(target)))
    assert corpus.faults == []
    assert corpus.labels == LABEL_SET
    first, second = corpus.texts
    assert (first.id, first.labels, first.undecided) == ("77", ("growth", "spread"), ())
    assert (second.id, second.labels, second.undecided) == ("record-2", (), ("vessels", "spread"))
    assert lines_of(target)[1]["text"] == "Ångström\n\nA\nb."


def test_labels_of_the_model_are_no_decisions(tmp_path: Path) -> None:
    store = MadeStore.of(
        detail(1, probabilities={"growth": 0.99, "vessels": 0.9, "spread": 0.1}),
        detail(2, decisions=ALL, review=ReviewStatus.ACCEPTED),
        detail(3, ImportedRecord(row=4), decisions=ALL),
        detail(4, decisions={"unknown": True}),
        detail(5, decisions={**ALL, "unknown": True}, review=ReviewStatus.CONFIRMED),
    )
    target = tmp_path / "a.jsonl"
    outcome = export_corrections(store, list(store.records), target, labels=LABEL_SET)
    assert (outcome.rows, outcome.complete) == (1, 1)
    assert (outcome.accepted, outcome.undecided, outcome.empty) == (1, 2, 1)
    assert len(outcome.notices) == 3
    assert [line["decisions"] for line in lines_of(target)[1:]] == [ALL]


def test_labels_accepted_for_many_records_are_no_decisions_of_one_that_stays_open(
    tmp_path: Path,
) -> None:
    store = RecordStore.in_memory()
    store.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
    fill(store, 3)
    predict_all(store)
    *most, last = HALLMARK_IDS
    assert store.accept([1, 2, 3], dict.fromkeys(most, (0.5, 0.5))) == 3
    decided = ReviewChange(1, ((last, True),)), ReviewChange(2, ((last, True),))
    store.review(decided, kind=OperationKind.DECIDE)
    store.confirm([2])
    target = tmp_path / "a.jsonl"
    outcome = export_corrections(store, [1, 2, 3], target, labels=HALLMARKS_OF_CANCER)
    assert (outcome.rows, outcome.complete, outcome.accepted) == (2, 1, 1)
    first, second = (line["decisions"] for line in lines_of(target)[1:])
    assert first == {last: True}
    assert second == dict(store.detail(2).decisions)
    store.close()


def test_ids_are_told_apart_where_two_records_share_a_pubmed_id(tmp_path: Path) -> None:
    twice = [
        detail(n, ImportedRecord(row=n, title=f"Title {n}", pmid="77"), decisions=ALL)
        for n in (1, 2)
    ]
    store = MadeStore.of(*twice)
    target = tmp_path / "a.jsonl"
    export_corrections(store, list(store.records), target, labels=LABEL_SET)
    assert [line["id"] for line in lines_of(target)[1:]] == ["77", "record-2"]


def test_text_that_no_file_can_hold_is_written_without_it(tmp_path: Path) -> None:
    store = MadeStore.of(detail(1, ImportedRecord(row=1, title="a\ud800b\x00c"), decisions=ALL))
    target = tmp_path / "a.jsonl"
    export_corrections(store, list(store.records), target, labels=LABEL_SET)
    assert lines_of(target)[1]["text"] == "abc"


def test_stopping_leaves_the_old_file(tmp_path: Path) -> None:
    store = MadeStore.of(detail(1, decisions=ALL))
    target = tmp_path / "a.jsonl"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(Cancelled):
        export_corrections(
            store, list(store.records), target, labels=LABEL_SET, should_stop=lambda: True
        )
    assert target.read_text(encoding="utf-8") == "old"
    assert [x.name for x in tmp_path.iterdir()] == ["a.jsonl"]
