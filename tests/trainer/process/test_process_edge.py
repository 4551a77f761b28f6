"""Whoever drives a training can cancel, pause and hurry it, and none outlives its driver."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from kdh_desktop.core.training_protocol import (
    CandidateReady,
    CheckpointSaved,
    Event,
    MachineMeasured,
    RunCancelled,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
    from_line,
)
from tests.trainer.conftest import ROOT, trainer_environment
from trainer.process import allocator

# What stands for a training: it checks now and then, or is deaf for as long as it likes.
TRAINING = """
import argparse, sys, tempfile, time
from pathlib import Path
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.training_protocol import CandidateReady, CheckpointSaved, RunStarted
from trainer.process.edge import add_edge_options, edge_of_process

parser = argparse.ArgumentParser()
parser.add_argument("how")
add_edge_options(parser)
arguments = parser.parse_args()
try:
    with edge_of_process(arguments, run="tiny", work=arguments.work) as edge:
        (Path(tempfile.mkdtemp()) / "left behind").write_text("x")
        edge.emit(RunStarted(1, 0, "cpu"))
        for step in range(10_000):
            if arguments.how == "deaf":
                time.sleep(60)
            edge.control.check()
            if step % 20 == 0 and arguments.how == "talking":
                edge.emit(CheckpointSaved(1, step))
            if edge.control.is_keeping_best or arguments.how == "short":
                break
            time.sleep(0.01)
        edge.emit(CandidateReady("tiny-1"))
except KdhError as error:
    sys.stderr.write(str(error))
    sys.exit(error.exit_code)
"""


class Driven:
    """A training in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def say(self, line: str) -> None:
        stream = piped(self.process.stdin)
        stream.write(line + "\n")
        stream.flush()

    def wait_for(self, kind: type[Event]) -> Event:
        for line in piped(self.process.stdout):
            event = from_line(line).event
            if isinstance(event, kind):
                return event
        raise AssertionError(piped(self.process.stderr).read())

    def end(self) -> tuple[int, list[Event], float]:
        """Exit code, the events that were left, and the seconds it took."""
        begun = time.monotonic()
        told = [from_line(line).event for line in piped(self.process.stdout)]
        left: list[Event] = [x for x in told if not isinstance(x, MachineMeasured)]
        code = self.process.wait(30)
        return code, left, time.monotonic() - begun


def piped(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


Start = Callable[..., Driven]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def started(
        how: str, *options: str, work: Path = tmp_path / "work", stdin: int = subprocess.PIPE
    ) -> Driven:
        process = subprocess.Popen(
            [sys.executable, "-c", TRAINING, how, "--work", str(work), *options],
            cwd=ROOT,
            env={**trainer_environment(tmp_path / "home"), **allocator.SETTINGS},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        processes.append(process)
        return Driven(process)

    yield started
    for process in processes:
        process.kill()
        with process:
            pass


def test_cancel_ends_a_training_where_it_can_go_on(start: Start) -> None:
    driven = start("listening", "--controlled")
    driven.wait_for(RunStarted)
    driven.say("cancel")
    code, left, seconds = driven.end()
    assert (code, left) == (3, [RunCancelled()])
    assert seconds < 2


def test_cancel_ends_a_training_that_is_deaf_within_two_seconds(start: Start) -> None:
    driven = start("deaf", "--controlled")
    driven.wait_for(RunStarted)
    driven.say("cancel")
    code, left, seconds = driven.end()
    assert (code, left) == (3, [RunCancelled()])
    assert seconds < 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal for one process")
def test_a_signal_ends_a_training_that_is_deaf_within_two_seconds(start: Start) -> None:
    driven = start("deaf")
    driven.wait_for(RunStarted)
    driven.process.send_signal(signal.SIGTERM)
    code, left, seconds = driven.end()
    assert (code, left) == (3, [RunCancelled()])
    assert seconds < 2


def test_the_end_of_the_input_cancels_a_driven_training(start: Start) -> None:
    driven = start("listening", "--controlled")
    driven.wait_for(RunStarted)
    piped(driven.process.stdin).close()
    code, left, _ = driven.end()
    assert (code, left) == (3, [RunCancelled(is_abandoned=True)])


def test_a_driven_training_gives_signs_of_life_also_while_it_is_deaf(
    start: Start, tmp_path: Path
) -> None:
    driven = start("deaf", "--controlled")
    first, second = (driven.wait_for(MachineMeasured) for _ in range(2))
    assert isinstance(first, MachineMeasured)
    assert isinstance(second, MachineMeasured)
    if sys.platform == "linux":
        assert (second.resident_bytes or 0) > 1_000_000
    assert second.device_bytes is None
    lines = (tmp_path / "work" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    kept = [from_line(line).event for line in lines]
    assert sum(isinstance(event, MachineMeasured) for event in kept) <= 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")
def test_a_training_that_was_stopped_ends_when_its_driver_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, TRAINING, str(tmp_path / "work")],
        cwd=ROOT,
        env={**trainer_environment(tmp_path / "home"), **allocator.SETTINGS},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as driver:
        child = int(piped(driver.stdout).readline())
        os.kill(child, signal.SIGSTOP)
        driver.kill()
    until = time.monotonic() + 5
    while is_alive(child) and time.monotonic() < until:
        time.sleep(0.05)
    is_orphan = is_alive(child)
    if is_orphan:
        os.kill(child, signal.SIGKILL)
    assert not is_orphan


DRIVER = """
import subprocess, sys, time
process = subprocess.Popen(
    [sys.executable, "-c", sys.argv[1], "talking", "--work", sys.argv[2], "--controlled"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
)
while b"RunStarted" not in process.stdout.readline():
    pass
print(process.pid, flush=True)
time.sleep(60)
"""


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return False
    return state[0] != "Z"


def test_a_training_that_nobody_drives_does_not_read_its_input(start: Start) -> None:
    driven = start("talking", stdin=subprocess.DEVNULL)
    for _ in range(3):
        driven.wait_for(CheckpointSaved)
    assert driven.process.poll() is None


def test_a_reader_that_dies_cancels_the_training(start: Start, tmp_path: Path) -> None:
    driven = start("talking", stdin=subprocess.DEVNULL)
    driven.wait_for(RunStarted)
    piped(driven.process.stdout).close()
    assert driven.process.wait(30) == 3
    lines = (tmp_path / "work" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert from_line(lines[-1]).event == RunCancelled(is_abandoned=True)
    assert "Traceback" not in piped(driven.process.stderr).read()


def test_a_paused_training_waits_and_goes_on(start: Start) -> None:
    driven = start("talking", "--controlled")
    driven.wait_for(RunStarted)
    driven.say("pause")
    driven.wait_for(RunPaused)
    driven.say("resume")
    driven.wait_for(RunResumed)
    driven.wait_for(CheckpointSaved)


def test_keeping_the_best_brings_a_training_to_its_candidate(start: Start) -> None:
    driven = start("listening", "--controlled")
    driven.wait_for(RunStarted)
    driven.say("keep-best")
    code, left, _ = driven.end()
    assert (code, left) == (0, [CandidateReady("tiny-1")])


def test_lines_may_come_in_pieces_and_strange_ones_are_passed_over(start: Start) -> None:
    driven = start("listening", "--controlled")
    driven.wait_for(RunStarted)
    driven.say("walk\n" + "x" * 5000)
    stream = piped(driven.process.stdin)
    for piece in ("keep", "-best\r", "\n"):
        stream.write(piece)
        stream.flush()
    code, left, _ = driven.end()
    assert (code, left) == (0, [CandidateReady("tiny-1")])
    assert "none of: cancel, pause, resume, keep-best" in piped(driven.process.stderr).read()


def test_two_trainings_do_not_share_a_work_folder(start: Start, tmp_path: Path) -> None:
    first = start("listening", "--controlled")
    first.wait_for(RunStarted)
    first.wait_for(MachineMeasured)
    before = (tmp_path / "work" / "events.jsonl").read_bytes()
    second = start("short")
    code, (event,), _ = second.end()
    assert code == 2
    assert isinstance(event, RunFailed)
    assert event.message == "Another training works in this work folder."
    assert event.remedy == "Wait until it ends, or stop it."
    assert (tmp_path / "work" / "events.jsonl").read_bytes() == before
    assert first.process.poll() is None


def test_resuming_needs_something_to_go_on_with(start: Start, tmp_path: Path) -> None:
    code, (event,), _ = start("short", "--resume").end()
    assert code == 2
    assert isinstance(event, RunFailed)
    assert event.message == "There is nothing to go on with in the work folder."
    assert start("short").end()[0] == 0
    assert start("short", "--resume").end()[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a file of a killed process stays open there")
def test_what_a_killed_training_left_is_cleared_away(start: Start, tmp_path: Path) -> None:
    driven = start("listening")
    driven.wait_for(RunStarted)
    temporary = tmp_path / "work" / "temporary"
    os.kill(driven.process.pid, signal.SIGKILL)
    driven.process.wait(30)
    assert list(temporary.rglob("left behind"))
    assert start("short").end()[0] == 0
    assert not temporary.exists()
