"""Records joined by what they share: groups are whatever hangs together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

REASONS = ("pmid", "doi", "text")
"""What records can share, the surest first."""


@dataclass(frozen=True, slots=True)
class Link:
    """Why two records are taken for one.

    Attributes:
        reason: One of `REASONS`.
        similarity: In 0..1.
    """

    reason: str
    similarity: float = 1.0


class Links:
    """Records that were joined, as a forest."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}
        self._weakest: dict[int, Link] = {}

    def root(self, record: int) -> int:
        """The record that stands for all that are joined with one."""
        parents = self._parents
        while (parent := parents.get(record, record)) != record:
            parents[record] = record = parents[parent]
        return record

    def are_joined(self, one: int, other: int) -> bool:
        """Whether two records hang together."""
        return self.root(one) == self.root(other)

    def join(self, one: int, other: int, link: Link) -> None:
        """Join two records, and so all that hangs on either."""
        first, second = self.root(one), self.root(other)
        if first == second:
            return
        self._parents[first] = self._parents[second] = first
        held = [self._weakest.pop(root) for root in (first, second) if root in self._weakest]
        self._weakest[first] = Link(
            max((one.reason for one in (*held, link)), key=REASONS.index),
            min(one.similarity for one in (*held, link)),
        )

    def groups(self) -> Iterator[tuple[list[int], Link]]:
        """All records that are joined with another, group by group, and the weakest link."""
        found: dict[int, list[int]] = defaultdict(list)
        for record in self._parents:
            found[self.root(record)].append(record)
        for root, records in found.items():
            yield records, self._weakest[root]
