"""What the audit log says, in words for people."""

from __future__ import annotations

import datetime as dt
import re

from PySide6.QtCore import QCoreApplication, QLocale

from kdh_desktop.core.audit_log import AuditAction, AuditEntry, AuditReport

_HASH = re.compile(r"\b[0-9a-f]{64}\b")
_SHOWN_DIGITS = 12


def action_words(action: AuditAction) -> str:
    """What was done."""
    words = {
        AuditAction.PASSWORD_SET: _tr("Password set for the first time"),
        AuditAction.PASSWORD_CHANGED: _tr("Password changed"),
        AuditAction.PASSWORD_RECOVERED: _tr("Password set with the recovery key"),
        AuditAction.UNLOCKED: _tr("Unlocked"),
        AuditAction.CONFIRMED: _tr("Password confirmed"),
        AuditAction.UNLOCK_FAILED: _tr("Unlocking failed"),
        AuditAction.LOCKED: _tr("Locked"),
        AuditAction.IMPORTED: _tr("Imported"),
        AuditAction.CORRECTED: _tr("Corrections taken in"),
        AuditAction.EXPORTED: _tr("Exported"),
        AuditAction.RUN_STARTED: _tr("Training started"),
        AuditAction.RUN_ENDED: _tr("Training ended"),
        AuditAction.MODEL_INSTALLED: _tr("Model installed"),
        AuditAction.MODEL_EXPORTED: _tr("Model exported"),
        AuditAction.MODEL_REMOVED: _tr("Model removed"),
        AuditAction.ACTIVATED: _tr("Model put in force"),
        AuditAction.GATE_OVERRULED: _tr("Gate overruled"),
        AuditAction.ROLLED_BACK: _tr("Model before put in force again"),
        AuditAction.KEY_TRUSTED: _tr("Publisher's key trusted"),
        AuditAction.KEY_REMOVED: _tr("Publisher's key taken away"),
    }
    # Other parts of the program may write more than this table knows.
    return words.get(action) or str(action).replace("_", " ").capitalize()


def detail_words(entry: AuditEntry) -> str:
    """Counts, ids and hashes, these cut short."""
    words = "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in entry.details)
    return _HASH.sub(lambda found: f"{found[0][:_SHOWN_DIGITS]}…", words)


def time_words(utc: str) -> str:
    """A moment by the clock of this place."""
    try:
        moment = dt.datetime.fromisoformat(utc).astimezone()
    except ValueError:
        return utc
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def report_words(report: AuditReport) -> str:
    """Whether the log is what was written."""
    if report.first_bad is not None:
        words = _tr(
            "Entry {number} is not what it was when it was written. What is before it is sound; "
            "what follows cannot be relied on. Compare the log with its backup."
        )
        return words.format(number=QLocale().toString(report.first_bad))
    if not report.entries:
        return _tr("The log is whole: there is nothing in it yet.")
    words = _tr("The log is whole: {count} entries, none of them changed, dropped or put in.")
    if report.entries == 1:
        words = _tr("The log is whole: one entry, and it was not changed.")
    return words.format(count=QLocale().toString(report.entries))


def head_words(place: int | None) -> str:
    """What a head from a report shows, by the number of the entry that has it."""
    if place is None:
        return _tr(
            "No sound entry has this head: it is of another log or mistyped, or entries were "
            "changed or taken away."
        )
    words = _tr(
        "This is the head of entry {number}: nothing up to there was changed or taken away since."
    )
    return words.format(number=QLocale().toString(place))


def _tr(text: str) -> str:
    return QCoreApplication.translate("AuditLog", text)
