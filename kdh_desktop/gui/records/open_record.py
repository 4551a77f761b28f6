"""The one record that is looked at, with all that the store holds of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from kdh_desktop.core.records.stored import RecordDetail
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Lane, Ok, Outcome

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore


class OpenRecord(QObject):
    """Fetches a record in the background; only the newest question is answered."""

    changed = Signal()
    """Another record is shown, or the store says something else of it."""
    failed = Signal(object)
    """It could not be fetched: an exception."""

    def __init__(self, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = Lane(jobs)
        self._store: RecordStore | None = None
        self._wanted: int | None = None
        self.detail: RecordDetail | None = None

    def show(self, store: RecordStore | None, record_id: int | None) -> None:
        """Look at another record, or at none."""
        if store is self._store and record_id == self._wanted:
            return
        self._store, self._wanted = store, record_id
        self.renew()

    def renew(self) -> None:
        """Fetch the record again."""
        if self._store is None or self._wanted is None:
            self._lane.drop()
            self.detail = None
            self.changed.emit()
        else:
            self._lane.start(_detail_work(self._store, self._wanted), done=self._take)

    def _take(self, outcome: Outcome[RecordDetail]) -> None:
        match outcome:
            case Ok(detail):
                self.detail = detail
                self.changed.emit()
            case Err(error):
                if self.detail is not None and self.detail.id != self._wanted:
                    # It would pass for the one that is wanted.
                    self.detail = None
                    self.changed.emit()
                self.failed.emit(error)


def _detail_work(store: RecordStore, record_id: int) -> Callable[[Job], RecordDetail]:
    def work(_job: Job) -> RecordDetail:
        return store.detail(record_id)

    return work
