"""What processes that judge positions side by side hear of the run."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.trainer.tuning.tuning_toys import START, CountsThreads, Waited
from trainer.process.control import RunControl
from trainer.tuning import SideBySide
from trainer.tuning.positions import Task


@pytest.mark.timeout(60)
def test_a_pause_reaches_the_processes_and_ends_with_that_of_the_run(tmp_path: Path) -> None:
    class PausedOnceBegun(RunControl):
        @property
        def is_paused(self) -> bool:
            return (tmp_path / "begun").exists() and not (tmp_path / "waits").exists()

        def check(self) -> None:
            while self.is_paused:
                time.sleep(0.01)

    with SideBySide(Waited(tmp_path), devices=("cpu",), control=PausedOnceBegun()) as evaluators:
        ((number, evaluation),) = evaluators.judge([Task(START, ())])
    assert (number, evaluation.values) == (0, START)


@pytest.mark.timeout(60)
def test_processes_share_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    with SideBySide(CountsThreads(), devices=("cpu", "cpu"), control=RunControl()) as evaluators:
        found = list(evaluators.judge([Task(START, ()), Task(START, ())]))
    assert [evaluation.score for _, evaluation in found] == [3, 3]
