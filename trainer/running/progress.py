"""How much of a run is done, and when it will be over."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.process.control import RunControl

_BELIEF = 0.02
"""Share of the run that the estimate counts for beside what was measured."""


@dataclass(frozen=True, slots=True)
class StageCost:
    """What one stage of a run is expected to take.

    Attributes:
        name: The stage's.
        training_s: Seconds of training.
        scoring_s: Seconds of what comes after training, or without it.
    """

    name: str
    training_s: float
    scoring_s: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.training_s + self.scoring_s


class RunProgress:
    """Measures a run against what its stages were expected to take."""

    def __init__(self, costs: Sequence[StageCost], control: RunControl) -> None:
        """Expect stages of these costs; `control` knows for how long the run was paused."""
        self._costs = {cost.name: cost for cost in costs}
        self._all_s = sum(cost.seconds for cost in costs)
        self._control = control
        self._stage = StageCost("", 0.0, 0.0)
        self._before_s = 0.0
        self._inside_s = 0.0
        self._skipped_s = 0.0
        self._begun = time.monotonic()

    def start(self, name: str, *, is_trained: bool = False) -> None:
        """The stage before is over, and another begins; it may have been trained before."""
        self._before_s += self._stage.seconds
        self._inside_s = 0.0
        self._stage = self._costs.get(name, StageCost(name, 0.0, 0.0))
        if is_trained:
            self._skipped_s += self._stage.training_s
            self.train_to(1.0)

    def train_to(self, share: float) -> None:
        """A share in 0..1 of the stage's training is done."""
        self._inside_s = share * self._stage.training_s

    def score_to(self, share: float) -> None:
        """A share in 0..1 of what comes after training is done."""
        self._inside_s = self._stage.training_s + share * self._stage.scoring_s

    def pace(self) -> tuple[float | None, float | None]:
        """Share in 0..1 of the run that is done, and seconds that it will still take.

        Both are None where nothing was expected.
        """
        if self._all_s <= 0:
            return None, None
        done_s = min(self._before_s + self._inside_s, self._all_s)
        here_s = done_s - self._skipped_s
        elapsed_s = time.monotonic() - self._begun - self._control.waited_s
        # At first the estimate is believed, since the first steps are slow everywhere.
        belief_s = _BELIEF * self._all_s
        slowness = (elapsed_s + belief_s) / (here_s + belief_s)
        return done_s / self._all_s, (self._all_s - done_s) * slowness
