"""Puts what is classified on the page into the record store, and keeps a draft of the texts.

Both go to whatever store there is: during a private session to one that is never on the disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.importing.imported import ImportedRecord, text_of
from kdh_desktop.core.record import Evidence, LabelScore, Prediction
from kdh_desktop.gui.classify.example import EXAMPLE_TEXT
from kdh_desktop.gui.classify.session import ClassifySession
from kdh_desktop.gui.classify.work import Item
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Ok, Outcome
from kdh_desktop.gui.record_desk import RecordDesk

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore

DRAFT_DELAY_MS = 1_000
"""Pause in typing after which the draft is kept."""

_TITLE_CHARACTERS = 400
_BETWEEN_TEXTS = "\n\n\n"

Step = Callable[["RecordStore"], None]


class RecordKeeping(QObject):
    """Each wording that somebody classifies becomes a record, once in a session."""

    draft_found = Signal()
    """There are texts of the last session, and others stand here already; see `take_draft`."""
    failed = Signal(object)
    """A text or its labels could not be kept: a `KdhError`."""

    def __init__(
        self,
        session: ClassifySession,
        desk: RecordDesk,
        jobs: JobRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._desk = desk
        self._jobs = jobs
        self._store: RecordStore | None = None
        self._draft_of: RecordStore | None = None
        self._ids: dict[str, int] = {}
        self._steps: deque[tuple[RecordStore, Step]] = deque()
        self._is_busy = False
        self._draft_timer = QTimer(self)
        self._draft_timer.setSingleShot(True)
        self._draft_timer.setInterval(DRAFT_DELAY_MS)
        self._draft_timer.timeout.connect(self.keep_draft)
        self._kept_draft = ""
        self._older_draft = ""
        session.asked.connect(self._take_asked)
        session.answered.connect(self._take_answered)
        session.texts_reset.connect(self._draft_timer.start)
        session.entry_changed.connect(lambda _row: self._draft_timer.start())
        desk.changed.connect(self._take_store)

    @property
    def is_busy(self) -> bool:
        """Whether something is still on its way to a store."""
        return self._is_busy or bool(self._steps)

    # Records

    def _take_asked(self, items: Sequence[Item]) -> None:
        """Put texts into the store that are about to be classified."""
        texts = [item.record.text for item in items if _is_worth_keeping(item.record.text)]
        new = [text for text in dict.fromkeys(texts) if text not in self._ids]
        if new and self._desk.store is not None:
            now = datetime.now(UTC).astimezone()
            # One batch a day: each press of Classify as one of its own makes a list nobody reads.
            name = self.tr("Pasted on {day}").format(day=f"{now:%Y-%m-%d}")
            self._add_step(_storing(self._ids, new, name))

    def _take_answered(self, predictions: Sequence[Prediction]) -> None:
        if self._desk.store is not None:
            self._add_step(_predicting(self._ids, tuple(predictions)))

    def _add_step(self, step: Step) -> None:
        if self._desk.store is not None:
            self._steps.append((self._desk.store, step))
            self._go_on()

    def _go_on(self) -> None:
        """Do one step after the other: labels need their records, and a newer draft wins."""
        if self._is_busy or not self._steps:
            return
        store, step = self._steps.popleft()
        self._is_busy = True
        self._jobs.start(lambda _job: step(store), done=partial(self._take_done, store))

    def _take_done(self, store: RecordStore, outcome: Outcome[None]) -> None:
        self._is_busy = False
        match outcome:
            case Err(KdhError() as error) if store is self._store:
                # The labels are still on the screen, and the next press of Classify tries again.
                self.failed.emit(error)
            case _:
                pass
        self._go_on()

    # The draft

    def keep_draft(self) -> None:
        """Keep what stands on the page, so that a crash does not lose it."""
        self._draft_timer.stop()
        store, words = self._store, self._draft_words()
        if store is not None and words != self._kept_draft:
            self._kept_draft = words
            self._add_step(_drafting(words))

    def take_draft(self) -> None:
        """Put the texts of the last session behind those that stand here."""
        found, self._older_draft = self._older_draft, ""
        if found:
            self._session.add_text(found)

    def finish(self) -> None:
        """Keep the draft of texts that are in no record, when the program ends as it should."""
        self._draft_timer.stop()
        if self._store is None:
            return
        is_stored = all(
            not _is_worth_keeping(entry.record.text) or entry.record.text in self._ids
            for entry in self._session.entries
        )
        # A disk that is full or gone must not keep the window open.
        words = self._older_draft if is_stored else self._draft_words()
        with suppress(KdhError):
            self._store.save_draft(words)

    def _draft_words(self) -> str:
        texts = [entry.record.text for entry in self._session.entries]
        if texts == [EXAMPLE_TEXT]:
            texts = []
        if self._older_draft:
            texts.append(self._older_draft)
        return _BETWEEN_TEXTS.join(texts)

    def _take_store(self) -> None:
        store = self._desk.store
        if store is self._store:
            return
        before, self._store = self._store, store
        self._ids = {}
        self._steps.clear()
        self._draft_timer.stop()
        self._kept_draft = ""
        if self._desk.is_private and before is not None:
            # What is on the page belongs to the private session from now on.
            self._steps.append((before, _drafting(self._older_draft)))
            self._go_on()
        elif store is not None and not self._desk.is_private and store is not self._draft_of:
            self._draft_of = store
            self._jobs.start(_draft_work(store), done=self._take_draft)

    def _take_draft(self, outcome: Outcome[str]) -> None:
        if not isinstance(outcome, Ok) or not outcome.value.strip():
            return
        if self._session.is_blank:
            self._kept_draft = outcome.value
            self._session.replace_text(outcome.value)
            self._session.current_changed.emit()
        elif outcome.value != self._draft_words():
            # Somebody was faster than the store: both are kept.
            self._older_draft = outcome.value
            self.draft_found.emit()


def _draft_work(store: RecordStore) -> Callable[[Job], str]:
    return lambda _job: store.draft()


def _drafting(words: str) -> Step:
    def step(store: RecordStore) -> None:
        # The texts stand on the page; why they cannot be kept is told when they are classified.
        with suppress(KdhError):
            store.save_draft(words)

    return step


def _is_worth_keeping(text: str) -> bool:
    return bool(text.strip()) and text != EXAMPLE_TEXT


def _storing(ids: dict[str, int], texts: Sequence[str], name: str) -> Step:
    def step(store: RecordStore) -> None:
        # Asked for twice in a row, a text may have been stored since.
        new = [text for text in texts if text not in ids]
        if not new:
            return
        found = store.keep_pasted(name, [_imported(text) for text in new])
        ids.update(zip(new, found, strict=True))

    return step


def _predicting(ids: dict[str, int], predictions: Sequence[Prediction]) -> Step:
    def step(store: RecordStore) -> None:
        known = [one for one in predictions if one.record.text in ids]
        if known:
            store.add_predictions([(ids[one.record.text], _stored(one)) for one in known])

    return step


def _imported(text: str) -> ImportedRecord:
    """A text as a record: the first paragraph is its title where that changes no character."""
    whole = text.strip()
    title, _, abstract = whole.partition("\n\n")
    is_title = bool(abstract) and "\n" not in title and len(title) <= _TITLE_CHARACTERS
    if is_title and text_of(title, abstract) == whole:
        return ImportedRecord(row=0, title=title, abstract=abstract)
    return ImportedRecord(row=0, abstract=whole)


def _stored(prediction: Prediction) -> Prediction:
    """A prediction whose sentences are counted from the first character that is stored."""
    text = prediction.record.text
    whole = text.strip()
    skipped = len(text) - len(text.lstrip())
    if not skipped and whole == text:
        return prediction

    def moved(evidence: Evidence) -> Evidence | None:
        start = max(0, evidence.start - skipped)
        end = min(len(whole), evidence.end - skipped)
        if start >= end:
            return None
        return Evidence(start, end, whole[start:end], evidence.score)

    def shifted(score: LabelScore) -> LabelScore:
        found = (moved(evidence) for evidence in score.evidence)
        return replace(score, evidence=tuple(one for one in found if one is not None))

    return replace(
        prediction,
        record=replace(prediction.record, text=whole),
        scores=tuple(map(shifted, prediction.scores)),
    )
