"""What the window remembers between starts: how it looks and what was read, never a text."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings


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

    def save(self) -> None:
        """Write everything to the file."""
        self._file.sync()

    def _bytes(self, key: str) -> QByteArray:
        # A settings file edited by hand may hold anything.
        value = self._file.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()
