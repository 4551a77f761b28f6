"""Objectives that cost nothing, for searches in this process and in others."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.search_space import Choice, Real, TuningConfig, Whole
from trainer.process.control import RunControl
from trainer.tuning import Objective, Report, Values

PLAN = TuningConfig(
    particles=6,
    iterations=5,
    dimensions={
        "rate": Real(1e-5, 1e-1, is_log=True),
        "share": Real(0.0, 1.0),
        "epochs": Whole(1, 9),
        "loss": Choice(("bernoulli", "mse", "softmax")),
    },
)
START: Values = {"rate": 1e-5, "share": 0.0, "epochs": 1, "loss": "softmax"}


def hill(values: Values, report: Report) -> float:
    """Highest at a rate of 1e-3, a share of 0.3, 6 epochs and `mse`; three steps."""
    rate, share, epochs = (float(values[name]) for name in ("rate", "share", "epochs"))
    far = abs(math.log10(rate) + 3) / 4 + abs(share - 0.3) + abs(epochs - 6) / 9
    top = 1 - far / 4 - (0.0 if values["loss"] == "mse" else 0.2)
    for step in range(3):
        if not report(step, top * (step + 1) / 3):
            return math.nan
    return top


def open_hill(_device: str, _control: RunControl) -> Objective:
    return hill


@dataclass(frozen=True)
class Noted:
    """Writes down the device and process of each evaluation; fails or dies where it is told to."""

    folder: Path
    fails: bool = False
    dies: bool = False

    def __call__(self, device: str, _control: RunControl) -> Objective:
        def objective(values: Values, report: Report) -> float:
            if self.dies:
                os._exit(1)
            if self.fails:
                raise TrainingError("There is no such corpus.", "Choose another.")
            with (self.folder / device).open("a", encoding="utf-8") as file:
                file.write(f"{os.getpid()}\n")
            return hill(values, report)

        return objective


@dataclass(frozen=True)
class Waited:
    """Writes down that an evaluation has begun, and is over only once it was told to wait."""

    folder: Path

    def __call__(self, _device: str, control: RunControl) -> Objective:
        def objective(values: Values, report: Report) -> float:
            waits = self.folder / "waits"
            control.tell_waiting = waits.touch
            (self.folder / "begun").touch()
            while not waits.exists():
                control.check()
                time.sleep(0.01)
            return hill(values, report)

        return objective


@dataclass(frozen=True)
class CountsThreads:
    """Finds at every position as much as its process has threads."""

    def __call__(self, _device: str, _control: RunControl) -> Objective:
        return lambda _values, _report: float(os.environ["OMP_NUM_THREADS"])
