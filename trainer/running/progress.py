"""How much of a run is done, and when it will be over."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
        epochs: Passes over the texts that the training makes.
        scored_texts: Texts that are scored after training, or without it.
    """

    name: str
    training_s: float
    scoring_s: float
    epochs: int = 1
    scored_texts: int = 0

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.training_s + self.scoring_s

    @property
    def shortened(self) -> StageCost:
        """The same with one epoch, as stages have it once the best is to be kept."""
        return replace(self, training_s=self.training_s / self.epochs, epochs=1)


_NOTHING = StageCost("", 0.0, 0.0)


class RunProgress:
    """Measures a run against what its stages were expected to take.

    What an earlier process had done counts as done, and says nothing of this one's pace.
    """

    def __init__(self, costs: Sequence[StageCost], control: RunControl) -> None:
        """Expect stages of these costs.

        Args:
            costs: Of all stages, in order.
            control: Knows for how long the run was paused, and whether it is to keep its best.
        """
        self._to_come = list(costs)
        self._control = control
        self._stage = _NOTHING
        self._before_s = 0.0
        self._trained_s = 0.0
        self._scored_s = 0.0
        self._taken_up_s = 0.0
        self._begun: float | None = None

    def start(self, name: str) -> None:
        """The stage before is over, and another begins; time counts from the first expected one."""
        self._before_s += self._inside_s + self._rest_s
        self._trained_s = self._scored_s = 0.0
        self._stage = next((cost for cost in self._to_come if cost.name == name), _NOTHING)
        if self._stage is _NOTHING:
            return
        self._to_come.remove(self._stage)
        if self._begun is None:
            self._begun = self._now()

    def train_to(self, share: float, *, is_taken_up: bool = False) -> None:
        """A share in 0..1 of the stage's training is done, perhaps by an earlier process."""
        before_s, self._trained_s = self._trained_s, share * self._stage.training_s
        self._taken_up_s += is_taken_up * (self._trained_s - before_s)

    def score(self, texts: int, *, is_taken_up: bool = False) -> None:
        """So many more texts are scored after the training, perhaps by an earlier process."""
        share = texts / max(1, self._stage.scored_texts)
        self._trained_s += self._untrained_s
        before_s, most_s = self._scored_s, self._stage.scoring_s
        self._scored_s = min(before_s + share * most_s, most_s)
        self._taken_up_s += is_taken_up * (self._scored_s - before_s)

    def take_up_rest(self) -> None:
        """All that is left of the stage was done by an earlier process."""
        self._taken_up_s += self._rest_s
        self._trained_s += self._untrained_s
        self._scored_s = self._stage.scoring_s

    def pace(self) -> tuple[float | None, float | None]:
        """Share in 0..1 of the run that is done, and seconds that it will still take.

        Both are None where nothing was expected.
        """
        done_s = self._before_s + self._inside_s
        left_s = self._rest_s + sum(self._planned(cost).seconds for cost in self._to_come)
        all_s = done_s + left_s
        if all_s <= 0:
            return None, None
        elapsed_s = 0.0 if self._begun is None else self._now() - self._begun
        # At first the estimate is believed, since the first steps are slow everywhere.
        belief_s = _BELIEF * all_s
        slowness = (elapsed_s + belief_s) / (done_s - self._taken_up_s + belief_s)
        return done_s / all_s, left_s * slowness

    @property
    def _inside_s(self) -> float:
        """What is done of the stage under way."""
        return self._trained_s + self._scored_s

    @property
    def _untrained_s(self) -> float:
        """What its training will still take."""
        return max(0.0, self._planned(self._stage).training_s - self._trained_s)

    @property
    def _rest_s(self) -> float:
        """What all of it will still take."""
        return self._untrained_s + self._stage.scoring_s - self._scored_s

    def _planned(self, cost: StageCost) -> StageCost:
        """A stage as it will be: of one epoch where the run is to keep its best."""
        return cost.shortened if self._control.is_keeping_best else cost

    def _now(self) -> float:
        """Seconds on a clock that stands while the run is paused."""
        return time.monotonic() - self._control.waited_s
