"""A search inside a study looks for what scores best, and is not ended by what cannot train."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from kdh_desktop.core.search_space import Choice, TuningConfig
from kdh_desktop.core.training_config import Schedule
from trainer.learning.network_scores import NetworkScores
from trainer.learning.training_state import Diverged
from trainer.process.control import RunControl
from trainer.study.cells import Cell, Logits
from trainer.study.place import Place
from trainer.study.search import ChainTrial, InnerFold, search_settings
from trainer.study.system_kinds import Chain, DistilledSystem

TRUTH = np.array([[1, 0], [0, 1], [1, 1]], np.float32)


@dataclass
class ScriptedPlace:
    """Trains nothing, and diverges at high rates."""

    folder: Path
    cell: Cell = Cell("mini", "tuned", None, fold=0, seed=1)  # noqa: RUF009 - it is frozen
    seed: int = 1
    device = torch.device("cpu")

    @property
    def learner(self) -> ScriptedPlace:
        return self

    def on(self, *_where: object) -> ScriptedPlace:
        return self

    def train_chain(self, chain: Chain, _taught: Logits) -> None:
        if chain.distilled.schedule.peak_rate > 1:
            raise Diverged("The loss is no longer a number.", "Lower the rate.")

    def scores(self, *_asked: object) -> NetworkScores:
        return NetworkScores(2 * TRUTH - 1, 2 * TRUTH - 1, np.ones(3, np.int64))


def test_positions_that_cannot_be_trained_score_nothing_and_do_not_end_the_study(
    tmp_path: Path,
) -> None:
    chain = Chain(DistilledSystem("distilled", "", "teacher", Schedule(1, 1e-3), 2.0, 0.5), None, 0)
    plan = TuningConfig(
        8,
        1,
        {
            "distilled.schedule.peak_rate": Choice((1e-3, 1e30)),
            "distilled.schedule.patience": Choice((0, 2)),  # needs texts to validate with
        },
        folds=2,
    )
    place = cast("Place", ScriptedPlace(tmp_path))
    taught = Logits(TRUTH, TRUTH, np.ones(3, np.int64))
    examples = cast("Any", [None] * 3)
    folds = [InnerFold(examples, taught, examples, TRUTH)] * 2
    trial = ChainTrial(place, chain, folds, plan)
    swarm, control = search_settings(trial, sentence_weight=0.0, control=RunControl())
    for found in (swarm, control):
        assert found.best_score == 1.0
        assert found.best_values == {
            "distilled.schedule.peak_rate": 1e-3,
            "distilled.schedule.patience": 0,
        }
    lines = (tmp_path / "evaluations.jsonl").read_text(encoding="utf-8").splitlines()[1:]
    judged = {tuple(one["values"].values()): one["score"] for one in map(json.loads, lines)}
    assert judged == {(1e-3, 0): 1.0, (1e-3, 2): 0.0, (1e30, 0): 0.0, (1e30, 2): 0.0}
