"""Checkpoints that survive a kill: staged, hashed, renamed, and refused when damaged."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

_DIGEST_LENGTH = 64


class EpochCheckpoint:
    """The state of one training after its last whole epoch, in one file."""

    def __init__(self, path: Path) -> None:
        """Keep the checkpoint at `path`; the folder is made when first needed."""
        self._path = path

    def save(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        scheduler: torch.optim.lr_scheduler.LRScheduler,
        *,
        epochs_done: int,
    ) -> None:
        """Replace the checkpoint; at every moment either the old or the new one is whole."""
        state = {
            "epochs_done": epochs_done,
            "network": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": {"last_epoch": scheduler.last_epoch},
        }
        save_state(self._path, state)

    def restore(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        scheduler: torch.optim.lr_scheduler.LRScheduler,
    ) -> int:
        """Load the checkpoint where there is a whole one, and give the number of epochs done."""
        state = load_state(self._path)
        if state is None:
            return 0
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict({**scheduler.state_dict(), **state["scheduler"]})
        return int(state["epochs_done"])

    def remove(self) -> None:
        """Delete the checkpoint."""
        self._path.unlink(missing_ok=True)


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values to `path` by way of a temporary file.

    The file is the SHA-256 of the rest, in hexadecimal, and then the rest: one rename replaces
    both, so that no kill can part them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getvalue()
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        file.write(hashlib.sha256(data).hexdigest().encode() + data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load_state(path: Path) -> dict[str, Any] | None:
    """Read what `save_state` wrote, or None where it is missing or not whole."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, data = content[:_DIGEST_LENGTH], content[_DIGEST_LENGTH:]
    if hashlib.sha256(data).hexdigest().encode() != digest:
        return None
    state: dict[str, Any] = torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
    return state
