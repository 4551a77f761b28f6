"""Where a training run stands: a pure fold over its events, live or read back from its file.

Frequent events replace what they tell anew, so that eight hours of them fold in a moment and the
result stays small. A run that was resumed tells some epochs twice; the later telling counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kdh_desktop.core.training_protocol import (
    BatchDivided,
    BatchesDone,
    CandidateReady,
    CheckpointSaved,
    Envelope,
    EpochFinished,
    MachineMeasured,
    PositionJudged,
    ReliabilityMeasured,
    RunCancelled,
    RunEstimated,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
    StageScored,
    StageStarted,
    SwarmIterationFinished,
    TextsScored,
)

_FREQUENT = (BatchesDone, TextsScored)

MAX_MACHINE_POINTS = 600
"""Measures of the machine that are kept; when there are more, every other one is dropped."""


class RunState(StrEnum):
    """What a run is doing, as far as its own events tell.

    It is interrupted where whoever drove it went away, and where it was killed: that is no event,
    but seen by who looks at its folder.
    """

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_over(self) -> bool:
        """Whether no more events come, unless the run is resumed."""
        return self in _OVER

    @property
    def is_resumable(self) -> bool:
        """Whether a run that ended so can go on from its last checkpoint."""
        return self in _OVER and self is not RunState.FINISHED


_OVER = {RunState.FINISHED, RunState.FAILED, RunState.CANCELLED, RunState.INTERRUPTED}


@dataclass(frozen=True, slots=True)
class StageProgress:
    """Where one stage stands.

    Attributes:
        number: From 1.
        name: As the run calls it.
        begun_utc: When it began, ISO 8601; when it was resumed, where it was.
        ended_utc: When the next one began or the run ended; empty while it goes on.
        epochs: What its epochs told, by number from 1, in order.
        batches: How far its present epoch is, or None.
        scored: How far its scoring is, or None.
        figures: What it was found to be worth.
        of: How many stages it is counted among: a search counts its own.
        earlier_s: Seconds that were spent on it before it was resumed.
    """

    number: int
    name: str
    begun_utc: str
    ended_utc: str = ""
    epochs: tuple[EpochFinished, ...] = ()
    batches: BatchesDone | None = None
    scored: TextsScored | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    of: int = 0
    earlier_s: float = 0.0

    @property
    def best_epoch(self) -> EpochFinished | None:
        """The epoch with the highest score, or None where none was scored."""
        scored = [epoch for epoch in self.epochs if epoch.score is not None]
        return max(scored, key=lambda epoch: epoch.score or 0.0, default=None)


@dataclass(frozen=True, slots=True)
class MachinePoint:
    """What a run took of the machine at one moment; see `MachineMeasured`.

    Attributes:
        utc: ISO 8601.
        measured: What was measured.
    """

    utc: str
    measured: MachineMeasured


@dataclass(frozen=True, slots=True)
class MachineSeries:
    """What a run took of the machine over its whole time, evenly thinned.

    Attributes:
        points: At most `MAX_MACHINE_POINTS`, in order.
        every: Each how manyth measure is kept.
        seen: How many measures there were.
        latest: The newest one, kept or not; None before the first.
    """

    points: tuple[MachinePoint, ...] = ()
    every: int = 1
    seen: int = 0
    latest: MachinePoint | None = None

    def with_point(self, point: MachinePoint) -> MachineSeries:
        """The series after one more measure."""
        points, every = self.points, self.every
        if self.seen % every == 0:
            points = (*points, point)
            if len(points) > MAX_MACHINE_POINTS:
                points, every = points[::2], 2 * every
        return MachineSeries(points, every, self.seen + 1, point)


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Where a run stands.

    Attributes:
        state: What it is doing.
        run: Its id; empty before its first event.
        seq: Number of its latest event.
        begun_utc: When its first event came, ISO 8601.
        latest_utc: When its latest event came.
        started: How many texts it reads and where it computes, or None.
        estimated: What it said that it will take, or None.
        stages: Stages that have begun, in order.
        awaited: Stages that an attempt which was cut had told beyond the present one.
        planned_stages: How many there will be; 0 before the first.
        positions: What tuning has tried, in order.
        iterations: What each finished iteration of a search found, in order.
        checkpoint: From where it can be resumed, or None.
        checkpoint_utc: When that was saved, ISO 8601; empty for never.
        parts: Parts that each batch is divided into for want of memory; 1 for none.
        run_share: Share in 0..1 of the work that is done, or None.
        seconds_left: Time until the end at the pace so far, or None.
        bundle_id: The candidate, once it is ready; else empty.
        failure: What went wrong, or None.
        reliability: How far the student can be believed, as it was measured last, or None.
        machine: What the run takes of the machine.
    """

    state: RunState = RunState.STARTING
    run: str = ""
    seq: int = 0
    begun_utc: str = ""
    latest_utc: str = ""
    started: RunStarted | None = None
    estimated: RunEstimated | None = None
    stages: tuple[StageProgress, ...] = ()
    awaited: tuple[StageProgress, ...] = ()
    planned_stages: int = 0
    positions: tuple[PositionJudged, ...] = ()
    iterations: tuple[SwarmIterationFinished, ...] = ()
    checkpoint: CheckpointSaved | None = None
    checkpoint_utc: str = ""
    parts: int = 1
    run_share: float | None = None
    seconds_left: float | None = None
    bundle_id: str = ""
    failure: RunFailed | None = None
    reliability: ReliabilityMeasured | None = None
    machine: MachineSeries = field(default_factory=MachineSeries)

    @property
    def stage(self) -> StageProgress | None:
        """The stage that is going on, or was the last."""
        return self.stages[-1] if self.stages else None


def progress_of(envelopes: Iterable[Envelope]) -> RunProgress:
    """Fold all events of a run, in their order."""
    progress = RunProgress()
    for envelope in _without_overtaken(envelopes):
        progress = apply(progress, envelope)
    return progress


def _without_overtaken(envelopes: Iterable[Envelope]) -> Iterator[Envelope]:
    """Leave out what the very next event tells anew: nearly all of a long run's events."""
    held: Envelope | None = None
    for envelope in envelopes:
        if held is not None and type(held.event) is not type(envelope.event):
            yield held
            held = None
        if isinstance(envelope.event, _FREQUENT):
            held = envelope
        else:
            yield envelope
    if held is not None:
        yield held


def apply(progress: RunProgress, envelope: Envelope) -> RunProgress:  # noqa: C901, PLR0911, PLR0912
    """What a run's progress is after one more event; an event that was told before changes nothing.

    Args:
        progress: Where the run stood.
        envelope: The event, with its place in the run.
    """
    if envelope.run == progress.run and envelope.seq <= progress.seq:
        return progress
    known = replace(
        taken_up(progress),
        run=envelope.run,
        seq=envelope.seq,
        begun_utc=progress.begun_utc or envelope.utc,
        latest_utc=envelope.utc,
    )
    # One short arm for each kind of event; mypy sees that none is missing.
    match envelope.event:
        case RunStarted() as event:
            return replace(known, started=event, state=RunState.RUNNING, failure=None)
        case RunEstimated() as event:
            return replace(known, estimated=event, seconds_left=event.seconds)
        case StageStarted() as event:
            return _with_stage(known, event, envelope.utc)
        case BatchesDone() as event:
            moved = _with_latest_stage(known, batches=event, scored=None)
            return _at_pace(moved, event)
        case TextsScored() as event:
            return _at_pace(_with_latest_stage(known, scored=event), event)
        case BatchDivided(parts):
            return replace(known, parts=parts)
        case EpochFinished() as event:
            return _with_epoch(known, event)
        case CheckpointSaved() as event:
            return replace(known, checkpoint=event, checkpoint_utc=envelope.utc)
        case StageScored(figures):
            before = known.stage.figures if known.stage is not None else {}
            return _with_latest_stage(known, figures={**before, **figures})
        case ReliabilityMeasured() as event:
            return replace(known, reliability=event)
        case MachineMeasured() as event:
            point = MachinePoint(envelope.utc, event)
            return replace(known, machine=known.machine.with_point(point))
        case PositionJudged() as event:
            return replace(known, positions=_with_position(known.positions, event))
        case SwarmIterationFinished() as event:
            return replace(known, iterations=_with_iteration(known.iterations, event))
        case RunPaused():
            return replace(known, state=RunState.PAUSED)
        case RunResumed():
            return replace(known, state=RunState.RUNNING)
        case CandidateReady(bundle_id):
            done = _ended(known, RunState.FINISHED, envelope.utc)
            return replace(done, bundle_id=bundle_id, run_share=1.0, seconds_left=0.0)
        case RunFailed() as event:
            return replace(_ended(known, RunState.FAILED, envelope.utc), failure=event)
        case RunCancelled(is_abandoned):
            state = RunState.INTERRUPTED if is_abandoned else RunState.CANCELLED
            return _ended(known, state, envelope.utc)
        case unknown:
            assert_never(unknown)


def taken_up(progress: RunProgress) -> RunProgress:
    """A run that goes on after it had ended: how that was says nothing of how it ends now."""
    if not progress.state.is_resumable:
        return progress
    return replace(progress, state=RunState.STARTING, failure=None)


def _with_stage(progress: RunProgress, event: StageStarted, utc: str) -> RunProgress:
    """Begin a stage; stages after it were told by an attempt that was cut, and come again.

    A search, and the teachers that are trained for it, count their stages by themselves: what they
    told stays.
    """
    told, awaited = progress.stages, progress.awaited
    key = (event.stage, event.stages, event.name)
    again = next((x for x in told if (x.number, x.of, x.name) == key), None)
    if again is not None:
        cut = [x for x in told if x.of == event.stages and x.number >= event.stage]
        told, awaited = _without(told, cut), (*awaited, *cut)
    else:
        again = next((x for x in awaited if (x.number, x.of, x.name) == key), None)
    stage = StageProgress(
        number=event.stage,
        name=event.name,
        begun_utc=utc,
        epochs=() if again is None else again.epochs,
        of=event.stages,
        earlier_s=0.0 if again is None else _spent_s(again, progress.checkpoint_utc),
    )
    earlier = (x if x.ended_utc else replace(x, ended_utc=utc) for x in _without(told, [again]))
    return replace(
        progress,
        state=RunState.RUNNING,
        stages=(*earlier, stage),
        awaited=_without(awaited, [again]),
        planned_stages=event.stages,
    )


def _without(
    stages: tuple[StageProgress, ...], some: Sequence[StageProgress | None]
) -> tuple[StageProgress, ...]:
    return tuple(x for x in stages if x not in some)


def _spent_s(stage: StageProgress, checkpoint_utc: str) -> float:
    """Seconds that were spent on a stage before it was cut, as far as what they brought is kept."""
    ended_utc = stage.ended_utc or max(checkpoint_utc, stage.begun_utc)
    try:
        took = datetime.fromisoformat(ended_utc) - datetime.fromisoformat(stage.begun_utc)
    except (ValueError, TypeError):
        return stage.earlier_s
    return stage.earlier_s + max(0.0, took.total_seconds())


def _with_latest_stage(progress: RunProgress, **changes: object) -> RunProgress:
    if not progress.stages:
        return progress
    latest = replace(progress.stages[-1], **changes)  # type: ignore[arg-type]  # names of fields
    return replace(progress, stages=(*progress.stages[:-1], latest))


def _with_epoch(progress: RunProgress, event: EpochFinished) -> RunProgress:
    if not progress.stages:
        return progress
    epochs = progress.stages[-1].epochs
    if epochs and epochs[-1].epoch >= event.epoch:
        epochs = tuple(x for x in epochs if x.epoch < event.epoch)
    return _with_latest_stage(progress, epochs=(*epochs, event))


def _with_position(
    positions: tuple[PositionJudged, ...], event: PositionJudged
) -> tuple[PositionJudged, ...]:
    is_known = any(
        (x.search, x.iteration, x.values) == (event.search, event.iteration, event.values)
        for x in positions
    )
    return positions if is_known else (*positions, event)


def _with_iteration(
    iterations: tuple[SwarmIterationFinished, ...], event: SwarmIterationFinished
) -> tuple[SwarmIterationFinished, ...]:
    others = (x for x in iterations if (x.search, x.iteration) != (event.search, event.iteration))
    return (*others, event)


def _at_pace(progress: RunProgress, event: BatchesDone | TextsScored) -> RunProgress:
    return replace(
        progress,
        run_share=progress.run_share if event.run_share is None else event.run_share,
        seconds_left=progress.seconds_left if event.seconds_left is None else event.seconds_left,
    )


def _ended(progress: RunProgress, state: RunState, utc: str) -> RunProgress:
    return _with_latest_stage(replace(progress, state=state), ended_utc=utc)
