"""A training in a process of its own: driven, watched, and told of however it ends."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.corpus_source import HocSource
from kdh_desktop.core.errors import KdhError, LockedError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.run_ending import EndingKind
from kdh_desktop.core.runs.training_runs import RunFolder, RunRequest
from kdh_desktop.core.training_progress import RunProgress, RunState
from kdh_desktop.gui import training_desk
from kdh_desktop.gui.jobs import Err, JobRunner, Ok, Outcome
from kdh_desktop.gui.training_desk import EndedRun, RunWish, TrainingDesk
from tests.data.tiny_requests import open_door, tiny_recipe
from tests.gui.heartbeat import Heartbeat, least_ms

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills and stops by signals")

REQUEST = RunRequest(tiny_recipe(), corpus=(HocSource("/nowhere"),))
PATIENCE_MS = 30_000


class Driven:
    """A desk whose trainer behaves as a test wants it to."""

    def __init__(self, paths: AppPaths, qtbot: QtBot) -> None:
        self.how = "trains"
        self.jobs = JobRunner()
        self.paths = paths
        self.desk = TrainingDesk(paths, self.jobs, command=self.command)
        self.ended: list[EndedRun] = []
        self.failures: list[KdhError] = []
        self.desk.ended.connect(self.ended.append)
        self.desk.failed.connect(self.failures.append)
        self._qtbot = qtbot

    def command(self) -> list[str]:
        if self.how == "cannot start":
            return ["/nowhere/kdh-trainer"]
        return [sys.executable, "-m", "tests.data.fake_trainer", self.how]

    def start(self, how: str) -> RunFolder:
        self.how = how
        answers: list[Outcome[RunFolder]] = []
        self.desk.start(REQUEST, open_door(), title="Ours", done=answers.append)
        self.wait_until(lambda: answers)
        (answer,) = answers
        assert isinstance(answer, Ok)
        return answer.value

    def resume(self, run: RunFolder, how: str) -> None:
        self.how = how
        self.desk.resume(run)
        self.wait_until(lambda: self.desk.active is not None)

    def wait_until(self, condition: Callable[[], object]) -> None:
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)

    def wait_for_state(self, state: RunState) -> None:
        self.wait_until(lambda: self.desk.active is not None and self.desk.active.state is state)

    def wait_for_end(self) -> EndedRun:
        self.wait_until(lambda: self.ended)
        return self.ended.pop()

    def wish(self) -> RunWish | None:
        assert self.desk.active is not None
        return self.desk.active.wish

    @property
    def pid(self) -> int:
        assert self.desk._process is not None
        assert self.desk._process.pid is not None
        return self.desk._process.pid

    def close(self) -> None:
        if self.desk._process is not None:
            self.desk._process.kill()
            self.desk.close(10.0)
        self.jobs.close()


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    return AppPaths(tmp_path / "resources", tmp_path / "data", tmp_path / "c", tmp_path / "l")


@pytest.fixture
def driven(paths: AppPaths, qtbot: QtBot) -> Iterator[Driven]:
    driven = Driven(paths, qtbot)
    yield driven
    driven.close()


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except FileNotFoundError:
        return sys.platform != "linux"
    except OSError:
        return False
    return state[0] != "Z"


def test_a_run_comes_to_its_candidate(driven: Driven) -> None:
    run = driven.start("finishes")
    ended = driven.wait_for_end()
    assert ended.ending.kind is EndingKind.FINISHED
    assert ended.progress.bundle_id == "tiny-1"
    assert driven.desk.active is None
    driven.wait_until(lambda: [x.state for x in driven.desk.runs] == [RunState.FINISHED])
    assert driven.desk.runs[0].run == run
    assert driven.desk.runs[0].title == "Ours"


def test_what_it_tells_reaches_the_window_at_most_ten_times_a_second(driven: Driven) -> None:
    told: list[RunProgress] = []
    driven.desk.progressed.connect(told.append)
    driven.start("trains")
    driven.wait_for_state(RunState.RUNNING)
    told.clear()
    begun = time.monotonic()
    driven.wait_until(lambda: len(told) >= 8)
    assert time.monotonic() - begun > 0.6
    assert [x.seq for x in told] == sorted({x.seq for x in told})


def test_pausing_shows_at_once_and_going_on_too(driven: Driven) -> None:
    driven.start("trains")
    driven.wait_for_state(RunState.RUNNING)
    driven.desk.pause()
    assert driven.wish() is RunWish.PAUSE
    begun = time.monotonic()
    driven.wait_for_state(RunState.PAUSED)
    assert time.monotonic() - begun < 2
    assert driven.wish() is None
    driven.desk.go_on()
    driven.wait_for_state(RunState.RUNNING)


def test_keeping_the_best_brings_the_candidate(driven: Driven) -> None:
    driven.start("trains")
    driven.wait_for_state(RunState.RUNNING)
    driven.desk.keep_best()
    assert driven.wish() is RunWish.KEEP_BEST
    assert driven.wait_for_end().ending.kind is EndingKind.FINISHED


def test_a_run_that_keeps_its_best_can_be_paused_before_it_ends(driven: Driven) -> None:
    driven.start("is cut short")
    driven.wait_for_state(RunState.RUNNING)
    driven.desk.keep_best()
    driven.wait_until(lambda: driven.wish() is None)
    driven.desk.pause()
    driven.wait_for_state(RunState.PAUSED)
    driven.desk.go_on()
    driven.wait_for_state(RunState.RUNNING)
    assert driven.desk.active is not None
    assert driven.desk.active.is_cut_short


def test_a_run_ends_by_itself_where_the_system_only_waits_by_reaping(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "waitid")
    driven.start("finishes")
    assert driven.wait_for_end().ending.kind is EndingKind.FINISHED
    driven.start("breaks off")
    assert driven.wait_for_end().ending.kind is EndingKind.FAILED


@pytest.mark.parametrize("how", ["trains", "is deaf", "is stopped", "trains side by side"])
def test_stopping_is_done_within_two_seconds_however_the_process_stands(
    driven: Driven, how: str
) -> None:
    run = driven.start(how)
    driven.wait_for_state(RunState.RUNNING)
    if how == "trains side by side":
        driven.wait_until(lambda: len(list(run.folder.glob("*.pid"))) == 2)
    children = [int(path.read_text("ascii")) for path in run.folder.glob("*.pid")]
    driven.desk.cancel()
    assert driven.wish() is RunWish.STOP
    begun = time.monotonic()
    ended = driven.wait_for_end()
    assert time.monotonic() - begun < 2.5
    assert ended.ending.kind is EndingKind.STOPPED
    driven.wait_until(lambda: not any(map(is_alive, children)))
    driven.wait_until(lambda: [x.state for x in driven.desk.runs] == [RunState.CANCELLED])
    assert driven.desk.runs[0].can_resume


def test_a_stopped_run_goes_on_from_where_it_was(driven: Driven) -> None:
    run = driven.start("trains")
    driven.wait_for_state(RunState.RUNNING)
    driven.desk.cancel()
    before = driven.wait_for_end().progress
    driven.resume(run, "finishes")
    assert driven.desk.active is not None
    assert driven.desk.active.title == "Ours"
    ended = driven.wait_for_end()
    assert ended.ending.kind is EndingKind.FINISHED
    assert ended.progress.seq > before.seq
    driven.wait_until(lambda: [x.state for x in driven.desk.runs] == [RunState.FINISHED])


def test_how_a_run_ends_is_not_told_in_the_words_of_the_time_before(driven: Driven) -> None:
    run = driven.start("fills the disk")
    assert "disk is full" in driven.wait_for_end().ending.message
    driven.wait_until(lambda: driven.desk.runs and driven.desk.runs[0].can_resume)
    driven.resume(run, "half a line")
    ending = driven.wait_for_end().ending
    assert ending.kind is EndingKind.BROKEN
    assert "disk" not in ending.message


def test_a_discarded_run_leaves_nothing_behind(driven: Driven) -> None:
    run = driven.start("trains")
    driven.wait_for_state(RunState.RUNNING)
    driven.desk.discard(run)
    assert driven.wait_for_end().was_discarded
    driven.wait_until(lambda: not run.folder.exists())
    driven.wait_until(lambda: driven.desk.runs == ())
    assert not driven.desk.is_deleting


def test_a_run_that_ended_before_it_could_be_discarded_is_deleted_all_the_same(
    driven: Driven,
) -> None:
    run = driven.start("finishes")
    assert driven.wait_for_end().ending.kind is EndingKind.FINISHED
    driven.desk.discard(run)
    assert driven.desk.is_deleting
    driven.wait_until(lambda: not driven.desk.is_deleting)
    assert not run.folder.exists()


ENDINGS = {
    "is killed": (EndingKind.KILLED, "want of memory", RunState.INTERRUPTED),
    "leaves": (EndingKind.NO_RESULT, "without a model", RunState.FAILED),
    "breaks off": (EndingKind.FAILED, "fault of the program", RunState.FAILED),
    "runs out of memory": (EndingKind.FAILED, "memory is not enough", RunState.FAILED),
    "fills the disk": (EndingKind.FAILED, "disk is full", RunState.FAILED),
    "half a line": (EndingKind.BROKEN, "broke off", RunState.FAILED),
    "garbles": (EndingKind.NOT_UNDERSTOOD, "does not understand", RunState.FAILED),
    "cannot start": (EndingKind.NOT_STARTED, "cannot be started", RunState.FAILED),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_every_ending_is_told_in_a_sentence_and_the_run_can_go_on(
    driven: Driven, paths: AppPaths, how: str
) -> None:
    kind, words, state = ENDINGS[how]
    run = driven.start(how)
    ended = driven.wait_for_end()
    assert ended.ending.kind is kind
    assert words in ended.ending.message
    assert ended.ending.remedy
    assert str(paths.data) not in ended.ending.message + ended.ending.remedy
    driven.wait_until(lambda: [x.ending for x in driven.desk.runs] == [ended.ending])
    (summary,) = driven.desk.runs
    assert summary.state is state
    assert summary.can_resume
    driven.resume(run, "finishes")
    assert driven.wait_for_end().ending.kind is EndingKind.FINISHED
    actions = [entry.action for entry in AuditLog(paths.audit).entries()]
    assert actions == 2 * [AuditAction.RUN_STARTED, AuditAction.RUN_ENDED]


def test_a_line_without_end_takes_no_memory_and_can_be_stopped(driven: Driven) -> None:
    driven.start("a line without end")
    driven.wait_until(lambda: driven.desk._process is not None and driven.desk._process.pid)
    driven.desk.cancel()
    assert driven.wait_for_end().ending.kind is EndingKind.STOPPED


@pytest.mark.slow
def test_a_process_that_does_not_answer_is_told_within_ten_seconds(driven: Driven) -> None:
    driven.start("is stopped")
    begun = time.monotonic()
    driven.wait_until(lambda: driven.desk.active is not None and driven.desk.active.is_silent)
    assert time.monotonic() - begun < 12
    os.kill(driven.pid, signal.SIGCONT)
    assert driven.wait_for_end().ending.kind is EndingKind.FINISHED


def test_a_process_that_answers_again_is_no_longer_called_silent(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_desk, "SILENCE_S", 0.5)
    driven.start("trains")
    driven.wait_for_state(RunState.RUNNING)
    os.kill(driven.pid, signal.SIGSTOP)
    driven.wait_until(lambda: driven.desk.active is not None and driven.desk.active.is_silent)
    os.kill(driven.pid, signal.SIGCONT)
    driven.wait_until(lambda: driven.desk.active is not None and not driven.desk.active.is_silent)


def flood(driven: Driven) -> float:
    """Let a trainer tell 10,000 events a second; gives how long the window stood still at most."""
    driven.start("floods")
    driven.wait_for_state(RunState.RUNNING)
    heartbeat = Heartbeat()
    ended = driven.wait_for_end()
    heartbeat.stop()
    assert ended.ending.kind is EndingKind.FINISHED
    assert len(ended.progress.stages[-1].epochs) == 200
    return heartbeat.longest_ms


def test_a_flood_of_events_is_taken_in_whole(driven: Driven) -> None:
    flood(driven)


@pytest.mark.stress  # it wants a machine that does nothing else
@pytest.mark.timeout(120)
def test_a_flood_of_events_does_not_block_the_window(driven: Driven) -> None:
    assert least_ms(lambda: flood(driven), goal=50) <= 50


def test_there_is_one_run_at_a_time(driven: Driven) -> None:
    driven.start("trains")
    answers: list[Outcome[RunFolder]] = []
    driven.desk.start(REQUEST, open_door(), done=answers.append)
    (answer,) = answers
    assert isinstance(answer, Err)
    assert "going on already" in str(answer.error)


def test_a_locked_door_starts_nothing(driven: Driven, paths: AppPaths) -> None:
    administrator = open_door()
    administrator.lock()
    answers: list[Outcome[RunFolder]] = []
    driven.desk.start(REQUEST, administrator, done=answers.append)
    driven.wait_until(lambda: answers)
    assert isinstance(answers[0], Err)
    assert isinstance(answers[0].error, LockedError)
    assert not driven.desk.is_busy
    assert not paths.runs.exists()


def test_what_libraries_say_is_kept_for_the_user_alone(driven: Driven) -> None:
    run = driven.start("trains")
    driven.wait_until(lambda: "a library says something" in driven.desk.log_tail)
    driven.wait_until(run.log.exists)
    assert run.log.stat().st_mode & 0o777 == 0o600
    assert "a library says something" in driven.desk.folders.log_tail(run)


def test_a_run_that_goes_on_is_not_deleted(driven: Driven) -> None:
    run = driven.start("trains")
    driven.wait_for_state(RunState.RUNNING)
    driven.desk.delete(run)
    driven.wait_until(lambda: driven.failures)
    assert "going on" in driven.failures[0].message
    assert run.folder.exists()


def test_copies_for_runs_that_were_only_planned_go_with_the_program_and_at_its_next_start(
    driven: Driven, paths: AppPaths
) -> None:
    folders = driven.desk.folders
    left = folders.new_reviewed_file()
    driven.desk.close()
    assert not left.exists()
    killed = folders.new_reviewed_file()
    TrainingDesk(paths, driven.jobs)
    assert not killed.exists()


def test_a_trainer_that_is_missing_is_told_with_what_to_do(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_desk, "find_spec", lambda name: None)
    driven.desk.load()
    driven.wait_until(lambda: driven.desk.is_loaded)
    assert driven.desk.missing is not None
    assert "make trainer" in driven.desk.missing.remedy
