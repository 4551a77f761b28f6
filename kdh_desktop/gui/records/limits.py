"""Limits beyond which the model's word is accepted, and how many records they leave to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from kdh_desktop.core.records.record_filter import RecordFilter, RecordOrder, ReviewStatus

if TYPE_CHECKING:
    from kdh_desktop.core.classification.manifest import Manifest
    from kdh_desktop.core.records.record_store import RecordStore

Limits = Mapping[str, tuple[float, float]]
"""By label id: the probability under which absence is accepted, and from which presence is."""

CountAcceptable = Callable[[Limits], tuple[int, int]]
"""How many records would be accepted under some limits, and how many are open; runs in a job."""

_WAITING = (ReviewStatus.OPEN, ReviewStatus.SKIPPED, ReviewStatus.UNSURE)


def usable_limits(manifest: Manifest, target: int) -> Limits:
    """Limits of those labels that have one on either side; without one, nobody accepts a label.

    Args:
        manifest: Of the active model.
        target: How many of 100 accepted decisions shall be right.
    """
    # It pulls in numpy, which takes too long at the start of the program.
    from kdh_desktop.core.classification.acceptance import accept_limits, bounds_of

    limits = accept_limits(manifest, target / 100)
    return bounds_of(
        [one for one in limits if one.present.limit is not None or one.absent.limit is not None]
    )


def acceptable_counter(store: RecordStore, where: RecordFilter, labels: int) -> CountAcceptable:
    """Counts which records of a list need no look under some limits.

    Args:
        store: The store.
        where: The list's filter.
        labels: How many labels the model has; a record needs a look where one has no limits.
    """
    statuses = tuple(one for one in _WAITING if not where.reviews or one in where.reviews)

    def count(limits: Limits) -> tuple[int, int]:
        if not statuses or where.is_predicted is False:
            return 0, 0
        ids = store.ids(replace(where, reviews=statuses, is_predicted=True), RecordOrder())
        is_whole = len(limits) == labels
        return len(store.acceptable(ids, limits)) if is_whole else 0, len(ids)

    return count
