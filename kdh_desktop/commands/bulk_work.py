"""Where `kdh bulk` keeps what it has done until the output is whole: an encrypted store of its own.

It lies in the program's data folder under a hash of the output's place, so that the user's records
are not touched and no copy of a text lies beside the output. It is deleted when the output is
there; what a killed command leaves is deleted after a month if nobody goes on with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import (
    DamagedStoreError,
    InputError,
    NewerStoreError,
    StoreError,
    StoreInUseError,
    WrongKeyError,
)
from kdh_desktop.core.paths import AppPaths

if TYPE_CHECKING:
    from kdh_desktop.core.records.import_batch import BatchSource
    from kdh_desktop.core.records.record_store import RecordStore
    from kdh_desktop.core.records.store_key import StoreKey

_KEPT_S = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class BulkWork:
    """A store that is thrown away when its command is done.

    Attributes:
        folder: Where it lies.
        store: The store, open.
        is_resumed: Whether it holds something of an earlier command.
    """

    folder: Path
    store: RecordStore
    is_resumed: bool

    def finish(self) -> None:
        """Close it and leave nothing of it behind."""
        self.store.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Close it and keep it for another command that goes on."""
        self.store.close()


def open_work(paths: AppPaths, output: Path, *, is_resuming: bool) -> BulkWork:
    """Open the store for one output.

    Args:
        paths: The installation.
        output: What the command will write.
        is_resuming: Whether to go on with what an earlier command left; else that is deleted.

    Raises:
        StoreInUseError: Another command is at work on the same output.
        StoreError: It cannot be opened; its words say why.
    """
    folder = work_folder(paths, output)
    _sweep(folder.parent)
    try:
        store = _open(paths, folder)
    except (DamagedStoreError, NewerStoreError, WrongKeyError) as error:
        if is_resuming:
            raise StoreError(
                f"What the earlier command left cannot be gone on with. {error.message}",
                "Begin again without --resume.",
            ) from error
        shutil.rmtree(folder, ignore_errors=True)
        store = _open(paths, folder)
    has_rows = bool(store.batches())
    if has_rows and not is_resuming:
        store.close()
        shutil.rmtree(folder, ignore_errors=True)
        return BulkWork(folder, _open(paths, folder), is_resumed=False)
    return BulkWork(folder, store, is_resumed=has_rows)


def work_folder(paths: AppPaths, output: Path) -> Path:
    """Folder of the store for one output; its name tells nothing of the output's."""
    # Not `Path.resolve`, which fails on a loop of links.
    place = hashlib.sha256(os.fsencode(os.path.realpath(output))).hexdigest()[:32]
    return paths.data / "bulk" / place


def require_same_inputs(store: RecordStore, sources: Sequence[BatchSource]) -> None:
    """Make sure that an earlier command read the same inputs in the same way.

    Raises:
        InputError: It did not.
    """
    earlier = [(one.source.sha256, one.source.plan) for one in store.batches()]
    now = [(source.sha256, source.plan) for source in sources]
    if earlier != now[: len(earlier)]:
        raise InputError(
            "The inputs, or how they are read, are not those of the command that was cut.",
            "Give the same inputs and options, or begin again without --resume.",
        )


def _open(paths: AppPaths, folder: Path) -> RecordStore:
    from kdh_desktop.core.records.record_store import RecordStore

    try:
        return RecordStore.open(folder, key=_key(paths, folder))
    except StoreInUseError as error:
        raise StoreInUseError(
            "Another command is at work on this output.",
            "Wait until it is done, or name another output.",
        ) from error


def _key(paths: AppPaths, folder: Path) -> StoreKey:
    """The key of the user's records, so that no key lies beside the work.

    Bulk work must not fail because that key is lost or locked away, so it can have one of its own.
    """
    from kdh_desktop.core.records.key_custody import find_key
    from kdh_desktop.core.records.store_files import StoreFiles

    if not StoreFiles(folder).key_place.exists():
        with contextlib.suppress(StoreError):
            return find_key(paths.records)
    return find_key(folder)


def _sweep(parent: Path) -> None:
    """Delete what nobody went on with for a month."""
    for left in parent.glob("*/"):
        with contextlib.suppress(OSError):
            times = [file.stat().st_mtime for file in left.iterdir()]
            if times and time.time() - max(times) > _KEPT_S:
                shutil.rmtree(left, ignore_errors=True)
