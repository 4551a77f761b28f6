"""What the Classify page works on: its texts, their labels, and the jobs that fetch them.

No widget is known here. A text is known by a key; an answer counts only while the text under its
key is still the one that was asked about, so late answers and edited texts can never be confused.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import QObject, QTimer, Signal

from kdh_desktop.core.errors import Cancelled, KdhError
from kdh_desktop.core.record import Prediction, Record
from kdh_desktop.gui.active_model import ActiveModel, Failed, Ready
from kdh_desktop.gui.classify.pasted_content import is_blank
from kdh_desktop.gui.classify.work import Answer, Item, classify_work, divide_work
from kdh_desktop.gui.jobs import Err, JobRunner, Lane, Ok, Outcome

FOLLOW_DELAY_MS = 400
"""Pause in typing after which the labels follow."""


@dataclass(frozen=True, slots=True)
class TextEntry:
    """One text of the page.

    Attributes:
        key: Names the entry for as long as the page lives.
        record: The text as it is now.
        prediction: Labels of this text; when `is_stale`, of an older wording or by another model.
        is_whole: The user wants this text kept in one piece.
        is_by_other: The labels are of a model that is not in force any more.
    """

    key: int
    record: Record
    prediction: Prediction | None = None
    is_whole: bool = False
    is_by_other: bool = False

    @property
    def has_changed(self) -> bool:
        """Whether the labels are those of an older wording."""
        return self.prediction is not None and self.prediction.record != self.record

    @property
    def is_stale(self) -> bool:
        """Whether the labels are not those that this text would get now."""
        return self.has_changed or self.is_by_other

    @property
    def is_waiting(self) -> bool:
        """Whether labels of the present wording and model are missing."""
        return self.prediction is None or self.is_stale


class Activity(StrEnum):
    """What the page is busy with."""

    IDLE = "idle"
    WAITING_FOR_MODEL = "waiting_for_model"
    DIVIDING = "dividing"
    CLASSIFYING = "classifying"
    CANCELLING = "cancelling"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All texts with their labels, to go back to."""

    entries: tuple[TextEntry, ...]
    current: int
    labels_follow: bool


class ClassifySession(QObject):
    """The texts of the page, and the one that is looked at."""

    texts_reset = Signal()
    """Other texts than before; ask for all."""
    entry_changed = Signal(int)
    """The text or the labels of one row."""
    current_changed = Signal()
    """Another row is looked at."""
    activity_changed = Signal()
    classified = Signal()
    """Labels that the user asked for have arrived for the text that is looked at."""
    divided = Signal(int)
    """A paste was told apart into so many texts; 1 means that other lines were left out."""
    asked = Signal(object)
    """Texts that are about to be classified because the user wants it: a tuple of `Item`."""
    answered = Signal(object)
    """Labels of such texts: a tuple of `Prediction`."""
    failed = Signal(object)
    """A `KdhError` to tell the user."""

    def __init__(self, model: ActiveModel, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._keys = itertools.count()
        self._entries = [self._new_entry(Record("1", ""))]
        self._current = 0
        self._labels_follow = False
        self._undivided: Snapshot | None = None
        self._activity = Activity.IDLE
        self._progress = (0, 0)
        self._lane = Lane(jobs)
        self._follow_lane = Lane(jobs)
        self._follow_timer = QTimer(self)
        self._follow_timer.setSingleShot(True)
        self._follow_timer.setInterval(FOLLOW_DELAY_MS)
        self._follow_timer.timeout.connect(self._follow)
        model.changed.connect(self._take_model)

    # What there is

    @property
    def entries(self) -> Sequence[TextEntry]:
        """All texts, in the order of the paste; never none."""
        return self._entries

    @property
    def current_row(self) -> int:
        """Row of the text that is looked at."""
        return self._current

    @property
    def current(self) -> TextEntry:
        """The text that is looked at."""
        return self._entries[self._current]

    @property
    def activity(self) -> Activity:
        """What is going on."""
        return self._activity

    @property
    def progress(self) -> tuple[int, int]:
        """Texts classified in this job, and texts to classify."""
        return self._progress

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to classify."""
        return len(self._entries) == 1 and is_blank(self.current.record.text)

    @property
    def model_id(self) -> str:
        """Name of the model in force; empty while there is none."""
        classifier = self._model.classifier
        return classifier.bundle.manifest.bundle_id if classifier is not None else ""

    def snapshot(self) -> Snapshot:
        """The texts and labels as they are now."""
        return Snapshot(tuple(self._entries), self._current, self._labels_follow)

    # What the user does

    def edit(self, text: str) -> None:
        """Take a new wording of the current text; its labels follow once there were any."""
        if text == self.current.record.text:
            return
        self._set_entry(
            self._current, replace(self.current, record=replace(self.current.record, text=text))
        )
        if is_blank(text):
            # Nothing is left that the labels could be about.
            self._set_entry(self._current, replace(self.current, prediction=None))
        if self._labels_follow:
            self._follow_lane.drop()
            self._follow_timer.start()

    def replace_text(self, text: str) -> None:
        """Take a text that was pasted over the current one; it may hold several."""
        if len(self._entries) == 1:
            self._undivided = None
        entry = self._new_entry(Record(str(self._current + 1), text))
        self._set_entry(self._current, entry)
        if self._labels_follow:
            self.classify()

    def add_text(self, text: str) -> None:
        """Put one more text behind the others, and look at it."""
        if self.is_blank:
            self.replace_text(text)
            self.current_changed.emit()
            return
        count = len(self._entries)
        entries = (*self._entries, self._new_entry(Record(str(count + 1), text)))
        self._undivided = None
        self._take(Snapshot(entries, count, self._labels_follow))

    def go_to(self, row: int) -> None:
        """Look at another text."""
        if 0 <= row < len(self._entries) and row != self._current:
            if self._follow_timer.isActive():
                self._follow_timer.stop()
                self._follow()
            self._current = row
            self.current_changed.emit()

    def clear(self) -> Snapshot:
        """Start afresh; the snapshot brings everything back."""
        before = self.snapshot()
        self._stop_jobs()
        self._take(Snapshot((self._new_entry(Record("1", "")),), 0, labels_follow=False))
        self._undivided = None
        return before

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to how the texts were."""
        self._stop_jobs()
        self._undivided = None
        self._take(snapshot)

    def keep_whole(self) -> None:
        """Put the texts back together that the last classification told apart."""
        if self._undivided is None:
            return
        before = self._undivided
        self._stop_jobs()
        self._undivided = None
        entries = list(before.entries)
        entries[before.current] = replace(entries[before.current], is_whole=True)
        self._take(replace(before, entries=tuple(entries)))
        self.classify()

    def divide_again(self) -> None:
        """Take back `keep_whole` for the current text."""
        self._set_entry(self._current, replace(self.current, is_whole=False, prediction=None))
        self.classify()

    def classify(self) -> None:
        """Tell apart the texts of the current entry, and classify all that wait for labels."""
        if self.is_blank:
            return
        self._stop_jobs()
        self._labels_follow = True
        if not isinstance(self._model.state, Ready):
            # Started as soon as the model is there; when there is none, the page says so.
            is_coming = not isinstance(self._model.state, Failed)
            self._set_activity(Activity.WAITING_FOR_MODEL if is_coming else Activity.IDLE)
            return
        if self.current.is_whole or not self.current.is_waiting:
            self._classify_waiting()
            return
        self._progress = (0, 0)
        self._set_activity(Activity.DIVIDING)
        asked = self.current
        self._lane.start(
            divide_work(asked.record.text),
            done=lambda outcome: self._take_division(asked, outcome),
        )

    def cancel(self) -> None:
        """Stop; what is classified already stays."""
        if self._activity == Activity.WAITING_FOR_MODEL:
            self._set_activity(Activity.IDLE)
        elif self._activity in {Activity.DIVIDING, Activity.CLASSIFYING}:
            self._set_activity(Activity.CANCELLING)
            self._lane.cancel()

    # What comes back

    def _take_model(self) -> None:
        for row, entry in enumerate(self._entries):
            if (seen := self._seen_now(entry)) != entry:
                self._set_entry(row, seen)
        if self._activity != Activity.WAITING_FOR_MODEL:
            return
        if isinstance(self._model.state, Ready):
            self.classify()
        elif isinstance(self._model.state, Failed):
            self._set_activity(Activity.IDLE)

    def _take_division(self, asked: TextEntry, outcome: Outcome[tuple[Record, ...]]) -> None:
        if not isinstance(outcome, Ok):
            self._take_end(outcome)
            return
        row = self._row_of(asked.key)
        if row is None or self._entries[row].record != asked.record:
            # Edited meanwhile: the labels follow the new wording instead.
            self._classify_waiting()
            return
        records = outcome.value
        is_changed = len(records) > 1 or records[0].text != asked.record.text
        if is_changed and not is_blank(records[0].text):
            self._divide(row, records)
        self._classify_waiting()

    def _divide(self, row: int, records: tuple[Record, ...]) -> None:
        is_same = len(records) == 1 and records[0].text.strip() == (
            self._entries[row].record.text.strip()
        )
        before = self.snapshot()
        entries = [*self._entries[:row], *map(self._new_entry, records), *self._entries[row + 1 :]]
        current = self._current if self._current <= row else self._current + len(records) - 1
        self._take(Snapshot(tuple(entries), current, labels_follow=True))
        if not is_same:
            self._undivided = before
            self.divided.emit(len(records))

    def _classify_waiting(self) -> None:
        classifier = self._model.classifier
        if classifier is None:
            self._set_activity(Activity.IDLE)
            return
        # The text that is looked at comes first, then those after it.
        rows = [*range(self._current, len(self._entries)), *range(self._current)]
        waiting = [row for row in rows if self._entries[row].is_waiting] or [self._current]
        items = tuple(
            Item(self._entries[row].key, self._entries[row].record)
            for row in waiting
            if self._entries[row].record.text or len(self._entries) == 1
        )
        if not items:
            self._set_activity(Activity.IDLE)
            return
        self._progress = (0, len(items))
        self._set_activity(Activity.CLASSIFYING)
        self.asked.emit(items)
        self._lane.start(
            classify_work(classifier, items), done=self._take_end, progress=self._take_answer
        )

    def _take_answer(self, answer: Answer) -> None:
        self._progress = (answer.done, self._progress[1])
        for key, prediction in answer.predictions:
            self._take_prediction(key, prediction, is_asked=True)
        self.answered.emit(tuple(prediction for _, prediction in answer.predictions))
        self.activity_changed.emit()

    def _take_prediction(self, key: int, prediction: Prediction, *, is_asked: bool) -> None:
        row = self._row_of(key)
        if row is None or self._entries[row].record != prediction.record:
            return
        entry = replace(self._entries[row], prediction=prediction)
        self._set_entry(row, self._seen_now(entry))
        if is_asked and row == self._current:
            self.classified.emit()

    def _take_end(self, outcome: Outcome[object]) -> None:
        self._set_activity(Activity.IDLE)
        match outcome:
            case Err(KdhError() as error):
                self.failed.emit(error)
            case Ok() | Err():
                # A bug was reported already.
                pass

    def _follow(self) -> None:
        classifier = self._model.classifier
        entry = self.current
        if classifier is None or not entry.is_waiting or is_blank(entry.record.text):
            return

        def take_end(outcome: Outcome[None]) -> None:
            match outcome:
                case Err(KdhError() as error) if not isinstance(error, Cancelled):
                    self.failed.emit(error)
                case _:
                    pass

        self._follow_lane.start(
            classify_work(classifier, (Item(entry.key, entry.record),)),
            done=take_end,
            progress=self._take_followed,
        )

    def _take_followed(self, answer: Answer) -> None:
        for key, prediction in answer.predictions:
            self._take_prediction(key, prediction, is_asked=False)

    # Bookkeeping

    def _new_entry(self, record: Record) -> TextEntry:
        return TextEntry(next(self._keys), record)

    def _seen_now(self, entry: TextEntry) -> TextEntry:
        """An entry as the model in force sees it; while none is, labels stay as they were."""
        if not self.model_id:
            return entry
        is_by_other = entry.prediction is not None and entry.prediction.model_id != self.model_id
        return replace(entry, is_by_other=is_by_other)

    def _row_of(self, key: int) -> int | None:
        return next((row for row, entry in enumerate(self._entries) if entry.key == key), None)

    def _set_entry(self, row: int, entry: TextEntry) -> None:
        self._entries[row] = entry
        self.entry_changed.emit(row)

    def _take(self, snapshot: Snapshot) -> None:
        self._entries = [self._seen_now(entry) for entry in snapshot.entries]
        self._current = snapshot.current
        self._labels_follow = snapshot.labels_follow
        self.texts_reset.emit()
        self.current_changed.emit()

    def _stop_jobs(self) -> None:
        self._follow_timer.stop()
        self._lane.drop()
        self._follow_lane.drop()
        self._set_activity(Activity.IDLE)

    def _set_activity(self, activity: Activity) -> None:
        if activity != self._activity:
            self._activity = activity
            self.activity_changed.emit()
