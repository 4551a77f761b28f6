"""Which file? Asked with the system's dialogs; tests answer in their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

PickTarget = Callable[[QWidget, str, str, str], str]
"""Asks for a file to write, by parent, title, suggestion and kinds; empty for none."""
PickFile = Callable[[QWidget, str, str], str]
"""Asks for a file to read, by parent, title and folder; empty for none."""


def pick_target(parent: QWidget, title: str, suggestion: str, kinds: str) -> str:
    """Ask where to save; the dialog asks before a file is replaced."""
    return QFileDialog.getSaveFileName(parent, title, suggestion, kinds)[0]


def pick_file(parent: QWidget, title: str, folder: str) -> str:
    """Ask which file to read."""
    return QFileDialog.getOpenFileName(parent, title, folder)[0]


def documents() -> Path:
    """The folder that this user's documents lie in."""
    kind = QStandardPaths.StandardLocation.DocumentsLocation
    return Path(QStandardPaths.writableLocation(kind))


@dataclass(slots=True)
class FilePicking:
    """Asks for files, and begins where the last one was; that is forgotten with the window.

    Attributes:
        ask_target: Asks for a file to write.
        ask_file: Asks for a file to read.
        folder: Where the last file was; None before the first.
    """

    ask_target: PickTarget = pick_target
    ask_file: PickFile = pick_file
    folder: Path | None = None

    def target(self, parent: QWidget, *, title: str, suggestion: Path, kinds: str) -> Path | None:
        """A file to write; a name without an ending gets that of the suggestion."""
        is_bare = suggestion.parent == Path()
        start = (self.folder or documents()) / suggestion if is_bare else suggestion
        name = self.ask_target(parent, title, str(start), kinds)
        if not name:
            return None
        path = Path(name)
        self.folder = path.parent
        return path if path.suffix else path.with_suffix(suggestion.suffix)

    def file(self, parent: QWidget, *, title: str) -> Path | None:
        """A file to read."""
        name = self.ask_file(parent, title, str(self.folder or documents()))
        if not name:
            return None
        self.folder = Path(name).parent
        return Path(name)
