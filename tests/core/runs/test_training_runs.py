"""The folders of the training runs: made whole, listed however damaged, and deleted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.classification.signing import load_signing_key, load_trusted_keys
from kdh_desktop.core.corpus_source import CorrectionsSource, HocSource, TableSource
from kdh_desktop.core.errors import KdhError, LockedError, TrainingError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.run_ending import EndingKind, RunEnding
from kdh_desktop.core.runs.training_runs import (
    RunFolder,
    RunRequest,
    TrainingRuns,
    request_from_json,
    request_to_json,
)
from kdh_desktop.core.training_progress import RunState
from kdh_desktop.core.training_protocol import (
    CandidateReady,
    Envelope,
    Event,
    RunCancelled,
    RunFailed,
    RunPaused,
    RunStarted,
    to_line,
)
from tests.data.tiny_requests import open_door, tiny_recipe

REQUEST = RunRequest(
    tiny_recipe(),
    corpus=(HocSource("/corpora/hoc"), TableSource("/a/b.xlsx", "abstract", "labels")),
    judged=(CorrectionsSource("/corrections.jsonl"),),
    transfer="/passages.jsonl",
    device="cuda",
)
BEGUN = RunStarted(1, 0, "cpu")


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 30, 10, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    return AppPaths(tmp_path / "resources", tmp_path / "data", tmp_path / "c", tmp_path / "l")


@pytest.fixture
def runs(paths: AppPaths) -> TrainingRuns:
    return TrainingRuns(paths, now=Clock())


@pytest.fixture
def run(runs: TrainingRuns) -> RunFolder:
    return runs.create(REQUEST, administrator=open_door(), title=" Our first ")


def tell(run: RunFolder, *events: Event) -> None:
    run.work.mkdir(exist_ok=True)
    lines = [to_line(Envelope(run.id, n, "now", event)) for n, event in enumerate(events, 1)]
    run.events.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@contextmanager
def held(run: RunFolder) -> Iterator[None]:
    """Let another process work in a run's folder."""
    run.work.mkdir(exist_ok=True)
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from trainer.process.work_folder import held_work_folder\n"
        "with held_work_folder(Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(run.work)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"held\n"
        yield
        process.stdin.close()
        process.wait(30)


def test_a_run_is_made_with_all_that_was_asked(runs: TrainingRuns, run: RunFolder) -> None:
    assert run.id == "20261130-100001-tiny"
    assert runs.read_request(run) == REQUEST
    assert request_from_json(request_to_json(REQUEST)) == REQUEST
    summary = runs.summary(run)
    assert (summary.title, summary.created_utc) == ("Our first", "2026-11-30T10:00:01+00:00")
    assert summary.state is RunState.INTERRUPTED
    assert summary.can_resume


def test_its_key_is_its_own_and_private(run: RunFolder) -> None:
    key = load_signing_key(run.private_key)
    assert load_trusted_keys(run.public_key.parent) == (key.public_key(),)
    if sys.platform != "win32":
        assert run.folder.stat().st_mode & 0o777 == 0o700
        for path in (run.private_key, run.request, run.about):
            assert path.stat().st_mode & 0o777 == 0o600, path.name


def test_runs_of_one_second_get_names_of_their_own(paths: AppPaths) -> None:
    runs = TrainingRuns(paths, now=lambda: datetime(2026, 11, 30, tzinfo=UTC))
    made = [runs.create(REQUEST, administrator=open_door()).id for _ in range(3)]
    assert made == ["20261130-000000-tiny", "20261130-000000-tiny-2", "20261130-000000-tiny-3"]


def test_a_locked_door_makes_no_run(paths: AppPaths, runs: TrainingRuns) -> None:
    administrator = open_door()
    administrator.lock()
    with pytest.raises(LockedError):
        runs.create(REQUEST, administrator=administrator)
    assert not paths.runs.exists()
    assert list(AuditLog(paths.audit).entries()) == []


def test_beginnings_and_endings_are_in_the_audit_log_by_id_alone(
    paths: AppPaths, runs: TrainingRuns, run: RunFolder
) -> None:
    runs.note_end(run, RunEnding(EndingKind.KILLED, "It was killed.", "Go on."))
    entries = [(entry.action, entry.details) for entry in AuditLog(paths.audit).entries()]
    assert entries == [
        (AuditAction.RUN_STARTED, (("run", run.id),)),
        (AuditAction.RUN_ENDED, (("run", run.id), ("ending", "killed"))),
    ]


def test_a_run_that_cannot_be_written_down_is_not_made(paths: AppPaths, runs: TrainingRuns) -> None:
    paths.data.mkdir(parents=True)
    paths.audit.write_text("in the way", encoding="utf-8")
    with pytest.raises(KdhError, match="audit log"):
        runs.create(REQUEST, administrator=open_door())
    assert runs.runs() == []


def test_reviewed_records_stay_for_another_try_where_a_run_could_not_be_made(
    paths: AppPaths, runs: TrainingRuns
) -> None:
    path = runs.new_reviewed_file()
    asked = replace(REQUEST, corpus=(CorrectionsSource(str(path)),))
    paths.audit.write_text("in the way", encoding="utf-8")
    with pytest.raises(KdhError, match="audit log"):
        runs.create(asked, administrator=open_door())
    assert path.exists()
    paths.audit.unlink()
    runs.create(asked, administrator=open_door())
    assert not path.exists()


def test_a_folder_that_cannot_be_written_to_is_told(paths: AppPaths, runs: TrainingRuns) -> None:
    paths.data.mkdir(parents=True)
    paths.runs.write_text("in the way", encoding="utf-8")
    with pytest.raises(TrainingError, match="cannot be written to"):
        runs.create(REQUEST, administrator=open_door())


def test_the_newest_run_comes_first(runs: TrainingRuns) -> None:
    made = [runs.create(REQUEST, administrator=open_door()) for _ in range(3)]
    assert [summary.run for summary in runs.runs()] == made[::-1]


@pytest.mark.parametrize(
    ("events", "ending", "state"),
    [
        ([], None, RunState.INTERRUPTED),
        ([BEGUN], None, RunState.INTERRUPTED),
        ([BEGUN], EndingKind.KILLED, RunState.INTERRUPTED),
        ([BEGUN], EndingKind.NO_MEMORY, RunState.INTERRUPTED),
        ([BEGUN], EndingKind.STOPPED, RunState.CANCELLED),
        ([BEGUN], EndingKind.NO_RESULT, RunState.FAILED),
        ([BEGUN, RunPaused()], None, RunState.INTERRUPTED),
        ([BEGUN, RunCancelled()], EndingKind.STOPPED, RunState.CANCELLED),
        ([BEGUN, RunCancelled(is_abandoned=True)], None, RunState.INTERRUPTED),
        ([BEGUN, RunFailed("No.", "Do.")], EndingKind.FAILED, RunState.FAILED),
        ([BEGUN, CandidateReady("tiny-1")], EndingKind.FINISHED, RunState.FAILED),
    ],
)
def test_a_run_that_nobody_works_on_says_how_it_ended(
    runs: TrainingRuns,
    run: RunFolder,
    events: list[Event],
    ending: EndingKind | None,
    state: RunState,
) -> None:
    if events:
        tell(run, *events)
    if ending is not None:
        runs.note_end(run, RunEnding(ending, "So.", "Do."))
    assert runs.summary(run).state is state


def test_a_finished_run_has_its_candidate_and_cannot_be_resumed(
    runs: TrainingRuns, run: RunFolder
) -> None:
    tell(run, BEGUN, CandidateReady("tiny-1"))
    run.candidate.mkdir()
    (run.candidate / "manifest.json").touch()
    summary = runs.summary(run)
    assert summary.state is RunState.FINISHED
    assert not summary.can_resume


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], RunState.STARTING),
        ([BEGUN], RunState.RUNNING),
        ([BEGUN, RunPaused()], RunState.PAUSED),
        ([BEGUN, RunCancelled()], RunState.STARTING),
    ],
)
def test_a_run_that_a_process_works_on_is_going_on(
    runs: TrainingRuns, run: RunFolder, events: list[Event], state: RunState
) -> None:
    if events:
        tell(run, *events)
    with held(run):
        assert runs.summary(run).state is state
        with pytest.raises(TrainingError, match="going on"):
            runs.delete(run)
        with pytest.raises(TrainingError, match="going on already"):
            runs.create(REQUEST, administrator=open_door())
    assert runs.summary(run).state is not state


def test_what_is_told_is_seen_when_the_file_has_grown(runs: TrainingRuns, run: RunFolder) -> None:
    assert runs.progress(run).seq == 0
    tell(run, BEGUN)
    assert runs.progress(run).seq == 1
    tell(run, BEGUN, RunPaused())
    assert runs.progress(run).seq == 2


@pytest.mark.parametrize("damage", ["request", "about", "events", "everything", "empty"])
def test_a_damaged_run_is_listed_and_can_be_deleted(
    runs: TrainingRuns, run: RunFolder, damage: str
) -> None:
    sound = runs.create(REQUEST, administrator=open_door())
    tell(run, BEGUN)
    if damage == "empty":
        for path in sorted(run.folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    for name, path in (("request", run.request), ("about", run.about), ("events", run.events)):
        if damage in {name, "everything"}:
            path.write_bytes(b"\x00\xff{" * 10 + b"\n")
    summaries = {summary.run: summary for summary in runs.runs()}
    assert set(summaries) == {run, sound}
    assert summaries[sound].problem is None
    damaged = summaries[run]
    assert (damaged.problem is None) == (damage == "about")
    assert damaged.can_delete
    runs.delete(run)
    assert [summary.run for summary in runs.runs()] == [sound]
    assert not run.folder.exists()


def test_work_folders_of_the_command_line_are_no_runs_of_ours(
    paths: AppPaths, runs: TrainingRuns, run: RunFolder
) -> None:
    (paths.runs / "hallmarks").mkdir()
    (paths.runs / "hallmarks" / "lock").touch()
    (paths.runs / "a file").touch()
    assert [summary.run for summary in runs.runs()] == [run]


def test_titles_can_be_changed(runs: TrainingRuns, run: RunFolder) -> None:
    runs.set_title(run, "With cardiology\n")
    summary = runs.summary(run)
    assert summary.title == "With cardiology"
    assert summary.created_utc


def test_room_on_the_disk_is_counted(runs: TrainingRuns, run: RunFolder) -> None:
    before = runs.size_bytes(run)
    run.work.mkdir()
    (run.work / "state").write_bytes(bytes(100_000))
    assert runs.size_bytes(run) >= before + 100_000


def test_a_past_run_can_be_asked_for_again(runs: TrainingRuns, run: RunFolder) -> None:
    assert runs.as_new(run) == REQUEST
    again = runs.create(runs.as_new(run), administrator=open_door())
    assert runs.read_request(again) == REQUEST


def test_reviewed_records_lie_in_the_run_until_they_are_no_longer_needed(
    paths: AppPaths, runs: TrainingRuns
) -> None:
    path = runs.new_reviewed_file()
    path.write_text('{"text": "A canary sang in the ward."}\n', encoding="utf-8")
    source = CorrectionsSource(str(path))
    asked = replace(REQUEST, corpus=(source, HocSource("/hoc")), judged=(source,))
    assert runs.used_reviewed(asked)
    run = runs.create(asked, administrator=open_door())
    kept = runs.read_request(run)
    (first, _), (judged,) = kept.corpus, kept.judged
    assert isinstance(first, CorrectionsSource)
    assert first == judged
    assert Path(first.path).parent == run.folder
    assert "canary" in Path(first.path).read_text(encoding="utf-8")
    if sys.platform != "win32":
        assert Path(first.path).stat().st_mode & 0o777 == 0o600
    assert not path.exists()
    runs.note_end(run, RunEnding(EndingKind.FINISHED, "So."))
    assert Path(first.path).exists(), "the candidate is still to be compared"
    runs.forget_reviewed(run)
    assert not Path(first.path).exists()
    assert not any(b"canary" in x.read_bytes() for x in paths.data.rglob("*") if x.is_file())
    assert runs.as_new(run) == replace(REQUEST, corpus=(HocSource("/hoc"),), judged=())


def test_copies_that_no_run_took_are_forgotten(paths: AppPaths, runs: TrainingRuns) -> None:
    taken, path = runs.new_reviewed_file(), runs.new_reviewed_file()
    asked = replace(REQUEST, corpus=(CorrectionsSource(str(taken)),))
    kept = runs.create(asked, administrator=open_door())
    runs.forget_planned()
    assert not path.exists()
    assert [x for x in paths.runs.iterdir() if x != kept.folder] == []
    assert len(list(kept.folder.glob("reviewed-*.jsonl"))) == 1, "the run's own"


def test_folders_half_made_are_swept_away(paths: AppPaths, runs: TrainingRuns) -> None:
    paths.runs.mkdir(parents=True)
    half = paths.runs / ".new-20261130-100000-tiny-1234"
    half.mkdir()
    kept = runs.create(REQUEST, administrator=open_door())
    runs.sweep()
    assert half.exists(), "this program's own"
    TrainingRuns(paths).sweep()
    assert [x for x in paths.runs.iterdir() if x != kept.folder] == []


def test_the_end_that_nobody_saw_is_noted_at_the_next_start(
    paths: AppPaths, runs: TrainingRuns, run: RunFolder
) -> None:
    tell(run, BEGUN)
    with held(run):
        TrainingRuns(paths).sweep()
        assert runs.summary(run).ending is None
    for _ in range(2):
        TrainingRuns(paths).sweep()
    summary = runs.summary(run)
    assert summary.state is RunState.INTERRUPTED
    assert summary.ending is not None
    assert "ended while the training went on" in summary.ending.message
    actions = [entry.action for entry in AuditLog(paths.audit).entries()]
    assert actions == [AuditAction.RUN_STARTED, AuditAction.RUN_ENDED]


def test_the_end_of_a_log_is_kept_short(runs: TrainingRuns, run: RunFolder) -> None:
    assert runs.log_tail(run) == ()
    run.work.mkdir()
    run.log.write_text("".join(f"line {n}\n" for n in range(10_000)), encoding="utf-8")
    tail = runs.log_tail(run)
    assert len(tail) == 500
    assert tail[-1] == "line 9999"


def test_an_unknown_field_in_a_request_is_told() -> None:
    raw = json.loads(request_to_json(REQUEST))
    with pytest.raises(TrainingError, match="unknown field colour"):
        request_from_json(json.dumps({**raw, "colour": "red"}))
