from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.audit_notes import AuditNotes, ExportKind
from kdh_desktop.core.exporting.outcome import ExportOutcome
from kdh_desktop.core.importing.imported import FileFormat, ImportPlan
from kdh_desktop.core.records.import_batch import BatchKind, BatchSource, ImportBatch

NAME = "Quentin Example"


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit")


@pytest.fixture
def batch() -> ImportBatch:
    source = BatchSource(
        BatchKind.FILE, f"{NAME}.ris", f"/home/{NAME}.ris", "ab" * 32, ImportPlan(FileFormat.RIS)
    )
    return ImportBatch(
        id=1,
        source=source,
        begun_utc="2026-01-01T00:00:00+00:00",
        is_finished=True,
        records=12,
        refused=3,
        last_row=15,
        notices=("One.",),
        is_removed=False,
    )


@pytest.fixture
def outcome(tmp_path: Path) -> ExportOutcome:
    file = tmp_path / f"{NAME}.csv"
    file.write_bytes(b"id,title")
    return ExportOutcome(7, (file,))


def test_imports_and_exports_are_noted_with_counts_and_hashes(
    log: AuditLog, batch: ImportBatch, outcome: ExportOutcome, tmp_path: Path
) -> None:
    notes = AuditNotes(log)
    assert notes.import_done(batch) == batch
    assert notes.export_done(outcome, ExportKind.REPORT) == outcome
    assert not notes.corrections_done(corrections=5, records=4)
    imported, exported, corrected = log.entries()
    assert imported.action == AuditAction.IMPORTED
    assert dict(imported.details) == {
        "records": "12", "refused": "3", "finished": "yes", "source": "file", "format": "ris",
        "sha256": "ab" * 32,
    }  # fmt: skip
    assert dict(exported.details) == {
        "kind": "report", "records": "7", "files": "1", "format": "csv",
        "sha256": hashlib.sha256(b"id,title").hexdigest(),
    }  # fmt: skip
    assert dict(corrected.details) == {"corrections": "5", "records": "4"}
    assert NAME not in (tmp_path / "audit" / "audit.jsonl").read_text()


def test_a_private_session_leaves_counts_and_nothing_else(
    log: AuditLog, batch: ImportBatch, outcome: ExportOutcome
) -> None:
    notes = AuditNotes(log, is_private=True)
    notes.import_done(batch)
    notes.export_done(outcome, ExportKind.RECORDS)
    imported, exported = log.entries()
    assert dict(imported.details) == {
        "records": "12", "refused": "3", "finished": "yes", "private": "yes",
    }  # fmt: skip
    assert dict(exported.details) == {
        "kind": "records", "records": "7", "files": "1", "private": "yes",
    }  # fmt: skip


def test_work_of_users_goes_on_with_a_notice_where_it_cannot_be_noted(
    tmp_path: Path, batch: ImportBatch, outcome: ExportOutcome
) -> None:
    (tmp_path / "audit").write_text("a file where the folder should be")
    notes = AuditNotes(AuditLog(tmp_path / "audit"))
    first, told = notes.import_done(batch).notices
    assert first == "One."
    assert "not in the audit log" in told
    assert "not in the audit log" in notes.export_done(outcome, ExportKind.BULK).notices[0]
    assert "not in the audit log" in notes.corrections_done(corrections=1, records=1)


def test_a_file_that_is_gone_at_once_is_noted_all_the_same(
    log: AuditLog, outcome: ExportOutcome
) -> None:
    outcome.files[0].unlink()
    AuditNotes(log).export_done(outcome, ExportKind.RECORDS)
    [entry] = log.entries()
    assert dict(entry.details)["sha256"] == "unreadable"
