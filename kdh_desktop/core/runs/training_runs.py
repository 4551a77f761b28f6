"""The training runs of this installation, a folder each: what was asked, and what came of it.

A run's folder holds `request.json`, the run's own signing key, the trainer's work folder with
`events.jsonl`, and the candidate. The trainer is given the folder alone, so that no name of a
user's file stands in an argument list.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from kdh_desktop.core.access import Administrator
from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.durable_file import flush_folder, write_durably
from kdh_desktop.core.errors import KdhError, TrainingError
from kdh_desktop.core.json_values import build, parse_json, to_json_value
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.process_lock import is_held
from kdh_desktop.core.runs.reviewed_copies import ReviewedCopies
from kdh_desktop.core.runs.run_ending import (
    EndingKind,
    RunEnding,
    finished,
    keep_ending,
    kept_ending,
    lost_sight_of,
)
from kdh_desktop.core.runs.run_events import read_events
from kdh_desktop.core.runs.run_folder import (
    RunFolder,
    RunRequest,
    request_from_json,
    request_to_json,
)
from kdh_desktop.core.training_progress import RunProgress, RunState

__all__ = [
    "RunFolder",
    "RunRequest",
    "RunSummary",
    "TrainingRuns",
    "request_from_json",
    "request_to_json",
]

_MAX_TITLE = 200
_LOG_TAIL_BYTES = 200_000
_LOG_TAIL_LINES = 500
_NEW = ".new-"


@dataclass(frozen=True, slots=True)
class _About:
    created_utc: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run in the list.

    Attributes:
        run: Its folder.
        title: What somebody called it, or empty.
        created_utc: When it was made, ISO 8601; empty where that is damaged.
        state: What it is doing: by its own events, and by whether a process holds its folder.
        progress: Where it stands.
        request: What it was asked to do, or None where that cannot be read.
        ending: How its process ended the last time, or None.
        problem: What is wrong with its folder, or None; it can then be deleted only.
    """

    run: RunFolder
    title: str
    created_utc: str
    state: RunState
    progress: RunProgress
    request: RunRequest | None
    ending: RunEnding | None = None
    problem: KdhError | None = None

    def ended(self, progress: RunProgress, ending: RunEnding) -> RunSummary:
        """The run once its process has ended, as a look at its folder would show it.

        Args:
            progress: Where it stood.
            ending: How its process ended.
        """
        state = _state(self.run, progress, ending, is_going_on=False)
        return replace(self, state=state, progress=progress, ending=ending)

    @property
    def can_resume(self) -> bool:
        """Whether it can go on from its last checkpoint."""
        return self.request is not None and self.problem is None and self.state.is_resumable

    @property
    def can_delete(self) -> bool:
        """Whether nothing works in its folder."""
        return self.state.is_over


class TrainingRuns:
    """The runs of an installation.

    Args:
        paths: Folders of the installation.
        now: The time.
    """

    def __init__(
        self, paths: AppPaths, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._folder = paths.runs
        self._audit = AuditLog(paths.audit)
        self._now = now
        self._copies = ReviewedCopies(paths.runs)
        self._begun: set[str] = set()
        self._folded: dict[Path, tuple[tuple[int, int], RunProgress]] = {}

    def create(
        self, request: RunRequest, *, administrator: Administrator, title: str = ""
    ) -> RunFolder:
        """Make the folder of a new run, with a key of its own, and note its start for the audit.

        Copies of reviewed records that `new_reviewed_file` named are put into it; where it comes to
        nothing they stay, for another try.

        Args:
            request: What is asked.
            administrator: The open door.
            title: What to call it in the list; may be empty.

        Raises:
            LockedError: The door is locked.
            TrainingError: Another run is going on, or the folder cannot be written to.
            KdhError: The audit log cannot be written.
        """
        _ = administrator.key  # the check itself: whoever has no open door has no key
        self.refuse_second()
        created = self._now()
        run = RunFolder(self._folder / self._new_id(created, request.config.name))
        self._begun.add(run.id)
        try:
            self._make(run, request, _About(created.isoformat(timespec="seconds"), title.strip()))
        except OSError as error:
            raise _unwritable() from error
        try:
            self.note_start(run)
        except KdhError:
            shutil.rmtree(run.folder, ignore_errors=True)
            raise
        self._copies.let_go(request)
        return run

    def note_start(self, run: RunFolder) -> None:
        """Note in the audit log that a run starts or goes on; how it ended before is forgotten.

        Raises:
            KdhError: The audit log cannot be written; the run must then not start.
        """
        self._begun.add(run.id)
        self._audit.write(AuditAction.RUN_STARTED, run=run.id)
        run.ending.unlink(missing_ok=True)

    def note_end(self, run: RunFolder, ending: RunEnding) -> None:
        """Keep how a run ended, and note it in the audit log.

        Copies of reviewed records stay: those that were held out are wanted again when the
        candidate is compared. `forget_reviewed` deletes them once it is in force.
        """
        if run.folder.is_dir():
            with suppress(OSError):
                keep_ending(run.ending, ending)
        with suppress(KdhError):
            self._audit.write(AuditAction.RUN_ENDED, run=run.id, ending=ending.kind.value)

    def refuse_second(self) -> None:
        """See that no run of this installation is going on.

        Raises:
            TrainingError: One is.
        """
        if any(is_held(run.lock) for run in self._all()):
            raise TrainingError(
                "Another training is going on already.", "Wait until it ends, or stop it."
            )

    def read_request(self, run: RunFolder) -> RunRequest:
        """What a run was asked to do.

        Raises:
            TrainingError: It cannot be read.
        """
        try:
            text = run.request.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TrainingError(
                "What the run was asked to do is missing or damaged.",
                "Delete this run and start another one.",
            ) from error
        return request_from_json(text)

    def runs(self) -> list[RunSummary]:
        """All runs, the newest first; a damaged one is among them, with its problem."""
        return [self.summary(run) for run in sorted(self._all(), key=lambda x: x.id, reverse=True)]

    def summary(self, run: RunFolder) -> RunSummary:
        """One run as the list shows it."""
        request, problem = self._request_or_problem(run)
        about = _read_about(run)
        progress, is_readable = self._progress_or_none(run)
        if not is_readable and problem is None:
            problem = TrainingError(
                "What this run told cannot be read.", "Delete it and start another one."
            )
        ending = kept_ending(run.ending)
        return RunSummary(
            run=run,
            title=about.title,
            created_utc=about.created_utc,
            state=_state(run, progress, ending, is_going_on=is_held(run.lock)),
            progress=progress,
            request=request,
            ending=ending,
            problem=problem,
        )

    def progress(self, run: RunFolder) -> RunProgress:
        """Where a run stands, folded from its events; nothing where it told nothing yet.

        Raises:
            TrainingError: They cannot be read.
        """
        progress, is_readable = self._progress_or_none(run)
        if not is_readable:
            raise TrainingError(
                "What this run told cannot be read.", "Delete it and start another one."
            )
        return progress

    def set_title(self, run: RunFolder, title: str) -> None:
        """Call a run something else.

        Raises:
            TrainingError: The folder cannot be written to.
        """
        try:
            _write_about(run, replace(_read_about(run), title=title.strip()[:_MAX_TITLE]))
        except OSError as error:
            raise _unwritable() from error

    def delete(self, run: RunFolder) -> None:
        """Delete a run with all that it made.

        Raises:
            TrainingError: It is going on, or its folder cannot be deleted.
        """
        if is_held(run.lock):
            raise TrainingError("This run is going on.", "Stop it first.")
        self._folded.pop(run.events, None)
        # Renamed first, so that no half of a run is listed, however far the deletion comes.
        doomed = run.folder.with_name(f"{_NEW}deleted-{run.id}-{secrets.token_hex(4)}")
        try:
            run.folder.rename(doomed)
            shutil.rmtree(doomed)
        except FileNotFoundError:
            return
        except OSError as error:
            raise TrainingError(
                "The run's folder cannot be deleted.",
                "Close programs that have files of it open, and try again.",
            ) from error

    def size_bytes(self, run: RunFolder) -> int:
        """Room that a run takes on the disk."""
        total = 0
        for path in run.folder.rglob("*"):
            with suppress(OSError):
                total += path.lstat().st_size
        return total

    def log_tail(self, run: RunFolder) -> tuple[str, ...]:
        """The last lines that a run's process wrote beside its events."""
        try:
            with run.log.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - _LOG_TAIL_BYTES))
                text = file.read().decode("utf-8", errors="replace")
        except OSError:
            return ()
        return tuple(text.splitlines()[-_LOG_TAIL_LINES:])

    def as_new(self, run: RunFolder) -> RunRequest:
        """The request of a past run, to be started again as a new one.

        Copies of reviewed records that the run had for itself are left out: they are deleted when
        a run has finished, and are to be made anew. `used_reviewed` says whether there were any.

        Raises:
            TrainingError: It cannot be read.
        """
        return self._copies.left_out_of(self.read_request(run))

    def used_reviewed(self, request: RunRequest) -> bool:
        """Whether a request names a copy of reviewed records that we made."""
        return any(self._copies.is_copy(x) for x in (*request.corpus, *request.judged))

    def new_reviewed_file(self) -> Path:
        """An empty file, in a folder that others cannot read, for reviewed records to learn from.

        Whoever plans a run exports them there (`export_corrections`) and names it in a
        `CorrectionsSource`; `create` puts it into the run's folder. What no run took is deleted
        by `forget_planned`.

        Raises:
            TrainingError: The folder cannot be written to.
        """
        try:
            return self._copies.new_file()
        except OSError as error:
            raise _unwritable() from error

    def forget_reviewed(self, run: RunFolder) -> None:
        """Delete the copies of reviewed records in a run's folder: nobody needs them any more."""
        self._copies.forget(run)

    def forget_planned(self) -> None:
        """Delete the copies of reviewed records that no run took: whoever planned one is gone."""
        self._copies.sweep()

    def sweep(self) -> None:
        """Clear up after a program that was killed, before any run of this one.

        Folders half made are deleted; that its run ended is noted.
        """
        if self._begun:
            return
        for left in self._folder.glob(f"{_NEW}*"):
            shutil.rmtree(left, ignore_errors=True)
        for run in self._all():
            if not run.ending.exists() and not is_held(run.lock):
                state = self.summary(run).state
                self.note_end(run, finished() if state is RunState.FINISHED else lost_sight_of())

    def _all(self) -> list[RunFolder]:
        try:
            folders = [path for path in self._folder.iterdir() if path.is_dir()]
        except OSError:
            return []
        # What has a lock of its own is the work folder of a training from the command line.
        return [
            RunFolder(path)
            for path in folders
            if not path.name.startswith(".") and not (path / "lock").exists()
        ]

    def _new_id(self, created: datetime, name: str) -> str:
        wanted = f"{created:%Y%m%d-%H%M%S}-{name}"
        number = 2
        found = wanted
        while (self._folder / found).exists():
            found, number = f"{wanted}-{number}", number + 1
        return found

    def _make(self, run: RunFolder, request: RunRequest, about: _About) -> None:
        """Make a run's folder beside its place, and put it there whole."""
        from kdh_desktop.core.classification.signing import create_signing_key

        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        staged = RunFolder(run.folder.with_name(f"{_NEW}{run.id}-{secrets.token_hex(4)}"))
        staged.folder.mkdir(mode=0o700)
        try:
            staged.private_key.parent.mkdir(mode=0o700)
            create_signing_key(staged.private_key, staged.public_key)
            own = self._copies.put(request, into=staged.folder, as_of=run.folder)
            data = request_to_json(own).encode()
            write_durably(staged.request, data, mode=0o600)
            _write_about(staged, replace(about, title=about.title[:_MAX_TITLE]))
            staged.folder.rename(run.folder)
            flush_folder(self._folder)
        except BaseException:
            shutil.rmtree(staged.folder, ignore_errors=True)
            raise

    def _request_or_problem(self, run: RunFolder) -> tuple[RunRequest | None, KdhError | None]:
        try:
            return self.read_request(run), None
        except KdhError as error:
            return None, error

    def _progress_or_none(self, run: RunFolder) -> tuple[RunProgress, bool]:
        """Where a run stands, and whether what it told could be read."""
        try:
            status = run.events.stat()
            key = (status.st_mtime_ns, status.st_size)
            known = self._folded.get(run.events)
            if known is not None and known[0] == key:
                return known[1], True
            folded = read_events(run.events)
        except FileNotFoundError:
            return RunProgress(), True
        except OSError:
            return RunProgress(), False
        self._folded[run.events] = (key, folded.progress)
        return folded.progress, folded.progress.seq > 0 or not folded.strange


_INTERRUPTIONS = {EndingKind.KILLED, EndingKind.NO_MEMORY}


def _state(
    run: RunFolder, progress: RunProgress, ending: RunEnding | None, *, is_going_on: bool
) -> RunState:
    """What a run is doing, also where its process died without a word."""
    state = progress.state
    if is_going_on:
        return RunState.STARTING if state.is_over else state
    if state is RunState.FINISHED:
        return state if run.has_candidate else RunState.FAILED
    if state.is_over:
        return state
    if ending is None or ending.kind in _INTERRUPTIONS:
        return RunState.INTERRUPTED
    return RunState.CANCELLED if ending.kind is EndingKind.STOPPED else RunState.FAILED


def _read_about(run: RunFolder) -> _About:
    try:
        return build(_About, parse_json(run.about.read_text(encoding="utf-8")), "about")
    except (OSError, ValueError, TypeError):
        return _About(created_utc="")


def _write_about(run: RunFolder, about: _About) -> None:
    data = json.dumps(to_json_value(about), ensure_ascii=False).encode()
    write_durably(run.about, data, mode=0o600)


def _unwritable() -> TrainingError:
    return TrainingError(
        "The folder of the training runs cannot be written to.",
        "Make room on the disk, and see that the program's data folder can be written to.",
    )
