"""What passes between the window and a training process: a run's configuration and its events.

A configuration travels as one JSON file, an event as one JSON object a line. Neither ever holds
a text, and no number in them is NaN or infinite.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from kdh_desktop.core.errors import TrainingError

PROTOCOL_VERSION = 1


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


@dataclass(frozen=True, slots=True)
class TeacherConfig:
    """The teacher: one network per fold, joined by a linear member.

    Attributes:
        folds: Number of folds; each text is scored by the network that did not see it.
        schedule: Training of each fold's network.
    """

    folds: int
    schedule: Schedule


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


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One training run; where its files lie is said apart, so that a recipe can be shipped.

    Attributes:
        name: Start of the bundle id.
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
        raw: dict[str, Any] = json.loads(line)
        if raw.pop("protocol") != PROTOCOL_VERSION:
            raise ValueError("another protocol")
        kind = _EVENTS[raw.pop("event")]
        run, seq, utc = raw.pop("run"), raw.pop("seq"), raw.pop("utc")
        return Envelope(str(run), int(seq), str(utc), _build(kind, raw, kind.__name__))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
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
        return _build(RunConfig, json.loads(text), "configuration")
    except (ValueError, TypeError) as error:
        raise TrainingError(
            f"The configuration cannot be used: {error}.", "Correct that field and start again."
        ) from error


_T = TypeVar("_T")


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
    return kind(**values)


def _value(hint: Any, raw: object, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast("type[Any]", hint), raw, where)
    if hint is float and isinstance(raw, int) and not isinstance(raw, bool):
        return float(raw)
    if typing.get_origin(hint) is not None and not isinstance(hint, types.UnionType):
        hint = Mapping
    if not isinstance(raw, hint) or (hint is int and isinstance(raw, bool)):
        raise TypeError(f"{where} is not of the right kind")
    return raw
