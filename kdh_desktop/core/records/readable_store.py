"""What can be asked of a record store; nothing here changes it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from threading import Event

from kdh_desktop.core.importing.imported import RefusedRow
from kdh_desktop.core.records import (
    details,
    duplicates,
    facets,
    imports,
    merging,
    operation_log,
    predictions,
    queries,
)
from kdh_desktop.core.records.connection import Database
from kdh_desktop.core.records.drafts import read_draft
from kdh_desktop.core.records.import_batch import ImportBatch
from kdh_desktop.core.records.record_filter import RecordFilter, RecordOrder
from kdh_desktop.core.records.stored import (
    DuplicateGroup,
    Facets,
    Operation,
    RecordDetail,
    RecordRow,
)

EVERYTHING = RecordFilter()
BY_ID = RecordOrder()

_DETAILS_AT_ONCE = 200
_NEVER = Event().is_set


class ReadableStore:
    """Records, what models and people say of them, and how that came about, to be read.

    May be used by any number of threads.
    """

    def __init__(self, database: Database) -> None:
        """Read what a database holds."""
        self._database = database

    @property
    def change_counter(self) -> int:
        """Rises with every write that a list could show."""
        return self._database.change_counter

    def count(self, where: RecordFilter = EVERYTHING) -> int:
        """How many records a filter leaves."""
        with self._database.reading() as db:
            return queries.count(db, where)

    def ids(self, where: RecordFilter = EVERYTHING, order: RecordOrder = BY_ID) -> array[int]:
        """Ids of all records that a filter leaves, as ``array('q')``.

        Args:
            where: Which records.
            order: In what order; where that is the default and a queue is asked for, the queue's.
        """
        with self._database.reading() as db:
            return queries.ids(db, where, order)

    def rows(self, record_ids: Sequence[int]) -> list[RecordRow]:
        """Rows of a table in the order of their ids; ids that are not there are left out."""
        with self._database.reading() as db:
            return queries.rows(db, record_ids)

    def facets(self, where: RecordFilter = EVERYTHING) -> Facets:
        """How many records each value would leave, under all other conditions of a filter."""
        with self._database.reading() as db:
            return facets.facets(db, where)

    def detail(self, record_id: int) -> RecordDetail:
        """All that is known of one record.

        Raises:
            KeyError: It is not in the store.
        """
        with self._database.reading() as db:
            return details.detail(db, record_id)

    def details(self, record_ids: Iterable[int]) -> Iterator[RecordDetail]:
        """All that is known of records, in the order of their ids; some are in memory at a time."""
        remaining = iter(record_ids)
        while some := list(islice(remaining, _DETAILS_AT_ONCE)):
            with self._database.reading() as db:
                found = details.details(db, some)
            yield from found

    def unpredicted(
        self, *, limit: int, after: int = 0, where: RecordFilter = EVERYTHING
    ) -> list[tuple[int, str]]:
        """Ids and texts of records that the active model has said nothing of, by rising id.

        Args:
            limit: At most so many.
            after: Only ids above this one.
            where: Only these.
        """
        with self._database.reading() as db:
            return predictions.unpredicted(db, where, limit=limit, after=after)

    def count_unpredicted(self, where: RecordFilter = EVERYTHING) -> int:
        """How many records of a filter the active model has said nothing of."""
        with self._database.reading() as db:
            return predictions.count_unpredicted(db, where)

    def batches(self) -> list[ImportBatch]:
        """All batches that were finished or hold rows, also removed ones, first one first."""
        with self._database.reading() as db:
            return imports.batches(db)

    def batch(self, batch_id: int) -> ImportBatch:
        """One batch, also one without rows."""
        with self._database.reading() as db:
            return imports.batch(db, batch_id)

    def refused_rows(self, batch_id: int) -> list[RefusedRow]:
        """Rows of a batch that were not taken in, in the file's order."""
        with self._database.reading() as db:
            return imports.refused_rows(db, batch_id)

    def extra_names(self, batch_id: int) -> list[tuple[str, int]]:
        """What else the records of a batch say, by name as met, and how often one says it."""
        with self._database.reading() as db:
            return imports.extra_names(db, batch_id)

    def merged_rows(self, batch_id: int) -> list[tuple[int, int]]:
        """Rows of a batch's file whose records were merged into others, and the ids of those."""
        with self._database.reading() as db:
            return merging.merged_rows(db, batch_id)

    def find_duplicates(
        self,
        *,
        on_progress: Callable[[float], None] = lambda _share: None,
        should_stop: Callable[[], bool] = _NEVER,
    ) -> list[DuplicateGroup]:
        """Groups of records that seem to be one; takes seconds for 100,000.

        Args:
            on_progress: Told the share that is done, in 0..1.
            should_stop: Asked some times a second.

        Raises:
            Cancelled: The user stopped it.
        """
        return duplicates.find_duplicates(
            self._database.reading, on_progress=on_progress, should_stop=should_stop
        )

    def can_undo(self) -> Operation | None:
        """What an undo would take back."""
        with self._database.reading() as db:
            return operation_log.can_undo(db)

    def can_redo(self) -> Operation | None:
        """What a redo would do again."""
        with self._database.reading() as db:
            return operation_log.can_redo(db)

    def operations(self, limit: int) -> list[Operation]:
        """What people did, latest first."""
        with self._database.reading() as db:
            return operation_log.operations(db, limit)

    def draft(self) -> str:
        """What stood in the paste box."""
        with self._database.reading() as db:
            return read_draft(db)
