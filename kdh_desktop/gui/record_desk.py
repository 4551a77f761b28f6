"""The record store as the window has it: opened in the background, or the reason why it is not.

Pages ask for `store`, and again after `changed`. During a private session they get a store that
lies in memory alone; the one on the disk stays open behind it, so that no other process takes it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from kdh_desktop.core.errors import Cancelled, KdhError, StoreError
from kdh_desktop.gui.active_model import ActiveModel
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Lane, Ok, Outcome

if TYPE_CHECKING:
    from kdh_desktop.core.classification.model_bundle import ModelBundle
    from kdh_desktop.core.records.record_store import RecordStore

OpenStore = Callable[[], "RecordStore"]

_CARE_DELAY_MS = 20_000
"""After this the start is over, and the disk has time for a backup."""
_CARE_AGAIN_MS = 6 * 3600 * 1000
"""So often again, for windows that stay open for weeks."""


def open_kept_store(folder: Path) -> RecordStore:
    """This user's record store, unlocked with the key from the keyring or the key file."""
    from kdh_desktop.core.records.record_store import open_records

    return open_records(folder)


def open_private_store() -> RecordStore:
    """A store that is never on the disk."""
    from kdh_desktop.core.records.record_store import RecordStore

    return RecordStore.in_memory()


class RecordDesk(QObject):
    """Holds the store that pages work on, and says when it is another one.

    Attributes:
        folder: Where the store on the disk and its backups lie.
    """

    changed = Signal()
    """There is another store, or none, or a reason why there is none."""
    model_taken = Signal()
    """The store knows the model in force: its labels and predictions can be asked for."""
    care_failed = Signal(object)
    """A `StoreError` from a backup or a look at every page, while the store stays open."""

    def __init__(
        self,
        *,
        open_store: OpenStore,
        folder: Path,
        model: ActiveModel,
        jobs: JobRunner,
        open_private: OpenStore = open_private_store,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.folder = folder
        self._open_store = open_store
        self._open_private = open_private
        self._model = model
        self._jobs = jobs
        self._lane = Lane(jobs)
        self._model_lane = Lane(jobs)
        self._care_lane = Lane(jobs)
        self._kept: RecordStore | None = None
        self._private: RecordStore | None = None
        self._failure: KdhError | None = None
        self._is_opening = False
        self._is_private = False
        self._care_timer = QTimer(self)
        self._care_timer.setSingleShot(True)
        self._care_timer.timeout.connect(self._care)
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

    def give_up(self, error: KdhError) -> None:
        """Close the store on the disk, because of what was found out about it."""
        store, self._kept = self._kept, None
        self._failure = error
        self._show_store()
        if store is not None:
            self._close_later(store)

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
        self._care_timer.stop()
        for lane in (self._lane, self._model_lane, self._care_lane):
            lane.drop()
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
                self._care_timer.start(_CARE_DELAY_MS)
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

    def _care(self) -> None:
        """Look at every page, and make a backup where one is due."""
        store = self._kept
        if store is None:
            return
        self._care_timer.start(_CARE_AGAIN_MS)

        def work(job: Job) -> None:
            store.verify()
            store.back_up_if_due(job.should_stop)

        def take(outcome: Outcome[None]) -> None:
            match outcome:
                case Err(KdhError() as error) if not isinstance(error, Cancelled):
                    self.care_failed.emit(error)
                case _:
                    pass

        self._care_lane.start(work, done=take)

    def _bundle(self) -> ModelBundle | None:
        classifier = self._model.classifier
        return None if classifier is None else classifier.bundle

    def _close_later(self, store: RecordStore) -> None:
        # In a job: a reader of it may still be at work, and closing waits for the writer.
        self._jobs.start(lambda _job: store.close(), done=lambda _outcome: None)


def _activate(store: RecordStore, bundle: ModelBundle | None) -> None:
    if bundle is not None:
        store.activate_model(bundle.manifest, manifest_sha256=bundle.manifest_sha256)
