"""What an export needs of the record store, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from kdh_desktop.core.records.stored import RecordDetail


class KnownLabel(Protocol):
    """A label of the active model."""

    @property
    def id(self) -> str:
        """Stable identifier."""

    @property
    def name(self) -> str:
        """What people read."""

    @property
    def threshold(self) -> float:
        """Probability from which the model counts it as present."""


class RecordSource(Protocol):
    """Where records come from; the record store is one."""

    @property
    def active_labels(self) -> Sequence[KnownLabel]:
        """Labels of the active model in its order; empty without one."""

    def details(self, ids: Iterable[int]) -> Iterator[RecordDetail]:
        """Records in the order of their ids, read as they are asked for."""
