"""One process at a time has the record store open."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from kdh_desktop.core.errors import StoreError, StoreInUseError

LOCK_FILE = "records.lock"


class StoreLock:
    """The lock on a store's folder; the system lets go of it when the process ends."""

    def __init__(self, folder: Path) -> None:
        """Take the lock at once.

        Raises:
            StoreInUseError: Somebody else has it.
            StoreError: The folder cannot be written to.
        """
        # Opened in a job, closed on another thread: the lock belongs to the object, not a thread.
        self._lock = FileLock(folder / LOCK_FILE, timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise StoreInUseError(
                "The records are open in another window or command of this program.",
                "Close that one, or wait until it has finished, and try again.",
            ) from error
        except OSError as error:
            raise unwritable_folder() from error

    def release(self) -> None:
        """Let others open the store."""
        self._lock.release()


def unwritable_folder() -> StoreError:
    """What is said where the folder cannot be written to."""
    return StoreError(
        "The folder of the records cannot be written to.",
        "Give your account the right to write to the program's data folder, and try again.",
    )
