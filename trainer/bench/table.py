"""The rows of the benchmark, and how they are printed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Median, lowest and highest; at least one value."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        name: What was measured.
        unit: Of `value`.
        value: What came out; None where it was not measured.
        ratio: How many times DistilBERT in PyTorch; None where that says nothing.
        steady_mb: Resident memory after the last round.
        peak_mb: Resident memory at its highest.
        note: What else there is to say.
    """

    name: str
    unit: str
    value: Spread | None
    ratio: float | None = None
    steady_mb: float | None = None
    peak_mb: float | None = None
    note: str = ""


def with_ratios(rows: Sequence[Row], reference: Row) -> list[Row]:
    """The rows with their medians over that of the reference."""
    base = reference.value
    return [
        replace(row, ratio=row.value.median / base.median)
        if row.value and base and row.unit == reference.unit
        else row
        for row in rows
    ]


def as_text(rows: Sequence[Row]) -> str:
    """A table for people."""
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = [
        "  ".join(
            cell.ljust(width) if column in _LEFT else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines) + "\n"


def as_json(rows: Sequence[Row], *, about: str) -> str:
    """The same for programs."""
    return json.dumps({"about": about, "rows": [asdict(row) for row in rows]}, indent=1) + "\n"


_HEAD = ("", "median", "low", "high", "unit", "ratio", "MB", "peak MB", "")
_LEFT = {0, 4, 8}


def _cells(row: Row) -> tuple[str, ...]:
    value = row.value
    figures = (
        ("not measured", "", "")
        if value is None
        else (_figure(value.median), _figure(value.low), _figure(value.high))
    )
    return (
        row.name,
        *figures,
        row.unit,
        "" if row.ratio is None else f"{row.ratio:.1f}x",
        "" if row.steady_mb is None else f"{row.steady_mb:.0f}",
        "" if row.peak_mb is None else f"{row.peak_mb:.0f}",
        row.note,
    )


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
