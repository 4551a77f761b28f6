"""Words of the Records page for what the store knows by codes."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.records.record_filter import Queue, ReviewStatus
from kdh_desktop.core.records.stored import Operation, OperationKind
from kdh_desktop.gui.record_count import record_count

_HALLMARKS = {label.id: label.name for label in HALLMARKS_OF_CANCER}


def _tr(text: str) -> str:
    return QCoreApplication.translate("Records", text)


def review_name(status: ReviewStatus) -> str:
    """How far a person got, in a word."""
    return {
        ReviewStatus.OPEN: _tr("Open"),
        ReviewStatus.SKIPPED: _tr("Skipped"),
        ReviewStatus.UNSURE: _tr("Unsure"),
        ReviewStatus.CONFIRMED: _tr("Confirmed"),
        ReviewStatus.ACCEPTED: _tr("Accepted"),
    }[status]


def queue_name(queue: Queue) -> str:
    """A queue in a few words."""
    match queue:
        case Queue.NEEDS_REVIEW:
            return _tr("Needs review")
        case Queue.DISAGREEMENT:
            return _tr("Model and person disagree")


def label_name(label_id: str, names: dict[str, str]) -> str:
    """What people call a label, also one that the active model does not know."""
    return names.get(label_id) or _HALLMARKS.get(label_id) or label_id


def operation_words(operation: Operation) -> str:
    """What was done, to follow "Undo: "."""
    words = {
        OperationKind.IMPORT: _tr("import {records}"),
        OperationKind.REMOVE_RECORDS: _tr("remove {records}"),
        OperationKind.MERGE: _tr("merge {records}"),
        OperationKind.DECIDE: _tr("decide on {records}"),
        OperationKind.CONFIRM: _tr("confirm {records}"),
        OperationKind.SET_REVIEW: _tr("mark {records}"),
        OperationKind.WRITE_NOTE: _tr("note on {records}"),
        OperationKind.ACCEPT_MANY: _tr("accept {records}"),
        OperationKind.TAKE_CORRECTIONS: _tr("take corrections of {records}"),
    }[operation.kind]
    return words.format(records=record_count(operation.records))
