"""The record store as the window has it: opened in the background, or the reason why it is not.

Pages ask for `store`, and again after `changed`. During a private session they get a store that
lies in memory alone; the one on the disk stays open behind it, so that no other process takes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from kdh_desktop.core.errors import Cancelled, KdhError, StoreError
from kdh_desktop.gui.active_model import ActiveModel
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Lane, Ok, Outcome

if TYPE_CHECKING:
    from kdh_desktop.core.classification.model_bundle import ModelBundle
    from kdh_desktop.core.records.record_store import RecordStore

OpenStore = Callable[[], "RecordStore"]


def open_private_store() -> RecordStore:
    """A store that is never on the disk."""
    from kdh_desktop.core.records.record_store import RecordStore

    return RecordStore.in_memory()


class RecordDesk(QObject):
    """Holds the store that pages work on, and says when it is another one."""

    changed = Signal()
    """There is another store, or none, or a reason why there is none."""
    model_taken = Signal()
    """The store knows the model in force: its labels and predictions can be asked for."""

    def __init__(
        self,
        *,
        open_store: OpenStore,
        model: ActiveModel,
        jobs: JobRunner,
        open_private: OpenStore = open_private_store,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_store = open_store
        self._open_private = open_private
        self._model = model
        self._jobs = jobs
        self._lane = Lane(jobs)
        self._model_lane = Lane(jobs)
        self._kept: RecordStore | None = None
        self._private: RecordStore | None = None
        self._failure: KdhError | None = None
        self._is_opening = False
        self._is_private = False
        model.changed.connect(self._take_model)

    @property
    def store(self) -> RecordStore | None:
        """The store to work on; None while it is being opened, and where it cannot be."""
        return self._private if self._is_private else self._kept

    @property
    def failure(self) -> KdhError | None:
        """Why there is no store on the disk."""
        return self._failure

    @property
    def is_opening(self) -> bool:
        """Whether the store is on its way."""
        return self._is_opening

    @property
    def is_private(self) -> bool:
        """Whether nothing is stored at present."""
        return self._is_private

    def open(self) -> None:
        """Open the store on the disk in the background; `changed` follows."""
        self._start(self._open_store)

    def reopen_after(self, repair: Callable[[], object]) -> None:
        """Do something about a store that cannot be opened, and open what is there then."""
        open_store = self._open_store

        def work() -> RecordStore:
            repair()
            return open_store()

        self._start(work)

    def begin_private(self) -> None:
        """Work from now on in a store that is never on the disk."""
        if not self._is_private:
            self._private = self._open_private()
            self._is_private = True
            self._show_store()

    def end_private(self) -> None:
        """Forget everything of the private session, and go back to the store on the disk."""
        if self._is_private:
            forgotten, self._private = self._private, None
            self._is_private = False
            self._show_store()
            if forgotten is not None:
                self._close_later(forgotten)

    def close(self) -> None:
        """Close what is open; to be called when no job works on it any more."""
        self._lane.drop()
        self._model_lane.drop()
        for store in (self._private, self._kept):
            if store is not None:
                store.close()
        self._private = self._kept = None

    def _start(self, open_store: OpenStore) -> None:
        bundle = self._bundle()

        def work(job: Job) -> RecordStore:
            store = open_store()
            if job.should_stop():
                # Nobody waits for it any more, and who comes next must find it unlocked.
                store.close()
                raise Cancelled("The work was stopped.")
            _activate(store, bundle)
            return store

        self._is_opening = True
        self._failure = None
        self.changed.emit()
        self._lane.start(work, done=self._take_store)

    def _take_store(self, outcome: Outcome[RecordStore]) -> None:
        self._is_opening = False
        match outcome:
            case Ok(store):
                self._kept = store
            case Err(KdhError() as error):
                self._failure = error
            case Err():
                self._failure = StoreError(
                    self.tr("The records could not be opened, because of a fault."),
                    self.tr("Start the program again; until then nothing is stored."),
                )
        self._show_store()

    def _show_store(self) -> None:
        self.changed.emit()
        self._take_model()

    def _take_model(self) -> None:
        store, bundle = self.store, self._bundle()
        if store is None or bundle is None:
            return

        def take(outcome: Outcome[None]) -> None:
            if isinstance(outcome, Ok) and self.store is store:
                self.model_taken.emit()

        self._model_lane.start(lambda _job: _activate(store, bundle), done=take)

    def _bundle(self) -> ModelBundle | None:
        classifier = self._model.classifier
        return None if classifier is None else classifier.bundle

    def _close_later(self, store: RecordStore) -> None:
        # In a job: a reader of it may still be at work, and closing waits for the writer.
        self._jobs.start(lambda _job: store.close(), done=lambda _outcome: None)


def _activate(store: RecordStore, bundle: ModelBundle | None) -> None:
    if bundle is not None:
        store.activate_model(bundle.manifest, manifest_sha256=bundle.manifest_sha256)
