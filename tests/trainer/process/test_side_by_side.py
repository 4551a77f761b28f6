"""Tasks are worked off by several processes, each after those that it needs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from kdh_desktop.core.errors import Cancelled, TrainingError
from trainer.process.control import RunControl
from trainer.process.side_by_side import Planned, work_off

Do = Callable[[str], None]


def write_names(folder: Path, needs: dict[str, list[str]], _: RunControl) -> Do:
    def do(task: str) -> None:
        assert all((folder / other).exists() for other in needs[task])
        (folder / task).write_text(str(os.getpid()), encoding="ascii")

    return do


def fail(_: RunControl) -> Do:
    def do(_: str) -> None:
        raise TrainingError("It cannot be done.", "Do something else.")

    return do


def die(_: RunControl) -> Do:
    def do(_: str) -> None:
        os._exit(9)

    return do


def wait_for_ever(folder: Path, control: RunControl) -> Do:
    def do(task: str) -> None:
        (folder / task).touch()
        while not control.is_keeping_best:
            control.check()
            time.sleep(0.01)

    return do


def test_every_task_is_done_once_and_after_its_needs(tmp_path: Path) -> None:
    needs = {"a": [], "b": [], "c": ["a", "b"], "d": ["c"], "e": []}
    planned = [Planned(task, frozenset(those)) for task, those in needs.items()]
    done: list[str] = []
    work_off(
        planned,
        partial(write_names, tmp_path, needs),
        jobs=2,
        control=RunControl(),
        on_done=done.append,
    )
    assert sorted(done) == sorted(needs)
    assert done.index("c") > max(done.index("a"), done.index("b"))
    assert str(os.getpid()) not in {path.read_text() for path in tmp_path.iterdir()}


def write_threads(folder: Path, _: RunControl) -> Do:
    told: list[int] = []
    stand_in = ModuleType("torch")
    stand_in.set_num_threads = told.append  # type: ignore[attr-defined]
    sys.modules["torch"] = stand_in

    def do(task: str) -> None:
        (folder / task).write_text(str(told[-1]), encoding="ascii")

    return do


def test_a_task_that_is_never_beside_another_has_all_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    needs = {"a": [], "b": [], "c": ["a", "b"], "d": ["c"], "e": ["c"]}
    planned = [Planned(task, frozenset(those)) for task, those in needs.items()]
    opened = partial(write_threads, tmp_path)
    work_off(planned, opened, jobs=3, control=RunControl(), on_done=lambda _: None)
    threads = {path.name: int(path.read_text()) for path in tmp_path.iterdir()}
    assert threads == {"a": 2, "b": 2, "c": 6, "d": 2, "e": 2}


def test_what_was_done_before_gives_no_task_other_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    planned = [Planned(task) for task in "abc"]
    opened = partial(write_threads, tmp_path)
    done = {"a", "b"}
    work_off(planned, opened, jobs=3, control=RunControl(), on_done=done.add, done={"a", "b"})
    assert done == {"a", "b", "c"}
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("c", "2")]


def test_what_is_done_elsewhere_is_not_waited_for(tmp_path: Path) -> None:
    done: list[str] = []
    planned = [Planned("a", frozenset({"done before"}))]
    opened = partial(write_names, tmp_path, {"a": []})
    work_off(planned, opened, jobs=2, control=RunControl(), on_done=done.append)
    assert done == ["a"]


@pytest.mark.parametrize(("work", "words"), [(fail, "cannot be done"), (die, "unexpectedly")])
def test_a_task_that_fails_is_told_in_its_own_words(
    work: Callable[[RunControl], Do], words: str
) -> None:
    with pytest.raises(TrainingError, match=words):
        work_off([Planned("a")], work, jobs=1, control=RunControl(), on_done=lambda _: None)


def test_processes_hear_of_keep_best_and_end_with_a_cancel(tmp_path: Path) -> None:
    control = RunControl()

    def on_done(_: str) -> None:
        control.cancel()

    class KeepsBestOnceBegun(RunControl):
        @property
        def is_keeping_best(self) -> bool:
            return (tmp_path / "a").exists()

        @property
        def is_cancelled(self) -> bool:
            return control.is_cancelled

        def check(self) -> None:
            control.check()

    planned = [Planned("a"), Planned("b", frozenset({"a"}))]
    with pytest.raises(Cancelled):
        work_off(
            planned,
            partial(wait_for_ever, tmp_path),
            jobs=1,
            control=KeepsBestOnceBegun(),
            on_done=on_done,
        )
    assert not (tmp_path / "b").exists()
