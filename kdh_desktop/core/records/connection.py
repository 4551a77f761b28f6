"""Connections to the encrypted database: one that writes, behind a lock, and some that read.

SQLCipher checks a keyed hash of every page it reads, so that a flipped bit is an error here, where
plain SQLite would hand it out as data.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlcipher3 import dbapi2 as sqlcipher

from kdh_desktop.core.errors import DamagedStoreError, StoreError
from kdh_desktop.core.memory import give_back_memory
from kdh_desktop.core.records.store_key import StoreKey

if TYPE_CHECKING:
    from sqlite3 import Connection  # sqlcipher3 ships no types, and has the same interface

_WRITER_CACHE_KIB = 32 * 1024
_READER_CACHE_KIB = 32 * 1024
_CHECKPOINT_PAGES = 8_000
_LOG_BYTES = 64 * 1024 * 1024
_MOST_IDLE_READERS = 3
_BUSY_TIMEOUT_S = 30.0

_CORRUPT, _NOT_A_DATABASE, _FULL, _READ_ONLY, _IO, _CANNOT_OPEN = 11, 26, 13, 8, 10, 14


def connect(path: Path | None, key: StoreKey | None, *, is_read_only: bool = False) -> Connection:
    """A connection that has been given the key; whether it fits shows with the first read.

    Args:
        path: The database; None for one in memory.
        key: None for one in memory.
        is_read_only: Whether no byte of the file may change.
    """
    name = ":memory:" if path is None else str(path.absolute())
    connection: Connection = sqlcipher.connect(
        _read_only_uri(path) if path is not None and is_read_only else name,
        uri=is_read_only,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_TIMEOUT_S,
    )
    if key is not None:
        connection.execute(f"PRAGMA key = \"x'{key.reveal_hex()}'\"")
    # SQLCipher writes what it finds on the error stream, a line for every page.
    connection.execute("PRAGMA cipher_log_level = NONE")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _read_only_uri(path: Path) -> str:
    """SQLite takes no host in a URI, so that a share's leading slashes stay in the path."""
    posix = path.absolute().as_posix()
    return f"file://{quote(posix if posix.startswith('/') else '/' + posix)}?mode=ro"


def _any_backup() -> str:
    return "Restore a backup of the records."


@contextmanager
def plain_words(offer: Callable[[], str] = _any_backup) -> Iterator[None]:
    """Turn errors of the database that are nobody's bug into sentences.

    Args:
        offer: Says what to do about damage.

    Raises:
        DamagedStoreError: Pages are not what was written.
        StoreError: The disk is full, cannot be read or cannot be written to.
    """
    try:
        yield
    except sqlcipher.Error as error:
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case code if code in (_CORRUPT, _NOT_A_DATABASE):
                raise DamagedStoreError(
                    "Part of the records on the disk is damaged: it is not what was written.",
                    offer(),
                ) from error
            case code if code == _FULL:
                raise disk_full() from error
            case code if code == _READ_ONLY:
                raise StoreError(
                    "The records cannot be written to.",
                    "Give your account the right to write to the program's data folder.",
                ) from error
            case code if code == _IO:
                raise StoreError(
                    "The disk did not read or write the records. What was saved before is kept.",
                    "Check that the disk is there and not full, and try again.",
                ) from error
            case code if code == _CANNOT_OPEN:
                raise StoreError(
                    "A file of the records cannot be opened.",
                    "Give your account all rights to the program's data folder, and see whether "
                    "anything else took the name of a file there.",
                ) from error
            case _:
                raise


def disk_full() -> StoreError:
    """What is said when the disk is full."""
    return StoreError(
        "The disk is full. The last change was not saved; everything before it was.",
        "Free some space on the disk, and try again.",
    )


class Database:
    """The connections of one open store; may be used by any number of threads.

    A database in memory has one connection for everything, so that its readers wait for its
    writer and for each other.
    """

    def __init__(
        self, path: Path | None, key: StoreKey | None, *, offer: Callable[[], str] = _any_backup
    ) -> None:
        """Open the writing connection.

        Args:
            path: The file; None for a database in memory.
            key: Its key; None for a database in memory.
            offer: Says what to do about damage.

        Raises:
            StoreError: It cannot be read with this key.
        """
        self._path = path
        self._key = key
        self._offer = offer
        self._write_lock = threading.RLock()
        self._readers_lock = threading.Lock()
        self._idle_readers: list[Connection] = []
        self._changes = 0
        self._is_closed = False
        self._writer = self._new_writer()

    def _new_writer(self) -> Connection:
        writer = connect(self._path, self._key)
        try:
            with plain_words(self._offer):
                if self._path is not None:
                    writer.execute("PRAGMA journal_mode = WAL")
                    writer.execute("PRAGMA synchronous = FULL")
                    writer.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
                    writer.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
                writer.execute("PRAGMA secure_delete = FAST")
                writer.execute(f"PRAGMA cache_size = -{_WRITER_CACHE_KIB}")
        except BaseException:
            writer.close()
            raise
        return writer

    def give_back_memory(self) -> None:
        """Let go of what much writing filled: pages, and the last values of each statement."""
        if self._path is None:
            return
        # Where no other can be had, the present one works on.
        with self._write_lock, suppress(StoreError, sqlcipher.Error):
            self._require_open()
            writer, self._writer = self._writer, self._new_writer()
            writer.close()
        give_back_memory()

    @property
    def change_counter(self) -> int:
        """How often what lists show has been written; rises, never falls."""
        return self._changes

    @contextmanager
    def writing(self, *, is_seen: bool = True) -> Iterator[Connection]:
        """One transaction: all of it is on the disk when the block ends, or nothing after an error.

        Args:
            is_seen: Whether lists may look different afterwards.

        Raises:
            StoreError: It cannot be written; nothing of it was.
        """
        with self._write_lock, plain_words(self._offer):
            self._require_open()
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # Some errors, such as a full disk, have rolled back already.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            self._changes += is_seen

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """The writing connection outside of a transaction, while nobody else writes.

        Raises:
            StoreError: The store cannot be read.
        """
        with self._write_lock, plain_words(self._offer):
            self._require_open()
            yield self._writer

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for this thread alone, which sees the store as it was when it first read.

        Do not keep it while others wait, e.g. across the steps of a generator.

        Raises:
            StoreError: The store cannot be read.
        """
        if self._path is None:
            with self._write_lock, plain_words(self._offer):
                self._require_open()
                yield self._writer
            return
        with plain_words(self._offer):
            reader = self._borrow()
            try:
                reader.execute("BEGIN")
                yield reader
            finally:
                self._give_back(reader)

    def _borrow(self) -> Connection:
        self._require_open()
        with self._readers_lock:
            if self._idle_readers:
                return self._idle_readers.pop()
        reader = connect(self._path, self._key)
        reader.execute("PRAGMA query_only = ON")
        reader.execute(f"PRAGMA cache_size = -{_READER_CACHE_KIB}")
        return reader

    def _give_back(self, reader: Connection) -> None:
        if reader.in_transaction:
            reader.execute("ROLLBACK")
        with self._readers_lock:
            if not self._is_closed and len(self._idle_readers) < _MOST_IDLE_READERS:
                self._idle_readers.append(reader)
                return
        reader.close()

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreError("The records are closed.", "Start the program again.")

    def close(self) -> None:
        """Close every connection; one that is still read with closes when it is given back."""
        with self._write_lock:
            if self._is_closed:
                return
            with self._readers_lock:
                self._is_closed = True
                readers, self._idle_readers = self._idle_readers, []
            for reader in readers:
                reader.close()
            try:
                self._writer.execute("PRAGMA optimize")
            except sqlcipher.Error:
                # What was written is safe; a disk that is full or gone must not keep us here.
                pass
            finally:
                self._writer.close()
