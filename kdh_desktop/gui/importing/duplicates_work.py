"""Looking for duplicates and merging them, in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kdh_desktop.core.records.stored import DuplicateGroup
from kdh_desktop.gui.jobs import Job

if TYPE_CHECKING:
    from kdh_desktop.core.records.record_store import RecordStore
    from kdh_desktop.core.records.stored import RecordDetail


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """Records that seem to be one, as a list shows them.

    Attributes:
        group: The records, the one to keep first.
        title: Title of that one.
    """

    group: DuplicateGroup
    title: str

    @property
    def is_certain(self) -> bool:
        """Whether they share an id, and are not merely alike."""
        return self.group.reason in {"pmid", "doi"}

    def keeping(self, record_id: int) -> ShownGroup:
        """The same records, with another one to keep."""
        others = tuple(one for one in self.group.records if one != record_id)
        return replace(self, group=replace(self.group, records=(record_id, *others)))


def find_work(store: RecordStore) -> Callable[[Job], tuple[ShownGroup, ...]]:
    """Look for duplicates; the work reports the share that is done, in 0..1."""

    def work(job: Job) -> tuple[ShownGroup, ...]:
        groups = store.find_duplicates(on_progress=job.report, should_stop=job.should_stop)
        rows = store.rows([group.records[0] for group in groups])
        titles = {row.id: row.title for row in rows}
        return tuple(ShownGroup(group, titles.get(group.records[0], "")) for group in groups)

    return work


def compare_work(store: RecordStore, group: DuplicateGroup) -> Callable[[Job], list[RecordDetail]]:
    """Read the records of one group."""
    return lambda _job: list(store.details(group.records))


def merge_work(store: RecordStore, groups: Sequence[ShownGroup]) -> Callable[[Job], int]:
    """Merge groups as one step that can be undone; gives how many groups there were."""

    def work(_job: Job) -> int:
        store.merge([shown.group for shown in groups])
        return len(groups)

    return work
