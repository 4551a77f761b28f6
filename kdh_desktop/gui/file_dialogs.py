"""The system's dialogs for files, opened without stopping the window behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

_QT = "QtProject"
"""Whose settings Qt's own dialog writes, for all programs of a user together."""
_FOLDERS_OF_QT = ("FileDialog/history", "FileDialog/lastVisited")
"""Where it notes the folders that somebody looked into, which may bear a patient's name."""


class FileDialogs:
    """Asks for files, and begins where the last one lay: in this session only, nowhere kept."""

    def __init__(self) -> None:
        self._folder = QStandardPaths.writableLocation(
            QStandardPaths.StandardLocation.DocumentsLocation
        )

    def ask_files(
        self, parent: QWidget, title: str, *, then: Callable[[Sequence[Path]], object]
    ) -> None:
        """Ask for files to read."""
        dialog = self._dialog(parent, title, QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: then(self._taken(names)))
        dialog.open()

    def ask_file(
        self, parent: QWidget, title: str, *, kinds: str, then: Callable[[Path], object]
    ) -> None:
        """Ask for one file to read."""
        dialog = self._dialog(parent, title, QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(kinds)
        dialog.fileSelected.connect(lambda name: then(self._taken([name])[0]))
        dialog.open()

    def ask_folder(self, parent: QWidget, title: str, *, then: Callable[[Path], object]) -> None:
        """Ask for a folder."""
        dialog = self._dialog(parent, title, QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: then(self._taken([name])[0]))
        dialog.open()

    def ask_target(
        self,
        parent: QWidget,
        title: str,
        *,
        suggestion: str,
        kinds: str,
        then: Callable[[Path], object],
    ) -> None:
        """Ask for a file to write; the dialog itself asks before one is replaced."""
        dialog = self._dialog(parent, title, QFileDialog.FileMode.AnyFile)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(kinds)
        # Added where the user types none, before the dialog looks whether the file is there.
        dialog.setDefaultSuffix(Path(suggestion).suffix.removeprefix("."))
        dialog.selectFile(suggestion)
        dialog.fileSelected.connect(lambda name: then(self._taken([name])[0]))
        dialog.open()

    def _dialog(self, parent: QWidget, title: str, mode: QFileDialog.FileMode) -> QFileDialog:
        before = {key: QSettings(_QT).value(key) for key in _FOLDERS_OF_QT}
        dialog = QFileDialog(parent, title, self._folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        # Qt writes as the dialog goes, and offers no way to have it leave that.
        dialog.destroyed.connect(partial(_put_back, before))
        dialog.setFileMode(mode)
        return dialog

    def _taken(self, names: Sequence[str]) -> list[Path]:
        paths = [Path(name) for name in names]
        self._folder = str(paths[0].parent)
        return paths


def _put_back(before: Mapping[str, object], _dialog: object = None) -> None:
    """Let Qt's settings say again what they said before a dialog was opened."""
    settings = QSettings(_QT)
    for key, value in before.items():
        if value is None:
            settings.remove(key)
        else:
            settings.setValue(key, value)
    settings.sync()
