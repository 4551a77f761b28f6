"""The folder in which a run keeps what it has done, so that it can go on after a kill."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kdh_desktop.core.durable_file import write_durably
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.runs.process_lock import try_lock

CHECKPOINT_EVERY_S = 240.0
"""Longest time between two checkpoints; with the time a step takes it stays under 5 minutes."""

EVENTS = "events.jsonl"
_CLAIM = "run"
_CUT_SHORT = "cut-short"
_LOCK = "lock"
_TEMPORARY = "temporary"
_LOG = "log.txt"
_NOT_STAGES = {_LOCK, _TEMPORARY, _LOG, f"{_CLAIM}.part"}

_LOCK_PATIENCE_S = 1.0
_LOOK_AGAIN_S = 0.05


def claim_work_folder(work: Path, fingerprint: str) -> None:
    """Make a work folder this run's own, or take it up again.

    Args:
        work: The folder; made where there is none.
        fingerprint: What the run's stages depend on, in one line.

    Raises:
        TrainingError: It holds the stages of another configuration, corpus or encoder.
    """
    work.mkdir(parents=True, exist_ok=True)
    claim = work / _CLAIM
    # A run that failed before it had read its texts has told of it, and no more.
    if not claim.exists() and not _holds_more_than(work, {*_NOT_STAGES, EVENTS}):
        write_durably(claim, fingerprint.encode())
    elif not claim.exists() or claim.read_text(encoding="utf-8") != fingerprint:
        raise TrainingError(
            "The work folder holds the stages of another configuration, corpus or encoder.",
            "Begin a new training in a folder of its own, or go on with what the stages were made "
            "from.",
        )


def note_cut_short(work: Path) -> None:
    """Note for good that the run in the folder is to come to its end soon, with its best so far.

    To be called before anything is kept that came of that wish: it looks like any other.
    """
    if not is_cut_short(work):
        write_durably(work / _CUT_SHORT, b"")


def is_cut_short(work: Path) -> bool:
    """Whether some of what the folder holds may be less than was asked for."""
    return (work / _CUT_SHORT).exists()


def has_stages(work: Path) -> bool:
    """Whether a run has begun in the folder."""
    return _holds_more_than(work, _NOT_STAGES)


def _holds_more_than(work: Path, names: set[str]) -> bool:
    return work.is_dir() and any(path.name not in names for path in work.iterdir())


@contextmanager
def held_work_folder(work: Path) -> Iterator[None]:
    """Keep other processes out of a work folder, and temporary files of this one inside it.

    A killed process leaves its temporary files behind; the next one that works there deletes
    them.

    Raises:
        TrainingError: Another process works there, or the folder cannot be written to.
    """
    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = os.open(work / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise TrainingError(
            "The work folder cannot be written to.",
            "Make room on the disk, and see that the folder can be written to.",
        ) from error
    before = tempfile.tempdir
    try:
        if not _is_locked(lock):
            raise TrainingError(
                "Another training works in this work folder.",
                "Wait until it ends, or stop it.",
            )
        temporary = work / _TEMPORARY
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(exist_ok=True)
        tempfile.tempdir = str(temporary)
        yield
        shutil.rmtree(temporary, ignore_errors=True)
    finally:
        tempfile.tempdir = before
        os.close(lock)


def _is_locked(descriptor: int) -> bool:
    """Lock an open file for as long as it is open; False where another process has it."""
    until = time.monotonic() + _LOCK_PATIENCE_S
    # Whoever looks whether somebody works here has the lock for a moment.
    while not try_lock(descriptor):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_AGAIN_S)
    return True
