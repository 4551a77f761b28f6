"""A position that is judged: what was found there, step by step, and when it is given up."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from kdh_desktop.core.search_space import Value

Values = Mapping[str, Value]
"""Values of fields by dotted path."""

Report = Callable[[int, float], bool]
"""Takes a step from 0 and the score so far, and says whether it is worth going on."""

FEWEST_TO_COMPARE = 3

Bars = tuple[float, ...]
"""Scores that have to be reached, step by step; beyond the last, anything will do."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found at a position.

    Attributes:
        values: The position.
        score: In 0..1, the higher the better; the last one reported where it was given up.
        reports: The score at each step.
        is_stopped: Whether it was given up before its end.
    """

    values: Values
    score: float
    reports: tuple[float, ...]
    is_stopped: bool

    @property
    def cost(self) -> float:
        """What the swarm seeks the least of; a position that was given up is never a best one."""
        return math.inf if self.is_stopped else 1.0 - self.score


@dataclass(frozen=True, slots=True)
class Task:
    """A position to judge, and what it has to reach."""

    values: Values
    bars: Bars


@dataclass(slots=True)
class Reports:
    """Takes down what an evaluation reports, and says when it is worse than it has to be."""

    bars: Bars
    scores: list[float] = field(default_factory=list)
    is_stopped: bool = False

    def __call__(self, step: int, score: float) -> bool:
        """Whether it is worth going on; steps come in order."""
        if step != len(self.scores) or not math.isfinite(score):
            raise ValueError(f"step {step} cannot be reported with {score}")
        self.scores.append(score)
        self.is_stopped = step < len(self.bars) and score < self.bars[step]
        return not self.is_stopped


def key_of(values: Values) -> str:
    """Equal for equal positions alone."""
    return json.dumps(dict(values), sort_keys=True, allow_nan=False)


def median_bars(others: Sequence[Evaluation]) -> Bars:
    """What to reach at each step to be no worse than half of the others were there.

    It depends on whole iterations alone, and so neither on the order in which particles are
    judged nor on how many are at a time.

    Source: Golovin et al. 2017, section 3.2.2 (the median stopping rule), with the score at the
    step in place of the mean up to it.
    """
    bars: list[float] = []
    while True:
        reached = [one.reports[len(bars)] for one in others if len(one.reports) > len(bars)]
        if len(reached) < FEWEST_TO_COMPARE:
            return tuple(bars)
        bars.append(median(reached))
