"""Where the key of a store lies: in the system's keyring, else in a file that only its owner reads.

A key is made once, for a store that is not there yet. A store whose key cannot be found is never
given a new one: its records could not be read again, and nobody would have been told.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from pathlib import Path

from filelock import FileLock, Timeout

from kdh_desktop.core.errors import StoreInUseError, WrongKeyError
from kdh_desktop.core.records.os_keyring import KeyringSilent, KeyVault, OsKeyring
from kdh_desktop.core.records.store_files import StoreFiles, replace_text
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.store_lock import unwritable_folder
from kdh_desktop.core.records.stored import StoreNotice

KEY_FILE_NOTICE = StoreNotice(
    "The records are encrypted, but their key lies in a file beside them, because this system has "
    "no keyring that could keep it.",
    "Whoever can read your files can read the records: encrypt the disk, or use an account that "
    "nobody else has.",
)

_KEYRING, _FILE = "keyring", "file"
_LOCK_WAIT_S = 10.0


def find_key(folder: Path, *, vault: KeyVault | None = None) -> StoreKey:
    """The key of the store in a folder; a new one where there is no store yet.

    May take as long as a person takes to unlock the keyring.

    Args:
        folder: Folder of the store; made where it is not there.
        vault: Where secrets are kept; None for the system's keyring.

    Returns:
        The key; its notices say where a person should know that it lies.

    Raises:
        WrongKeyError: There is a store, and its key is lost or cannot be had now.
        StoreInUseError: Another process has been looking for it for long.
        StoreError: The folder cannot be written to.
    """
    files = StoreFiles(folder)
    vault = vault or OsKeyring()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(files.key_lock, timeout=_LOCK_WAIT_S):
            place, entry = _read_place(files)
            if place == _KEYRING:
                return _from_keyring(vault, entry)
            if place == _FILE or files.key.exists():
                return _from_file(files)
            if files.is_store_known:
                raise _lost("Nothing says where the key of the records lies.")
            return _make(files, vault)
    except Timeout as error:
        raise StoreInUseError(
            "Another start of this program is opening the records.", "Try again in a moment."
        ) from error
    except OSError as error:
        raise unwritable_folder() from error


def _make(files: StoreFiles, vault: KeyVault) -> StoreKey:
    """A new key, in its place before anything is encrypted with it."""
    key, entry = StoreKey.new(), secrets.token_hex(8)
    try:
        vault.write(entry, key.reveal_hex())
        is_kept = vault.read(entry) == key.reveal_hex()
    except KeyringSilent:
        is_kept = False
    if is_kept:
        _write_place(files, _KEYRING, entry)
        return key
    replace_text(files.key, key.reveal_hex())
    _write_place(files, _FILE, "")
    return StoreKey.from_hex(key.reveal_hex(), notices=(KEY_FILE_NOTICE,))


def _from_keyring(vault: KeyVault, entry: str) -> StoreKey:
    try:
        found = vault.read(entry)
    except KeyringSilent as error:
        raise WrongKeyError(
            "The key of the records lies in the system's keyring, which does not answer.",
            "Unlock the keyring, or sign in to the desktop as usual, and start the program again.",
        ) from error
    if found is None:
        raise _lost("The key of the records is no longer in the system's keyring.")
    try:
        return StoreKey.from_hex(found)
    except ValueError:
        # Not `from`: the error's words could quote the key.
        raise _lost("The key of the records in the system's keyring is damaged.") from None


def _from_file(files: StoreFiles) -> StoreKey:
    try:
        text = files.key.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError as error:
        raise _lost("The key file of the records is missing.") from error
    if os.name != "nt" and stat.S_IMODE(files.key.stat().st_mode) & 0o077:
        # A backup or a copy may have brought it back with other rights.
        files.key.chmod(0o600)
    try:
        return StoreKey.from_hex(text, notices=(KEY_FILE_NOTICE,))
    except ValueError:
        raise _lost("The key file of the records is damaged.") from None


def _lost(what: str) -> WrongKeyError:
    return WrongKeyError(
        what,
        "Bring it back from a backup of this account: without it neither the records nor their own "
        "backups can be read. To begin anew, move the folder of the records away.",
    )


def _read_place(files: StoreFiles) -> tuple[str, str]:
    try:
        raw = json.loads(files.key_place.read_text(encoding="ascii", errors="replace"))
        return str(raw["place"]), str(raw["entry"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return "", ""


def _write_place(files: StoreFiles, place: str, entry: str) -> None:
    replace_text(files.key_place, json.dumps({"place": place, "entry": entry}))
