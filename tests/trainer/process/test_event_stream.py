"""Events reach their reader and the work folder whole, whatever libraries and readers do."""

from __future__ import annotations

import errno
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kdh_desktop.core.errors import Cancelled, TrainingError
from kdh_desktop.core.training_protocol import (
    CandidateReady,
    CheckpointSaved,
    Event,
    MachineMeasured,
    RunCancelled,
    RunFailed,
    RunStarted,
    StageScored,
    from_line,
)
from tests.trainer.conftest import ROOT
from trainer.process.control import RunControl
from trainer.process.event_stream import EventStream

STARTED = RunStarted(3, 0, "cpu")


class Pipe:
    """A reader of events that may go away."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)
        self._is_open = True

    def lines(self) -> list[str]:
        try:
            return os.read(self.reading, 1_000_000).decode().splitlines()
        except BlockingIOError:
            return []

    def events(self) -> list[Event]:
        return [from_line(line).event for line in self.lines()]

    def go_away(self) -> None:
        os.close(self.reading)
        self._is_open = False

    def close(self) -> None:
        if self._is_open:
            os.close(self.reading)
        os.close(self.writing)


@pytest.fixture
def reader() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


@pytest.fixture
def control() -> RunControl:
    return RunControl()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "work" / "events.jsonl"


@pytest.fixture
def stream(reader: Pipe, path: Path, control: RunControl) -> EventStream:
    return EventStream(reader.writing, run="tiny", path=path, control=control)


def kept(path: Path) -> list[Event]:
    return [from_line(line).event for line in path.read_text(encoding="utf-8").splitlines()]


def test_events_reach_the_reader_and_the_file(
    stream: EventStream, reader: Pipe, path: Path
) -> None:
    for event in (STARTED, CheckpointSaved(1, 2), CandidateReady("tiny-1")):
        stream.emit(event)
    assert (
        kept(path) == reader.events() == [STARTED, CheckpointSaved(1, 2), CandidateReady("tiny-1")]
    )


def test_the_folder_of_another_run_is_left_alone(
    stream: EventStream, reader: Pipe, path: Path
) -> None:
    stream.emit(RunFailed("The work folder is another run's.", ""))
    assert len(reader.lines()) == 1
    assert not path.exists()


def test_a_run_taken_up_again_counts_on(stream: EventStream, reader: Pipe, path: Path) -> None:
    stream.emit(STARTED)
    stream.emit(CheckpointSaved(1))
    again = EventStream(reader.writing, run="tiny", path=path, control=RunControl())
    again.emit(STARTED)
    assert [from_line(line).seq for line in reader.lines()] == [1, 2, 3]
    assert len(kept(path)) == 3


def test_half_a_line_that_a_kill_left_is_cut_off(
    stream: EventStream, reader: Pipe, path: Path
) -> None:
    stream.emit(STARTED)
    with path.open("ab") as file:
        file.write(path.read_bytes()[:30])
    again = EventStream(reader.writing, run="tiny", path=path, control=RunControl())
    again.emit(STARTED)
    assert kept(path) == [STARTED, STARTED]
    assert [from_line(line).seq for line in reader.lines()] == [1, 2]


def test_a_reader_that_goes_away_cancels_the_run_in_order(
    stream: EventStream, reader: Pipe, path: Path, control: RunControl
) -> None:
    stream.emit(STARTED)
    reader.go_away()
    stream.emit(CheckpointSaved(1))
    with pytest.raises(Cancelled), stream.told_to_the_end():
        control.check()
    assert kept(path) == [STARTED, CheckpointSaved(1), RunCancelled(is_abandoned=True)]


def test_a_run_in_a_folder_of_its_own_keeps_how_it_failed_before_it_began(
    stream: EventStream, reader: Pipe, path: Path
) -> None:
    stream.keep_from_now()
    with pytest.raises(TrainingError), stream.told_to_the_end():
        raise TrainingError("There is no corpus.", "Name one.")
    assert kept(path) == reader.events() == [RunFailed("There is no corpus.", "Name one.")]


def test_the_file_keeps_few_measures_of_the_machine(
    stream: EventStream, reader: Pipe, path: Path
) -> None:
    stream.emit(STARTED)
    for number in range(5):
        stream.emit(MachineMeasured(number))
    stream.emit(CheckpointSaved(1))
    assert kept(path) == [STARTED, MachineMeasured(0), CheckpointSaved(1)]
    assert len(reader.lines()) == 7
    assert [from_line(x).seq for x in path.read_text("utf-8").splitlines()] == [1, 2, 7]


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")]
)
def test_want_of_memory_is_told_in_words(
    stream: EventStream, reader: Pipe, error: Exception
) -> None:
    with pytest.raises(TrainingError, match="memory"), stream.told_to_the_end():
        raise error
    (event,) = reader.events()
    assert isinstance(event, RunFailed)
    assert event.message == "The memory is not enough for this training."
    assert "Close other programs" in event.remedy


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_no_line_ever_holds_a_number_without_bound(
    stream: EventStream, reader: Pipe, path: Path, number: float
) -> None:
    stream.emit(STARTED)
    with pytest.raises(ValueError, match="JSON"), stream.told_to_the_end():
        stream.emit(StageScored({"f1": number}))
    *_, last = reader.events()
    assert isinstance(last, RunFailed)
    assert [from_line(x).seq for x in path.read_text("utf-8").splitlines()] == [1, 2]
    for line in path.read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=pytest.fail)


def test_the_end_is_told_once_and_nothing_after_it(stream: EventStream, reader: Pipe) -> None:
    stream.emit_soon(RunCancelled())
    stream.emit(CheckpointSaved(1))
    with pytest.raises(Cancelled), stream.told_to_the_end():
        raise Cancelled("The training was stopped.")
    stream.emit(CheckpointSaved(2))
    assert reader.events() == [RunCancelled()]


def test_a_failure_is_told_in_words(stream: EventStream, reader: Pipe) -> None:
    with pytest.raises(TrainingError), stream.told_to_the_end():
        raise TrainingError("There is no corpus.", "Name one.")
    assert reader.events() == [RunFailed("There is no corpus.", "Name one.")]


def test_a_full_disk_is_told_in_words(stream: EventStream, reader: Pipe) -> None:
    with pytest.raises(TrainingError, match="The disk is full"), stream.told_to_the_end():
        raise OSError(errno.ENOSPC, "No space left on device", "/somebody's/folder")
    (event,) = reader.events()
    assert event == RunFailed("The disk is full.", "Free some space and start again to go on.")


def test_a_bug_is_told_without_its_details(stream: EventStream, reader: Pipe) -> None:
    with pytest.raises(KeyError), stream.told_to_the_end():
        raise KeyError("a patient's text")
    (event,) = reader.events()
    assert isinstance(event, RunFailed)
    assert "patient" not in event.message + event.remedy


NOISE = """
import ctypes, os, subprocess, sys
from pathlib import Path
from kdh_desktop.core.training_protocol import CandidateReady, RunStarted
from trainer.process.control import RunControl
from trainer.process.event_stream import EventStream, claim_stdout

out = claim_stdout()
stream = EventStream(out, run="tiny", path=Path(sys.argv[1]), control=RunControl())
stream.emit(RunStarted(1, 0, "cpu"))
print("from Python")
os.write(1, b"from the descriptor, and half a li")
ctypes.CDLL(None).puts(b"from the C library")
subprocess.run(["echo", "from a child"], check=True)
print("from stderr", file=sys.__stdout__)
stream.emit(CandidateReady("tiny-1"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="speaks to the C library of POSIX systems")
def test_whatever_libraries_print_does_not_reach_the_reader(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOISE, str(tmp_path / "events.jsonl")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    events = [from_line(line).event for line in done.stdout.splitlines()]
    assert events == [RunStarted(1, 0, "cpu"), CandidateReady("tiny-1")]
    for noise in ("from Python", "half a li", "the C library", "a child", "from stderr"):
        assert noise in done.stderr
