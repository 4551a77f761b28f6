from __future__ import annotations

import json
import math
import typing
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.training_protocol import (
    PROTOCOL_VERSION,
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
    from_line,
    to_line,
)

COUNTS = st.integers(0, 10**9)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SHARES = st.floats(0, 1)
POSITIVE = st.floats(1e-9, 1e9)
TEXTS = st.text(st.characters(codec="utf-8"))
VALUES = st.dictionaries(TEXTS, st.one_of(TEXTS, COUNTS, NUMBERS, st.booleans()), max_size=4)

EVENTS: dict[type[Event], st.SearchStrategy[Event]] = {
    RunStarted: st.builds(RunStarted, labelled_texts=COUNTS, unlabelled_texts=COUNTS, device=TEXTS),
    StageStarted: st.builds(StageStarted, stage=COUNTS, stages=COUNTS, name=TEXTS),
    RunEstimated: st.builds(RunEstimated, seconds=NUMBERS, disk_bytes=COUNTS, free_bytes=COUNTS),
    BatchesDone: st.builds(
        BatchesDone,
        epoch=COUNTS,
        batch=COUNTS,
        batches=COUNTS,
        run_share=st.none() | SHARES,
        seconds_left=st.none() | NUMBERS,
    ),
    TextsScored: st.builds(
        TextsScored,
        texts=COUNTS,
        of_texts=COUNTS,
        run_share=st.none() | SHARES,
        seconds_left=st.none() | NUMBERS,
    ),
    BatchDivided: st.builds(BatchDivided, parts=COUNTS),
    EpochFinished: st.builds(
        EpochFinished, epoch=COUNTS, epochs=COUNTS, loss=NUMBERS, score=st.none() | NUMBERS
    ),
    CheckpointSaved: st.builds(CheckpointSaved, epoch=COUNTS, batch=COUNTS),
    RunPaused: st.just(RunPaused()),
    RunResumed: st.just(RunResumed()),
    StageScored: st.builds(StageScored, figures=st.dictionaries(TEXTS, NUMBERS, max_size=4)),
    ReliabilityMeasured: st.builds(
        ReliabilityMeasured,
        scored_on=st.sampled_from(ScoredOn),
        bins=st.lists(
            st.builds(ReliabilityBin, mean_probability=SHARES, share_present=SHARES, count=COUNTS),
            max_size=4,
        ).map(tuple),
    ),
    MachineMeasured: st.builds(
        MachineMeasured,
        resident_bytes=st.none() | COUNTS,
        device_bytes=st.none() | COUNTS,
        texts_per_s=st.none() | POSITIVE,
    ),
    PositionJudged: st.builds(
        PositionJudged,
        search=TEXTS,
        iteration=COUNTS,
        values=VALUES,
        score=NUMBERS,
        is_stopped=st.booleans(),
    ),
    SwarmIterationFinished: st.builds(
        SwarmIterationFinished,
        search=TEXTS,
        iteration=COUNTS,
        iterations=COUNTS,
        best_cost=NUMBERS,
        mean_cost=NUMBERS,
        best_values=VALUES,
    ),
    CandidateReady: st.builds(CandidateReady, bundle_id=TEXTS),
    RunFailed: st.builds(RunFailed, message=TEXTS, remedy=TEXTS),
    RunCancelled: st.builds(RunCancelled, is_abandoned=st.booleans()),
}


def envelopes(event: st.SearchStrategy[Event]) -> st.SearchStrategy[Envelope]:
    return st.builds(Envelope, run=TEXTS, seq=COUNTS, utc=TEXTS, event=event)


EPOCH = Envelope("run-1", 7, "2026-11-20T12:00:00+00:00", EpochFinished(2, 5, 0.25))


def changed(line: str, **fields: object) -> str:
    return json.dumps({**json.loads(line), **fields})


def test_every_kind_of_event_is_tried_here() -> None:
    assert EVENTS.keys() == set(typing.get_args(Event))


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_events_come_back_as_they_were_sent(kind: type[Event], data: st.DataObject) -> None:
    envelope = data.draw(envelopes(EVENTS[kind]))
    line = to_line(envelope)
    assert line.isascii()
    assert "\n" not in line
    assert from_line(line) == envelope


def test_events_say_protocol_run_number_and_time() -> None:
    raw = json.loads(to_line(EPOCH))
    assert raw == {
        "protocol": PROTOCOL_VERSION,
        "run": "run-1",
        "seq": 7,
        "utc": "2026-11-20T12:00:00+00:00",
        "event": "EpochFinished",
        "epoch": 2,
        "epochs": 5,
        "loss": 0.25,
        "score": None,
    }


def test_runs_of_the_first_version_can_still_be_read() -> None:
    assert from_line(changed(to_line(EPOCH), protocol=1)) == EPOCH
    old = changed(to_line(Envelope("run-1", 1, "now", RunCancelled())), protocol=1)
    raw = json.loads(old)
    del raw["is_abandoned"]
    assert from_line(json.dumps(raw)).event == RunCancelled()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "make",
    [
        lambda x: EpochFinished(1, 1, x),
        lambda x: StageScored({"f": x}),
        lambda x: MachineMeasured(1, None, x),
        lambda x: ReliabilityMeasured(ScoredOn.JUDGED_TEXTS, (ReliabilityBin(x, 0.5, 1),)),
    ],
)
def test_numbers_without_bound_are_never_sent(
    make: Callable[[float], Event], number: float
) -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_line(Envelope("run-1", 1, "now", make(number)))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + 400 * "0"])
@pytest.mark.parametrize("event", [EpochFinished(1, 1, 0.25), StageScored({"f1": 0.25})])
def test_numbers_without_bound_are_never_taken(event: Event, number: str) -> None:
    line = to_line(Envelope("run-1", 1, "now", event)).replace("0.25", number)
    with pytest.raises(TrainingError, match="does not understand"):
        from_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        "Loading weights: 100%",
        "{}",
        "[" * 100_000,
        '{"protocol": 1}',
        to_line(EPOCH)[:-10],
        to_line(EPOCH) + to_line(EPOCH),
    ],
    ids=lambda line: line[:20],
)
def test_what_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(TrainingError, match="does not understand"):
        from_line(line)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("protocol", PROTOCOL_VERSION + 1),
        ("protocol", 0),
        ("protocol", str(PROTOCOL_VERSION)),
        ("protocol", True),
        ("protocol", None),
        ("protocol", [PROTOCOL_VERSION]),
        ("run", 1),
        ("seq", "7"),
        ("seq", 7.5),
        ("seq", True),
        ("utc", None),
        ("event", "EpochStarted"),
        ("event", "Schedule"),
        ("event", ["EpochFinished"]),
        ("epoch", "2"),
        ("epoch", 2.0),
        ("epoch", True),
        ("epoch", None),
        ("loss", "0.25"),
        ("loss", None),
        ("loss", [0.25]),
        ("text", "unknown field"),
    ],
)
def test_an_event_with_one_wrong_field_is_refused(field: str, value: object) -> None:
    with pytest.raises(TrainingError, match="same version"):
        from_line(changed(to_line(EPOCH), **{field: value}))


@pytest.mark.parametrize(
    "field", ["protocol", "run", "seq", "utc", "event", "epoch", "epochs", "loss"]
)
def test_an_event_that_lacks_a_field_is_refused(field: str) -> None:
    raw = json.loads(to_line(EPOCH))
    del raw[field]
    with pytest.raises(TrainingError, match="does not understand"):
        from_line(json.dumps(raw))


@pytest.mark.parametrize("figures", [[], "f1", {"f1": "0.8"}, {"f1": None}, {"f1": {"x": 1.0}}])
def test_figures_that_are_no_numbers_are_refused(figures: object) -> None:
    line = to_line(Envelope("run-1", 1, "now", StageScored({"f1": 0.25})))
    with pytest.raises(TrainingError, match="does not understand"):
        from_line(changed(line, figures=figures))


def test_a_whole_number_is_taken_where_a_number_is_asked_for() -> None:
    event = from_line(changed(to_line(EPOCH), loss=1)).event
    assert isinstance(event, EpochFinished)
    assert isinstance(event.loss, float)
