"""Look for hyper-parameters of a chain on the inner folds of a cell's training texts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.search_space import TuningConfig, Value, at_position, value_at
from kdh_desktop.core.training_config import Schedule
from trainer.judging.metrics import best_threshold, micro_f1
from trainer.learning.batching import Example
from trainer.learning.training_state import Diverged
from trainer.process.control import RunControl
from trainer.study.cells import Logits, Search
from trainer.study.partition import evenly
from trainer.study.place import Place, scores_of
from trainer.study.system_kinds import Chain
from trainer.tuning import InTurn, Objective, Report, SearchOutcome, Tuner


@dataclass(frozen=True, slots=True)
class InnerFold:
    """Texts of one inner fold, and of the others.

    Attributes:
        seen: Texts to learn from.
        taught: What a teacher that was trained on these alone says of them.
        kept_back: Texts to judge on.
        truth: Their labels, float32 (texts, labels).
    """

    seen: Sequence[Example]
    taught: Logits
    kept_back: Sequence[Example]
    truth: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ChainTrial:
    """Tries hyper-parameters of a chain.

    Attributes:
        place: The cell whose chain it is.
        chain: The chain as it is configured.
        folds: The inner folds.
        plan: Space and budget of the search.
    """

    place: Place
    chain: Chain
    folds: Sequence[InnerFold]
    plan: TuningConfig

    @property
    def start(self) -> dict[str, Value]:
        """The hyper-parameters as they are configured."""
        found = {path: value_at(self.chain, path) for path in self.plan.dimensions}
        return {path: value for path, value in found.items() if value is not None}


def search_settings(
    trial: ChainTrial, *, sentence_weight: float, control: RunControl
) -> tuple[Search, ...]:
    """Search with a swarm, and at random where the plan says so.

    Args:
        trial: What is tried.
        sentence_weight: Weight in 0..1 of the best sentence in the decision logit.
        control: Is asked whether to go on.

    Returns:
        What the swarm found, and then what random search found.

    Raises:
        Cancelled: The user stopped it; judged positions are kept.
    """

    def open_objective(_device: str, within: RunControl) -> Objective:
        return _Objective(trial, sentence_weight, within)

    cell = trial.place.cell
    device = trial.place.learner.device.type
    with InTurn(open_objective, device=device, control=control) as evaluators:
        tuner = Tuner(
            trial.plan,
            seed=trial.place.seed,
            start=trial.start,
            fingerprint=cell.id,
            work=trial.place.folder,
            evaluators=evaluators,
            emit=lambda _event: None,
            control=control,
        )
        found = tuner.tune()
    return tuple(_told(one) for one in (found.swarm, found.control) if one is not None)


class _Objective:
    """Micro-F1 of a position on the inner folds, at one threshold for all of them.

    A position whose fields do not go together, or at which training fails, scores 0.
    """

    def __init__(self, trial: ChainTrial, sentence_weight: float, control: RunControl) -> None:
        self._trial = trial
        self._sentence_weight = sentence_weight
        self._control = control

    def __call__(self, values: Mapping[str, Value], report: Report) -> float:
        trial = self._trial
        folder = trial.place.folder / f"trial-{_key(values)}"
        try:
            chain = _shortened(at_position(trial.chain, values), trial.plan.epoch_share)
        except ValueError:
            return 0.0
        try:
            figure = self._judge(chain, folder, report)
        except Diverged:
            figure = 0.0
        shutil.rmtree(folder, ignore_errors=True)
        return figure

    def _judge(self, chain: Chain, folder: Path, report: Report) -> float:
        trial = self._trial
        scores: list[NDArray[np.float32]] = []
        figure = 0.0
        for number, fold in enumerate(trial.folds):
            seen, taught = _some(fold, trial.plan.texts)
            place = trial.place.on(seen, folder / str(number), self._control)
            network = place.train_chain(chain, taught)
            found = place.learner.scores(network, fold.kept_back)
            scores.append(found.decision_logits(self._sentence_weight))
            truth = np.concatenate([one.truth for one in trial.folds[: number + 1]])
            joined = np.concatenate(scores)
            figure = micro_f1(joined >= best_threshold(joined, truth), truth)
            if not report(number, figure):
                break
        return figure


def _some(fold: InnerFold, limit: int) -> tuple[Sequence[Example], Logits]:
    """At most `limit` of the texts to learn from, evenly spread, with what is said of them."""
    rows = evenly(np.arange(len(fold.seen)), limit)
    of_sentences = scores_of(fold.taught).of_sentences()
    taught = Logits(
        fold.taught.text_logits[rows],
        np.concatenate([of_sentences[row] for row in rows]),
        fold.taught.sentences[rows],
    )
    return [fold.seen[row] for row in rows], taught


def _shortened(chain: Chain, share: float) -> Chain:
    distilled = replace(chain.distilled, schedule=_fewer(chain.distilled.schedule, share))
    fine_tuned = chain.fine_tuned
    if fine_tuned is not None:
        fine_tuned = replace(fine_tuned, schedule=_fewer(fine_tuned.schedule, share))
    return replace(chain, distilled=distilled, fine_tuned=fine_tuned)


def _fewer(schedule: Schedule, share: float) -> Schedule:
    least = min(1, schedule.epochs)
    return replace(schedule, epochs=max(least, round(schedule.epochs * share)))


def _key(values: Mapping[str, Value]) -> str:
    return sha256(json.dumps(to_json_value(values), sort_keys=True).encode()).hexdigest()[:16]


def _told(found: SearchOutcome) -> Search:
    return Search(
        found.name,
        found.best_values,
        found.best_score,
        found.best_scores,
        found.evaluations,
        found.stopped,
    )
