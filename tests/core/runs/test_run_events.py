"""Events are read back in bulk, whatever a kill has left of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdh_desktop.core.runs import run_events
from kdh_desktop.core.runs.run_events import (
    MAX_LINE,
    LineSplitter,
    fold_lines,
    read_events,
    without_overtaken_lines,
)
from kdh_desktop.core.training_progress import RunProgress, RunState, progress_of
from kdh_desktop.core.training_protocol import (
    BatchesDone,
    CandidateReady,
    Envelope,
    EpochFinished,
    Event,
    MachineMeasured,
    RunStarted,
    StageStarted,
    TextsScored,
    from_line,
    to_line,
)

EVENTS: list[Event] = [
    RunStarted(3, 0, "cpu"),
    StageStarted(1, 1, "teacher"),
    BatchesDone(1, 1, 9),
    BatchesDone(1, 2, 9, 0.5, 3.0),
    TextsScored(1, 9),
    TextsScored(2, 9),
    EpochFinished(1, 2, 0.5),
    MachineMeasured(10),
    CandidateReady('"event": "BatchesDone"'),
]


def lines_of(events: list[Event]) -> list[bytes]:
    return [
        to_line(Envelope("run-1", number, "2026-11-30T10:00:00+00:00", event)).encode()
        for number, event in enumerate(events, 1)
    ]


@given(st.lists(st.sampled_from(EVENTS), max_size=30))
def test_lines_that_are_skipped_unread_change_nothing(events: list[Event]) -> None:
    lines = lines_of(events)
    folded = fold_lines(RunProgress(), lines)
    assert folded.progress == progress_of(map(from_line, map(bytes.decode, lines)))
    assert folded.strange == 0


def test_a_text_cannot_pass_for_a_frequent_event() -> None:
    lines = lines_of([CandidateReady('"event": "BatchesDone"'), BatchesDone(1, 1, 2)])
    assert list(without_overtaken_lines(lines)) == lines


def test_half_a_line_at_the_end_and_nonsense_are_passed_over(tmp_path: Path) -> None:
    lines = lines_of(EVENTS)
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join([lines[0], b"\xff\x00nonsense", b"", *lines[1:-1], lines[-1][:40]]))
    folded = read_events(path)
    assert folded.progress == fold_lines(RunProgress(), lines[:-1]).progress
    assert folded.strange == 2
    assert folded.progress.state is RunState.RUNNING


@given(st.binary(max_size=60), st.integers(1, 7))
def test_lines_come_whole_however_the_stream_is_cut(data: bytes, size: int) -> None:
    splitter = LineSplitter()
    found = [
        line
        for start in range(0, len(data), size)
        for line in splitter.lines(data[start : start + size])
    ]
    assert found == data.split(b"\n")[:-1]


def test_a_line_without_end_is_not_kept() -> None:
    splitter = LineSplitter()
    for _ in range(50):
        assert splitter.lines(b"x" * MAX_LINE) == []
        assert len(splitter._held) <= MAX_LINE
    assert splitter.lines(b"x\nnext\n") == [b"", b"next"]


def eight_hours(path: Path) -> Path:
    """A file of over 300,000 events: batches mostly, epochs, and measures of the machine."""
    batch, epoch, measured = (
        line.replace(b'"seq": 1', b'"seq": %d')
        for line in (
            lines_of([event])[0]
            for event in (
                BatchesDone(1, 7, 9, 0.5, 3.0),
                EpochFinished(111, 20, 0.5, 0.5),
                EVENTS[7],
            )
        )
    )
    with path.open("wb") as file:
        seq = 0
        for stage in range(30):
            lines = [
                lines_of([StageStarted(stage + 1, 30, "student")])[0].replace(
                    b'"seq": 1', b'"seq": %d'
                )
            ]
            for number in range(20):
                lines += [
                    *(520 * [batch]),
                    epoch.replace(b"111", b"%d" % (number + 1)),
                    *(5 * [measured]),
                ]
            for line in lines:
                seq += 1
                file.write(line % seq + b"\n")
    return path


def test_of_eight_hours_of_events_one_in_fifty_is_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = eight_hours(tmp_path / "events.jsonl")
    assert path.read_bytes().count(b"\n") > 300_000
    parsed = 0

    def counted(line: str) -> Envelope:
        nonlocal parsed
        parsed += 1
        return from_line(line)

    monkeypatch.setattr(run_events, "from_line", counted)
    folded = read_events(path)
    assert len(folded.progress.stages) == 30
    assert len(folded.progress.stages[-1].epochs) == 20
    assert parsed < 300_000 / 50


@pytest.mark.parametrize("size", [0, 1])
def test_an_empty_file_is_a_run_that_starts(tmp_path: Path, size: int) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n" * size)
    assert read_events(path).progress == RunProgress()
