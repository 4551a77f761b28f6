"""A study whose systems train nothing: their scores follow from a script."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.search_space import Real, TuningConfig
from kdh_desktop.core.training_config import (
    NetworkConfig,
    NetworkKind,
    Schedule,
    TeacherMethod,
)
from trainer.process.control import RunControl
from trainer.study.cells import (
    Cell,
    CellFacts,
    CellResult,
    CellStore,
    Cost,
    Logits,
    Search,
    needs_of,
)
from trainer.study.config import NetworkPair, StudyConfig, Texts
from trainer.study.system_kinds import (
    ControlSystem,
    DistilledSystem,
    HardSystem,
    JoinedSystem,
    Part,
    Role,
    TunedSystem,
)

TEXTS, LABELS, FOLDS = 120, 6, 3
STRENGTH = {"teacher": 2.2, "student": 1.4, "distilled": 1.9, "sequential": 2.0, "tuned": 2.1}

_SCHEDULE = Schedule(2, 1e-3)
_SEARCH = TuningConfig(
    2, 3, {"distilled.alpha": Real(0, 1), "distilled.temperature": Real(1, 8)}, folds=2
)


def fake_config() -> StudyConfig:
    return StudyConfig(
        name="fake",
        title="A study of invented scores",
        question="Does the machinery work?",
        source="No paper at all",
        corpus="Invented truth",
        reductions=("Nothing is trained",),
        texts=Texts(max_tokens=16),
        networks=(NetworkPair("mini", "Mini", NetworkConfig(), NetworkConfig(layers=1)),),
        systems=(
            HardSystem("teacher", "Teacher", _SCHEDULE, role=Role.TEACHER),
            HardSystem("student", "Student alone", _SCHEDULE),
            DistilledSystem("distilled", "Distilled", "teacher", _SCHEDULE, 2.0, 0.7),
            HardSystem("sequential", "Distilled + sequential", _SCHEDULE, start="distilled"),
            TunedSystem("tuned", "The same + swarm", "sequential", _SEARCH),
            ControlSystem("random", "The same + random search", "tuned", samples=(None,)),
            JoinedSystem("joined", "Out of fold", "teacher", samples=(None,)),
            DistilledSystem(
                "out-of-fold",
                "Soft targets out of fold",
                "joined",
                _SCHEDULE,
                2.0,
                0.7,
                part=Part.ABLATION,
                samples=(None,),
            ),
        ),
        folds=FOLDS,
        seeds=(1, 2),
        samples=(60, None),
        reference="distilled",
        bootstrap_draws=200,
    )


def fake_rocling() -> StudyConfig:
    kinds = {"text_cnn": NetworkKind.TEXT_CNN, "han": NetworkKind.HAN}
    return StudyConfig(
        name="fake-rocling",
        title="Binary teachers of invented scores",
        question="Does the machinery work?",
        source="No paper at all",
        corpus="Invented truth",
        reductions=(),
        texts=Texts(max_tokens=16),
        networks=tuple(
            NetworkPair(name, kind.value, NetworkConfig(kind), NetworkConfig(kind))
            for name, kind in kinds.items()
        ),
        systems=(
            HardSystem(
                "teacher",
                "Binary teacher",
                _SCHEDULE,
                role=Role.TEACHER,
                method=TeacherMethod.BINARY_RELEVANCE,
            ),
            HardSystem("student", "Student alone", _SCHEDULE),
            DistilledSystem("distilled", "Distilled", "teacher", _SCHEDULE, 2.0, 0.7),
        ),
        folds=FOLDS,
        seeds=(1,),
        bootstrap_draws=200,
    )


def fake_truth() -> NDArray[np.float32]:
    rng = np.random.default_rng(5)
    shares = np.linspace(0.4, 0.1, LABELS)
    return (rng.random((TEXTS, LABELS)) < shares).astype(np.float32)


def fake_folds() -> NDArray[np.int64]:
    return np.arange(TEXTS) % FOLDS


@dataclass(frozen=True, slots=True)
class OpenFake:
    """Opens work that takes some time, writes down what it did, and may fail."""

    config: StudyConfig
    folder: Path
    seconds: float = 0.0
    failing: str = ""

    def __call__(self, _control: RunControl) -> Callable[[Cell], None]:
        store = CellStore(self.folder / "cells")

        def work_off(cell: Cell) -> None:
            if cell.system == self.failing:
                raise TrainingError("The scripted failure.", "Expect it.")
            if any(store.load(need) is None for need in needs_of(self.config, cell)):
                raise AssertionError(f"{cell.id} came before what it needs")
            with (self.folder / "worked-off.txt").open("a", encoding="utf-8") as lines:
                lines.write(f"{os.getpid()} {cell.id}\n")
            time.sleep(self.seconds)
            store.save(cell, fake_result(cell))

        return work_off


def fake_result(cell: Cell) -> CellResult:
    """Noise round the truth; stronger systems and larger samples have less of it."""
    truth = fake_truth()[fake_folds() == cell.fold]
    digest = hashlib.sha256(cell.id.encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    strength = STRENGTH.get(cell.system, 1.7) * (1.0 if cell.sample is None else 0.8)
    logits = (strength * (2 * truth - 1) + rng.normal(0, 1.5, truth.shape)).astype(np.float32)
    scores = Logits(logits, logits, np.ones(len(logits), np.int64))
    seconds = 10.0 * STRENGTH.get(cell.system, 1.7)
    cost = Cost(seconds, 80, 1000, "cpu")
    facts = CellFacts(cost)
    if cell.system in {"tuned", "random"}:
        bests = np.maximum.accumulate(rng.uniform(0.6, 0.8, 3))
        values = {"distilled.alpha": float(rng.random()), "distilled.temperature": 2.0}
        names = ("swarm", "random") if cell.system == "tuned" else ()
        searches = [Search(x, values, bests[-1], tuple(bests.tolist()), 6, 1) for x in names]
        facts = CellFacts(cost, tuple(searches), values)
    return CellResult(scores, logits, facts)
