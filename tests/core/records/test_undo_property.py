"""Whatever is done, then undone, leaves the content as it was; then done again, as it became."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from kdh_desktop.core.records.record_filter import RecordFilter, ReviewStatus
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.stored import DuplicateGroup, Operation, OperationKind, ReviewChange
from tests.data.tiny_store import (
    HALLMARK_IDS,
    MANIFEST_SHA256,
    SOURCE,
    invented_records,
    predict_all,
    tiny_manifest,
)

KEY = StoreKey(bytes(range(32)))
LABELS = HALLMARK_IDS[:3]
RECORDS = st.integers(1, 12)
SOME = st.sets(RECORDS, max_size=6)
DECISIONS = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from([True, False, None])))
CHANGES = st.builds(
    ReviewChange,
    record_id=RECORDS,
    decisions=DECISIONS.map(tuple),
    review=st.none() | st.sampled_from(ReviewStatus),
    note=st.none() | st.sampled_from(["", "one", "two"]),
)

# What an import brought is hidden by its undo and not deleted, so that it can come back: what
# people can see is compared.
CONTENT = {
    # Not `last_row`: a batch that is pasted into counts on from rows that are hidden, too.
    "batch": "SELECT id, kind, name, path, sha256, plan, columns, notices, begun_utc, is_finished "
    "FROM batch WHERE NOT is_removed AND id IN "
    "(SELECT batch_id FROM listing WHERE NOT is_hidden)",
    "record": "SELECT r.* FROM record r JOIN listing l ON l.record_id = r.id WHERE NOT is_hidden",
    "listing": "SELECT * FROM listing WHERE NOT is_hidden",
    "decision": "SELECT d.* FROM decision d JOIN listing USING (record_id) WHERE NOT is_hidden",
    "note": "SELECT n.* FROM note n JOIN listing USING (record_id) WHERE NOT is_hidden",
    "prediction": "SELECT * FROM prediction",
    "score": "SELECT * FROM score",
    "draft": "SELECT * FROM draft",
}


WORDS = ("telomerase", "invented.1", "study 3", "10000002")
"""What is searched for: a word, a DOI, two words of a title and the beginning of a PubMed id."""


class UndoMachine(RuleBasedStateMachine):
    """A store, and beside it what its content was after each thing that was done."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = RecordStore.open(Path(self.folder.name), key=KEY)
        self.store.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
        # A batch that was cut, so that its import is nothing that could be undone.
        batch = self.store.begin_import(replace(SOURCE, sha256=""))
        self.store.add_records(batch, invented_records(12))
        predict_all(self.store, seed=3)
        self.before: list[Any] = []  # content before each thing that can be undone
        self.after: list[Any] = []  # content after each thing that can be done again

    def teardown(self) -> None:
        if hasattr(self, "store"):
            while self.before:
                self.undo()
            while self.after:
                self.redo()
            self.store.close()
            self.folder.cleanup()

    def content(self) -> dict[str, list[Any]]:
        found = {word: list(self.store.ids(RecordFilter(search=word))) for word in WORDS}
        with self.store._database.reading() as db:
            return found | {
                name: sorted(db.execute(statement).fetchall(), key=repr)
                for name, statement in CONTENT.items()
            }

    def did(self, before: dict[str, Any], operations: int) -> None:
        """Note that something was done, if anything was."""
        if len(self.store.operations(10_000)) > operations:
            self.before.append(before)
            self.after.clear()
        else:
            assert self.content() == before, "what is not logged changes nothing"

    def now(self) -> tuple[dict[str, Any], int]:
        return self.content(), len(self.store.operations(10_000))

    @rule(changes=st.lists(CHANGES, min_size=1, max_size=4))
    def review(self, changes: list[ReviewChange]) -> None:
        now = self.now()
        self.store.review(changes, kind=OperationKind.DECIDE)
        self.did(*now)

    @rule(records=SOME)
    def confirm(self, records: set[int]) -> None:
        now = self.now()
        self.store.confirm(records)
        self.did(*now)

    @rule(records=SOME, limits=st.none() | st.just(dict.fromkeys(LABELS, (0.4, 0.6))))
    def accept(self, records: set[int], limits: dict[str, tuple[float, float]] | None) -> None:
        now = self.now()
        self.store.accept(sorted(records), limits)
        self.did(*now)

    @rule(groups=st.lists(st.lists(RECORDS, min_size=2, max_size=3, unique=True), max_size=2))
    def merge(self, groups: list[list[int]]) -> None:
        now = self.now()
        self.store.merge([DuplicateGroup(tuple(group), "text", 0.95) for group in groups])
        self.did(*now)

    @rule(records=SOME)
    def remove(self, records: set[int]) -> None:
        now = self.now()
        self.store.remove_records(records)
        self.did(*now)

    @rule(count=st.integers(1, 3))
    def take_in(self, count: int) -> None:
        now = self.now()
        batch = self.store.begin_import(SOURCE)
        self.store.add_records(batch, invented_records(count, first=100))
        self.store.finish_import(batch)
        self.did(*now)

    @rule(count=st.integers(1, 2), day=st.sampled_from(["Monday", "Tuesday"]))
    def paste(self, count: int, day: str) -> None:
        now = self.now()
        self.store.keep_pasted(day, invented_records(count, first=200))
        self.did(*now)

    @rule()
    def undo(self) -> None:
        now = self.content()
        expected = self.store.can_undo()
        assert self.store.undo() == (None if expected is None else _turned(expected))
        if self.before:
            assert self.content() == self.before.pop()
            self.after.append(now)
        else:
            assert expected is None

    @rule()
    def redo(self) -> None:
        now = self.content()
        expected = self.store.can_redo()
        assert self.store.redo() == (None if expected is None else _turned(expected))
        if self.after:
            assert self.content() == self.after.pop()
            self.before.append(now)
        else:
            assert expected is None

    @rule()
    def restart(self) -> None:
        now = self.content()
        self.store.close()
        self.store = RecordStore.open(Path(self.folder.name), key=KEY)
        assert self.content() == now

    @invariant()
    def listing_is_what_a_rebuild_gives(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store._database.reading() as db:
            kept = db.execute("SELECT * FROM listing ORDER BY record_id").fetchall()
        self.store.rebuild_listing()
        with self.store._database.reading() as db:
            assert db.execute("SELECT * FROM listing ORDER BY record_id").fetchall() == kept


def _turned(operation: Operation) -> Operation:
    return replace(operation, is_undone=not operation.is_undone)


def _settings(*, examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )


def test_do_then_undo_gives_the_same_content() -> None:
    run_state_machine_as_test(UndoMachine, settings=_settings(examples=12, steps=20))


@pytest.mark.stress
@pytest.mark.timeout(1_200)
def test_do_then_undo_gives_the_same_content_many_times() -> None:
    run_state_machine_as_test(UndoMachine, settings=_settings(examples=200, steps=50))
