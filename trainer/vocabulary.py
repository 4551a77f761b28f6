"""A vocabulary for networks that are not pretrained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def prepare_vocabulary(
    texts: Sequence[str],
    folder: Path,
    *,
    pieces: int,
    embedding_size: int,
    pretrain_on: Sequence[str],
    seed: int,
) -> None:
    """Make a vocabulary."""
    raise NotImplementedError
