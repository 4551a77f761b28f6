"""The folder in which a run keeps what it has done, so that it can go on after a kill."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kdh_desktop.core.durable_file import write_durably
from kdh_desktop.core.errors import TrainingError

CHECKPOINT_EVERY_S = 240.0
"""Longest time between two checkpoints; with the time a step takes it stays under 5 minutes."""

EVENTS = "events.jsonl"
_CLAIM = "run"
_LOCK = "lock"
_TEMPORARY = "temporary"


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
    if not claim.exists() and not has_stages(work):
        write_durably(claim, fingerprint.encode())
    elif not claim.exists() or claim.read_text(encoding="utf-8") != fingerprint:
        raise TrainingError(
            "The work folder holds the stages of another configuration, corpus or encoder.",
            "Name a new work folder, or go on with what the stages were made from.",
        )


def has_stages(work: Path) -> bool:
    """Whether a run has begun in the folder."""
    if not work.is_dir():
        return False
    not_of_a_run = {_LOCK, _TEMPORARY, f"{_CLAIM}.part"}
    return any(path.name not in not_of_a_run for path in work.iterdir())


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
            "The work folder cannot be written to.", "Name another one with --work."
        ) from error
    before = tempfile.tempdir
    try:
        if not _is_locked(lock):
            raise TrainingError(
                "Another training works in this work folder.",
                "Wait until it ends, or name another folder with --work.",
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
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
