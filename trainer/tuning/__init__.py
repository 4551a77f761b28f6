"""Particle-swarm tuning of a run's configuration, with random search as a control."""

from trainer.tuning.evaluators import InTurn, Objective, OpenObjective, SideBySide
from trainer.tuning.outcome import SearchOutcome, TuningOutcome
from trainer.tuning.positions import Evaluation, Report, Values
from trainer.tuning.tuner import Tuner

__all__ = [
    "Evaluation",
    "InTurn",
    "Objective",
    "OpenObjective",
    "Report",
    "SearchOutcome",
    "SideBySide",
    "Tuner",
    "TuningOutcome",
    "Values",
]
