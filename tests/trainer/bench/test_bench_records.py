"""Every question to a large store is asked, here of a small one; nothing looks at a clock."""

from __future__ import annotations

from tests.data.tiny_store import tiny_manifest
from trainer.bench.record_questions import OPEN, filters, orders
from trainer.bench.records import RecordsPlan, run_records_bench
from trainer.bench.references import References


def test_every_question_is_asked() -> None:
    said: list[str] = []
    plan = RecordsPlan(tiny_manifest(), records=60, repeats=1)
    rows = run_records_bench(plan, say=said.append)
    names = [row.name for row in rows]
    assert names[:4] == ["records taken in", "predictions kept", "store on disk", OPEN]
    for name in filters():
        assert {f"list: {name}", f"facets: {name}"} <= set(names)
    for name in orders():
        assert f"order: {name}" in names
    assert all(row.value is not None for row in rows)
    assert rows[-1].note == "1 groups of 1 near copies"
    assert said


def test_references_are_the_same_each_time_and_none_like_another() -> None:
    references = list(References(words=300).take(20))
    assert references == list(References(words=300).take(20))
    assert len({reference.text for reference in references}) == 20
    assert [reference.row for reference in references] == list(range(1, 21))
