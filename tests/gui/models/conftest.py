"""The real program with the door set up, tiny models, and runs that have ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from kdh_desktop.core.access import Access
from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.run_folder import RunFolder
from kdh_desktop.gui.admin.unlock_dialog import UnlockDialog
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.models.models_page import ModelsPage
from tests.data.tiny_bundle import make_tiny_bundle
from tests.data.tiny_run import make_tiny_run
from tests.gui.conftest import CHEAP, press

PASSWORD = "correct horse battery"

MakeModel = Callable[..., Path]
MakeRun = Callable[..., RunFolder]


@pytest.fixture(autouse=True)
def one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children measure the speed in one short round."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def door_set_up(paths: AppPaths) -> None:
    Access(paths.access, paths.site_keys, cost=CHEAP).set_up(PASSWORD)


@pytest.fixture
def models(desktop: Desktop, qtbot: QtBot) -> ModelsPage:
    """The Models page, in front and filled."""
    desktop.window.go_to_page(3)
    page = desktop.window.models_page
    qtbot.waitUntil(lambda: page.board.seen is not None)
    return page


@pytest.fixture
def model(tmp_path: Path) -> MakeModel:
    """Makes a folder with a model that the tiny publisher signed."""
    return lambda name, **faults: make_tiny_bundle(
        tmp_path / "sources" / name, bundle_id=name, **faults
    )[0]


@pytest.fixture
def run(paths: AppPaths) -> MakeRun:
    """Makes a run that has ended."""
    return lambda name="one", **how: make_tiny_run(paths.runs / name, **how)


def give_password(desktop: Desktop, qtbot: QtBot, password: str = PASSWORD) -> None:
    """Type the administrator's password where it is asked for."""
    qtbot.waitUntil(lambda: isinstance(desktop.door.dialog, UnlockDialog))
    dialog = desktop.door.dialog
    assert isinstance(dialog, UnlockDialog)
    QTest.keyClicks(dialog.password.line, password)
    press(dialog.password.line, "Return")
    qtbot.waitUntil(lambda: desktop.door.dialog is None)


def click(button: QPushButton) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def actions(paths: AppPaths) -> list[AuditAction]:
    """What the audit log says was done."""
    return [entry.action for entry in AuditLog(paths.audit).entries()]
