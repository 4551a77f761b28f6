"""Classify whatever the active model has said nothing of, while what is done is saved.

What is left to do is asked of the store, so a run that was stopped or killed goes on by itself: the
next one finds what the last one did not save. Saving runs in a thread beside the classifier, which
never waits for a disk; texts are read in the order of their ids, a batch at a time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kdh_desktop.core.errors import Cancelled, ModelError
from kdh_desktop.core.record import Prediction, Record
from kdh_desktop.core.records.record_filter import RecordFilter

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore

BATCH_RECORDS = 256

_RATE_OVER_S = 30.0
_PAUSE_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """How far a run got.

    Attributes:
        done: Records whose predictions are saved.
        total: Records that there were to do, those done included.
        records_per_s: Over the last half minute; 0 before the first are done.
        is_paused: Whether it waits to be let go on.
    """

    done: int
    total: int
    records_per_s: float = 0.0
    is_paused: bool = False

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take; None while nobody knows."""
        return (self.total - self.done) / self.records_per_s if self.records_per_s else None


class StreamClassifier(Protocol):
    """What is needed of `core.classification.classifier.OnnxClassifier`."""

    def predict_each(
        self, records: Iterable[Record], *, should_stop: Callable[[], bool] | None = None
    ) -> Generator[Prediction, None, None]:
        """Classify records as they come; closing the generator ends the work."""


class BulkRun:
    """Classifies records of a store with its active model.

    Args:
        store: Where the records are; the classifier's model must be the active one.
        classifier: The model.
        where: Which records; those without a prediction among them are done.
        batch_records: Records read at a time; at most so many are done again after a kill.
        clock: Gives seconds, for the rate.
    """

    def __init__(
        self,
        store: RecordStore,
        classifier: StreamClassifier,
        *,
        where: RecordFilter | None = None,
        batch_records: int = BATCH_RECORDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._classifier = classifier
        self._where = where or RecordFilter()
        self._batch_records = batch_records
        self._clock = clock

    def run(
        self,
        on_progress: Callable[[BulkProgress], None],
        should_stop: Callable[[], bool],
        should_pause: Callable[[], bool] = lambda: False,
    ) -> BulkProgress:
        """Do all that is left to do.

        Args:
            on_progress: Told how far it is, on the calling thread: first, after every save, and
                when it pauses.
            should_stop: Asked on the calling thread, before each text and after each window.
            should_pause: Asked on the calling thread before each text; while it says so, nothing
                is computed once what was begun is saved.

        Returns:
            How far it got in the end.

        Raises:
            Cancelled: `should_stop` said so; what is done is kept.
            ModelError: The model gave no usable result; what is done is kept.
            StoreError: The store cannot be written to, or another model was activated.
        """
        total = self._store.count_unpredicted(self._where)
        progress = _Progress(total, on_progress, self._clock)
        texts = _Texts(self._store, self._where, limit=self._batch_records)
        progress.tell()
        with ThreadPoolExecutor(1, thread_name_prefix="bulk-save") as executor:
            # A kill costs one save under way, one that is being filled, and the few texts that
            # the classifier holds: together less than a batch.
            saving = _Saving(self._store, executor, progress, size=max(1, self._batch_records // 4))
            try:
                while not texts.are_over:
                    found = self._classifier.predict_each(
                        texts.until(should_pause), should_stop=should_stop
                    )
                    with closing(found):  # ends its threads at once if saving fails
                        for prediction in found:
                            saving.add(prediction)
                    saving.finish()
                    if not texts.are_over:
                        _wait(progress, should_pause, should_stop)
            except (Cancelled, ModelError):
                saving.finish()
                raise
        return progress.now()


class _Texts:
    """Texts without a prediction, in the order of their ids; each is given once."""

    def __init__(self, store: RecordStore, where: RecordFilter, *, limit: int) -> None:
        self._store = store
        self._where = where
        self._limit = limit
        self._after = 0
        self.are_over = False

    def until(self, should_pause: Callable[[], bool]) -> Iterator[Record]:
        """The next texts, until there are none or somebody wants a pause."""
        while True:
            batch = self._store.unpredicted(limit=self._limit, after=self._after, where=self._where)
            if not batch:
                self.are_over = True
                return
            for record_id, text in batch:
                if should_pause():
                    return
                self._after = record_id
                yield Record(str(record_id), text)


class _Saving:
    """Saves predictions in a thread of its own, one transaction at a time."""

    def __init__(
        self, store: RecordStore, executor: ThreadPoolExecutor, progress: _Progress, *, size: int
    ) -> None:
        self._store = store
        self._executor = executor
        self._progress = progress
        self._size = size
        self._waiting: list[tuple[int, Prediction]] = []
        self._under_way: tuple[Future[None], int] | None = None

    def add(self, prediction: Prediction) -> None:
        """Take in one prediction; waits only when the disk is slower than the classifier."""
        self._waiting.append((int(prediction.record.id), prediction))
        if len(self._waiting) >= self._size:
            self._save()

    def finish(self) -> None:
        """Save all that was taken in."""
        if self._waiting:
            self._save()
        self._join()

    def _save(self) -> None:
        self._join()
        batch, self._waiting = self._waiting, []
        self._under_way = self._executor.submit(self._store.add_predictions, batch), len(batch)

    def _join(self) -> None:
        if self._under_way is None:
            return
        (saved, size), self._under_way = self._under_way, None
        saved.result()
        self._progress.add(size)


class _Progress:
    """Counts what is saved, and how fast."""

    def __init__(
        self, total: int, on_progress: Callable[[BulkProgress], None], clock: Callable[[], float]
    ) -> None:
        self._total = total
        self._on_progress = on_progress
        self._clock = clock
        self._done = 0
        self._marks = deque([(clock(), 0)])

    def add(self, records: int) -> None:
        """Count records that are saved, and tell."""
        self._done += records
        self._marks.append((self._clock(), self._done))
        while len(self._marks) > 2 and self._marks[-1][0] - self._marks[1][0] > _RATE_OVER_S:
            self._marks.popleft()
        self.tell()

    def pause(self) -> None:
        """Tell of a pause."""
        self._on_progress(self.now(is_paused=True))

    def go_on(self) -> None:
        """Tell of its end; the time that it took does not count."""
        self._marks = deque([(self._clock(), self._done)])
        self.tell()

    def tell(self) -> None:
        """Tell how far it is."""
        self._on_progress(self.now())

    def now(self, *, is_paused: bool = False) -> BulkProgress:
        """How far it is."""
        (began, before), (now, done) = self._marks[0], self._marks[-1]
        rate = (done - before) / (now - began) if now > began else 0.0
        # Records may have been taken in while it ran.
        return BulkProgress(self._done, max(self._total, self._done), rate, is_paused)


def _wait(
    progress: _Progress, should_pause: Callable[[], bool], should_stop: Callable[[], bool]
) -> None:
    progress.pause()
    while should_pause():
        if should_stop():
            raise Cancelled("The classification was stopped.")
        time.sleep(_PAUSE_LOOK_S)
    progress.go_on()
