"""The record store: the one door through which the program reads and writes what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Self

from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.importing.imported import ImportedRecord, RefusedRow
from kdh_desktop.core.record import Prediction
from kdh_desktop.core.records import (
    imports,
    listing,
    merging,
    models,
    operation_log,
    predictions,
    reviewing,
)
from kdh_desktop.core.records.backups import Backup, is_backup_due, make_backup
from kdh_desktop.core.records.connection import Database
from kdh_desktop.core.records.drafts import write_draft
from kdh_desktop.core.records.import_batch import BatchSource
from kdh_desktop.core.records.key_custody import find_key
from kdh_desktop.core.records.models import ActiveLabel
from kdh_desktop.core.records.opening import create_in_memory, open_database, require_sound
from kdh_desktop.core.records.operation_log import Change, Subject
from kdh_desktop.core.records.readable_store import ReadableStore
from kdh_desktop.core.records.share_done import OnProgress, silent
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.store_lock import StoreLock
from kdh_desktop.core.records.stored import (
    DuplicateGroup,
    Operation,
    OperationKind,
    ReviewChange,
    StoreNotice,
)

_NEVER = Event().is_set


def open_records(folder: Path) -> RecordStore:
    """Find the key of the store in a folder, and open it; window and commands begin with this.

    May take as long as a person takes to unlock the keyring.

    Raises:
        StoreError: It cannot be opened; its class and sentences say why, and what to do.
    """
    return RecordStore.open(folder, key=find_key(folder))


class RecordStore(ReadableStore):
    """Records, what models and people say of them, and how that came about.

    May be used by any number of threads. Every call that writes is on the disk when it returns.

    Attributes:
        notices: What a person should know of how the store was opened.
    """

    def __init__(
        self,
        database: Database,
        *,
        lock: StoreLock | None = None,
        folder: Path | None = None,
        key: StoreKey | None = None,
    ) -> None:
        """Put together an open store; `open` and `in_memory` are what others call."""
        super().__init__(database)
        self._lock = lock
        self._folder = folder
        self._key = key
        self.notices: tuple[StoreNotice, ...] = () if key is None else key.notices
        with database.reading() as db:
            self._active = models.active_model(db)

    @classmethod
    def open(cls, folder: Path, *, key: StoreKey) -> Self:
        """Open the store in a folder, or make a new one there.

        Raises:
            WrongKeyError: It was encrypted with another key.
            NewerStoreError: A newer version of the program wrote it; it is left as it is.
            DamagedStoreError: Its bytes are not what was written.
            StoreInUseError: Another process has it open.
            StoreError: The folder cannot be written to, or the disk is full.
        """
        database, lock = open_database(folder, key)
        return cls(database, lock=lock, folder=folder, key=key)

    @classmethod
    def in_memory(cls) -> Self:
        """A private session: nothing of it ever reaches the disk."""
        return cls(create_in_memory())

    def close(self) -> None:
        """Close the store, and let others open it."""
        self._database.close()
        if self._lock is not None:
            self._lock.release()

    def verify(self) -> None:
        """Look at every page on the disk, about half a gigabyte a second; writers wait meanwhile.

        Raises:
            DamagedStoreError: One is not what was written.
        """
        if self._folder is not None and self._key is not None:
            with self._database.alone() as db:
                require_sound(db, self._folder, self._key)

    def back_up_if_due(self, should_stop: Callable[[], bool] = _NEVER) -> Backup | None:
        """Make a backup where records were written since the last one, and that is not from today.

        Returns:
            The backup; None where none is due.

        Raises:
            StoreError: As `back_up` does.
            Cancelled: `should_stop` said so.
        """
        if self._folder is None or not is_backup_due(self._folder):
            return None
        return self.back_up(should_stop)

    def back_up(self, should_stop: Callable[[], bool] = _NEVER) -> Backup | None:
        """Make a backup beside the store and check it; others may write meanwhile.

        Returns:
            The backup; None in a private session, which leaves nothing behind.

        Raises:
            DamagedStoreError: The store is damaged; older backups are left alone.
            StoreError: There is no room for a backup.
            Cancelled: `should_stop` said so.
        """
        if self._folder is None or self._key is None:
            return None
        with self._database.reading() as db:
            return make_backup(db, self._folder, self._key, should_stop=should_stop)

    def rebuild_listing(self) -> None:
        """Make anew what lists are filtered and sorted by."""
        with self._database.writing() as db:
            listing.rebuild(db, self._active)

    # Taking in

    def begin_import(self, source: BatchSource) -> int:
        """Begin a batch, or go on with one of the same file that was cut; gives its id."""
        with self._database.writing() as db:
            return imports.begin_import(db, source)

    def add_records(
        self, batch_id: int, records: Sequence[ImportedRecord], refused: Sequence[RefusedRow] = ()
    ) -> list[int]:
        """Take in some rows of a batch, list others as refused; gives the records' ids."""
        with self._database.writing() as db:
            return imports.add_records(db, batch_id, records, refused=refused)

    def finish_import(self, batch_id: int, notices: Sequence[str] = ()) -> None:
        """Close a batch; from here on it can be undone as a whole."""
        with self._database.writing() as db:
            imports.close_batch(db, batch_id, notices)
            change = Change(Subject.BATCH, None, (1,), (0,), key=str(batch_id))
            operation_log.perform(db, self._active, OperationKind.IMPORT, [change])
        self._database.give_back_memory()

    def keep_pasted(self, name: str, records: Sequence[ImportedRecord]) -> list[int]:
        """Take in texts that were pasted, as one operation; gives their ids.

        Args:
            name: What their batch is called; texts of one name are one batch, e.g. those of a day.
            records: The texts; their rows are counted on from those that are there.
        """
        with self._database.writing() as db:
            ids = imports.add_pasted(db, name, records)
            changes = [Change(Subject.REMOVED, record, (1,), (0,)) for record in ids]
            operation_log.perform(db, self._active, OperationKind.IMPORT, changes)
        return ids

    def remove_batch(self, batch_id: int) -> None:
        """Take all records of a batch out of the lists, also of one that was cut."""
        with self._database.writing() as db:
            is_removed = imports.batch(db, batch_id).is_removed
            change = Change(Subject.BATCH, None, (int(is_removed),), (1,), key=str(batch_id))
            operation_log.perform(db, self._active, OperationKind.REMOVE_RECORDS, [change])

    # Models and predictions

    def activate_model(self, manifest: Manifest, *, manifest_sha256: str) -> None:
        """Let the lists show one model's predictions; does nothing where they do already.

        Args:
            manifest: The model's manifest.
            manifest_sha256: Hash of the manifest's bytes, hexadecimal.

        Raises:
            StoreError: All models together have more labels than the store can hold.
        """
        if self._active is not None and self._active.manifest_sha256 == manifest_sha256:
            return
        # One lock round both, so that no write in between is done with the other model's labels.
        with self._database.alone():
            with self._database.writing() as db:
                active = models.activate(db, manifest, manifest_sha256=manifest_sha256)
                listing.refresh_predictions(db, active, None)
            self._active = active

    @property
    def active_labels(self) -> tuple[ActiveLabel, ...]:
        """Labels of the active model in its order; none before one is activated."""
        return () if self._active is None else self._active.labels

    def add_predictions(self, found: Sequence[tuple[int, Prediction]]) -> None:
        """Keep what the active model says of records, by their ids.

        Raises:
            StoreError: They are another model's.
        """
        with self._database.writing() as db:
            predictions.add_predictions(db, self._active, found)

    # People

    def review(self, changes: Sequence[ReviewChange], *, kind: OperationKind) -> None:
        """Keep what a person says of records, as one operation.

        Raises:
            ValueError: A record is not in the store.
        """
        with self._database.writing() as db:
            operation_log.perform(db, self._active, kind, reviewing.changes_of(db, changes))

    def confirm(self, record_ids: Iterable[int]) -> int:
        """Decide all labels of the active model as they stand, and mark records as confirmed.

        Records that are not classified and on which nobody decided are left as they are.

        Returns:
            How many records are confirmed.
        """
        with self._database.writing() as db:
            changes, confirmed = reviewing.confirmation_of(db, self._active, record_ids)
            operation_log.perform(db, self._active, OperationKind.CONFIRM, changes)
            return confirmed

    def accept(
        self,
        record_ids: Sequence[int],
        limits: Mapping[str, tuple[float, float]] | None,
        on_progress: OnProgress = silent,
    ) -> int:
        """Accept labels as the model gives them, for many records at once.

        Records that are not classified, or that a person confirmed or marked as unsure, are left as
        they are.

        Args:
            record_ids: Ids.
            limits: By label id: the probability below which its absence is accepted, and the one
                from which its presence is. A record is left as it is where a label named here
                lies between the two and nobody decided it. Labels not named stay undecided, and
                a record keeps its review status then. None accepts every label as it stands.
            on_progress: Told the share that is done.

        Returns:
            How many records were touched.
        """
        with self._database.writing() as db:
            changes, touched = reviewing.acceptance_of(db, self._active, record_ids, limits=limits)
            kind = OperationKind.ACCEPT_MANY
            operation_log.perform(db, self._active, kind, changes, on_progress=on_progress)
            return touched

    def acceptable(
        self, record_ids: Sequence[int], limits: Mapping[str, tuple[float, float]] | None
    ) -> list[int]:
        """Which records `accept` would touch, by rising id; writes nothing."""
        with self._database.reading() as db:
            changes, _ = reviewing.acceptance_of(db, self._active, record_ids, limits=limits)
        return sorted({change.record_id for change in changes if change.record_id is not None})

    def remove_records(self, record_ids: Iterable[int]) -> None:
        """Take records out of the lists."""
        with self._database.writing() as db:
            changes = reviewing.removal_of(db, record_ids)
            operation_log.perform(db, self._active, OperationKind.REMOVE_RECORDS, changes)

    def merge(self, groups: Sequence[DuplicateGroup]) -> None:
        """Make one record of each group, as one operation.

        The first record of a group is kept. What it lacks comes from the others, and what they say
        otherwise is kept beside it as extra columns. A text that changes is classified again.
        """
        with self._database.writing() as db:
            changes = merging.merge_changes(db, groups)
            operation_log.perform(db, self._active, OperationKind.MERGE, changes)

    def undo(self, on_progress: OnProgress = silent) -> Operation | None:
        """Take back the last thing that is not taken back; gives it, or None for none."""
        with self._database.writing() as db:
            return operation_log.undo(db, self._active, on_progress=on_progress)

    def redo(self, on_progress: OnProgress = silent) -> Operation | None:
        """Do again what was taken back last; gives it, or None where there is none."""
        with self._database.writing() as db:
            return operation_log.redo(db, self._active, on_progress=on_progress)

    # The paste box

    def save_draft(self, words: str) -> None:
        """Keep what stands in the paste box."""
        with self._database.writing(is_seen=False) as db:
            write_draft(db, words)
