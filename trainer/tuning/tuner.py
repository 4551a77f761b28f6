"""The search itself: ask for positions, judge those that are new, tell the costs, and again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.search_space import TuningConfig
from kdh_desktop.core.training_protocol import (
    Event,
    PositionJudged,
    StageStarted,
    SwarmIterationFinished,
)
from trainer.process.control import RunControl
from trainer.tuning.evaluators import InTurn, SideBySide
from trainer.tuning.journal import Journal
from trainer.tuning.outcome import SearchOutcome, TuningOutcome
from trainer.tuning.positions import Bars, Evaluation, Task, Values, key_of, median_bars
from trainer.tuning.swarm import RandomSearch, Swarm

PValue = Callable[[Values, Values], float]
"""How often chance alone would part the scores of two judged positions as far."""


class Tuner:
    """Runs a swarm and its control over one journal.

    Whatever it finds follows from plan, seed, start and objective alone: a search that is run
    again takes what was judged before from the journal, and so comes to where it was.
    """

    def __init__(
        self,
        plan: TuningConfig,
        *,
        seed: int,
        start: Values,
        fingerprint: str,
        work: Path,
        evaluators: InTurn | SideBySide,
        emit: Callable[[Event], None],
        control: RunControl,
    ) -> None:
        """Take up the journal in the work folder, or begin it.

        Args:
            plan: Space and swarm.
            seed: All draws follow from it.
            start: Values of the configuration as it is; both searches begin there too, where all
                dimensions hold them.
            fingerprint: What evaluations depend on beside the position.
            work: Folder of the journal, ``evaluations.jsonl``.
            evaluators: Judge positions.
            emit: Takes events.
            control: Is checked between evaluations.

        Raises:
            TrainingError: The work folder holds another tuning.
        """
        self._plan = plan
        self._seed = seed
        self._evaluators = evaluators
        self._emit = emit
        self._control = control
        self._start = _position_of(plan, start)
        facts = {"plan": to_json_value(plan), "seed": seed, "start": dict(start)}
        whole = json.dumps(facts | {"of": fingerprint}, sort_keys=True)
        self._journal = Journal(work / "evaluations.jsonl", fingerprint=whole)

    def tune(self, p_value: PValue | None = None) -> TuningOutcome:
        """Search, and compare what was found.

        Args:
            p_value: Compares the two bests, where their scores can be resampled.

        Raises:
            Cancelled: The user stopped it; it can be resumed.
            TrainingError: A position cannot be judged.
        """
        plan, searches = self._plan, 1 + self._plan.has_random_control
        self._emit(StageStarted(1, searches, "swarm"))
        swarm = self._search("swarm", Swarm(plan, seed=self._seed, start=self._start))
        control = None
        if plan.has_random_control and not self._control.is_keeping_best:
            self._emit(StageStarted(2, searches, "random"))
            control = self._search("random", RandomSearch(plan, seed=self._seed, start=self._start))
        chance = None
        if p_value is not None and swarm is not None and control is not None:
            chance = p_value(swarm.best_values, control.best_values)
        return TuningOutcome(swarm, control, self._start_score(), chance)

    def _search(self, name: str, search: Swarm | RandomSearch) -> SearchOutcome | None:
        seen: dict[str, Evaluation] = {}
        bests: list[float] = []
        means: list[float] = []
        for iteration in range(1, self._plan.iterations + 1):
            bars = median_bars(list(seen.values())) if self._plan.is_stopping_early else ()
            asked = [self._plan.decode(position) for position in search.positions]
            found = self._judge(name, iteration, asked, bars)
            seen |= {key_of(one.values): one for one in found}
            if len(found) < len(asked):
                break
            best = _best_of(list(seen.values()))
            whole = [one.score for one in found if not one.is_stopped]
            bests.append(best.score)
            means.append(float(np.mean(whole)) if whole else 0.0)
            self._emit(
                SwarmIterationFinished(
                    name,
                    iteration,
                    self._plan.iterations,
                    best_cost=best.cost,
                    mean_cost=1.0 - means[-1],
                    best_values=best.values,
                )
            )
            search.move(np.array([one.cost for one in found], np.float64))
        if not any(not one.is_stopped for one in seen.values()):
            return None
        best = _best_of(list(seen.values()))
        stopped = sum(one.is_stopped for one in seen.values())
        return SearchOutcome(
            name, best.values, best.score, tuple(bests), tuple(means), len(seen), stopped
        )

    def _judge(
        self, name: str, iteration: int, asked: Sequence[Values], bars: Bars
    ) -> list[Evaluation]:
        """What is found at the positions, in order; fewer where the search is to end."""
        new: dict[str, Task] = {}
        for values in asked:
            if self._journal.find(values) is None:
                new.setdefault(key_of(values), Task(values, bars))
        for _, evaluation in self._evaluators.judge(list(new.values())):
            self._journal.add(evaluation)
            self._tell(name, iteration, evaluation)
        found = [self._journal.find(values) for values in asked]
        return [one for one in found if one is not None]

    def _tell(self, name: str, iteration: int, evaluation: Evaluation) -> None:
        self._emit(
            PositionJudged(
                name,
                iteration,
                values=evaluation.values,
                score=evaluation.score,
                is_stopped=evaluation.is_stopped,
            )
        )

    def _start_score(self) -> float | None:
        if self._start is None:
            return None
        found = self._journal.find(self._plan.decode(self._start.tolist()))
        return None if found is None else found.score


def _position_of(plan: TuningConfig, values: Values) -> NDArray[np.float64] | None:
    """The position of values in the unit cube, or None where they lie outside."""
    shares = [
        dimension.encode(values[path]) if path in values else None
        for path, dimension in plan.dimensions.items()
    ]
    known = [share for share in shares if share is not None]
    return np.array(known) if len(known) == len(shares) else None


def _best_of(evaluations: Sequence[Evaluation]) -> Evaluation:
    """The first of those with the least cost."""
    return min(evaluations, key=lambda one: one.cost)
