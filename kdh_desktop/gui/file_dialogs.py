"""The system's dialogs for files, opened without stopping the window behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget


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
        dialog = QFileDialog(parent, title, self._folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        return dialog

    def _taken(self, names: Sequence[str]) -> list[Path]:
        paths = [Path(name) for name in names]
        self._folder = str(paths[0].parent)
        return paths
