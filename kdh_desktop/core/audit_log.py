"""What was done to this installation, one line an entry, each chained to the one before it.

An entry's hash covers the hash of the entry before it. So nobody can change, drop or put in an
entry without every later hash being wrong, and whoever has noted the last hash, the head, sees
also when entries are missing at the end: reports print it.

Entries hold names of actions, ids and hashes of models, runs and files, and counts. Never a text,
a file name or a label of a record. Of a private session they tell only that something was taken in
or written out, and how much: not even hashes, which would tell somebody who has the file which it
was.

Where an entry cannot be written, what the administrator's door guards must not be done. Work of
users goes on, and they are told: see `audit_notes`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from kdh_desktop.core.account import account
from kdh_desktop.core.durable_file import append_durably
from kdh_desktop.core.errors import KdhError, VerificationError
from kdh_desktop.core.json_values import build, parse_json, to_json_value

_START = "0" * 64
_ENDING = 65_536
_LONGEST_DETAIL = 4_000
_LEAST_DIGITS = 12
_LOCK_TIMEOUT_S = 20.0


class AuditAction(StrEnum):
    """What is written down."""

    PASSWORD_SET = "password_set"  # noqa: S105 -- the name of an action
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    PASSWORD_RECOVERED = "password_recovered"  # noqa: S105
    UNLOCKED = "unlocked"
    CONFIRMED = "confirmed"
    UNLOCK_FAILED = "unlock_failed"
    LOCKED = "locked"
    IMPORTED = "imported"
    CORRECTED = "corrected"
    EXPORTED = "exported"
    RUN_STARTED = "run_started"
    RUN_ENDED = "run_ended"
    MODEL_INSTALLED = "model_installed"
    MODEL_EXPORTED = "model_exported"
    MODEL_REMOVED = "model_removed"
    ACTIVATED = "activated"
    GATE_OVERRULED = "gate_overruled"
    ROLLED_BACK = "rolled_back"
    KEY_TRUSTED = "key_trusted"
    KEY_REMOVED = "key_removed"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry.

    Attributes:
        number: Rising by one, from 1.
        utc: When, ISO 8601.
        actor: The account of the operating system.
        action: What was done.
        details: Ids, hashes and counts, by name.
        before: Hash of the entry before; zeros for the first.
        hash: Hash of all the above, hexadecimal SHA-256.
    """

    number: int
    utc: str
    actor: str
    action: AuditAction
    details: tuple[tuple[str, str], ...]
    before: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a look at the whole log found.

    Attributes:
        entries: How many entries there are.
        head: Hash of the last one; zeros for none.
        first_bad: Number of the line that is not what it was when it was written, or None.
    """

    entries: int
    head: str
    first_bad: int | None


class AuditLog:
    """The log of one installation; several processes may write to it.

    Args:
        folder: Where it lies.
        now: The time.
    """

    def __init__(
        self, folder: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._file = folder / "audit.jsonl"
        self._lock = FileLock(folder / "audit.lock", timeout=_LOCK_TIMEOUT_S)
        self._now = now

    def write(self, action: AuditAction, **details: str | int) -> AuditEntry:
        """Add an entry; it is on the disk when this returns.

        Args:
            action: What was done.
            details: Ids, hashes and counts; never a text, a file name or a label of a record.

        Raises:
            KdhError: It cannot be written; what was to be written down must then not be done.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._lock:
                entry = self._next(
                    action, tuple((k, str(v)[:_LONGEST_DETAIL]) for k, v in details.items())
                )
                append_durably(self._file, json.dumps(to_json_value(entry)))
        except Timeout as error:
            raise KdhError(
                "The audit log cannot be written: another process holds it.",
                "Close other windows and commands of the program, and try again.",
            ) from error
        except OSError as error:
            raise KdhError(
                "The audit log cannot be written.",
                "Make room on the disk, and see that the program's data folder can be written to.",
            ) from error
        return entry

    def entries(self) -> Iterator[AuditEntry]:
        """Every entry that can be read, in order.

        Raises:
            KdhError: The file cannot be read.
        """
        for line in self._lines():
            if (entry := _read(line)) is not None:
                yield entry

    def last(self, *actions: AuditAction) -> AuditEntry | None:
        """The last entry of one of some actions, or None.

        Raises:
            KdhError: The file cannot be read.
        """
        marks = [f'"{action}"' for action in actions]
        found: AuditEntry | None = None
        for line in self._lines():
            # Most lines are of imports and exports, and are not worth being read in full.
            if any(mark in line for mark in marks):
                entry = _read(line)
                if entry is not None and entry.action in actions:
                    found = entry
        return found

    def holds(self, head: str) -> int | None:
        """Where a head that somebody noted stands in the chain.

        Args:
            head: Hash as a report prints it, or its beginning of at least 12 digits.

        Returns:
            Number of the entry whose hash it is, 0 for the head of an empty log, or None where
            the log is not the one that it was noted from, or entries are missing.
        """
        wanted = "".join(head.split()).lower()
        if len(wanted) < _LEAST_DIGITS:
            return None
        if _START.startswith(wanted):
            return 0
        last_good = self.verify().entries
        for entry in self.entries():
            if entry.number > last_good:
                return None
            if entry.hash.startswith(wanted):
                return entry.number
        return None

    def verify(self) -> AuditReport:
        """Look at the whole chain.

        Raises:
            KdhError: The file cannot be read.
        """
        before, number = _START, 0
        for number, line in enumerate(self._lines(), start=1):
            entry = _read(line)
            is_sound = (
                entry is not None
                and entry.number == number
                and entry.before == before
                and entry.hash == _hash_of(entry)
            )
            if entry is None or not is_sound:
                return AuditReport(entries=number - 1, head=before, first_bad=number)
            before = entry.hash
        return AuditReport(entries=number, head=before, first_bad=None)

    def _lines(self) -> Iterator[str]:
        """All lines but one without an end: it is being written, or was never acknowledged."""
        try:
            with self._file.open(encoding="utf-8", errors="replace") as file:
                yield from (line for line in file if line.endswith("\n"))
        except FileNotFoundError:
            return
        except OSError as error:
            raise KdhError(
                "The audit log cannot be read.",
                "See that the program's data folder and the disk can be read.",
            ) from error

    def _next(self, action: AuditAction, details: tuple[tuple[str, str], ...]) -> AuditEntry:
        last = self._last()
        entry = AuditEntry(
            number=1 if last is None else last.number + 1,
            utc=self._now().isoformat(timespec="seconds"),
            actor=account(),
            action=action,
            details=details,
            before=_START if last is None else last.hash,
            hash="",
        )
        return replace(entry, hash=_hash_of(entry))

    def _last(self) -> AuditEntry | None:
        """The last entry, read from the end of the file.

        Raises:
            VerificationError: The end of the log is damaged.
        """
        try:
            with self._file.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _ENDING))
                lines = file.read().splitlines(keepends=True)
        except FileNotFoundError:
            return None
        if lines and not lines[-1].endswith(b"\n"):
            # Cut while it was written, by a kill or a power cut: it was never acknowledged.
            _cut_off(self._file, len(lines.pop()))
        if not lines:
            return None
        last = _read(lines[-1].decode("utf-8", errors="replace"))
        if last is None:
            raise VerificationError(
                "The end of the audit log is damaged.",
                "Keep the file for your security officer, and move it out of the data folder.",
            )
        return last


def _read(line: str) -> AuditEntry | None:
    try:
        return build(AuditEntry, parse_json(line), "audit")
    except (TypeError, ValueError):
        return None


def _hash_of(entry: AuditEntry) -> str:
    content = json.dumps(to_json_value(replace(entry, hash="")), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _cut_off(path: Path, size: int) -> None:
    with path.open("rb+") as file:
        file.truncate(path.stat().st_size - size)
