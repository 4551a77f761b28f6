"""The administrator's menu, the sign and the log, in the real window."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.access import Access
from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.gui.admin.actions import AdminActions
from kdh_desktop.gui.admin.audit_dialog import AuditDialog
from kdh_desktop.gui.admin.lock_after_dialog import LockAfterDialog
from kdh_desktop.gui.admin.recovery_key_dialog import RecoveryKeyDialog
from kdh_desktop.gui.admin_door import AdminDoor
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.main_window import MainWindow
from tests.gui.admin.conftest import (
    OTHER,
    PASSWORD,
    actions,
    open_door,
    password_dialog,
    unlock_dialog,
)
from tests.gui.conftest import CHEAP, ChosenFiles, StartDesktop, press, press_in
from tests.gui.looks import rich_labels, unnamed


@pytest.fixture
def door(desktop: Desktop) -> AdminDoor:
    return desktop.door


@pytest.fixture
def admin(window: MainWindow) -> AdminActions:
    return window.admin


def read_audit(admin: AdminActions, qtbot: QtBot) -> AuditDialog:
    """The log, opened by its menu and read."""
    admin.audit_log.trigger()
    dialog = admin.dialog
    assert isinstance(dialog, AuditDialog)
    qtbot.waitUntil(lambda: bool(dialog.head.text()))
    return dialog


def test_the_whole_round_by_keys_alone(
    window: MainWindow, admin: AdminActions, door: AdminDoor, qtbot: QtBot, log: AuditLog
) -> None:
    """Set up, look at the log, choose a time, lock, unlock, lock: no mouse."""
    assert admin.switch.text() == "&Set up…"
    assert not admin.change_password.isEnabled()
    press_in(window, "Ctrl+Shift+L")
    first = password_dialog(door)
    qtbot.waitUntil(first.password.line.hasFocus)
    QTest.keyClicks(first.password.line, PASSWORD)
    for _ in range(2):
        press_in(first, "Tab")
    QTest.keyClicks(first.again.line, PASSWORD)
    press_in(first, "Return")
    qtbot.waitUntil(lambda: isinstance(door.dialog, RecoveryKeyDialog))
    shown = door.dialog
    assert isinstance(shown, RecoveryKeyDialog)
    qtbot.waitUntil(shown.print_button.hasFocus)
    for _ in range(3):
        press_in(shown, "Tab")
    press_in(shown, "Space")
    press_in(shown, "Tab")
    press_in(shown, "Space")
    assert admin.sign.isVisible()
    assert admin.switch.text() == "&Lock"
    admin.lock_after.trigger()
    ask = admin.dialog
    assert isinstance(ask, LockAfterDialog)
    qtbot.waitUntil(ask.spin.hasFocus)
    press_in(ask, "Down")
    press_in(ask, "Return")
    qtbot.waitUntil(lambda: admin.dialog is None)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    press_in(window, "Ctrl+Shift+L")
    assert not admin.sign.isVisible()
    qtbot.waitUntil(lambda: AuditAction.LOCKED in actions(log))
    press_in(window, "Ctrl+Shift+L")
    again = unlock_dialog(door)
    qtbot.waitUntil(again.password.line.hasFocus)
    QTest.keyClicks(again.password.line, PASSWORD)
    press_in(again, "Return")
    qtbot.waitUntil(lambda: door.is_open)
    assert window._settings.lock_after_min == 9


def test_the_log_is_shown_newest_first_with_whether_it_is_whole(
    window: MainWindow,
    admin: AdminActions,
    door: AdminDoor,
    recovery_key: str,
    log: AuditLog,
    qtbot: QtBot,
    chosen_files: ChosenFiles,
    tmp_path: Path,
) -> None:
    log.write(AuditAction.MODEL_INSTALLED, model="=cmd()", manifest_sha256="ab" * 32)
    open_door(door, window, qtbot)
    dialog = read_audit(admin, qtbot)
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
    assert [row[3] for row in dialog.table.rows.rows] == ["Unlocked", "Model installed"]
    assert "abababababab…" in str(dialog.table.rows.rows[1][4])
    assert "The log is whole: 2 entries" in dialog.verdict.text()
    assert dialog.head.text() == log.verify().head
    dialog.noted.setText(dialog.head.text()[:20])
    press(dialog.noted, "Return")
    qtbot.waitUntil(lambda: "head of entry 2" in dialog.words.text())
    dialog.noted.setText("f" * 64)
    dialog.check_button.click()
    qtbot.waitUntil(lambda: "No sound entry" in dialog.words.text())
    assert dialog.isVisible(), "Enter closes nothing"
    chosen_files.files = [tmp_path / "log.csv"]
    dialog.save_button.click()
    qtbot.waitUntil(lambda: dialog.words.text() == "Saved.")
    with (tmp_path / "log.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1][3] == "model_installed"
    assert rows[2][6] == log.verify().head
    door.lock()
    assert admin.dialog is None, "a lock closes the log, too"


def test_a_log_that_was_changed_is_said_to_be(
    window: MainWindow,
    admin: AdminActions,
    door: AdminDoor,
    recovery_key: str,
    log: AuditLog,
    paths: AppPaths,
    qtbot: QtBot,
) -> None:
    for number in range(4):
        log.write(AuditAction.EXPORTED, records=number)
    open_door(door, window, qtbot)
    file = paths.audit / "audit.jsonl"
    file.write_text(file.read_text().replace('"2"', '"9"'))
    dialog = read_audit(admin, qtbot)
    assert "Entry 3 is not what it was" in dialog.verdict.text()
    assert dialog.table.rows.rowCount() == 5


def test_the_log_asks_for_the_password_first(
    admin: AdminActions, door: AdminDoor, recovery_key: str
) -> None:
    admin.audit_log.trigger()
    assert admin.dialog is None
    assert unlock_dialog(door).isVisible()


def test_the_sign_locks(
    window: MainWindow, admin: AdminActions, door: AdminDoor, recovery_key: str, qtbot: QtBot
) -> None:
    open_door(door, window, qtbot)
    assert admin.sign.words.text() == "Administrator: open"
    admin.sign.lock_button.click()
    assert not door.is_open


def test_hiding_the_window_locks(
    window: MainWindow, door: AdminDoor, recovery_key: str, qtbot: QtBot, log: AuditLog
) -> None:
    open_door(door, window, qtbot)
    window.hide()
    assert not door.is_open
    window.show()
    qtbot.waitUntil(lambda: AuditAction.LOCKED in actions(log))
    assert dict(list(log.entries())[-1].details)["why"] == "hidden"


def test_closing_the_window_locks_and_is_written_down(
    start: StartDesktop, paths: AppPaths, qtbot: QtBot, log: AuditLog, recovery_key: str
) -> None:
    desktop = start()
    open_door(desktop.door, desktop.window, qtbot)
    administrator = desktop.door.administrator
    assert administrator is not None
    desktop.window.close()
    assert not administrator.is_open
    assert dict(list(log.entries())[-1].details)["why"] == "closed"


def test_a_lock_before_the_recovery_key_is_kept_is_told(
    window: MainWindow, door: AdminDoor, qtbot: QtBot
) -> None:
    door.open_for(window, lambda _administrator: None)
    dialog = password_dialog(door)
    dialog.password.line.setText(PASSWORD)
    dialog.again.line.setText(PASSWORD)
    dialog.send()
    qtbot.waitUntil(lambda: isinstance(door.dialog, RecoveryKeyDialog))
    door.lock()
    assert door.dialog is None
    assert "recovery key" in window.notices.messages["admin:key"]


def test_a_lock_that_cannot_be_written_down_is_told_and_locks(
    window: MainWindow, door: AdminDoor, recovery_key: str, paths: AppPaths, qtbot: QtBot
) -> None:
    open_door(door, window, qtbot)
    (paths.audit / "audit.jsonl").unlink()
    (paths.audit / "audit.jsonl").mkdir()
    door.lock()
    assert not door.is_open
    qtbot.waitUntil(lambda: "admin:log" in window.notices.messages)


def test_a_password_file_that_is_gone_is_said_to_be_before_another_is_set(
    window: MainWindow, admin: AdminActions, door: AdminDoor, recovery_key: str, paths: AppPaths
) -> None:
    (paths.access / "access.json").unlink()
    admin.switch.trigger()
    dialog = password_dialog(door)
    words = [label.text() for label in dialog.findChildren(type(window.model_label))]
    assert any("there was a password here before" in text for text in words)
    press(dialog, "Escape")


def test_a_password_of_another_window_opens_this_one(
    window: MainWindow, admin: AdminActions, door: AdminDoor, paths: AppPaths, qtbot: QtBot
) -> None:
    assert admin.switch.text() == "&Set up…"
    Access(paths.access, paths.site_keys, cost=CHEAP).set_up(OTHER)
    admin.switch.trigger()
    assert unlock_dialog(door).isVisible()


def test_dialogs_fit_a_small_screen(
    window: MainWindow, admin: AdminActions, door: AdminDoor, recovery_key: str, qtbot: QtBot
) -> None:
    open_door(door, window, qtbot)
    dialog = read_audit(admin, qtbot)
    assert dialog.width() <= 1280
    assert dialog.height() <= 720
    assert dialog.table.textElideMode() == Qt.TextElideMode.ElideRight
