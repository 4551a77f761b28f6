from __future__ import annotations

import itertools

import pytest

from kdh_desktop.core.training_progress import (
    MAX_MACHINE_POINTS,
    MachinePoint,
    RunProgress,
    RunState,
    apply,
    progress_of,
)
from kdh_desktop.core.training_protocol import (
    BatchDivided,
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
    RunCancelled,
    RunEstimated,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
    ScoredOn,
    StageScored,
    StageStarted,
    SwarmIterationFinished,
    TextsScored,
)


def told(*events: Event, first: int = 1) -> list[Envelope]:
    return [
        Envelope("run-1", number, f"2026-11-20T10:{number:02}:00+00:00", event)
        for number, event in enumerate(events, first)
    ]


def test_a_whole_run_ends_with_its_candidate() -> None:
    progress = progress_of(
        told(
            RunStarted(1000, 200, "cpu"),
            RunEstimated(600.0, 10**9, 10**10),
            StageStarted(1, 2, "teacher"),
            BatchesDone(1, 5, 10, 0.25, 400.0),
            EpochFinished(1, 2, 0.7, 0.5),
            EpochFinished(2, 2, 0.5, 0.4),
            TextsScored(5, 10, 0.4, 300.0),
            StageScored({"micro_f1": 0.8}),
            StageStarted(2, 2, "student"),
            CheckpointSaved(1, 4),
            CandidateReady("ours-1"),
        )
    )
    assert progress.state is RunState.FINISHED
    assert progress.bundle_id == "ours-1"
    teacher, student = progress.stages
    assert [epoch.loss for epoch in teacher.epochs] == [0.7, 0.5]
    assert teacher.best_epoch == EpochFinished(1, 2, 0.7, 0.5)
    assert teacher.figures == {"micro_f1": 0.8}
    assert teacher.ended_utc == student.begun_utc
    assert student.ended_utc == progress.latest_utc
    assert progress.checkpoint == CheckpointSaved(1, 4)
    assert (progress.run_share, progress.seconds_left) == (1.0, 0.0)


def test_pausing_and_going_on_show() -> None:
    progress = progress_of(told(RunStarted(1, 0, "cpu"), RunPaused()))
    assert progress.state is RunState.PAUSED
    assert apply(progress, told(RunResumed(), first=3)[0]).state is RunState.RUNNING


def test_an_event_told_twice_changes_nothing() -> None:
    events = told(StageStarted(1, 1, "teacher"), EpochFinished(1, 3, 0.7))
    once = progress_of(events)
    assert progress_of([*events, *events]) == once


def test_a_resumed_run_tells_epochs_and_stages_again() -> None:
    cut = progress_of(
        told(
            StageStarted(1, 3, "teacher"),
            EpochFinished(1, 3, 0.9),
            EpochFinished(2, 3, 0.8),
            StageStarted(2, 3, "student"),
            RunCancelled(),
        )
    )
    assert cut.state is RunState.CANCELLED
    progress = cut
    again = (RunStarted(1, 0, "cpu"), StageStarted(1, 3, "teacher"), EpochFinished(2, 3, 0.81))
    for envelope in told(*again, first=6):
        progress = apply(progress, envelope)
    assert progress.state is RunState.RUNNING
    (teacher,) = progress.stages
    assert [(epoch.epoch, epoch.loss) for epoch in teacher.epochs] == [(1, 0.9), (2, 0.81)]


def test_what_finished_stages_told_outlives_a_resume() -> None:
    names = ("teacher-without-0", "teacher-without-1", "student")
    stages = [StageStarted(number, 5, name) for number, name in enumerate(names, 1)]
    epochs = [EpochFinished(1, 8, 0.1 * number) for number in range(1, 4)]
    first: list[Event] = [event for pair in zip(stages, epochs, strict=True) for event in pair]
    progress = progress_of(told(RunStarted(1, 0, "cpu"), *first, CheckpointSaved(2)))
    again: tuple[Event, ...] = (RunStarted(1, 0, "cpu"), *stages, EpochFinished(2, 8, 0.2))
    for envelope in told(*again, first=40):
        progress = apply(progress, envelope)
    assert [(x.name, [epoch.loss for epoch in x.epochs]) for x in progress.stages] == [
        ("teacher-without-0", [0.1]),
        ("teacher-without-1", [0.2]),
        ("student", pytest.approx([0.3, 0.2])),
    ]
    # Two minutes each, and to the last checkpoint; the half hour between is nobody's.
    assert [x.earlier_s for x in progress.stages] == [120.0, 120.0, 120.0]
    assert progress.awaited == ()


def test_a_search_leaves_the_stages_of_its_teachers_and_stays_before_those_of_the_run() -> None:
    names = ("teacher-without-0-1", "linear member")
    taught = [
        event
        for number, name in enumerate(names, 1)
        for event in (StageStarted(number, 2, name), EpochFinished(1, 1, 0.1 * number))
    ]
    searching = progress_of(told(RunStarted(1, 0, "cpu"), *taught, StageStarted(1, 1, "swarm")))
    assert [(x.name, len(x.epochs)) for x in searching.stages] == [
        *((name, 1) for name in names),
        ("swarm", 0),
    ]
    progress = searching
    own = ("teacher-without-0", "linear member", "student")
    run = (StageStarted(number, 5, name) for number, name in enumerate(own, 1))
    for envelope in told(*run, first=20):
        progress = apply(progress, envelope)
    assert [(x.name, [epoch.loss for epoch in x.epochs]) for x in progress.stages] == [
        ("teacher-without-0-1", [0.1]),
        ("linear member", [0.2]),
        ("swarm", []),
        *((name, []) for name in own),
    ]
    assert all(stage.ended_utc for stage in progress.stages[:-1])


@pytest.mark.parametrize("end", [RunCancelled(), RunFailed("The disk is full.", "Free some.")])
def test_how_a_run_ended_before_is_forgotten_when_it_goes_on(end: Event) -> None:
    progress = progress_of(told(RunStarted(1, 0, "cpu"), end, MachineMeasured(1)))
    assert progress.state is RunState.STARTING
    assert progress.failure is None
    finished = progress_of(told(CandidateReady("ours-1"), MachineMeasured(1)))
    assert finished.state is RunState.FINISHED


def test_a_failure_keeps_its_words() -> None:
    progress = progress_of(told(BatchDivided(4), RunFailed("No memory.", "Use shorter texts.")))
    assert progress.state is RunState.FAILED
    assert progress.parts == 4
    assert progress.failure == RunFailed("No memory.", "Use shorter texts.")


def test_what_the_swarm_tried_is_kept_once() -> None:
    position = PositionJudged("swarm", 1, {"student.rate": 1e-4}, 0.7, is_stopped=False)
    found = SwarmIterationFinished("swarm", 1, 5, 0.3, 0.4, {"student.rate": 1e-4})
    progress = progress_of(told(position, found, position, found))
    assert progress.positions == (position,)
    assert progress.iterations == (found,)


def test_leaving_out_what_is_overtaken_changes_nothing() -> None:
    batches = [BatchesDone(1, number, 300, number / 300, 1.0) for number in range(300)]
    scored = [TextsScored(number, 50) for number in range(50)]
    stage = StageStarted(1, 1, "teacher")
    envelopes = told(stage, *batches, EpochFinished(1, 1, 0.5), *scored, batches[0], *scored)
    one_by_one = RunProgress()
    for envelope in envelopes:
        one_by_one = apply(one_by_one, envelope)
    assert progress_of(envelopes) == one_by_one


def test_events_before_any_stage_are_harmless() -> None:
    progress = progress_of(told(BatchesDone(1, 1, 2), EpochFinished(1, 1, 0.5), StageScored({})))
    assert progress.stages == ()
    assert progress != RunProgress()


def test_a_run_whose_driver_went_away_is_interrupted() -> None:
    progress = progress_of(told(RunStarted(1, 0, "cpu"), RunCancelled(is_abandoned=True)))
    assert progress.state is RunState.INTERRUPTED
    assert progress.state.is_over
    assert progress.state.is_resumable


def test_measures_of_the_machine_stay_few_and_evenly_spread() -> None:
    progress = RunProgress()
    for number in range(1, 5000):
        measured = MachineMeasured(number, None, float(number))
        progress = apply(progress, Envelope("run-1", number, f"at {number}", measured))
    points = progress.machine.points
    assert MAX_MACHINE_POINTS / 2 <= len(points) <= MAX_MACHINE_POINTS
    taken = [point.measured.resident_bytes or 0 for point in points]
    assert {after - before for before, after in itertools.pairwise(taken)} == {16}
    assert taken[0] == 1
    assert progress.machine.latest == MachinePoint("at 4999", MachineMeasured(4999, None, 4999.0))


def test_a_sign_of_life_does_not_change_what_a_run_does() -> None:
    paused = progress_of(told(RunStarted(1, 0, "cpu"), RunPaused()))
    after = apply(paused, told(MachineMeasured(1), first=3)[0])
    assert after.state is RunState.PAUSED


def test_the_latest_reliability_counts() -> None:
    def measured(on: ScoredOn) -> ReliabilityMeasured:
        return ReliabilityMeasured(on, (ReliabilityBin(0.2, 0.1, 40), ReliabilityBin(0.9, 0.8, 5)))

    events = [measured(on) for on in (ScoredOn.HELD_OUT_FOLDS, ScoredOn.JUDGED_TEXTS)]
    assert progress_of(told(*events)).reliability == events[1]
