"""What users take in and write out, noted in the audit log.

Their work must not be lost because the log cannot be written: it goes on, and a notice says that
it is not in the log. Of a private session the log tells how much, and nothing by which somebody
who has a file could find out that it was this one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.audit_log import AuditAction, AuditLog, AuditReport
from kdh_desktop.core.errors import KdhError

if TYPE_CHECKING:
    from kdh_desktop.core.exporting.outcome import ExportOutcome
    from kdh_desktop.core.records.import_batch import ImportBatch

_HASHED_FILES = 20


class ExportKind(StrEnum):
    """What was written out."""

    RECORDS = "records"
    REPORT = "report"
    OWN_TABLE = "own_table"
    RETRAINING = "retraining"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class AuditNotes:
    """Writes down what users did.

    Attributes:
        log: Where to.
        is_private: Whether nothing may be written that tells of their texts.
    """

    log: AuditLog
    is_private: bool = False

    def import_done(self, batch: ImportBatch) -> ImportBatch:
        """Note what was taken in; gives the same, with a notice where it could not be noted."""
        details: dict[str, str | int] = {
            "records": batch.records,
            "refused": batch.refused,
            "finished": _yes_no(batch.is_finished),
        }
        if not self.is_private:
            details["source"] = str(batch.source.kind)
            if batch.format is not None:
                details["format"] = str(batch.format)
            if batch.source.sha256:
                details["sha256"] = batch.source.sha256
        problem = self._write(AuditAction.IMPORTED, details)
        return replace(batch, notices=(*batch.notices, problem)) if problem else batch

    def export_done(self, outcome: ExportOutcome, kind: ExportKind) -> ExportOutcome:
        """Note what was written out; gives the same, with a notice where it could not be noted."""
        details: dict[str, str | int] = {
            "kind": str(kind),
            "records": outcome.rows,
            "files": len(outcome.files),
        }
        if not self.is_private:
            details["format"] = outcome.files[0].suffix.lower().removeprefix(".")
            details["sha256"] = " ".join(_hashes(outcome.files))
        problem = self._write(AuditAction.EXPORTED, details)
        return replace(outcome, notices=(*outcome.notices, problem)) if problem else outcome

    def corrections_done(self, *, corrections: int, records: int) -> str:
        """Note that corrections were taken in; gives a notice where that failed, or nothing."""
        return self._write(AuditAction.CORRECTED, {"corrections": corrections, "records": records})

    def state(self) -> AuditReport | None:
        """How the log stands, for a report; None where it cannot be read, which stops no report."""
        try:
            return self.log.verify()
        except KdhError:
            return None

    def _write(self, action: AuditAction, details: dict[str, str | int]) -> str:
        if self.is_private:
            details = {**details, "private": "yes"}
        try:
            self.log.write(action, **details)
        except KdhError as error:
            return f"This is not in the audit log. {error}"
        return ""


def _hashes(files: Sequence[Path]) -> list[str]:
    found = []
    for path in files[:_HASHED_FILES]:
        try:
            with path.open("rb") as file:
                found.append(hashlib.file_digest(file, "sha256").hexdigest())
        except OSError:  # taken away by somebody at once
            found.append("unreadable")
    return found


def _yes_no(is_so: bool) -> str:  # noqa: FBT001 -- reads as a question
    return "yes" if is_so else "no"
