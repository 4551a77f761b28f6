"""How a model comes in: written beside its place, on the disk, and then in one step.

One process at a time takes a model in, so that what is found half made there is of one that was
killed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from kdh_desktop.core.durable_file import flush_folder
from kdh_desktop.core.errors import ModelError

_PREFIX = ".new."
_LOCK_TIMEOUT_S = 10.0


@contextmanager
def staging_in(models: Path) -> Iterator[Path]:
    """A folder of one's own for as long as a model is taken in.

    What killed processes left is deleted first.

    Args:
        models: The folder of the models; made where it is missing.

    Raises:
        ModelError: Another process has been taking a model in for long.
        OSError: The folder cannot be written to.
    """
    models.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(models.with_suffix(".lock"), timeout=_LOCK_TIMEOUT_S):
            for left in models.glob(f"{_PREFIX}*"):
                shutil.rmtree(left, ignore_errors=True)
            staging = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=models))
            try:
                yield staging
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except Timeout as error:
        raise ModelError(
            "Another window or command of this program is taking a model in just now.",
            "Wait until it has finished, and try again.",
        ) from error


def put_in_place(fresh: Path, place: Path) -> None:
    """Give a model its name, instead of a damaged one that has it; also after a power cut.

    Args:
        fresh: The model, below the folder of `staging_in`; its files have reached the disk.
        place: Where it shall lie.

    Raises:
        OSError: The folder cannot be written to.
    """
    if place.exists():
        place.rename(fresh.with_name("damaged"))
    fresh.rename(place)
    flush_folder(place.parent)
