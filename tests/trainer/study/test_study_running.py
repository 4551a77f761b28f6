"""Cells are worked off side by side, each once, and a killed study goes on cell by cell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from kdh_desktop.core.errors import Cancelled, TrainingError
from tests.trainer.study.fake_study import LABELS, TEXTS, OpenFake, fake_config
from trainer.process.control import RunControl
from trainer.study.cells import Cell, CellStore, plan_cells
from trainer.study.running import run_cells

ROOT = Path(__file__).parents[3]
CONFIG = fake_config()
PLANNED = plan_cells(CONFIG, texts=TEXTS, labels=LABELS)

KILLED = """
import sys
from pathlib import Path
from tests.trainer.study.test_study_running import work_off
if __name__ == "__main__":
    work_off(Path(sys.argv[1]), jobs=2, seconds=0.02)
"""


def work_off(
    folder: Path,
    *,
    jobs: int,
    seconds: float = 0.0,
    failing: str = "",
    cancel_after: int = -1,
    on_cancel: Callable[[], None] = lambda: None,
) -> list[str]:
    said: list[str] = []
    control = RunControl()

    def say(words: str) -> None:
        said.append(words)
        if len(said) == cancel_after:
            control.cancel()
            on_cancel()

    run_cells(
        PLANNED,
        store=CellStore(folder / "cells"),
        open_work=OpenFake(CONFIG, folder, seconds, failing),
        jobs=jobs,
        control=control,
        say=say,
    )
    return said


def worked_off(folder: Path) -> list[str]:
    return [
        line.split()[1]
        for line in (folder / "worked-off.txt").read_text(encoding="utf-8").splitlines()
    ]


def contents(folder: Path) -> dict[str, bytes]:
    store = CellStore(folder / "cells")
    return {x.cell.id: store.require(x.cell).decision_logits.tobytes() for x in PLANNED}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    work_off(folder, jobs=1)
    return folder


def test_every_cell_is_worked_off_once_after_what_it_needs(unbroken: Path) -> None:
    assert sorted(worked_off(unbroken)) == sorted(one.cell.id for one in PLANNED)


def test_processes_side_by_side_share_the_cells_and_give_the_same(
    tmp_path: Path, unbroken: Path
) -> None:
    said = work_off(tmp_path, jobs=2, seconds=0.02)
    lines = (tmp_path / "worked-off.txt").read_text(encoding="utf-8").splitlines()
    assert len({line.split()[0] for line in lines}) == 2
    assert sorted(worked_off(tmp_path)) == sorted(worked_off(unbroken))
    assert contents(tmp_path) == contents(unbroken)
    assert len(said) == 1 + len(PLANNED)


def test_a_study_that_is_done_starts_no_process(unbroken: Path) -> None:
    before = worked_off(unbroken)
    assert work_off(unbroken, jobs=2) == [f"{len(PLANNED)} of {len(PLANNED)} cells are there"]
    assert worked_off(unbroken) == before


def test_a_study_killed_in_the_middle_goes_on_and_ends_the_same(
    tmp_path: Path, unbroken: Path
) -> None:
    environment = dict(os.environ)
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    environment["PYTHONPATH"] = str(ROOT)
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], cwd=ROOT, env=environment
    ) as process:
        wait_until_some_are_done(tmp_path)
        process.kill()
    children = {
        int(line.split()[0])
        for line in (tmp_path / "worked-off.txt").read_text(encoding="utf-8").splitlines()
    }
    wait_until_they_are_gone(children)
    before = len(list((tmp_path / "cells").glob("*.npz")))
    assert 0 < before < len(PLANNED)
    (tmp_path / "worked-off.txt").unlink()
    work_off(tmp_path, jobs=2)
    assert len(worked_off(tmp_path)) == len(PLANNED) - before
    assert contents(tmp_path) == contents(unbroken)


def test_a_damaged_cell_is_worked_off_again(tmp_path: Path, unbroken: Path) -> None:
    work_off(tmp_path, jobs=1)
    files = sorted((tmp_path / "cells").glob("*.npz"))
    whole = files[3].read_bytes()
    files[3].write_bytes(whole[: len(whole) // 2])
    files[5].write_bytes(b"")
    work_off(tmp_path, jobs=1)
    assert len(worked_off(tmp_path)) == len(PLANNED) + 2
    assert contents(tmp_path) == contents(unbroken)


def test_a_cancelled_study_ends_soon_and_keeps_what_is_done(tmp_path: Path) -> None:
    cancelled: list[float] = []
    with pytest.raises(Cancelled):
        work_off(
            tmp_path,
            jobs=2,
            seconds=0.02,
            cancel_after=5,
            on_cancel=lambda: cancelled.append(time.monotonic()),
        )
    assert time.monotonic() - cancelled[0] < 2
    assert len(list((tmp_path / "cells").glob("*.npz"))) >= 4


def test_what_a_cell_cannot_do_is_told_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"The scripted failure\. Expect it\."):
        work_off(tmp_path, jobs=2, failing="distilled")


def test_a_process_that_dies_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="ended unexpectedly"):
        run_cells(
            PLANNED,
            store=CellStore(tmp_path / "cells"),
            open_work=die_at_once,
            jobs=1,
            control=RunControl(),
            say=lambda _words: None,
        )


def die_at_once(_control: RunControl) -> Callable[[Cell], None]:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives that")


def test_urgent_cells_are_those_on_which_the_longest_work_hangs(unbroken: Path) -> None:
    first = worked_off(unbroken)[0]
    assert ".teacher." in first
    assert ".all." in first


def test_a_result_comes_back_as_it_was_saved(unbroken: Path) -> None:
    store = CellStore(unbroken / "cells")
    result = store.require(PLANNED[0].cell)
    assert result.decision_logits.dtype == np.float32
    assert result.facts.cost.device == "cpu"
    assert result.taught is None


def wait_until_some_are_done(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while len(list((folder / "cells").glob("*.npz"))) < 6:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_until_they_are_gone(processes: set[int]) -> None:
    deadline = time.monotonic() + 30
    for process in processes:
        with suppress(ProcessLookupError):
            while True:
                os.kill(process, 0)
                assert time.monotonic() < deadline
                time.sleep(0.01)
