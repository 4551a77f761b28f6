"""What the window remembers between starts: how it looks and what was read, never a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

_TARGETS = (50, 100)
_USUAL_TARGET = 95
LOCK_AFTER_MIN = range(1, 61)
"""Minutes that can be chosen; there is no way to leave the administrator's door open for good."""

_USUAL_LOCK_AFTER_MIN = 10
_COLUMN_KEY = re.compile(r"[a-z0-9_]{1,80}")
_COLUMN_WIDTH = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class KeptColumn:
    """A column of a table that a person chose.

    Attributes:
        key: What it shows, as a program names it: small letters, digits and underscores.
        width: In device-independent pixels.
    """

    key: str
    width: int


class Settings:
    """Typed doors to one settings file.

    There is no door for free words, so that no text of a user can end up in the file.
    """

    def __init__(self, folder: Path) -> None:
        self._file = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)

    @property
    def is_research_notice_read(self) -> bool:
        """Whether the user has confirmed that this is for research, not for diagnosis."""
        return bool(self._file.value("notices/research_use_read", defaultValue=False, type=bool))

    def keep_research_notice_read(self) -> None:
        """Remember that the notice was read, at once: a crash later must not bring it back."""
        self._file.setValue("notices/research_use_read", "true")
        self._file.sync()

    @property
    def is_key_notice_read(self) -> bool:
        """Whether the user knows that the key of the records lies in a file."""
        return bool(self._file.value("notices/key_file_read", defaultValue=False, type=bool))

    def keep_key_notice_read(self) -> None:
        """Remember that the notice about the key was read."""
        self._file.setValue("notices/key_file_read", "true")
        self._file.sync()

    @property
    def window_geometry(self) -> QByteArray:
        """Size and place of the main window; empty where there is none yet."""
        return self._bytes("window/geometry")

    @window_geometry.setter
    def window_geometry(self, state: QByteArray) -> None:
        self._file.setValue("window/geometry", state)

    def splitter(self, name: str) -> QByteArray:
        """State of one splitter; empty where there is none yet."""
        return self._bytes(f"splitters/{name}")

    def keep_splitter(self, name: str, state: QByteArray) -> None:
        """Remember the state of one splitter."""
        self._file.setValue(f"splitters/{name}", state)

    def columns(self, table: str) -> tuple[KeptColumn, ...]:
        """Columns of a table from left to right; none where nobody chose any yet."""
        kept = self._file.value(f"columns/{table}")
        found = []
        for entry in kept if isinstance(kept, list) else [kept]:
            key, _, width = str(entry).partition(":")
            if _COLUMN_KEY.fullmatch(key) and _COLUMN_WIDTH.fullmatch(width):
                found.append(KeptColumn(key, int(width)))
        return tuple(found)

    def keep_columns(self, table: str, columns: Sequence[KeptColumn]) -> None:
        """Remember the columns of a table; keys that could be a person's words are left out."""
        kept = [
            f"{column.key}:{column.width}"
            for column in columns
            if _COLUMN_KEY.fullmatch(column.key)
        ]
        self._file.setValue(f"columns/{table}", kept)

    def is_shown(self, part: str) -> bool:
        """Whether a part of a page that can be folded away is shown."""
        return self._file.value(f"shown/{part}", defaultValue="true") != "false"

    def keep_shown(self, part: str, *, is_shown: bool) -> None:
        """Remember whether a part of a page is shown."""
        self._file.setValue(f"shown/{part}", "true" if is_shown else "false")

    @property
    def accept_target(self) -> int:
        """How many of 100 decisions that are accepted without a look shall be right."""
        kept = str(self._file.value("review/accept_target", defaultValue=""))
        is_sound = kept.isascii() and kept.isdecimal() and int(kept[:4]) in range(*_TARGETS)
        return int(kept) if is_sound else _USUAL_TARGET

    @accept_target.setter
    def accept_target(self, target: int) -> None:
        self._file.setValue("review/accept_target", target)

    @property
    def lock_after_min(self) -> int:
        """Minutes without a key or the mouse after which the administrator's door is locked."""
        kept = str(self._file.value("administrator/lock_after_min", defaultValue=""))
        is_sound = kept.isascii() and kept.isdecimal() and int(kept[:4]) in LOCK_AFTER_MIN
        return int(kept) if is_sound else _USUAL_LOCK_AFTER_MIN

    @lock_after_min.setter
    def lock_after_min(self, minutes: int) -> None:
        if minutes in LOCK_AFTER_MIN:
            self._file.setValue("administrator/lock_after_min", minutes)

    def save(self) -> None:
        """Write everything to the file."""
        self._file.sync()

    def _bytes(self, key: str) -> QByteArray:
        # A settings file edited by hand may hold anything.
        value = self._file.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()
