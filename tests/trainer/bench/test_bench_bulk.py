"""Bulk work and a large import are measured, here small ones; nothing looks at a clock."""

from __future__ import annotations

from pathlib import Path

from tests.data.tiny_installation import make_tiny_installation
from trainer.bench.bulk import BARE, SHARE, WHOLE, BulkPlan, run_bulk_bench


def test_bulk_work_and_import_are_measured_without_touching_anybodys_data(tmp_path: Path) -> None:
    paths = make_tiny_installation(tmp_path)
    said: list[str] = []
    rows = run_bulk_bench(BulkPlan(paths, texts=6, rounds=2, references=30), say=said.append)
    assert [row.name for row in rows] == [BARE, WHOLE, SHARE, "30 RIS records taken in"]
    assert all(row.value is not None for row in rows)
    assert rows[-1].note.startswith("the process grew by")
    assert not paths.data.exists()
    assert said
