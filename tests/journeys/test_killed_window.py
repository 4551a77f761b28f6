"""The window is killed while it trains: nothing trains on, and the run can go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.process_lock import is_held
from kdh_desktop.core.runs.training_runs import RunFolder, TrainingRuns, request_to_json
from kdh_desktop.core.training_progress import RunState
from tests.data.tiny_requests import tiny_request

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="looks into /proc for what is left behind"
)

ROOT = Path(__file__).parents[2]
ORPHAN_S = 5.0


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return False
    return state[0] != "Z"


def left_after_the_kill(data: Path, how: str, *rest: str) -> tuple[RunFolder, list[int], float]:
    """Kill a window that trains; its run, what is left 5 s later, and how long that took."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.data.window_with_training", str(data), how, *rest],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as window:
        assert window.stdout is not None
        folder, *processes = window.stdout.readline().split()
        children = [int(process) for process in processes]
        assert children
        assert all(map(is_alive, children))
        window.send_signal(signal.SIGKILL)
    begun = time.monotonic()
    run = RunFolder(Path(folder))
    # The first thread of a process may be gone while others still hold its files.
    while any(map(is_alive, children)) or is_held(run.lock):
        if time.monotonic() - begun > ORPHAN_S:
            break
        time.sleep(0.02)
    took_s = time.monotonic() - begun
    left = [child for child in children if is_alive(child)]
    for child in left:
        os.kill(child, signal.SIGKILL)
    return run, left, took_s


WAYS = ("trains", "is deaf", "trains side by side", "is stopped")


@pytest.mark.parametrize("how", WAYS)
def test_nothing_trains_on_when_the_window_is_killed(tmp_path: Path, how: str) -> None:
    run, left, _ = left_after_the_kill(tmp_path, how)
    assert left == []
    summary = TrainingRuns(AppPaths(tmp_path, tmp_path, tmp_path, tmp_path)).summary(run)
    assert summary.state is RunState.INTERRUPTED
    assert summary.can_resume


@pytest.mark.stress
@pytest.mark.timeout(1200)
def test_nothing_trains_on_in_fifty_of_fifty_kills(tmp_path: Path) -> None:
    waits = []
    for number in range(50):
        _, left, took_s = left_after_the_kill(tmp_path / str(number), WAYS[number % len(WAYS)])
        assert left == [], f"kill {number}"
        waits.append(took_s)
    print(f"longest wait for the end: {max(waits):.2f} s")


@pytest.mark.stress
@pytest.mark.timeout(600)
def test_no_real_training_goes_on_when_the_window_is_killed(tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text(request_to_json(tiny_request(tmp_path / "texts")), encoding="utf-8")
    for number in range(5):
        data = tmp_path / str(number)
        run, left, _ = left_after_the_kill(data, "really", str(request))
        assert left == [], f"kill {number}"
        summary = TrainingRuns(AppPaths(data, data, data, data)).summary(run)
        assert summary.state is RunState.INTERRUPTED
