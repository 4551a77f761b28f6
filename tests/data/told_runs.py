"""What runs tell, made up: whole ones, cut ones, and one with a search, without any training."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.access import Administrator
from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.run_presets import Preset, preset_config
from kdh_desktop.core.runs.training_runs import RunFolder, RunRequest, TrainingRuns
from kdh_desktop.core.search_space import Value
from kdh_desktop.core.training_config import RunConfig
from kdh_desktop.core.training_protocol import (
    BatchesDone,
    CandidateReady,
    CheckpointSaved,
    Envelope,
    EpochFinished,
    Event,
    MachineMeasured,
    PositionJudged,
    ReliabilityBin,
    ReliabilityMeasured,
    RunEstimated,
    RunStarted,
    ScoredOn,
    StageScored,
    StageStarted,
    SwarmIterationFinished,
    TextsScored,
    to_line,
)

RATE, ALPHA, LOSS = (
    "distillation.distil.peak_rate",
    "distillation.alpha",
    "distillation.soft_loss",
)
STAGES = (
    *(f"teacher-without-{fold}" for fold in range(3)),
    *("linear member", "student-distil", "student-fine-tune"),
    *("calibration-0-distil", "export", "judge"),
)
_BATCHES = 130


class Teller:
    """Numbers and dates events as a run does."""

    def __init__(self, run: str = "run-1") -> None:
        self.told: list[Envelope] = []
        self._run = run
        self._now = datetime(2026, 11, 29, 21, 3, 10, tzinfo=UTC)

    def tell(self, event: Event, *, after_s: float = 7.0) -> None:
        self._now += timedelta(seconds=after_s)
        utc = self._now.isoformat(timespec="seconds")
        self.told.append(Envelope(self._run, len(self.told) + 1, utc, event))


def whole_run(*, seed: int = 1, has_search: bool = False, micro: float = 0.82) -> list[Envelope]:
    """A run from its start to its candidate."""
    teller = Teller()
    draw = random.Random(seed)
    teller.tell(RunStarted(1300, 4000, "cpu"))
    if has_search:
        tell_search(teller, draw)
    teller.tell(RunEstimated(3600.0, 2 * 10**9, 40 * 10**9))
    for number, name in enumerate(STAGES, 1):
        _tell_stage(teller, draw, number, name)
        if name in {"export", "judge"}:
            teller.tell(StageScored(label_figures(draw, micro)))
    tell_machine(teller, 50)
    tell_reliability(teller)
    teller.tell(CandidateReady("hospital-1"))
    return teller.told


def cut_run(*, seed: int = 1, end: Event | None = None) -> list[Envelope]:
    """A run that got as far as the fifth epoch of its third stage."""
    told = whole_run(seed=seed)
    at = next(
        place
        for place, one in enumerate(told)
        if isinstance(one.event, BatchesDone) and one.event.epoch == 5 and _run_share(one) > 0.25
    )
    teller = Teller()
    teller.told = told[: at + 1]
    if end is not None:
        teller.tell(end)
    return teller.told


def _run_share(envelope: Envelope) -> float:
    event = envelope.event
    return (event.run_share or 0.0) if isinstance(event, BatchesDone) else 0.0


def _tell_stage(teller: Teller, draw: random.Random, number: int, name: str) -> None:
    teller.tell(StageStarted(number, len(STAGES), name))
    if name in {"linear member", "export", "judge"}:
        teller.tell(TextsScored(100, 260, number / len(STAGES), 100.0))
        return
    epochs = 9 if name.startswith("teacher") else 6
    for epoch in range(1, epochs + 1):
        for batch in (60, _BATCHES):
            share = (number - 1 + (epoch - 1 + batch / _BATCHES) / epochs) / len(STAGES)
            teller.tell(BatchesDone(epoch, batch, _BATCHES, share, 3600 * (1 - share)))
        score = 0.83 - 0.45 * math.exp(-0.5 * epoch) - 0.01 * max(0, epoch - 7)
        loss = 0.6 * math.exp(-0.22 * epoch) + draw.gauss(0.08, 0.001)
        teller.tell(EpochFinished(epoch, epochs, loss, score))
        teller.tell(CheckpointSaved(epoch, 0))


def label_figures(draw: random.Random, micro: float) -> dict[str, float]:
    """Figures as a run tells them of its student."""
    found = {"texts": 1300.0, "micro_f1": micro, "macro_f1": micro - 0.03}
    found |= {"subset_accuracy": 0.55, "calibration_error": 0.021}
    for place, label in enumerate(HALLMARKS_OF_CANCER.ids):
        value = round(0.6 + place * 0.03 + draw.random() / 100, 4)
        found |= {f"f1.{label}": value, f"precision.{label}": value, f"recall.{label}": value}
    return found


def tell_search(teller: Teller, draw: random.Random, *, iterations: int = 4) -> None:
    """A swarm and its control."""
    for stage, name in enumerate(("swarm", "random"), 1):
        teller.tell(StageStarted(stage, 2, name))
        best = 1.0
        found: dict[str, Value] = {}
        for iteration in range(1, iterations + 1):
            costs = []
            for _ in range(5):
                rate = float(f"{10 ** draw.uniform(-5.5, -3):.4g}")
                values: dict[str, Value] = {
                    RATE: rate,
                    ALPHA: round(draw.random(), 3),
                    LOSS: draw.choice("ab"),
                }
                score = round(0.82 - 0.05 * (math.log10(rate) + 4) ** 2, 4)
                is_stopped = score < 0.76
                teller.tell(PositionJudged(name, iteration, values, score, is_stopped))
                costs += [] if is_stopped else [1 - score]
                if 1 - score < best:
                    best, found = 1 - score, values
            mean = sum(costs) / len(costs) if costs else 1.0
            teller.tell(SwarmIterationFinished(name, iteration, iterations, best, mean, found))


def tell_machine(teller: Teller, count: int, *, device_bytes: int | None = None) -> None:
    """Signs of life, every other second."""
    for number in range(count):
        rate = 38 + 6 * math.sin(number / 60)
        memory = int(1.1e9 + 2e8 * min(1, number / 80))
        teller.tell(MachineMeasured(memory, device_bytes, rate), after_s=2)


def tell_reliability(teller: Teller) -> None:
    """A model that is off by two points."""
    bins = tuple(
        ReliabilityBin((place + 0.5) / 10, min(1.0, (place + 0.7) / 10), 100 * (place + 1))
        for place in range(10)
    )
    teller.tell(ReliabilityMeasured(ScoredOn.JUDGED_TEXTS, bins))


def long_run(*, hours: float = 8.0, events: int = 300_000) -> list[Envelope]:
    """So many events in so many hours, nearly all of them of batches, as in life."""
    teller = Teller()
    teller.tell(RunStarted(20_000, 0, "cuda"))
    apart_s = hours * 3600 / events
    stages, epochs, batches = 40, 15, events // (40 * 15 * 11 // 10)
    for stage in range(1, stages + 1):
        teller.tell(StageStarted(stage, stages, f"teacher-without-{stage % 5}-member-{stage}"))
        for epoch in range(1, epochs + 1):
            for batch in range(1, batches + 1):
                share = (stage - 1) / stages
                teller.tell(BatchesDone(epoch, batch, batches, share, 100.0), after_s=apart_s)
                if batch % 10 == 0:
                    teller.tell(MachineMeasured(10**9, 10**9, 400.0), after_s=apart_s)
            teller.tell(EpochFinished(epoch, epochs, 1 / epoch, 0.8), after_s=apart_s)
    return teller.told


def keep_run(
    paths: AppPaths,
    told: Sequence[Envelope],
    *,
    title: str = "",
    preset: Preset = Preset.QUICK,
    change: Callable[[RunConfig], RunConfig] = lambda config: config,
    day: int = 20,
) -> RunFolder:
    """A run on the disk that told this."""
    runs = TrainingRuns(paths, now=lambda: datetime(2026, 11, day, 9, 30, tzinfo=UTC))
    config = change(preset_config(preset, name="hospital"))
    request = RunRequest(config, corpus=(HocSource("corpus"),))
    run = runs.create(request, administrator=an_administrator(), title=title)
    run.work.mkdir(parents=True, exist_ok=True)
    lines = (to_line(replace(one, run=run.id)) + "\n" for one in told)
    run.events.write_text("".join(lines), encoding="utf-8")
    run.log.write_text("reading texts\ntraining on 2 threads\n", encoding="utf-8")
    if any(isinstance(one.event, CandidateReady) for one in told):
        run.candidate.mkdir()
        (run.candidate / "manifest.json").write_text("{}", encoding="utf-8")
    return run


def an_administrator() -> Administrator:
    """Somebody who has come in."""
    return Administrator(Ed25519PrivateKey.generate())
