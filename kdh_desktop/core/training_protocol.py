"""What passes between the window and a training process: a run's configuration and its events.

A configuration travels as one JSON file, an event as one JSON object a line. Neither ever holds
a text, and no number in them is NaN or infinite.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from kdh_desktop.core.errors import TrainingError

PROTOCOL_VERSION = 1

_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_MAX_SEED = 2**32


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast one stage trains.

    Attributes:
        epochs: Passes over the texts; 0 leaves the stage out.
        peak_rate: Highest learning rate of the top layer.
        batch_size: Texts in one optimiser step.
        head_factor: Learning rate of the heads over that of the top layer.
        layer_decay: Each layer below learns at this factor of the one above.
        warmup: Share of all steps in which the rate rises; then it falls to zero.
        weight_decay: AdamW's, on matrices only.
    """

    epochs: int
    peak_rate: float
    batch_size: int = 8
    head_factor: float = 5.0
    layer_decay: float = 0.9
    warmup: float = 0.1
    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        _require(self.epochs >= 0, "epochs", "must not be negative")
        _require(self.peak_rate > 0, "peak_rate", "must be over 0")
        _require(self.batch_size >= 1, "batch_size", "must be at least 1")
        _require(self.head_factor > 0, "head_factor", "must be over 0")
        _require(0 < self.layer_decay <= 1, "layer_decay", "must be over 0 and at most 1")
        _require_share(self.warmup, "warmup")
        _require(self.weight_decay >= 0, "weight_decay", "must not be negative")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How a text is varied each time it is seen.

    Attributes:
        sentence_dropout: Chance in 0..1 that a sentence is left out; labels are recomputed from
            the sentences that stay, which is exact where they are labelled.
        tokenised_share: Chance in 0..1 that a text appears in the corpus's own spelling.
    """

    sentence_dropout: float = 0.0
    tokenised_share: float = 0.0

    def __post_init__(self) -> None:
        _require_share(self.sentence_dropout, "sentence_dropout")
        _require_share(self.tokenised_share, "tokenised_share")


@dataclass(frozen=True, slots=True)
class TeacherConfig:
    """The teacher: networks for each fold, joined by a linear member.

    Attributes:
        folds: Number of folds; each text is scored by the networks that did not see it.
        schedule: Training of each network.
        members: Networks for each fold, from as many seeds.
    """

    folds: int
    schedule: Schedule
    members: int = 1

    def __post_init__(self) -> None:
        _require(self.folds >= 2, "folds", "must be at least 2")
        _require(self.members >= 1, "members", "must be at least 1")


@dataclass(frozen=True, slots=True)
class DistillationConfig:
    """The student: distilled on unlabelled, then on labelled texts, then fine-tuned.

    Attributes:
        temperature: T; soft losses are taken between logits divided by T, times T squared.
        alpha: Weight in 0..1 of the soft loss where there are hard labels too.
        transfer_texts: Unlabelled texts to label by the teacher.
        transfer: Distillation on the unlabelled texts, soft loss alone.
        distil: Distillation on the labelled texts.
        fine_tune: Training on hard labels alone (sequential fine-tuning).
        calibration_folds: Folds for which a further student is trained without that fold, so
            that thresholds and calibration come from texts their student never saw.
    """

    temperature: float
    alpha: float
    transfer_texts: int
    transfer: Schedule
    distil: Schedule
    fine_tune: Schedule
    calibration_folds: int

    def __post_init__(self) -> None:
        _require(self.temperature > 0, "temperature", "must be over 0")
        _require_share(self.alpha, "alpha")
        _require(self.transfer_texts >= 0, "transfer_texts", "must not be negative")
        _require(self.calibration_folds >= 1, "calibration_folds", "must be at least 1")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One training run; where its files lie is said apart, so that a recipe can be shipped.

    Attributes:
        name: Start of the bundle id; letters, digits, ``.``, ``_`` and ``-``.
        seed: All random choices follow from it.
        max_tokens: Word pieces in one window, special tokens included.
        sentence_loss: Weight of the sentences' loss over the texts'.
        sentence_weight: Weight in 0..1 of the best sentence in the decision logit.
        dropout: Chance in 0..1 that a unit of a layer's output is zeroed.
        augmentation: How labelled texts are varied.
        teacher: The teacher's part.
        distillation: The student's part.
    """

    name: str
    seed: int
    max_tokens: int
    sentence_loss: float
    sentence_weight: float
    dropout: float
    augmentation: Augmentation
    teacher: TeacherConfig
    distillation: DistillationConfig

    def __post_init__(self) -> None:
        _require(
            _RUN_NAME.fullmatch(self.name) is not None,
            "name",
            "must be up to 80 letters, digits, '.', '_' and '-', the first no mark",
        )
        _require(0 <= self.seed < _MAX_SEED, "seed", f"must lie in 0..{_MAX_SEED - 1}")
        _require(self.max_tokens >= 3, "max_tokens", "must be at least 3")
        _require(self.sentence_loss >= 0, "sentence_loss", "must not be negative")
        _require_share(self.sentence_weight, "sentence_weight")
        _require(0 <= self.dropout < 0.99, "dropout", "must be at least 0 and under 0.99")
        folds = self.distillation.calibration_folds
        _require(
            folds <= self.teacher.folds,
            "distillation.calibration_folds",
            "must not be over teacher.folds",
        )


def _require(is_sound: bool, field: str, rule: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_sound:
        raise ValueError(f"{field} {rule}")


def _require_share(value: float, field: str) -> None:
    _require(0 <= value <= 1, field, "must lie in 0..1")


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run has read its texts: how many, and where it computes."""

    labelled_texts: int
    unlabelled_texts: int
    device: str


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage begins; `stages` is how many the run has, `stage` counts from 1."""

    stage: int
    stages: int
    name: str


@dataclass(frozen=True, slots=True)
class BatchesDone:
    """Progress inside an epoch."""

    epoch: int
    batch: int
    batches: int


@dataclass(frozen=True, slots=True)
class EpochFinished:
    """An epoch is over; `loss` is the mean over its batches."""

    epoch: int
    epochs: int
    loss: float


@dataclass(frozen=True, slots=True)
class CheckpointSaved:
    """From here the run can be resumed."""

    epoch: int


@dataclass(frozen=True, slots=True)
class StageScored:
    """Figures of a stage on texts it did not see, in 0..1."""

    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CandidateReady:
    """The bundle is written."""

    bundle_id: str


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run ended without a bundle: what happened and what to do."""

    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class RunCancelled:
    """The run was stopped; it can be resumed from its last checkpoint."""


Event = (
    RunStarted
    | StageStarted
    | BatchesDone
    | EpochFinished
    | CheckpointSaved
    | StageScored
    | CandidateReady
    | RunFailed
    | RunCancelled
)

_EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in typing.get_args(Event)}


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event with its place in the stream.

    Attributes:
        run: Id of the run.
        seq: Number of the event in its run, from 1.
        utc: ISO 8601, seconds, UTC.
        event: What happened.
    """

    run: str
    seq: int
    utc: str
    event: Event


def to_line(envelope: Envelope) -> str:
    """One JSON object without a line break inside.

    Raises:
        ValueError: A number is NaN or infinite.
    """
    head = {
        "protocol": PROTOCOL_VERSION,
        "run": envelope.run,
        "seq": envelope.seq,
        "utc": envelope.utc,
        "event": type(envelope.event).__name__,
    }
    return json.dumps(head | dataclasses.asdict(envelope.event), allow_nan=False)


def from_line(line: str) -> Envelope:
    """Read what `to_line` wrote.

    Raises:
        TrainingError: The line is no event of this protocol.
    """
    try:
        raw = _parse(line)
        if not isinstance(raw, dict):
            raise TypeError("the line is not an object")
        protocol = raw.pop("protocol")
        if protocol != PROTOCOL_VERSION or isinstance(protocol, bool):
            raise ValueError("another protocol")
        kind = _EVENTS[raw.pop("event")]
        run, seq, utc = (
            _value(hint, raw.pop(name), name)
            for name, hint in (("run", str), ("seq", int), ("utc", str))
        )
        return Envelope(run, seq, utc, _build(kind, raw, kind.__name__))
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            "The training process said something this program does not understand.",
            "Install program and trainer in the same version.",
        ) from error


def config_to_json(config: RunConfig) -> str:
    """The configuration as indented JSON."""
    return json.dumps(dataclasses.asdict(config), indent=2, allow_nan=False) + "\n"


def config_from_json(text: str) -> RunConfig:
    """Read a configuration; every field without a default must be there, and no other.

    Raises:
        TrainingError: It is not one; the message names the field.
    """
    try:
        return _build(RunConfig, _parse(text), "configuration")
    except (ValueError, TypeError) as error:
        raise TrainingError(
            f"The configuration cannot be used: {error}.", "Correct that field and start again."
        ) from error


_T = TypeVar("_T")


def _parse(text: str) -> object:
    """The JSON value of a text.

    Raises:
        ValueError: It is no JSON, or nested without end.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _build(kind: type[_T], raw: object, where: str) -> _T:
    """An instance of a dataclass from JSON values, checked field by field."""
    if not isinstance(raw, dict):
        raise TypeError(f"{where} is not an object")
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in raw.keys() - fields.keys():
        raise ValueError(f"{where} has an unknown field {name}")
    values = {name: _value(hints[name], raw[name], f"{where}.{name}") for name in raw}
    for name, field in fields.items():
        if name not in values and field.default is dataclasses.MISSING:
            raise ValueError(f"{where} lacks {name}")
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{where}.{error}") from error


def _value(hint: Any, raw: object, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast("type[Any]", hint), raw, where)
    if typing.get_origin(hint) is not None and not isinstance(hint, types.UnionType):
        if not isinstance(raw, dict):
            raise TypeError(f"{where} is not an object")
        of_value = typing.get_args(hint)[1]
        return {name: _value(of_value, value, f"{where}.{name}") for name, value in raw.items()}
    if isinstance(raw, bool) or not isinstance(raw, (int, float) if hint is float else hint):
        raise TypeError(f"{where} is not of the right kind")
    return _finite(raw, where) if isinstance(raw, (int, float)) and hint is float else raw


def _finite(number: float, where: str) -> float:
    """The number as a float; JSON readers let NaN and numbers without bound pass."""
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"{where} is not a finite number")
    return value
