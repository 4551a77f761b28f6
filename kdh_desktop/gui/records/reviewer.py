"""What a person does to records, written to the store one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.records.record_filter import ReviewStatus
from kdh_desktop.core.records.share_done import OnProgress, silent
from kdh_desktop.core.records.stored import Operation, OperationKind, RecordDetail, ReviewChange
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Ok, Outcome
from kdh_desktop.gui.records.limits import Limits

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore

_WHOLE = {ReviewStatus.CONFIRMED, ReviewStatus.ACCEPTED}


@dataclass(frozen=True, slots=True)
class Steps:
    """What can be taken back, and what can be done again."""

    undo: Operation | None = None
    redo: Operation | None = None


@dataclass(frozen=True, slots=True)
class _Note:
    """Words that take the place of a record's note, or stand at its end."""

    record_id: int
    words: str
    is_added: bool

    def after(self, note: str) -> str:
        return note + self.words if self.is_added else self.words


@dataclass(frozen=True, slots=True)
class _Task:
    store: RecordStore
    write: Callable[[RecordStore, OnProgress], object]
    done: Callable[[object], None]
    note: _Note | None = None


class Reviewer(QObject):
    """Keeps the order of the keys that were pressed, without the window waiting for the disk.

    What a key means is worked out when its turn comes, from what the store says then: a key that
    follows another one quickly still sees what that one did. A note that could not be written is
    held until it can be: nobody can be asked to type it again.
    """

    written = Signal()
    """Something is in the store."""
    failed = Signal(object)
    """Something could not be written: an exception."""
    steps_changed = Signal()
    """`steps` are new."""
    busy_changed = Signal()
    """Writing has begun, or all is written."""
    progressed = Signal(int)
    """How much of what is being written is done, in percent, where that takes a while."""

    def __init__(self, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._tasks: deque[_Task] = deque()
        self._held: list[_Task] = []
        self._is_writing = False
        self._store: RecordStore | None = None
        self.steps = Steps()

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be written."""
        return self._is_writing or bool(self._tasks)

    def take_store(self, store: RecordStore | None) -> None:
        """Write to another store from now on; what was asked for before goes to the old one."""
        self.try_again()
        self._store = store
        self.steps = Steps()
        self.steps_changed.emit()

    # One record

    def toggle(self, record_id: int, label_id: str) -> None:
        """Let a label count as present where it does not, and the other way round."""

        def write(store: RecordStore) -> None:
            change = ReviewChange(
                record_id, decisions=((label_id, toggled(store.detail(record_id), label_id)),)
            )
            store.review([change], kind=OperationKind.DECIDE)

        self._add(write)

    def decide(self, record_id: int, label_id: str, *, is_present: bool | None) -> None:
        """Say whether a label is there; None takes a decision back."""
        change = ReviewChange(record_id, decisions=((label_id, is_present),))
        self._add(lambda store: store.review([change], kind=OperationKind.DECIDE))

    def confirm(self, record_id: int, done: Callable[[bool], None]) -> None:
        """Take all labels as they stand; `done` hears whether there was anything to take."""
        self._add(lambda store: store.confirm([record_id]), lambda count: done(count != 0))

    def mark(self, record_id: int, status: ReviewStatus) -> None:
        """Say how far a person got."""
        change = ReviewChange(record_id, review=status)
        self._add(lambda store: store.review([change], kind=OperationKind.SET_REVIEW))

    def skip(self, record_id: int) -> None:
        """Mark a record as skipped, unless somebody got further with it."""

        def write(store: RecordStore) -> None:
            if store.detail(record_id).review == ReviewStatus.OPEN:
                change = ReviewChange(record_id, review=ReviewStatus.SKIPPED)
                store.review([change], kind=OperationKind.SET_REVIEW)

        self._add(write)

    def write_note(self, record_id: int, note: str) -> None:
        """Put a note in place of the one that there is."""
        self._add_note(_Note(record_id, note, is_added=False))

    def add_to_note(self, record_id: int, words: str) -> None:
        """Put words at the end of a note."""
        self._add_note(_Note(record_id, words, is_added=True))

    def note_of(self, record_id: int, note: str) -> str:
        """A record's note with what could not be written yet; `note` is what the store has."""
        for task in self._held:
            if task.note is not None and task.note.record_id == record_id:
                note = task.note.after(note)
        return note

    def try_again(self) -> None:
        """Write the notes that could not be written before."""
        self._tasks.extend(self._held)
        self._held.clear()
        self._begin()

    # Many records

    def accept(
        self, record_ids: Sequence[int], limits: Limits | None, done: Callable[[int], None]
    ) -> None:
        """Accept the model's labels; `done` hears how many records that touched."""
        self._add_long(
            lambda store, tell: store.accept(record_ids, limits, tell),
            lambda count: done(count) if isinstance(count, int) else None,
        )

    def remove(self, record_ids: Sequence[int], done: Callable[[], None]) -> None:
        """Take records out of all lists."""
        self._add(lambda store: store.remove_records(record_ids), lambda _: done())

    # Steps back and forth

    def undo(self, done: Callable[[Operation | None], None]) -> None:
        """Take back what was done last; `done` hears what it was."""
        self._add_long(lambda store, tell: store.undo(tell), lambda one: done(_operation(one)))

    def redo(self, done: Callable[[Operation | None], None]) -> None:
        """Do again what was taken back last; `done` hears what it was."""
        self._add_long(lambda store, tell: store.redo(tell), lambda one: done(_operation(one)))

    def look(self) -> None:
        """Ask the store anew what can be taken back."""
        store = self._store
        if store is not None and not self.is_busy:
            self._jobs.start(lambda _job: _steps_of(store), done=lambda out: self._keep(store, out))

    def finish(self) -> None:
        """Write all that is waiting, before the program ends."""
        self._tasks.extend(self._held)
        self._held.clear()
        while self._tasks:
            task = self._tasks.popleft()
            task.write(task.store, silent)

    # The queue

    def _add(
        self,
        write: Callable[[RecordStore], object],
        done: Callable[[object], None] = lambda _: None,
    ) -> None:
        self._add_long(lambda store, _tell: write(store), done)

    def _add_note(self, note: _Note) -> None:
        def write(store: RecordStore, _tell: OnProgress) -> None:
            words = note.after(store.detail(note.record_id).note)
            change = ReviewChange(note.record_id, note=words)
            store.review([change], kind=OperationKind.WRITE_NOTE)

        # What was typed before comes first, or it would take the place of this.
        self.try_again()
        self._add_long(write, lambda _: None, note)

    def _add_long(
        self,
        write: Callable[[RecordStore, OnProgress], object],
        done: Callable[[object], None],
        note: _Note | None = None,
    ) -> None:
        if self._store is not None:
            self._tasks.append(_Task(self._store, write, done, note))
            self._begin()

    def _begin(self) -> None:
        if self._tasks and not self._is_writing:
            self._write_next()
            self.busy_changed.emit()

    def _write_next(self) -> None:
        task = self._tasks.popleft()
        self._is_writing = True

        def work(job: Job) -> tuple[object, Steps]:
            return task.write(task.store, job.report), _steps_of(task.store)

        def take(outcome: Outcome[tuple[object, Steps]]) -> None:
            self._is_writing = False
            match outcome:
                case Ok((value, steps)):
                    self._keep(task.store, Ok(steps))
                    self.written.emit()
                    task.done(value)
                    self.try_again()
                case Err(error):
                    lost = [task, *self._tasks] if isinstance(error, KdhError) else self._tasks
                    self._held += [one for one in lost if one.note and one.store is self._store]
                    # What was meant to follow was meant to follow this; only notes stand alone.
                    self._tasks.clear()
                    self.failed.emit(error)
            if self._tasks and not self._is_writing:
                self._write_next()
            elif not self.is_busy:
                self.busy_changed.emit()

        self._jobs.start(
            work, done=take, progress=lambda share: self.progressed.emit(int(100 * share))
        )

    def _keep(self, store: RecordStore, outcome: Outcome[Steps]) -> None:
        if isinstance(outcome, Ok) and store is self._store:
            self.steps = outcome.value
            self.steps_changed.emit()


def toggled(detail: RecordDetail, label_id: str) -> bool | None:
    """What a label's key decides: the other way round, or nothing any more.

    Where the model already says what the key would decide, the decision is taken back instead:
    so two presses leave nothing behind. A record that was confirmed keeps a decision on each
    label.
    """
    scores = () if detail.prediction is None else detail.prediction.scores
    score = next((score for score in scores if score.label_id == label_id), None)
    decision = dict(detail.decisions).get(label_id)
    is_predicted = score is not None and score.is_predicted
    wanted = not (is_predicted if decision is None else decision)
    if wanted == is_predicted and detail.review not in _WHOLE:
        return None
    return wanted


def _steps_of(store: RecordStore) -> Steps:
    return Steps(undo=store.can_undo(), redo=store.can_redo())


def _operation(value: object) -> Operation | None:
    return value if isinstance(value, Operation) else None
