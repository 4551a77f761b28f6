"""What the parts of a check look at: usable texts with the places they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.corpus_report import MAX_PLACES, Place, Problem, ProblemKind, Severity
from trainer.corpus.raw import RawText


@dataclass(frozen=True, slots=True)
class Entry:
    """One text of a corpus under check.

    Attributes:
        source: Place of its source, from 0.
        is_test: Whether that is kept for judging.
        raw: The text as it is written.
        targets: Its labels as far as they are known, float32 (labels,).
    """

    source: int
    is_test: bool
    raw: RawText
    targets: NDArray[np.float32]

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.source, self.raw.row, self.raw.id)

    @property
    def group(self) -> str | None:
        """Its group, however its source stands to others."""
        return self.raw.group

    def like(self, other: Entry) -> Place:
        """Where it stands, and a text that it resembles."""
        return Place(self.source, self.raw.row, self.raw.id, other.raw.row, other.source)


def problem(
    kind: ProblemKind,
    severity: Severity,
    message: str,
    remedy: str,
    *,
    places: Sequence[Place] = (),
    labels: Iterable[str] = (),
) -> Problem:
    """A problem that counts its places, or else its labels."""
    named = tuple(labels)
    count = len(places) or len(named)
    return Problem(kind, severity, message, remedy, count, tuple(places[:MAX_PLACES]), named)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def verb(number: int, one: str, many: str) -> str:
    """The form of a verb that goes with a number."""
    return one if number == 1 else many
