"""Puts what is classified on the page into the record store, and keeps a draft of the texts.

Both go to whatever store there is: during a private session to one that is never on the disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.importing.imported import ImportedRecord, text_of
from kdh_desktop.core.record import Evidence, LabelScore, Prediction
from kdh_desktop.core.records.record_filter import RecordFilter
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


@dataclass(frozen=True, slots=True)
class _Unkept:
    """What waits for a store: texts that shall be records, and labels that go to such."""

    texts: tuple[str, ...] = ()
    predictions: tuple[Prediction, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.texts or self.predictions)

    def behind(self, kept: _Unkept) -> _Unkept:
        """What is left once the beginning of it is kept."""
        return _Unkept(self.texts[len(kept.texts) :], self.predictions[len(kept.predictions) :])


class RecordKeeping(QObject):
    """Each wording that somebody classifies becomes a record, once in a session.

    What a store cannot take waits for the next press of Classify.
    """

    draft_found = Signal()
    """There are texts of the last session, and others stand here already; see `take_draft`."""
    failed = Signal(object)
    """A text or its labels could not be kept: a `KdhError`."""
    caught_up = Signal()
    """Nothing waits any longer that could not be kept."""

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
        self._unkept = _Unkept()
        self._drafts: deque[tuple[RecordStore, str]] = deque()
        self._is_working = self._has_failed = False
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
        return self._is_working or bool(self._drafts) or self._can_keep

    # Records

    def _take_asked(self, items: Sequence[Item]) -> None:
        """Put texts into the store that are about to be classified, behind those that wait."""
        texts = [item.record.text for item in items if _is_worth_keeping(item.record.text)]
        # Labels of a model that is not in force any more are taken by no store.
        model, waiting = self._session.model_id, self._unkept.predictions
        self._has_failed = False
        self._keep(
            _Unkept(
                tuple(dict.fromkeys((*self._unkept.texts, *texts))),
                tuple(one for one in waiting if one.model_id == model),
            )
        )

    def _take_answered(self, predictions: Sequence[Prediction]) -> None:
        found = (one for one in predictions if _is_worth_keeping(one.record.text))
        self._keep(replace(self._unkept, predictions=(*self._unkept.predictions, *found)))

    def _keep(self, unkept: _Unkept) -> None:
        if self._store is not None:
            self._unkept = unkept
            self._go_on()

    @property
    def _can_keep(self) -> bool:
        return not (self._has_failed or self._unkept.is_empty)

    def _go_on(self) -> None:
        """Do one thing after the other: labels need their records, and a newer draft wins."""
        if self._is_working:
            return
        if self._drafts:
            store, words = self._drafts.popleft()
            self._start(_drafting(store, words), done=lambda _outcome: None)
        elif self._store is not None and self._can_keep:
            now = datetime.now(UTC).astimezone()
            # One batch a day: each press of Classify as one of its own makes a list nobody reads.
            name = self.tr("Pasted on {day}").format(day=f"{now:%Y-%m-%d}")
            self._start(
                _keeping(self._store, self._unkept, ids=self._ids, name=name),
                done=partial(self._take_kept, self._ids, self._unkept),
            )

    def _start(self, work: Callable[[Job], None], done: Callable[[Outcome[None]], None]) -> None:
        def take(outcome: Outcome[None]) -> None:
            self._is_working = False
            done(outcome)
            self._go_on()

        self._is_working = True
        self._jobs.start(work, done=take)

    def _take_kept(self, ids: dict[str, int], kept: _Unkept, outcome: Outcome[None]) -> None:
        if ids is not self._ids:
            return  # another store came meanwhile
        match outcome:
            case Err(KdhError() as error):
                # The labels are still on the screen, and the next press of Classify tries again.
                self._has_failed = True
                self.failed.emit(error)
            case Ok() | Err():
                # A bug was reported already, and would come again with the same texts.
                self._unkept = self._unkept.behind(kept)
                if self._unkept.is_empty:
                    self.caught_up.emit()

    # The draft

    def keep_draft(self) -> None:
        """Keep what stands on the page, so that a crash does not lose it."""
        self._draft_timer.stop()
        store, words = self._store, self._draft_words()
        if store is not None and words != self._kept_draft:
            self._kept_draft = words
            self._drafts.append((store, words))
            self._go_on()

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
        self._unkept = _Unkept()
        self._has_failed = False
        self.caught_up.emit()
        self._drafts.clear()
        self._draft_timer.stop()
        self._kept_draft = ""
        if self._desk.is_private and before is not None:
            # What is on the page belongs to the private session from now on.
            self._drafts.append((before, self._older_draft))
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


def _drafting(store: RecordStore, words: str) -> Callable[[Job], None]:
    def work(_job: Job) -> None:
        # The texts stand on the page; why they cannot be kept is told when they are classified.
        with suppress(KdhError):
            store.save_draft(words)

    return work


def _is_worth_keeping(text: str) -> bool:
    return bool(text.strip()) and text != EXAMPLE_TEXT


def _keeping(
    store: RecordStore, unkept: _Unkept, *, ids: dict[str, int], name: str
) -> Callable[[Job], None]:
    def work(_job: Job) -> None:
        _forget_hidden(store, unkept.texts, ids)
        new = [text for text in unkept.texts if text not in ids]
        if new:
            found = store.keep_pasted(name, [_imported(text) for text in new])
            ids.update(zip(new, found, strict=True))
        known = [one for one in unkept.predictions if one.record.text in ids]
        if known:
            store.add_predictions([(ids[one.record.text], _stored(one)) for one in known])

    return work


def _forget_hidden(store: RecordStore, texts: Sequence[str], ids: dict[str, int]) -> None:
    """Let texts be stored anew whose records somebody removed, or undid."""
    known = {text: ids[text] for text in texts if text in ids}
    if known:
        shown = set(store.ids(RecordFilter(ids=tuple(known.values()))))
        for text, record_id in known.items():
            if record_id not in shown:
                del ids[text]


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
