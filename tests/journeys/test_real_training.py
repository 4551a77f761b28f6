"""The window drives the real trainer: paused, stopped, taken up again, brought to its end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.classification.model_bundle import open_bundle
from kdh_desktop.core.classification.signing import load_trusted_keys
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.run_ending import EndingKind
from kdh_desktop.core.runs.training_runs import RunFolder
from kdh_desktop.core.training_progress import RunState
from kdh_desktop.gui.jobs import JobRunner, Ok, Outcome
from kdh_desktop.gui.training_desk import EndedRun, TrainingDesk
from tests.data.tiny_requests import open_door, tiny_request

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

pytestmark = [pytest.mark.stress, pytest.mark.timeout(900)]

PATIENCE_MS = 400_000


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrainingDesk]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    jobs = JobRunner()
    desk = TrainingDesk(AppPaths(tmp_path, tmp_path / "data", tmp_path, tmp_path), jobs)
    yield desk
    desk.close(10.0)
    jobs.close()


@pytest.mark.skipif(sys.platform == "win32", reason="looks at modes of files")
def test_a_training_is_driven_from_the_window_to_its_candidate(
    desk: TrainingDesk, tmp_path: Path, qtbot: QtBot
) -> None:
    def wait_until(condition: Callable[[], object]) -> None:
        qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)

    def is_in(state: RunState) -> bool:
        return desk.active is not None and desk.active.state is state

    ended: list[EndedRun] = []
    begun: list[Outcome[RunFolder]] = []
    desk.ended.connect(ended.append)
    desk.start(tiny_request(tmp_path), open_door(), title="Ours", done=begun.append)
    wait_until(lambda: begun)
    assert isinstance(begun[0], Ok)
    run = begun[0].value
    wait_until(lambda: desk.active is not None and desk.active.progress.stages)

    desk.pause()
    wait_until(lambda: is_in(RunState.PAUSED))
    desk.go_on()
    wait_until(lambda: is_in(RunState.RUNNING))

    wait_until(lambda: desk.active is not None and len(desk.active.progress.stages) >= 4)
    asked = time.monotonic()
    desk.cancel()
    wait_until(lambda: ended)
    assert time.monotonic() - asked < 2.5
    assert ended.pop().ending.kind is EndingKind.STOPPED
    stages_before = len(desk.folders.progress(run).stages)

    desk.resume(run)
    wait_until(lambda: ended)
    assert ended[0].ending.kind is EndingKind.FINISHED, ended[0].ending
    progress = ended[0].progress
    assert len(progress.stages) == progress.planned_stages > stages_before
    assert progress.machine.latest is not None
    assert any(x.measured.texts_per_s for x in progress.machine.points)
    open_bundle(run.candidate, trusted_keys=load_trusted_keys(run.public_key.parent))
    for path in run.folder.rglob("*"):
        if path.name in {"events.jsonl", "log.txt", "request.json", "run.key"}:
            assert path.stat().st_mode & 0o077 == 0, path.name
    command = " ".join(desk._process._command) if desk._process is not None else ""
    assert "corpus" not in command
    assert os.fspath(run.folder) in command
