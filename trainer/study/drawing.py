"""A few primitives to draw figures as SVG: scales, marks, words.

Drawn by hand, since a plotting library would weigh more than the trainer's own code, and words
that stay words can be read aloud, searched and printed sharply.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from zlib import crc32

INK = "#1b1b1b"
FAINT = "#d9d9d6"
MUTED = "#595959"


@dataclass(frozen=True, slots=True)
class Look:
    """How a series is told from others: by colour, by the shape of its marks and by its dashes."""

    colour: str
    shape: str
    dash: str = ""


LOOKS = (
    Look("#0a5aa6", "circle"),
    Look("#b8430b", "square", "7 3"),
    Look("#16735a", "triangle", "2 3"),
    Look("#803f86", "diamond", "9 3 2 3"),
    Look("#7a5a00", "cross", "4 2"),
    Look("#454a55", "ring", "1 2"),
)


def look_of(number: int) -> Look:
    """The look of the series with that number, from 0."""
    return LOOKS[number % len(LOOKS)]


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places on the page, linear or by ratio."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value."""
        low, high, at = self.low, self.high, value
        if self.is_log:
            low, high, at = math.log(low), math.log(high), math.log(value)
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)


def even_ticks(low: float, high: float, *, about: int = 6) -> list[float]:
    """Round values between two limits, evenly spread."""
    if high <= low:
        return [float(low)]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(x * power for x in (1, 2, 2.5, 5, 10) if x * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def durations(low: float, high: float) -> list[tuple[float, str]]:
    """Round durations between two numbers of seconds, with words for them."""
    units = ((1.0, "s", (1, 3, 10, 30)), (60.0, "min", (1, 3, 10, 30)), (3600.0, "h", (1, 3, 10)))
    every = [(many * unit, f"{many} {word}") for unit, word, few in units for many in few]
    return [(seconds, words) for seconds, words in every if low <= seconds <= high]


def limits_round(values: Sequence[float], *, margin: float = 0.06) -> tuple[float, float]:
    """Limits that hold all values with some room; never of no width."""
    low, high = min(values), max(values)
    room = (high - low) * margin or max(abs(high), 1.0) * margin
    return low - room, high + room


@dataclass(slots=True)
class Drawing:
    """One SVG picture with its title and description for those who cannot see it."""

    width: float
    height: float
    title: str
    description: str
    _parts: list[str] = field(default_factory=list)

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        colour: str = INK,
        width: float = 1.0,
        dash: str = "",
    ) -> None:
        """A straight line."""
        (x1, y1), (x2, y2) = start, end
        self._parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" stroke-width="{width}"{_dashes(dash)}/>'
        )

    def path(self, points: Sequence[tuple[float, float]], look: Look) -> None:
        """A line through points."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(
            f'<polyline points="{places}" fill="none" stroke="{look.colour}" stroke-width="1.8" '
            f'stroke-linejoin="round"{_dashes(look.dash)}/>'
        )

    def mark(self, x: float, y: float, look: Look, *, size: float = 4.0) -> None:
        """The mark of a series."""
        self._parts.append(_mark(x, y, look, size))

    def words(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        size: float = 12,
        colour: str = INK,
        turned: float = 0,
        is_bold: bool = False,
    ) -> None:
        """Words whose baseline begins, centres or ends at a place."""
        turn = f' transform="rotate({turned:g} {x:.1f} {y:.1f})"' if turned else ""
        weight = ' font-weight="600"' if is_bold else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}" '
            f'fill="{colour}"{weight}{turn}>{escape(text)}</text>'
        )

    def rows(self, y: Scale, left: float, right: float) -> None:
        """Faint lines at the ticks of a vertical scale, with their values."""
        for tick in even_ticks(y.low, y.high):
            self.line((left, y(tick)), (right, y(tick)), colour=FAINT)
            self.words(left - 6, y(tick) + 4, plain(tick), anchor="end", colour=MUTED)

    def columns(
        self, ticks: Sequence[tuple[float, str]], x: Scale, *, top: float, bottom: float
    ) -> None:
        """Faint lines at places of a horizontal scale, with words for them."""
        for tick, text in ticks:
            self.line((x(tick), top), (x(tick), bottom), colour=FAINT)
            self.words(x(tick), bottom + 16, text, anchor="middle", colour=MUTED)

    def key(self, entries: Sequence[tuple[str, Look]], *, x: float, y: float, width: float) -> None:
        """What the looks stand for, in as many rows as it takes."""
        for text, look, (left, top) in _flow(entries, x, y, width):
            self.path([(left, top), (left + 26, top)], look)
            self.mark(left + 13, top, look)
            self.words(left + 32, top + 4, text)

    def render(self) -> str:
        """The picture as an element of a page."""
        name = f"figure-{crc32((self.title + self.description).encode()):08x}"
        body = "\n".join(self._parts)
        return (
            f'<svg viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
            f'aria-labelledby="{name}-title {name}-text" xmlns="http://www.w3.org/2000/svg">\n'
            f'<title id="{name}-title">{escape(self.title)}</title>\n'
            f'<desc id="{name}-text">{escape(self.description)}</desc>\n{body}\n</svg>'
        )


def rows_of_key(entries: Sequence[tuple[str, Look]], *, width: float) -> int:
    """How many rows a key takes."""
    tops = [top for _, _, (_, top) in _flow(entries, 0, 0, width)]
    return len(set(tops))


def plain(value: float) -> str:
    """A number as it stands beside an axis."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def apart(places: Sequence[float], *, least: float) -> list[float]:
    """Places of labels moved as little as needed to stand `least` apart, in the given order."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    groups: list[list[int]] = []
    for index in order:
        groups.append([index])
        while len(groups) > 1 and _overlap(groups[-2], groups[-1], places, least):
            last = groups.pop()
            groups[-1] += last
    moved = list(places)
    for group in groups:
        for rank, index in enumerate(group):
            moved[index] = _middle(group, places) + (rank - (len(group) - 1) / 2) * least
    return moved


def _overlap(upper: list[int], lower: list[int], places: Sequence[float], least: float) -> bool:
    half = (len(upper) + len(lower)) / 2 * least
    return _middle(lower, places) - _middle(upper, places) < half


def _middle(group: list[int], places: Sequence[float]) -> float:
    return sum(places[index] for index in group) / len(group)


def _flow(
    entries: Sequence[tuple[str, Look]], x: float, y: float, width: float
) -> Iterator[tuple[str, Look, tuple[float, float]]]:
    left, top = x, y
    for text, look in entries:
        room = 32 + 6.6 * len(text) + 22
        if left > x and left + room > x + width:
            left, top = x, top + 20
        yield text, look, (left, top)
        left += room


def _dashes(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


def _mark(x: float, y: float, look: Look, size: float) -> str:
    fill = f'fill="{look.colour}"'
    match look.shape:
        case "circle":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" {fill}/>'
        case "ring":
            hollow = f'fill="#fff" stroke="{look.colour}" stroke-width="1.8"'
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" {hollow}/>'
        case "square":
            corner = f'x="{x - size + 0.4:.1f}" y="{y - size + 0.4:.1f}"'
            return f'<rect {corner} width="{2 * size - 0.8}" height="{2 * size - 0.8}" {fill}/>'
        case "triangle":
            points = [(x, y - size * 1.2), (x + size * 1.1, y + size * 0.8)]
            points.append((x - size * 1.1, y + size * 0.8))
        case "diamond":
            far = size * 1.25
            points = [(x, y - far), (x + far, y), (x, y + far), (x - far, y)]
        case _:
            arm = size * 1.1
            stroke = f'stroke="{look.colour}" stroke-width="2.4"'
            return (
                f'<path d="M{x - arm:.1f} {y - arm:.1f}L{x + arm:.1f} {y + arm:.1f}'
                f'M{x - arm:.1f} {y + arm:.1f}L{x + arm:.1f} {y - arm:.1f}" {stroke}/>'
            )
    places = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    return f'<polygon points="{places}" {fill}/>'
