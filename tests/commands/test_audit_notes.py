"""What `kdh` takes in and writes out is noted, and goes on where that cannot be done."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from kdh_desktop.core.audit_log import AuditAction, AuditEntry, AuditLog
from kdh_desktop.core.paths import AppPaths
from tests.commands.running import Kdh
from tests.data.reference_files import ris_of


@pytest.fixture
def ris(tmp_path: Path) -> Path:
    path = tmp_path / "Quentin Example.ris"
    path.write_text(ris_of(3), encoding="utf-8")
    return path


def noted(paths: AppPaths) -> list[AuditEntry]:
    return list(AuditLog(paths.audit).entries())


def test_imports_exports_and_reports_are_noted(
    kdh: Kdh, paths: AppPaths, ris: Path, tmp_path: Path
) -> None:
    kdh("records", "import", ris)
    kdh("records", "export", "-o", tmp_path / "out.csv")
    kdh("records", "report", "-o", tmp_path / "report.html")
    kdh("records", "export", "--for-retraining", "-o", tmp_path / "out.jsonl")
    imported, *exported = noted(paths)
    assert imported.action == AuditAction.IMPORTED
    assert dict(imported.details)["records"] == "3"
    assert dict(imported.details)["sha256"] == hashlib.sha256(ris.read_bytes()).hexdigest()
    kinds = [dict(entry.details)["kind"] for entry in exported]
    assert kinds == ["records", "report", "retraining"]
    sha256 = hashlib.sha256((tmp_path / "out.csv").read_bytes()).hexdigest()
    assert dict(exported[0].details)["sha256"] == sha256
    report = (tmp_path / "report.html").read_text("utf-8")
    assert "2 entries" in report
    assert exported[0].hash in report, "the head as it was before the report itself"
    kdh("audit", "verify", "--head", exported[0].hash)
    assert "of entry 2" in kdh.out
    assert "Quentin" not in (paths.audit / "audit.jsonl").read_text()


def test_bulk_is_noted_as_an_import_and_an_export(
    kdh: Kdh, paths: AppPaths, ris: Path, tmp_path: Path
) -> None:
    kdh("bulk", ris, "-o", tmp_path / "out.jsonl")
    imported, exported = noted(paths)
    assert imported.action == AuditAction.IMPORTED
    assert dict(exported.details)["kind"] == "bulk"


def test_work_is_done_although_it_cannot_be_noted(
    kdh: Kdh, paths: AppPaths, ris: Path, tmp_path: Path
) -> None:
    (paths.audit / "audit.jsonl").mkdir(parents=True)
    kdh("records", "import", ris)
    assert "not in the audit log" in kdh.err
    kdh("records", "report", "-o", tmp_path / "report.html")
    assert "not in the audit log" in kdh.err
    assert (tmp_path / "report.html").exists()
    kdh("bulk", ris, "-o", tmp_path / "out.jsonl")
    assert kdh.err.count("not in the audit log") == 2
