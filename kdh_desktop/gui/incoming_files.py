"""Files that somebody drops, pastes or names: which they are, before any of them is opened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData

MAX_FILES = 1_000
"""Files of one drop; who drops a whole disk did not mean to."""


@dataclass(frozen=True, slots=True)
class GivenFiles:
    """What a clipboard or a drop names.

    Attributes:
        paths: Local files and folders.
        has_network_files: Whether it names others, too, which are not opened.
    """

    paths: tuple[Path, ...]
    has_network_files: bool


def files_of(mime: QMimeData) -> GivenFiles | None:
    """The files that a clipboard or a drop names, or None where it holds no files.

    They are judged by their words alone: even asking whether a network share exists would send
    the user's name and a hash of the password to whoever runs it.
    """
    paths: list[Path] = []
    has_network_files = False
    for url in mime.urls():
        path = url.toLocalFile()
        if url.host() or path.startswith(("//", "\\\\")):
            has_network_files |= url.scheme() == "file"
        elif Path(path).is_absolute() and "\0" not in path:
            # Any other address would name a place below the folder that we were started in.
            paths.append(Path(path))
    is_any = bool(paths) or has_network_files
    return GivenFiles(tuple(paths), has_network_files) if is_any else None


def expand_folders(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files themselves, and those below the folders, hidden ones left out, each once.

    At most `MAX_FILES` and one more, by which the caller sees that there are too many. Links to
    folders are not followed, as they may go round in a circle. To be called in a job.
    """
    found: dict[Path, None] = {}
    for path in paths:
        for file in _files_below(path) if path.is_dir() else (path,):
            found[file] = None
            if len(found) > MAX_FILES:
                return tuple(found)
    return tuple(found)


def _files_below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        # `~$` marks what Office keeps beside a workbook that is open.
        for name in sorted(files):
            if not name.startswith((".", "~$")):
                yield Path(place, name)
