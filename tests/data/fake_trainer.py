"""What stands for the trainer where a test is about how its process lives and ends, not learns.

Driven like the real one, by the real edge of a process: ``fake_trainer HOW run FOLDER``.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from kdh_desktop.core.durable_file import write_durably
from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.runs.run_folder import RunFolder
from kdh_desktop.core.training_protocol import (
    BatchesDone,
    CandidateReady,
    CheckpointSaved,
    EpochFinished,
    RunStarted,
    StageStarted,
)
from trainer.process import allocator
from trainer.process.control import RunControl
from trainer.process.edge import Edge, add_edge_options, edge_of_process
from trainer.process.side_by_side import Planned, work_off

FLOOD_PER_S = 10_000


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("how")
    parser.add_argument("command", choices=["run"])
    parser.add_argument("folder")
    add_edge_options(parser)
    arguments = parser.parse_args()
    # With these the process is not started again, which would be as the real trainer.
    os.environ.update(allocator.SETTINGS)
    run = RunFolder(Path(arguments.folder))
    if arguments.how == "garbles":
        sys.stdout.write("Loading weights: 100%\n" * 1000)
        return 0
    if arguments.how == "half a line":
        os.write(1, b'{"protocol": 2, "run": "')
        return 1
    if arguments.how == "a line without end":
        os.write(1, b"x" * 5_000_000)
        time.sleep(60)
    try:
        with edge_of_process(arguments, run=run.id, work=run.work, is_own=True) as edge:
            edge.emit(RunStarted(100, 0, "cpu"))
            edge.emit(StageStarted(1, 2, "student"))
            edge.emit(CheckpointSaved(1, 3))
            sys.stderr.write("a library says something\n")
            sys.stderr.flush()
            _WAYS[arguments.how](edge, run)
    except KdhError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def finish(edge: Edge, run: RunFolder) -> None:
    run.candidate.mkdir(exist_ok=True)
    (run.candidate / "manifest.json").write_text("{}", encoding="utf-8")
    edge.emit(CandidateReady("tiny-1"))


def train(edge: Edge, run: RunFolder) -> None:
    """Go on until told otherwise."""
    for step in range(100_000):
        edge.control.check()
        if edge.control.is_keeping_best:
            break
        if step % 5 == 0:
            edge.emit(BatchesDone(1, step, 100_000, step / 100_000, 60.0))
        time.sleep(0.01)
    finish(edge, run)


def train_short(edge: Edge, run: RunFolder) -> None:
    """Go on to the next stage when told to keep the best, and there until told otherwise."""
    while not edge.control.is_keeping_best:
        edge.control.check()
        time.sleep(0.01)
    edge.emit(StageStarted(2, 2, "student"))
    while True:
        edge.control.check()
        time.sleep(0.01)


def train_deaf(edge: Edge, run: RunFolder) -> None:
    while True:
        time.sleep(60)


def die(edge: Edge, run: RunFolder) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stop_dead(edge: Edge, run: RunFolder) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)
    finish(edge, run)


def leave(edge: Edge, run: RunFolder) -> None:
    """End as if all were well, with no word and no candidate."""
    os._exit(0)


def break_off(edge: Edge, run: RunFolder) -> None:
    raise KeyError("a bug")


def run_out_of_memory(edge: Edge, run: RunFolder) -> None:
    raise MemoryError


def fill_the_disk(edge: Edge, run: RunFolder) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "/somebody's/folder")


def flood(edge: Edge, run: RunFolder) -> None:
    """Ten thousand events a second, of kinds that overtake each other and of kinds that do not."""
    begun = time.monotonic()
    for number in range(2 * FLOOD_PER_S):
        edge.control.check()
        if number % 100 == 0:
            edge.emit(EpochFinished(number // 100 + 1, 200, 0.5, 0.5))
        elif number % 10 == 0:
            edge.emit(CheckpointSaved(1, number))
        else:
            edge.emit(BatchesDone(1, number, 100_000, number / 100_000, 60.0))
        ahead_s = begun + number / FLOOD_PER_S - time.monotonic()
        if ahead_s > 0:
            time.sleep(ahead_s)
    finish(edge, run)


def train_side_by_side(edge: Edge, run: RunFolder) -> None:
    """Let two processes of our own train, and write their numbers into the run's folder."""
    names = ["one", "two"]
    work_off(
        [Planned(name) for name in names],
        partial(_open, run),
        jobs=2,
        control=edge.control,
        on_done=lambda _: None,
    )


def _open(run: RunFolder, control: RunControl) -> Callable[[str], None]:
    def work(name: str) -> None:
        # Whoever sees the file finds the number in it.
        write_durably(run.folder / f"{name}.pid", str(os.getpid()).encode("ascii"))
        while True:
            time.sleep(60)

    return work


_WAYS: dict[str, Callable[[Edge, RunFolder], None]] = {
    "trains": train,
    "is cut short": train_short,
    "is deaf": train_deaf,
    "finishes": finish,
    "is killed": die,
    "is stopped": stop_dead,
    "leaves": leave,
    "breaks off": break_off,
    "runs out of memory": run_out_of_memory,
    "fills the disk": fill_the_disk,
    "floods": flood,
    "trains side by side": train_side_by_side,
}


if __name__ == "__main__":
    sys.exit(main())
