"""The system's dialogs for files leave no trace of the folders that somebody looked into."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from kdh_desktop.gui.file_dialogs import FileDialogs


@pytest.fixture
def qt_folder(tmp_path: Path) -> Iterator[Path]:
    """Where Qt keeps its own settings."""
    usual = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    where = QSettings.Format.NativeFormat, QSettings.Scope.UserScope
    folder = tmp_path / "of Qt"
    QSettings.setPath(*where, str(folder))
    yield folder
    QSettings.setPath(*where, usual)


@pytest.mark.skipif(
    sys.platform in {"win32", "darwin"}, reason="Qt's settings cannot be put elsewhere there"
)
def test_folder_of_a_file_is_kept_in_no_settings(
    qt_folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    kept = QSettings("QtProject")
    kept.setValue("FileDialog/history", ["file:///older"])
    kept.sync()
    secret = tmp_path / "Quentin Example"
    secret.mkdir()
    (secret / "a.txt").touch()
    window = QWidget()
    chosen: list[Path] = []
    qtbot.addWidget(window)
    window.show()
    FileDialogs().ask_files(window, "Import", then=chosen.extend)
    dialog = window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setDirectory(str(secret))
    dialog.selectFile(str(secret / "a.txt"))
    dialog.accept()
    qtbot.waitUntil(lambda: window.findChild(QFileDialog) is None)
    assert chosen == [secret / "a.txt"]
    kept.sync()
    assert kept.value("FileDialog/history") == ["file:///older"]
    found = b"".join(file.read_bytes() for file in qt_folder.rglob("*") if file.is_file())
    assert b"FileDialog" in found
    assert b"Quentin" not in found
