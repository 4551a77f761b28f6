"""The systems that a study compares: how each is trained, and from which other it begins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, assert_never

from kdh_desktop.core.json_values import require
from kdh_desktop.core.search_space import TuningConfig
from kdh_desktop.core.training_config import (
    Schedule,
    SoftLoss,
    TeacherMethod,
)

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


Sample = int | None
"""Number of texts, or None for all of them."""


class Role(StrEnum):
    """Which of a pair of networks a system trains."""

    TEACHER = "teacher"
    STUDENT = "student"


class Part(StrEnum):
    """Which part of the report a system belongs to."""

    MAIN = "main"
    ABLATION = "ablation"
    STEP = "step"
    """A step on the way to another system; its figures are in the JSON alone."""


@dataclass(frozen=True, slots=True)
class HardSystem:
    """A network trained on hard labels: a teacher, a student alone, or sequential fine-tuning.

    Attributes:
        id: Short name for files.
        name: Name in the report.
        schedule: How long and how fast it trains.
        role: Which of the pair's networks it trains.
        method: Whether one network knows all labels, or each label has its own.
        start: System whose trained network it goes on from; None starts afresh.
        part: Which part of the report it belongs to.
        samples: Samples it is trained on; empty for all of the study's.
    """

    kind: ClassVar[str] = "hard"
    id: str
    name: str
    schedule: Schedule
    role: Role = Role.STUDENT
    method: TeacherMethod = TeacherMethod.MULTI_LABEL
    start: str | None = None
    part: Part = Part.MAIN
    samples: tuple[Sample, ...] = ()

    def __post_init__(self) -> None:
        require_id(self.id)
        require(
            self.start is None or self.method is TeacherMethod.MULTI_LABEL,
            "start",
            "fits multi_label systems only",
        )


@dataclass(frozen=True, slots=True)
class JoinedSystem:
    """A teacher whose soft targets are out of fold.

    It has one network for each inner fold of the training texts, which is scored by the networks
    that did not see it; other texts are scored by their mean. A linear member may join them.

    Attributes:
        id: Short name for files.
        name: Name in the report.
        teacher: System that says how each network trains.
        has_linear_member: Whether a linear member over words joins them.
        part: Which part of the report it belongs to.
        samples: Samples it is trained on; empty for all of the study's.
    """

    kind: ClassVar[str] = "joined"
    id: str
    name: str
    teacher: str
    has_linear_member: bool = False
    part: Part = Part.STEP
    samples: tuple[Sample, ...] = ()

    def __post_init__(self) -> None:
        require_id(self.id)


@dataclass(frozen=True, slots=True)
class DistilledSystem:
    """A student that learns from a teacher's logits.

    Attributes:
        id: Short name for files.
        name: Name in the report.
        teacher: The system that teaches.
        schedule: How long and how fast it trains.
        temperature: T; soft losses are taken between logits divided by T, times T squared.
        alpha: Weight in 0..1 of the soft loss beside the hard one. Unlabelled texts have no hard
            labels, and there it has no meaning.
        soft_loss: Distance to the teacher.
        is_transfer: Whether it learns from the unlabelled transfer texts, not the labelled ones.
        start: System whose trained network it goes on from; None starts afresh.
        part: Which part of the report it belongs to.
        samples: Samples it is trained on; empty for all of the study's.
    """

    kind: ClassVar[str] = "distilled"
    id: str
    name: str
    teacher: str
    schedule: Schedule
    temperature: float
    alpha: float
    soft_loss: SoftLoss = SoftLoss.BERNOULLI
    is_transfer: bool = False
    start: str | None = None
    part: Part = Part.MAIN
    samples: tuple[Sample, ...] = ()

    def __post_init__(self) -> None:
        require_id(self.id)
        require(self.temperature > 0, "temperature", "must be over 0")
        require(0 <= self.alpha <= 1, "alpha", "must lie in 0..1")
        require(
            not self.is_transfer or self.schedule.validation_share == 0,
            "schedule.validation_share",
            "must be 0 where texts have no labels",
        )


@dataclass(frozen=True, slots=True)
class TunedSystem:
    """A chain of student stages whose hyper-parameters a particle swarm looks for.

    Attributes:
        id: Short name for files.
        name: Name in the report.
        chain: The last system of the chain that is tuned: a distilled system, or a hard one that
            goes on from it.
        search: What the swarm may change, by the dotted paths of a `Chain`, and how long it may
            search. Positions are judged on the study's inner folds of the training texts.
        part: Which part of the report it belongs to.
        samples: Samples it is trained on; empty for all of the study's.
    """

    kind: ClassVar[str] = "tuned"
    id: str
    name: str
    chain: str
    search: TuningConfig
    part: Part = Part.MAIN
    samples: tuple[Sample, ...] = ()

    def __post_init__(self) -> None:
        require_id(self.id)


@dataclass(frozen=True, slots=True)
class ControlSystem:
    """The chain of a tuned system with the hyper-parameters that random search found.

    Attributes:
        id: Short name for files.
        name: Name in the report.
        tuned: The tuned system whose search has a random control.
        part: Which part of the report it belongs to.
        samples: Samples it is trained on; empty for all of the study's.
    """

    kind: ClassVar[str] = "control"
    id: str
    name: str
    tuned: str
    part: Part = Part.MAIN
    samples: tuple[Sample, ...] = ()

    def __post_init__(self) -> None:
        require_id(self.id)


System = HardSystem | JoinedSystem | DistilledSystem | TunedSystem | ControlSystem


@dataclass(frozen=True, slots=True)
class Chain:
    """What a search may change: paths are such as ``distilled.alpha`` or ``sentence_loss``.

    Attributes:
        distilled: The distillation.
        fine_tuned: The training on hard labels that follows; None where there is none.
        sentence_loss: Weight of the sentences' loss over the texts'.
    """

    distilled: DistilledSystem
    fine_tuned: HardSystem | None
    sentence_loss: float

    def __post_init__(self) -> None:
        require(self.sentence_loss >= 0, "sentence_loss", "must not be negative")


def links_of(system: System) -> dict[str, str]:
    """The systems that one names, by the field that names them."""
    named: dict[str, str | None]
    match system:
        case HardSystem():
            named = {"start": system.start}
        case JoinedSystem():
            named = {"teacher": system.teacher}
        case DistilledSystem():
            named = {"teacher": system.teacher, "start": system.start}
        case TunedSystem():
            named = {"chain": system.chain}
        case ControlSystem():
            named = {"tuned": system.tuned}
        case _:
            assert_never(system)
    return {name: linked for name, linked in named.items() if linked is not None}


def require_id(value: str) -> None:
    """Refuse what cannot name a network or a system in files and options.

    Raises:
        ValueError: It cannot.
    """
    require(
        _ID.fullmatch(value) is not None,
        "id",
        "must be up to 40 small letters, digits, '_' and '-', the first no mark",
    )
