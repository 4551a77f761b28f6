"""Checkpoints that survive a kill: staged, hashed, renamed, and refused when damaged."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import torch

from kdh_desktop.core.errors import TrainingError
from trainer.process.durable import read_hashed, write_hashed

_BOUNDARY_SHARE = 8


class Checkpoint:
    """The state of one training in the course of its work, and the one before that.

    Each is read again after it was written, before the older one gives way: at every moment there
    is a whole one, however the process ends.
    """

    def __init__(self, path: Path, *, every_s: float = 0.0) -> None:
        """Keep the newest state at `path`.

        Args:
            path: Of the newest state; the older one lies beside it.
            every_s: Longest time between two states while there is something to keep.
        """
        self._path = path
        self._older = path.with_name(path.name + ".older")
        self._every_s = every_s
        self._saved_at = time.monotonic()

    def is_due(self, *, is_boundary: bool = False) -> bool:
        """Whether a state shall be saved now; at the end of an epoch sooner than inside one."""
        every_s = self._every_s / _BOUNDARY_SHARE if is_boundary else self._every_s
        return time.monotonic() - self._saved_at >= every_s

    def save(self, state: dict[str, Any]) -> None:
        """Put `state` in the place of the newest one.

        Raises:
            TrainingError: What was written does not come back as it was.
        """
        fresh = self._path.with_name(self._path.name + ".new")
        save_state(fresh, state)
        if read_hashed(fresh) is None:
            raise TrainingError(
                "A checkpoint could not be read back from the disk.",
                "Check the disk, or begin a new training on another one.",
            )
        if self._path.exists():
            self._path.replace(self._older)
        fresh.replace(self._path)
        self._saved_at = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """The newest whole state, or None; a damaged one is deleted."""
        for path in (self._path, self._older):
            state = load_state(path)
            if state is not None:
                return state
            path.unlink(missing_ok=True)
        return None

    def remove(self) -> None:
        """Delete the states, and what a kill left of one that was being written."""
        for ending in ("", ".older", ".new", ".new.part"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values to `path`, whole or not at all."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_hashed(path, buffer.getvalue())


def load_state(path: Path) -> dict[str, Any] | None:
    """Read what `save_state` wrote, or None where it is missing or not whole."""
    data = read_hashed(path)
    if data is None:
        return None
    state: dict[str, Any] = torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
    return state
