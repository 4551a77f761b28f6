"""What lies where in the folder of a store."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kdh_desktop.core.records.store_key import StoreKey


@dataclass(frozen=True, slots=True)
class StoreFiles:
    """Files of one store.

    Attributes:
        folder: Where they lie.
    """

    folder: Path

    @property
    def database(self) -> Path:
        """The encrypted database."""
        return self.folder / "records.db"

    @property
    def log(self) -> Path:
        """Its write-ahead log, which holds the latest writes."""
        return self.folder / "records.db-wal"

    @property
    def index(self) -> Path:
        """The log's index, which holds no content."""
        return self.folder / "records.db-shm"

    @property
    def new_database(self) -> Path:
        """A database that is made, until it is whole."""
        return self.folder / "records.db.new"

    @property
    def mark(self) -> Path:
        """By what the key is known again; says that there is a store, too."""
        return self.folder / "records.mark"

    @property
    def key(self) -> Path:
        """The key, where the system has no keyring for it."""
        return self.folder / "records.key"

    @property
    def key_place(self) -> Path:
        """Where the key lies."""
        return self.folder / "key-place.json"

    @property
    def key_lock(self) -> Path:
        """Held while the key is looked for or made."""
        return self.folder / "key.lock"

    @property
    def backups(self) -> Path:
        """Folder of the backups."""
        return self.folder / "backups"

    @property
    def is_database_there(self) -> bool:
        """Whether there is a database with content."""
        return self.database.is_file() and self.database.stat().st_size > 0

    @property
    def is_store_known(self) -> bool:
        """Whether anything says that there is, or was, a store."""
        return self.is_database_there or self.mark.exists() or any(self.backups.glob("*.db"))

    @property
    def last_written(self) -> float:
        """When the database or its log was last written to, in seconds since 1970."""
        times = [file.stat().st_mtime for file in (self.database, self.log) if file.exists()]
        return max(times, default=0.0)

    def write_mark(self, key: StoreKey) -> None:
        """Keep by what the key is known again."""
        replace_text(self.mark, key.mark)

    def read_mark(self) -> str | None:
        """By what the store's key is known; None where that is not there or cannot be read."""
        try:
            return self.mark.read_text(encoding="ascii", errors="replace").strip() or None
        except OSError:
            return None


def replace_text(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a small file so that it is there whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make sure that new names in a folder outlast a power cut, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
