"""What a search came to, and whether the swarm was worth more than chance."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.tuning.positions import Values

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """What one search found.

    Attributes:
        name: ``swarm`` or ``random``.
        best_values: Its best position.
        best_score: The score there.
        best_scores: Best score so far after each iteration.
        mean_scores: Mean score of each iteration, of what was judged to the end; 0 where nothing
            was.
        evaluations: Distinct positions that were judged.
        stopped: How many of them were given up before their end.
    """

    name: str
    best_values: Values
    best_score: float
    best_scores: tuple[float, ...]
    mean_scores: tuple[float, ...]
    evaluations: int
    stopped: int


@dataclass(frozen=True, slots=True)
class TuningOutcome:
    """What tuning found.

    Attributes:
        swarm: What the swarm found; None where it was ended before its first evaluation.
        control: What random search found; None where it was left out.
        start_score: Score of the configuration as it was, where it lies in the search space.
        p_value: How often chance alone would part the two bests as far, on resampled texts; None
            where there is nothing to compare.
    """

    swarm: SearchOutcome | None
    control: SearchOutcome | None
    start_score: float | None
    p_value: float | None

    @property
    def best_values(self) -> Values:
        """The best position of both searches; of equal ones the swarm's. Empty where none is."""
        found = [one for one in (self.swarm, self.control) if one is not None]
        return max(found, key=lambda one: one.best_score).best_values if found else {}

    @property
    def is_swarm_better(self) -> bool:
        """Whether the swarm found more than random search did, by more than noise."""
        if self.swarm is None or self.control is None or self.p_value is None:
            return False
        return self.swarm.best_score > self.control.best_score and self.p_value < SIGNIFICANT
