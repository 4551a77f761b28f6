"""What a chart shows, before anybody draws it: series, axes, the finding in words, the table.

Everything here is plain data, made from what a run has told; a screen reader, a file and a picture
are made from the same chart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, overload

from kdh_desktop.gui.plain_table import Cell

T = TypeVar("T")

MOST_POINTS = 600
"""More points than that in one line are no more than a screen has columns for."""


class Stroke(StrEnum):
    """How the points of a series are joined; told apart without colours."""

    NONE = "none"
    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"


class Marker(StrEnum):
    """What stands at the points of a series; told apart without colours."""

    NONE = "none"
    CIRCLE = "circle"
    SQUARE = "square"
    TRIANGLE = "triangle"
    DIAMOND = "diamond"
    CROSS = "cross"
    STAR = "star"


class Tone(StrEnum):
    """Which of the look's colours a series has."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    QUIET = "quiet"


class Lazily(Sequence[T]):
    """Things that are made when somebody asks for them, as of hundreds of points one is read."""

    def __init__(self, count: int, make: Callable[[int], T]) -> None:
        self._count = count
        self._make = make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        if isinstance(place, slice):
            return [self._make(one) for one in range(*place.indices(self._count))]
        if not -self._count <= place < self._count:
            raise IndexError(place)
        return self._make(place % self._count)


@dataclass(frozen=True, slots=True)
class Series:
    """Points that belong together.

    Attributes:
        name: In the legend; empty leaves it out of the legend.
        xs: Places across.
        ys: Places up, as many.
        words: What each point says when it is chosen, as many.
        tone: Its colour.
        stroke: How points are joined.
        marker: What stands at each point.
        is_bars: Whether points are ends of bars that lie, one above the other.
        strengths: In 0..1 for each point, from faint to full; empty for all full.
    """

    name: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    words: Sequence[str] = ()
    tone: Tone = Tone.FIRST
    stroke: Stroke = Stroke.SOLID
    marker: Marker = Marker.NONE
    is_bars: bool = False
    strengths: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes:
        title: What it measures, with its unit.
        low: Least value that is always shown, or None.
        high: Greatest value that is always shown, or None.
        ticks: Places with words; none lets the numbers speak.
        is_whole: Whether only whole numbers make sense.
    """

    title: str
    low: float | None = None
    high: float | None = None
    ticks: tuple[tuple[float, str], ...] = ()
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    Attributes:
        key: Stable name for files and settings, in English letters.
        title: What it is about, in a few words.
        finding: What it shows, in a sentence; where it is empty, why.
        across: The axis across.
        up: The axis up.
        series: What is drawn, the last one on top.
        titles: Of the table's columns.
        rows: The table, with all that is drawn.
        far_ticks: Words at the far end of bars.
    """

    key: str
    title: str
    finding: str
    across: Axis
    up: Axis
    series: tuple[Series, ...] = ()
    titles: tuple[str, ...] = ()
    rows: Sequence[tuple[Cell, ...]] = ()
    far_ticks: tuple[tuple[float, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw yet."""
        return not any(series.xs for series in self.series)

    @property
    def pointed(self) -> tuple[Series, ...]:
        """The series whose points can be chosen."""
        return tuple(series for series in self.series if series.words)


def range_of(axis: Axis, values: Sequence[float]) -> tuple[float, float]:
    """From where to where an axis goes, so that no point lies on the edge."""
    known = [value for value in (axis.low, axis.high) if value is not None]
    low, high = min([*values, *known], default=0.0), max([*values, *known], default=1.0)
    if low == high:
        room = abs(low) / 10 or 0.5
        return low - room, high + room
    room = (high - low) * 0.06
    return low - room, high + room


def thinned(count: int, *, most: int = MOST_POINTS) -> Sequence[int]:
    """Places of at most so many of `count` points, evenly spread, the last one among them."""
    if count <= most:
        return range(count)
    step = (count - 1) / (most - 1)
    return sorted({round(place * step) for place in range(most)})


def nearest(
    chart: Chart, at: tuple[float, float], scale: tuple[float, float], *, reach: float
) -> tuple[int, int] | None:
    """The series and point nearest to a place, both as numbers, or None where none is near.

    Args:
        chart: What is shown.
        at: The place, in the chart's own units.
        scale: Pixels for one unit across and up.
        reach: Pixels that count as near.
    """
    best, found = reach, None
    for number, series in enumerate(chart.pointed):
        for place, (x, y) in enumerate(zip(series.xs, series.ys, strict=True)):
            across = 0.0 if series.is_bars else (x - at[0]) * scale[0]
            distance = float((across**2 + ((y - at[1]) * scale[1]) ** 2) ** 0.5)
            if distance <= best:
                best, found = distance, (number, place)
    return found
