"""Classifies whatever has no labels from the model in force, while the window stays in use."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from kdh_desktop.core.errors import Cancelled, KdhError
from kdh_desktop.core.records.record_filter import RecordFilter
from kdh_desktop.gui.desktop_message import DesktopMessage
from kdh_desktop.gui.jobs import Err, Job, Lane, Ok, Outcome
from kdh_desktop.gui.notices import Notice, NoticeAction, Severity
from kdh_desktop.gui.window_parts import WindowParts
from kdh_desktop.gui.work_panel import Work, WorkRow, time_left

if TYPE_CHECKING:
    from kdh_desktop.core.records.bulk_run import BulkProgress
    from kdh_desktop.core.records.record_store import RecordStore
    from kdh_desktop.gui.active_model import Classifier

DONE_NOTICE, OFFER_NOTICE = "bulk:done", "bulk:offer"


class BulkFlow(QObject):
    """One run at a time; what is asked for meanwhile follows."""

    review_wanted = Signal()
    """Show what needs review."""
    ended = Signal()
    """A run is over, however it ended."""

    def __init__(self, parts: WindowParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._waiting: deque[RecordFilter] = deque()
        self._row: WorkRow | None = None
        self._progress: BulkProgress | None = None
        self._should_pause = threading.Event()
        self._lane = Lane(parts.jobs)
        self._count_lane = Lane(parts.jobs)
        self._message = DesktopMessage(parts.window, parts.icons.application, self)
        self._is_stopping = False
        parts.desk.model_taken.connect(self.offer)
        parts.desk.changed.connect(lambda: parts.notices.dismiss(OFFER_NOTICE, DONE_NOTICE))

    @property
    def is_active(self) -> bool:
        """Whether records are being classified."""
        return self._row is not None

    def classify(self, where: RecordFilter) -> None:
        """Classify those of some records that have no labels yet."""
        store, classifier = self._parts.desk.store, self._parts.model.classifier
        if self._row is not None:
            if where not in self._waiting:
                self._waiting.append(where)
            return
        if store is None or classifier is None:
            self._say(self.tr("Nothing can be classified while there is no model or no records."))
            return
        self._parts.notices.dismiss(DONE_NOTICE, OFFER_NOTICE)
        self._should_pause.clear()
        self._is_stopping = False
        self._progress = None
        self._row = self._parts.panel.add_row(Work(self._heading, can_pause=True))
        self._row.cancel_wanted.connect(self.cancel)
        self._row.pause_wanted.connect(self._pause)
        self._lane.start(
            _bulk_work(store, classifier, where, should_pause=self._should_pause.is_set),
            done=self._take_end,
            progress=self._show_progress,
        )

    def cancel(self) -> None:
        """Stop; what is done stays."""
        self._waiting.clear()
        self._is_stopping = True
        self._lane.cancel()
        self._show()

    def offer(self) -> None:
        """Say how many records have no labels, e.g. after a start, and offer to classify them."""
        store = self._parts.desk.store
        if store is None or self._row is not None or self._parts.model.classifier is None:
            return
        self._count_lane.start(
            lambda _job: store.count_unpredicted(), done=partial(self._take_count, store)
        )

    def correct_offer(self) -> None:
        """Count again where an offer stands, e.g. of texts that were only waiting for labels."""
        if OFFER_NOTICE in self._parts.notices.messages:
            self.offer()

    def _take_count(self, store: RecordStore, outcome: Outcome[int]) -> None:
        if not isinstance(outcome, Ok) or store is not self._parts.desk.store or self.is_active:
            return
        self._parts.notices.dismiss(OFFER_NOTICE)
        count = outcome.value
        if count:
            words = (
                self.tr("1 record has no labels yet.")
                if count == 1
                else self.tr("{count} records have no labels yet.").format(count=f"{count:,}")
            )
            action = NoticeAction(self.tr("Classify"), partial(self.classify, RecordFilter()))
            self._parts.notices.show_notice(OFFER_NOTICE, Notice(words, action=action))

    # While it goes on

    @property
    def _heading(self) -> str:
        return self.tr("Classifying")

    def _pause(self, is_wanted: bool) -> None:
        if is_wanted:
            self._should_pause.set()
        else:
            self._should_pause.clear()
        self._show()

    def _show_progress(self, progress: BulkProgress) -> None:
        self._progress = progress
        self._show()

    def _show(self) -> None:
        if self._row is None:
            return
        progress = self._progress
        self._parts.panel.show_work(
            self._row,
            Work(
                self._heading,
                done=0 if progress is None else progress.done,
                total=0 if progress is None else progress.total,
                words="" if progress is None else self._words(progress),
                can_pause=True,
                is_paused=self._should_pause.is_set(),
                is_stopping=self._is_stopping,
            ),
        )

    def _words(self, progress: BulkProgress) -> str:
        words = [
            self.tr("{done} of {total}").format(
                done=f"{progress.done:,}", total=f"{progress.total:,}"
            )
        ]
        if self._should_pause.is_set():
            return self.tr("{words}, paused").format(words=words[0])
        if progress.records_per_s:
            rate = progress.records_per_s
            shown = f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"
            words.append(self.tr("{rate} a second").format(rate=shown))
        if progress.seconds_left is not None:
            words.append(time_left(progress.seconds_left))
        return ", ".join(words)

    # When it is over

    def _take_end(self, outcome: Outcome[BulkProgress]) -> None:
        progress = outcome.value if isinstance(outcome, Ok) else self._progress
        done = 0 if progress is None else progress.done
        row, self._row = self._row, None
        if row is not None:
            self._parts.panel.remove_row(row)
        self._tell(outcome, done)
        if self._waiting:
            self.classify(self._waiting.popleft())
        else:
            self.ended.emit()
            self.offer()

    def _tell(self, outcome: Outcome[BulkProgress], done: int) -> None:
        words = (
            self.tr("1 record was classified.")
            if done == 1
            else self.tr("{count} records were classified.").format(count=f"{done:,}")
        )
        match outcome:
            case Ok() if done == 0:
                self._say(self.tr("These records have labels already."))
            case Ok():
                action = NoticeAction(self.tr("Show what needs review"), self._review)
                self._show_notice(Notice(words, action=action, is_outcome=True))
                self._message.show(words)
            case Err(Cancelled()):
                self._say(self.tr("Stopped. {words}").format(words=words))
            case Err(KdhError() as error):
                notice = f"{error} {words}"
                self._show_notice(Notice(notice, Severity.ERROR))
                self._message.show(self.tr("The classification stopped before its end."))
            case Err():
                pass  # a bug was reported already

    def _review(self) -> None:
        self._parts.notices.dismiss(DONE_NOTICE)
        self.review_wanted.emit()

    def _say(self, message: str) -> None:
        self._show_notice(Notice(message, is_outcome=True))

    def _show_notice(self, notice: Notice) -> None:
        self._parts.notices.dismiss(DONE_NOTICE)
        self._parts.notices.show_notice(DONE_NOTICE, notice)


def _bulk_work(
    store: RecordStore,
    classifier: Classifier,
    where: RecordFilter,
    *,
    should_pause: Callable[[], bool],
) -> Callable[[Job], BulkProgress]:
    def work(job: Job) -> BulkProgress:
        from kdh_desktop.core.records.bulk_run import BulkRun

        bundle = classifier.bundle
        store.activate_model(bundle.manifest, manifest_sha256=bundle.manifest_sha256)
        run = BulkRun(store, classifier, where=where)
        return run.run(job.report, job.should_stop, should_pause)

    return work
