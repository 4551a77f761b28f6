"""What a training process tells the window: the events of a run.

An event travels as one JSON object a line. None ever holds a text, and no number in them is NaN
or infinite. What a run is asked to do is in `training_config`.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.json_values import build, build_value, parse_json, to_json_value
from kdh_desktop.core.search_space import Value

PROTOCOL_VERSION = 2
"""The second tells of the machine and of reliability, too."""

_READABLE = frozenset({1, PROTOCOL_VERSION})
"""Runs of the first version are still on disks, and every event of theirs is one of ours."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run has read its texts: how many, and where it computes."""

    labelled_texts: int
    unlabelled_texts: int
    device: str


@dataclass(frozen=True, slots=True)
class RunEstimated:
    """What the rest of the run will take, before its first stage and between steps of a search.

    Attributes:
        seconds: Time on this device.
        disk_bytes: Room that it still needs on the disk of the work folder.
        free_bytes: Room that there is.
    """

    seconds: float
    disk_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage begins; `stages` is how many the run has, `stage` counts from 1."""

    stage: int
    stages: int
    name: str


@dataclass(frozen=True, slots=True)
class BatchesDone:
    """Progress inside an epoch.

    Attributes:
        epoch: Number of the epoch, from 1.
        batch: Number of the batch, from 1.
        batches: Batches in an epoch.
        run_share: Share in 0..1 of the whole run's work that is done, or None.
        seconds_left: Time until the end of the run at the pace so far, or None.
    """

    epoch: int
    batch: int
    batches: int
    run_share: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class TextsScored:
    """Progress while a trained network scores texts; the last two are as in `BatchesDone`."""

    texts: int
    of_texts: int
    run_share: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class BatchDivided:
    """Memory was short: each batch goes through in this many parts from now on."""

    parts: int


@dataclass(frozen=True, slots=True)
class EpochFinished:
    """An epoch is over.

    Attributes:
        epoch: Its number, from 1.
        epochs: How many the schedule has; patience may end it sooner.
        loss: Mean over its batches.
        score: Figure on the texts kept back for validation, the higher the better, or None.
    """

    epoch: int
    epochs: int
    loss: float
    score: float | None = None


@dataclass(frozen=True, slots=True)
class CheckpointSaved:
    """From here the run can be resumed.

    Attributes:
        epoch: Epoch from 1 that the next batch belongs to, or the last one when all are over.
        batch: Batches of that epoch that are done.
    """

    epoch: int
    batch: int = 0


@dataclass(frozen=True, slots=True)
class StageScored:
    """Figures of a stage on texts it did not see: shares in 0..1, differences of such, counts."""

    figures: Mapping[str, float]


class ScoredOn(StrEnum):
    """Texts that a finished student was scored on; it had seen none of them."""

    HELD_OUT_FOLDS = "held_out_folds"
    JUDGED_TEXTS = "judged_texts"


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Decisions of about the same probability.

    Attributes:
        mean_probability: Of them, in 0..1.
        share_present: Share in 0..1 of them in which the text does carry the label.
        count: How many they are; at least 1.
    """

    mean_probability: float
    share_present: float
    count: int


@dataclass(frozen=True, slots=True)
class ReliabilityMeasured:
    """How far the student's probabilities can be believed.

    Attributes:
        scored_on: Which texts this is about.
        bins: By rising probability; those that no decision fell into are left out.
    """

    scored_on: ScoredOn
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class MachineMeasured:
    """A sign of life, every other second: what the run takes of the machine.

    Attributes:
        resident_bytes: Memory of the run's processes, or None where the system does not tell.
        device_bytes: Memory of the graphics device that is in use, or None where none computes.
        texts_per_s: Texts that went through a network a second just now, or None.
    """

    resident_bytes: int | None
    device_bytes: int | None = None
    texts_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class PositionJudged:
    """Tuning has judged one position that was new.

    Attributes:
        search: ``swarm``, or ``random`` for its control.
        iteration: Of the search, from 1.
        values: The position, by dotted path of a configuration's field.
        score: Out-of-fold score in 0..1; the last one where it was given up.
        is_stopped: Whether it was given up as a bad one.
    """

    search: str
    iteration: int
    values: Mapping[str, Value]
    score: float
    is_stopped: bool


@dataclass(frozen=True, slots=True)
class SwarmIterationFinished:
    """All particles of one iteration are judged.

    Attributes:
        search: ``swarm``, or ``random`` for its control.
        iteration: From 1.
        iterations: How many there are.
        best_cost: Least cost so far, in 0..1; 1 minus the score.
        mean_cost: Mean over the particles that were not given up; 1 where all were.
        best_values: Where the least cost was found, by dotted path.
    """

    search: str
    iteration: int
    iterations: int
    best_cost: float
    mean_cost: float
    best_values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class RunPaused:
    """The run waits; what it had done is in a checkpoint."""


@dataclass(frozen=True, slots=True)
class RunResumed:
    """A paused run goes on."""


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
    """The run was stopped; it can be resumed from its last checkpoint.

    Attributes:
        is_abandoned: Whether it stopped because whoever drove it had gone.
    """

    is_abandoned: bool = False


Event = (
    RunStarted
    | RunEstimated
    | StageStarted
    | BatchesDone
    | TextsScored
    | BatchDivided
    | EpochFinished
    | CheckpointSaved
    | StageScored
    | ReliabilityMeasured
    | MachineMeasured
    | PositionJudged
    | SwarmIterationFinished
    | RunPaused
    | RunResumed
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
    return json.dumps(head | to_json_value(envelope.event), allow_nan=False)


def from_line(line: str) -> Envelope:
    """Read what `to_line` wrote.

    Raises:
        TrainingError: The line is no event of this protocol.
    """
    try:
        raw = parse_json(line)
        if not isinstance(raw, dict):
            raise TypeError("the line is not an object")
        protocol = raw.pop("protocol")
        if isinstance(protocol, bool) or protocol not in _READABLE:
            raise ValueError("another protocol")
        kind = _EVENTS[raw.pop("event")]
        run, seq, utc = (
            build_value(hint, raw.pop(name), name)
            for name, hint in (("run", str), ("seq", int), ("utc", str))
        )
        return Envelope(run, seq, utc, build(kind, raw, kind.__name__))
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            "The training process said something this program does not understand.",
            "Install program and trainer in the same version.",
        ) from error
