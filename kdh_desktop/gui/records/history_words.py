"""What people did to a record, as lines to read."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.stored import HistoryEntry, OperationKind
from kdh_desktop.gui.records.words import label_name, review_name


def _tr(text: str) -> str:
    return QCoreApplication.translate("RecordHistory", text)


def local_time(utc: str) -> str:
    """A time of the store as the clock on the wall shows it."""
    try:
        moment = datetime.fromisoformat(utc)
    except ValueError:
        return utc
    shown = QDateTime.fromSecsSinceEpoch(int(moment.timestamp()))
    return QLocale().toString(shown, QLocale.FormatType.ShortFormat)


def history_line(entry: HistoryEntry, names: dict[str, str]) -> str:
    """One line: when, what, from what to what, and whether it was taken back."""
    line = f"{local_time(entry.utc)}  {_what(entry, names)}"
    return f"{line} {_tr('(taken back)')}" if entry.is_undone else line


def _what(entry: HistoryEntry, names: dict[str, str]) -> str:
    if entry.label_id:
        return _tr("{hallmark}: {before} → {after}").format(
            hallmark=label_name(entry.label_id, names),
            before=_state(entry.before),
            after=_state(entry.after),
        )
    match entry.kind:
        case OperationKind.IMPORT:
            return _tr("imported")
        case OperationKind.REMOVE_RECORDS:
            return _tr("removed")
        case OperationKind.MERGE:
            return _tr("merged")
        case OperationKind.WRITE_NOTE:
            return _tr("note: {after}").format(after=entry.after or _tr("none"))
        case _:
            return _tr("review: {before} → {after}").format(
                before=_state(entry.before), after=_state(entry.after)
            )


def _state(code: str) -> str:
    words = {"present": _tr("present"), "absent": _tr("absent"), "undecided": _tr("not decided")}
    if code in words:
        return words[code]
    if code in set(ReviewStatus):
        return review_name(ReviewStatus(code)).lower()
    return code
