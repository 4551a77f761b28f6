"""Wrong secrets, counted on the disk, and the waits that grow with their number."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from kdh_desktop.core.durable_file import write_durably
from kdh_desktop.core.errors import AccessError, TooManyTriesError
from kdh_desktop.core.json_values import build, parse_json, require, to_json_value

FREE_TRIES = 5
"""Wrong passwords before the first wait."""

_FIRST_WAIT_S = 30.0
_LONGEST_WAIT_S = 3600.0
_LOCK_TIMEOUT_S = 10.0
_MOST_BYTES = 1024


@dataclass(frozen=True, slots=True)
class _Count:
    """What lies on the disk.

    Attributes:
        failures: Secrets that were tried since the last right one.
        tried_s: When the last one was tried, by the clock of `Access`.
    """

    failures: int
    tried_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what nobody can have counted."""
        require(self.failures >= 0, "failures", "is below zero")


class Tries:
    """Counts wrong secrets on the disk, and says how long to wait.

    Args:
        folder: Where the count lies.
        clock: Seconds since the computer was started.
        is_expected: Whether there is a password, so that there must be a count, too.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], float], *, is_expected: Callable[[], bool]
    ) -> None:
        self._file = folder / "tries.json"
        self._lock = FileLock(folder / "tries.lock", timeout=_LOCK_TIMEOUT_S)
        self._clock = clock
        self._is_expected = is_expected
        self._since = clock()

    @property
    def wait_s(self) -> float:
        """Seconds until the next try."""
        return self._wait_of(self._count())

    @property
    def left(self) -> int:
        """Wrong secrets that are free before a wait."""
        return max(0, FREE_TRIES - self._count().failures)

    @property
    def words(self) -> str:
        """What to do after a wrong secret."""
        if left := self.left:
            return f"Try again; {left} more {'try' if left == 1 else 'tries'} before a wait."
        return f"Try again in {int(self.wait_s) + 1} seconds."

    def begin(self) -> None:
        """Count a try before it is made.

        Raises:
            TooManyTriesError: The wait is not over.
            AccessError: The count cannot be written, so that nothing may be tried.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._lock:
                count = self._count()
                if (wait_s := self._wait_of(count)) > 0:
                    if count != self._read():
                        # So that a wait that begins with this process ends for the next one, too.
                        self._write(count)
                    raise TooManyTriesError(wait_s)
                self._write(_Count(count.failures + 1, self._clock()))
        except Timeout as error:
            raise AccessError(
                "Another window or command is at the administrator's door just now.",
                "Try again in a moment.",
            ) from error
        except OSError as error:
            raise unwritable() from error

    def forget(self) -> None:
        """The secret was right."""
        # Who has it must not be kept out by a full disk: a count that stays costs a wait later.
        with contextlib.suppress(OSError), self._lock:
            self._write(_Count(0, self._clock()))

    def _write(self, count: _Count) -> None:
        write_durably(self._file, json.dumps(to_json_value(count)).encode(), mode=0o600)

    def _count(self) -> _Count:
        """What counts, with a wait that begins with this process where no better is known."""
        # Whoever damaged or deleted it shall not gain by it.
        count = self._read() or _Count(FREE_TRIES, self._since)
        # A later moment than now was before the computer was started anew, and so was the try.
        return count if count.tried_s <= self._clock() else _Count(count.failures, self._since)

    def _read(self) -> _Count | None:
        """What lies on the disk, or None where that cannot be used."""
        try:
            if not self._file.exists():
                return None if self._is_expected() else _Count(0)
            if not self._file.is_file() or self._file.stat().st_size > _MOST_BYTES:
                return None
            return build(_Count, parse_json(self._file.read_text("utf-8")), "")
        except (OSError, TypeError, ValueError):
            return None

    def _wait_of(self, count: _Count) -> float:
        waited_s = self._clock() - count.tried_s
        return max(0.0, self._wait_after(count.failures) - waited_s)

    @staticmethod
    def _wait_after(failures: int) -> float:
        if failures < FREE_TRIES:
            return 0.0
        return float(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(failures - FREE_TRIES, 20)))


def unwritable() -> AccessError:
    """Why nothing can be done where nothing can be written."""
    return AccessError(
        "The program's data folder cannot be written to.",
        "Make room on the disk, and see that the folder is not read-only.",
    )
