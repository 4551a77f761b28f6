"""Which records are listed, in which order, and how many there are of what."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from kdh_desktop.core.records.import_batch import ImportBatch
from kdh_desktop.core.records.record_filter import RecordFilter, RecordOrder
from kdh_desktop.core.records.stored import Facets
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Lane, Ok, Outcome
from kdh_desktop.gui.record_desk import RecordDesk

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore

EVERYTHING = RecordFilter()

_LOOK_EVERY_MS = 400
_REST, _LONGEST_REST_MS = 3, 5_000
"""A count is followed by a rest of so many times its length, while others write."""


class Reason(Enum):
    """Why there is another list."""

    ASKED = auto()
    """Something else was asked for: it begins at its top."""
    RENEWED = auto()
    """The same was asked for again: whoever is on a record stays there."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records there are of what.

    Attributes:
        facets: Under the filter.
        everything: Records in the store.
        batches: Import batches that are not removed.
        took_ms: How long it took to count.
    """

    facets: Facets
    everything: int
    batches: tuple[ImportBatch, ...]
    took_ms: int


class RecordList(QObject):
    """Asks the store in the background; a late answer to an older question is dropped.

    A list is a snapshot: a review that takes a record out of a queue leaves it in its row, so
    that nothing moves under the fingers of whoever reviews. `is_stale` says that a renewed list
    would be another one.
    """

    asked = Signal()
    """Another filter or order is asked for; `where` and `order` say which."""
    listed = Signal(object)
    """There are other ids: a `Reason`."""
    counted = Signal()
    """`counts` are new."""
    rows_changed = Signal()
    """What the store says of the listed records may be new."""
    failed = Signal(object)
    """The store could not answer: an exception."""

    def __init__(self, desk: RecordDesk, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._ids_lane = Lane(jobs)
        self._counts_lane = Lane(jobs)
        self._check_lane = Lane(jobs)
        self._waiting: Callable[[array[int]], object] | None = None
        self._seen = -1
        self._begun: RecordStore | None = None
        self._listed_of = 0
        self._is_counting = False
        self._is_old_count = False
        self.where = EVERYTHING
        self.order = RecordOrder()
        self.ids = array("q")
        self.counts: Counts | None = None
        self.is_listing = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._count_if_old)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)

    @property
    def store(self) -> RecordStore | None:
        """The store that is listed."""
        return self._desk.store

    @property
    def is_stale(self) -> bool:
        """Whether the filter would give other records by now."""
        return self.counts is not None and self.counts.facets.total != len(self.ids)

    @property
    def _is_busy(self) -> bool:
        return self.is_listing or self._is_counting or self._is_old_count

    def watch(self, *, is_on: bool) -> None:
        """Look now and then whether others have written to the store, while somebody looks."""
        if is_on:
            self._timer.start()
            self.look()
        else:
            self._timer.stop()

    # Questions

    def begin(self) -> None:
        """List another store, or none."""
        if self._begun is not None and self.store is not self._begun:
            # What was looked for there is nobody's business here, and batches have other ids.
            self.where, self.order = EVERYTHING, RecordOrder()
            self.asked.emit()
        self._begun = self.store
        self._check_lane.drop()
        self._waiting = None
        self._seen = -1
        self.counts = None
        self.ids = array("q")
        if self.store is None:
            self._ids_lane.drop()
            self._counts_lane.drop()
            self._is_counting = self.is_listing = False
            self.listed.emit(Reason.ASKED)
            self.counted.emit()
        else:
            self._ask(Reason.ASKED)
            self._count()

    def show(self, where: RecordFilter) -> None:
        """List what a filter leaves."""
        if where != self.where:
            if where.queue != self.where.queue:
                # A queue has an order of its own, until a person asks for another.
                self.order = RecordOrder()
            self.where = where
            self.asked.emit()
            self._ask(Reason.ASKED)
            self._count()

    def sort(self, order: RecordOrder) -> None:
        """List in another order."""
        if order != self.order:
            self.order = order
            self.asked.emit()
            self._ask(Reason.ASKED)

    def renew(self) -> None:
        """Ask again for the same."""
        self._ask(Reason.RENEWED)
        self._count()

    def when_current(self, take: Callable[[array[int]], object]) -> None:
        """Give the ids once they are what is asked for, and no record came or went since."""
        store = self.store
        if store is None or not (self._is_busy or store.change_counter != self._seen):
            take(self.ids)
            return
        self._waiting = take
        if self.is_listing:
            return
        if self._timer.isActive():
            self._check_lane.start(lambda _job: store.count(EVERYTHING), done=self._take_check)
        else:
            # Nobody looks under whose fingers something could move.
            self.renew()

    def look(self) -> None:
        """See whether something was written since the last look, and follow it."""
        store = self.store
        if store is None or store.change_counter == self._seen:
            return
        if self._is_counting or self._rest.isActive():
            # Whoever writes all the time would else drop every count before it is done, and
            # have the processor do nothing but count.
            self._follow(store)
            self._is_old_count = True
        else:
            self._count()

    def _follow(self, store: RecordStore) -> None:
        counter = store.change_counter
        is_new, self._seen = self._seen >= 0 and counter != self._seen, counter
        if is_new:
            self.rows_changed.emit()

    # Answers

    def _ask(self, reason: Reason) -> None:
        store, where, order = self.store, self.where, self.order
        if store is None:
            return
        self.is_listing = True

        def work(_job: Job) -> tuple[int, array[int]]:
            # Counted first: what comes in between then makes for one list too many, not too few.
            return store.count(EVERYTHING), store.ids(where, order)

        def take(outcome: Outcome[tuple[int, array[int]]]) -> None:
            self.is_listing = False
            match outcome:
                case Ok((everything, ids)):
                    self._listed_of, self.ids = everything, ids
                    self.listed.emit(reason)
                    self._give_ids()
                    self._follow_counts()
                case Err(error):
                    self._waiting = None
                    self.failed.emit(error)

        self._ids_lane.start(work, done=take)

    def _take_check(self, outcome: Outcome[int]) -> None:
        match outcome:
            case Ok(everything):
                if everything != self._listed_of and not self.is_listing:
                    self._ask(Reason.RENEWED)
                self._give_ids()
            case Err(error):
                self._waiting = None
                self.failed.emit(error)

    def _give_ids(self) -> None:
        """Give the ids to whoever waits for them."""
        if self._waiting is not None and not self.is_listing:
            take, self._waiting = self._waiting, None
            take(self.ids)

    def _count(self) -> None:
        store, where = self.store, self.where
        if store is None:
            return
        self._is_counting, self._is_old_count = True, False
        self._follow(store)
        self._counts_lane.start(_counts_work(store, where), done=self._take_counts)

    def _take_counts(self, outcome: Outcome[Counts]) -> None:
        self._is_counting = False
        match outcome:
            case Ok(counts):
                self.counts = counts
                self._rest.start(min(_REST * counts.took_ms, _LONGEST_REST_MS))
                self.counted.emit()
                self._follow_counts()
            case Err(error):
                self.failed.emit(error)

    def _count_if_old(self) -> None:
        if self._is_old_count:
            self._count()

    def _follow_counts(self) -> None:
        """List anew where records came or went, which is never a person's review."""
        store = self.store
        if self.counts is None or store is None or self._is_busy:
            return
        if store.change_counter != self._seen:
            # The count is the older of the two.
            self.look()
        elif self.counts.everything != self._listed_of:
            self._ask(Reason.RENEWED)


def _counts_work(store: RecordStore, where: RecordFilter) -> Callable[[Job], Counts]:
    def work(_job: Job) -> Counts:
        began = time.perf_counter()
        facets = store.facets(where)
        everything = store.count(EVERYTHING)
        batches = tuple(batch for batch in store.batches() if not batch.is_removed)
        took_ms = int(1000 * (time.perf_counter() - began))
        return Counts(facets, everything, batches, took_ms)

    return work
