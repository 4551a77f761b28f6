"""Background work answers on the GUI thread, once, and only to those who still want to know."""

from __future__ import annotations

import threading

from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from kdh_desktop.core.errors import Cancelled, InputError
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Lane, Ok, Outcome
from tests.gui.conftest import HeldExecutor


def test_answer_and_progress_arrive_on_the_gui_thread(qtbot: QtBot) -> None:
    jobs = JobRunner()
    gui_thread = QThread.currentThread()
    seen: list[tuple[object, bool]] = []
    work_threads: list[int] = []

    def work(job: Job) -> str:
        work_threads.append(threading.get_ident())
        job.report(1)
        job.report(2)
        return "done"

    def note(value: object) -> None:
        seen.append((value, QThread.currentThread() is gui_thread))

    jobs.start(work, done=note, progress=note)
    qtbot.waitUntil(lambda: len(seen) == 3)
    assert seen == [(1, True), (2, True), (Ok("done"), True)]
    assert work_threads != [threading.get_ident()]
    assert jobs.close()


def test_expected_failure_is_an_answer_and_no_bug(qtbot: QtBot) -> None:
    jobs = JobRunner()
    bugs: list[object] = []
    answers: list[Outcome[None]] = []
    error = InputError("It cannot be read.", "Use another.")

    def work(_job: Job) -> None:
        raise error

    jobs.bug_found.connect(bugs.append)
    jobs.start(work, done=answers.append)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == [Err(error)]
    assert bugs == []
    assert jobs.close()


def test_bug_is_reported_and_still_answered(qtbot: QtBot) -> None:
    jobs = JobRunner()
    bugs: list[object] = []
    answers: list[Outcome[None]] = []
    error = ZeroDivisionError()

    def work(_job: Job) -> None:
        raise error

    jobs.bug_found.connect(bugs.append)
    jobs.start(work, done=answers.append)
    qtbot.waitUntil(lambda: bool(answers))
    assert bugs == [error]
    assert answers == [Err(error)]
    assert jobs.close()


def test_cancelled_job_answers_cancelled_even_if_it_finished_first(qtbot: QtBot) -> None:
    held = HeldExecutor()
    jobs = JobRunner(held)
    answers: list[Outcome[str]] = []
    progress: list[object] = []

    def work(job: Job) -> str:
        job.report("too late")
        return "too late"

    job = jobs.start(work, done=answers.append, progress=progress.append)
    job.cancel()
    held.run_next()
    qtbot.waitUntil(lambda: bool(answers))
    assert isinstance(answers[0], Err)
    assert isinstance(answers[0].error, Cancelled)
    assert progress == []


def test_late_answer_of_an_older_job_is_dropped(qtbot: QtBot) -> None:
    held = HeldExecutor()
    lane = Lane(JobRunner(held))
    answers: list[Outcome[str]] = []
    lane.start(lambda _job: "old", done=answers.append)
    lane.start(lambda _job: "new", done=answers.append)
    old, new = held.held
    new()
    qtbot.waitUntil(lambda: bool(answers))
    old()
    lane.start(lambda _job: "newest", done=answers.append)
    held.held[-1]()
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert answers == [Ok("new"), Ok("newest")]


def test_answer_never_comes_inside_the_call_that_asked(qtbot: QtBot) -> None:
    jobs = JobRunner(lambda work: work())
    answers: list[Outcome[str]] = []
    jobs.start(lambda _job: "at once", done=answers.append)
    assert answers == []
    qtbot.waitUntil(lambda: answers == [Ok("at once")])


def test_closing_asks_running_jobs_to_stop_and_waits_for_them(qtbot: QtBot) -> None:
    jobs = JobRunner()
    is_running = threading.Event()
    answers: list[Outcome[None]] = []

    def work(job: Job) -> None:
        is_running.set()
        while not job.should_stop():
            threading.Event().wait(0.001)

    jobs.start(work, done=answers.append)
    qtbot.waitUntil(is_running.is_set)
    assert jobs.close()
    assert answers == []


def test_no_job_is_started_after_the_end(qtbot: QtBot) -> None:
    held = HeldExecutor()
    jobs = JobRunner(held)
    answers: list[Outcome[None]] = []
    assert jobs.close()
    job = jobs.start(lambda _job: None, done=answers.append)
    assert job.should_stop()
    assert held.held == []
    assert answers == []
