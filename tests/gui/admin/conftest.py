"""The door over a bare window, which opens at once; a guess takes no time here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from kdh_desktop.core.access import Access
from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.gui.admin.new_password_dialog import NewPasswordDialog
from kdh_desktop.gui.admin.recovery_key_dialog import RecoveryKeyDialog
from kdh_desktop.gui.admin.unlock_dialog import UnlockDialog
from kdh_desktop.gui.admin_door import AdminDoor
from kdh_desktop.gui.jobs import JobRunner
from kdh_desktop.gui.theme import Theme
from tests.gui.conftest import CHEAP, ChosenFiles, HeldExecutor, press

PASSWORD = "correct horse battery"
OTHER = "another long password"


@pytest.fixture
def bare(qtbot: QtBot, qapp: QApplication, paths: AppPaths) -> Iterator[QWidget]:
    """A window without pages."""
    theme = Theme(
        qapp, scheme=lambda: Qt.ColorScheme.Light, pictures=paths.resources / "icons" / "fields"
    )
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 600)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    yield window
    theme.deleteLater()


@pytest.fixture
def jobs() -> Iterator[JobRunner]:
    jobs = JobRunner()
    yield jobs
    jobs.close()


@pytest.fixture
def held() -> HeldExecutor:
    """Keeps the jobs of `held_door` back."""
    return HeldExecutor()


@pytest.fixture
def door(paths: AppPaths, jobs: JobRunner, chosen_files: ChosenFiles) -> AdminDoor:
    access = Access(paths.access, paths.site_keys, cost=CHEAP)
    return AdminDoor(paths, jobs, access=access, dialogs=chosen_files)


@pytest.fixture
def held_door(paths: AppPaths, held: HeldExecutor) -> AdminDoor:
    access = Access(paths.access, paths.site_keys, cost=CHEAP)
    return AdminDoor(paths, JobRunner(held), access=access)


@pytest.fixture
def recovery_key(paths: AppPaths) -> str:
    """A door that is set up, with this key."""
    return Access(paths.access, paths.site_keys, cost=CHEAP).set_up(PASSWORD)[1]


@pytest.fixture
def log(paths: AppPaths) -> AuditLog:
    return AuditLog(paths.audit)


def actions(log: AuditLog) -> list[AuditAction]:
    return [entry.action for entry in log.entries()]


def unlock_dialog(door: AdminDoor) -> UnlockDialog:
    assert isinstance(door.dialog, UnlockDialog)
    return door.dialog


def password_dialog(door: AdminDoor) -> NewPasswordDialog:
    assert isinstance(door.dialog, NewPasswordDialog)
    return door.dialog


def key_dialog(door: AdminDoor) -> RecoveryKeyDialog:
    assert isinstance(door.dialog, RecoveryKeyDialog)
    return door.dialog


def type_into(line: QLineEdit, words: str) -> None:
    line.clear()
    QTest.keyClicks(line, words)


def try_password(door: AdminDoor, password: str, qtbot: QtBot) -> None:
    """Type a password and press Enter, and wait until it was looked at."""
    dialog = unlock_dialog(door)
    type_into(dialog.password.line, password)
    press(dialog.password.line, "Return")
    qtbot.waitUntil(lambda: door.dialog is not dialog or not dialog.is_busy)


def open_door(door: AdminDoor, window: QWidget, qtbot: QtBot) -> None:
    """Open a door that is set up."""
    door.open_for(window, lambda _administrator: None)
    try_password(door, PASSWORD, qtbot)
    assert door.is_open


def file_modes(path: Path) -> int:
    return path.stat().st_mode & 0o777
