"""Opening, confirming, changing and recovering, with the keys that a person presses."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QGuiApplication, QPageSize, QPdfWriter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from kdh_desktop.core.access import Access, Administrator, Cost
from kdh_desktop.core.audit_log import AuditAction, AuditLog
from kdh_desktop.core.errors import LockedError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.site_door import Place, SiteDoor
from kdh_desktop.gui.admin.key_paper import key_html, key_text, print_on
from kdh_desktop.gui.admin.recovery_key_dialog import RecoveryKeyDialog
from kdh_desktop.gui.admin.unlock_dialog import UnlockDialog
from kdh_desktop.gui.admin_door import AdminDoor
from kdh_desktop.gui.jobs import JobRunner
from tests.gui.admin.conftest import (
    OTHER,
    PASSWORD,
    actions,
    file_modes,
    key_dialog,
    open_door,
    password_dialog,
    try_password,
    type_into,
    unlock_dialog,
)
from tests.gui.conftest import CHEAP, ChosenFiles, HeldExecutor, press
from tests.gui.heartbeat import Heartbeat
from tests.gui.looks import rich_labels, unnamed


def test_the_first_time_a_password_is_set_and_its_recovery_key_is_shown_once(
    door: AdminDoor, bare: QWidget, qtbot: QtBot, log: AuditLog, paths: AppPaths
) -> None:
    opened: list[Administrator] = []
    door.open_for(bare, opened.append)
    dialog = password_dialog(door)
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
    qtbot.waitUntil(dialog.password.line.hasFocus)
    type_into(dialog.password.line, PASSWORD)
    press(dialog.password.line, "Tab")
    press(dialog.password.show_button, "Tab")
    assert dialog.again.line.hasFocus()
    QTest.keyClicks(dialog.again.line, PASSWORD)
    press(dialog.again.line, "Return")
    qtbot.waitUntil(lambda: isinstance(door.dialog, RecoveryKeyDialog))
    shown = key_dialog(door)
    assert unnamed(shown) == []
    assert rich_labels(shown) == []
    assert opened == [], "first the key is kept"
    key = shown.key_view.toPlainText().replace("\n", " ")
    assert [len(group) for group in key.split()] == [4] * 8
    press(shown, "Escape")
    assert door.dialog is shown, "it stays until somebody says that the key is kept"
    assert not shown.close_button.isEnabled()
    press(shown.kept_box, "Space")
    press(shown.close_button, "Space")
    assert opened == [door.administrator]
    assert door.is_open
    assert actions(log) == [AuditAction.PASSWORD_SET, AuditAction.UNLOCKED]
    Access(paths.access, paths.site_keys, cost=CHEAP).recover(key, OTHER)


@pytest.mark.parametrize(
    ("typed", "again", "told"),
    [
        ("", "", "fewer than 12"),
        ("short", "short", "fewer than 12"),
        ("123456789012", "123456789012", "counts on"),
        (PASSWORD, OTHER, "not the same"),
    ],
)
def test_a_password_that_will_not_do_is_sent_back(
    door: AdminDoor, bare: QWidget, qtbot: QtBot, typed: str, again: str, told: str
) -> None:
    door.open_for(bare, lambda _administrator: None)
    dialog = password_dialog(door)
    type_into(dialog.password.line, typed)
    type_into(dialog.again.line, again)
    press(dialog.again.line, "Return")
    assert told in dialog.message.text()
    assert not door.is_set_up


def test_it_is_said_while_typing_how_good_a_password_is(
    door: AdminDoor, bare: QWidget, qtbot: QtBot
) -> None:
    door.open_for(bare, lambda _administrator: None)
    dialog = password_dialog(door)
    said = [dialog.advice.text()]
    for words in ("elevenchars", "correct horse", "correct horse battery", "aaaaaaaaaaaaa"):
        type_into(dialog.password.line, words)
        said.append(dialog.advice.text())
    starts = ["At least 12", "Too short: one more", "Good enough", "Good: it is long", "Too easy"]
    assert all(one.startswith(start) for one, start in zip(said, starts, strict=True)), said


def test_a_password_can_be_shown_and_hidden(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot
) -> None:
    door.open_for(bare, lambda _administrator: None)
    field = unlock_dialog(door).password
    QTest.keyClicks(field.line, "xylophone")
    assert "xylophone" not in field.line.displayText()
    press(field.show_button, "Space")
    assert field.line.displayText() == "xylophone"
    assert field.show_button.accessibleName() == "Hide: Password"
    press(field.show_button, "Space")
    assert "xylophone" not in field.line.displayText()


def test_the_open_door_is_handed_on_at_once(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot
) -> None:
    open_door(door, bare, qtbot)
    opened: list[Administrator] = []
    door.open_for(bare, opened.append)
    assert opened == [door.administrator]
    assert door.dialog is None


def test_who_gives_up_opens_nothing(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot, log: AuditLog
) -> None:
    opened: list[Administrator] = []
    door.open_for(bare, opened.append)
    press(unlock_dialog(door), "Escape")
    assert door.dialog is None
    assert opened == []
    assert actions(log) == []


def test_wrong_passwords_are_told_with_how_many_are_left_and_then_a_wait(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot, log: AuditLog
) -> None:
    opened: list[Administrator] = []
    door.open_for(bare, opened.append)
    told = []
    for _ in range(4):
        try_password(door, OTHER, qtbot)
        told.append(unlock_dialog(door).message.text()[-2:])
        assert unlock_dialog(door).password.text == ""
    assert told == ["4.", "3.", "2.", "1."]
    try_password(door, OTHER, qtbot)
    dialog = unlock_dialog(door)
    assert dialog.is_waiting
    assert "30 s" in dialog.message.text()
    assert not dialog.password.isEnabled()
    dialog.send()
    assert not dialog.is_busy
    assert actions(log) == [AuditAction.UNLOCK_FAILED] * 5
    press(dialog, "Escape")
    door.open_for(bare, opened.append)
    assert unlock_dialog(door).is_waiting, "another dialog makes it no shorter"
    assert opened == []


def test_a_wait_is_counted_down_and_has_an_end(
    bare: QWidget, jobs: JobRunner, recovery_key: str, qtbot: QtBot, paths: AppPaths
) -> None:
    now = [1000.0]
    access = Access(paths.access, paths.site_keys, cost=CHEAP, clock=lambda: now[0])
    site_door = SiteDoor(access, AuditLog(paths.audit), place=Place.WINDOW)
    dialog = UnlockDialog(site_door, jobs, clock=lambda: now[0], parent=bare)
    dialog.open()
    for _ in range(5):
        dialog.password.line.setText(OTHER)
        dialog.send()
        qtbot.waitUntil(lambda: not dialog.is_busy)
    now[0] += 12
    qtbot.waitUntil(lambda: "18 s" in dialog.message.text())
    now[0] += 18
    qtbot.waitUntil(lambda: not dialog.is_waiting and dialog.accept_button.isEnabled())
    assert "again now" in dialog.message.text()
    dialog.password.line.setText(PASSWORD)
    with qtbot.waitSignal(dialog.opened):
        dialog.send()


@pytest.mark.stress  # it wants a machine that does nothing else
def test_the_window_stays_alive_while_a_slow_guess_is_computed(
    bare: QWidget, paths: AppPaths, jobs: JobRunner, qtbot: QtBot
) -> None:
    slow = Cost(iterations=2, lanes=2, memory_kib=128 * 1024)
    access = Access(paths.access, paths.site_keys, cost=slow)
    access.set_up(PASSWORD)
    door = AdminDoor(paths, jobs, access=access)
    opened: list[Administrator] = []
    door.open_for(bare, opened.append)
    dialog = unlock_dialog(door)
    dialog.password.line.setText(PASSWORD)
    heartbeat = Heartbeat()
    dialog.send()
    assert dialog.progress.isVisible()
    assert dialog.cancel_button.isEnabled()
    qtbot.waitUntil(lambda: bool(opened), timeout=60_000)
    heartbeat.stop()
    # Computed under the interpreter's lock, it would stand still for all of the guess.
    assert heartbeat.longest_ms < 250


def test_a_guess_that_is_given_up_opens_nothing(
    held_door: AdminDoor, held: HeldExecutor, bare: QWidget, recovery_key: str, log: AuditLog
) -> None:
    opened: list[Administrator] = []
    held_door.open_for(bare, opened.append)
    dialog = unlock_dialog(held_door)
    dialog.password.line.setText(PASSWORD)
    dialog.send()
    press(dialog, "Escape")
    assert held_door.dialog is None
    held.run_all()
    QApplication.processEvents()
    assert opened == []
    assert not held_door.is_open
    assert actions(log) == [AuditAction.UNLOCKED, AuditAction.LOCKED]


def test_a_password_that_is_given_up_in_time_is_not_set(
    held_door: AdminDoor, held: HeldExecutor, bare: QWidget, log: AuditLog
) -> None:
    held_door.open_for(bare, lambda _administrator: None)
    dialog = password_dialog(held_door)
    dialog.password.line.setText(PASSWORD)
    dialog.again.line.setText(PASSWORD)
    dialog.send()
    press(dialog, "Escape")
    held.run_all()
    assert held_door.dialog is None
    assert not held_door.is_set_up
    assert actions(log) == []


def test_a_password_that_is_given_up_too_late_still_shows_its_recovery_key(
    held_door: AdminDoor, held: HeldExecutor, bare: QWidget, qtbot: QtBot
) -> None:
    door = held_door
    door.open_for(bare, lambda _administrator: None)
    dialog = password_dialog(door)
    dialog.password.line.setText(PASSWORD)
    dialog.again.line.setText(PASSWORD)
    dialog.send()
    held.run_all()
    press(dialog, "Escape")
    qtbot.waitUntil(lambda: isinstance(door.dialog, RecoveryKeyDialog))
    assert door.is_set_up


def test_a_lock_that_comes_too_late_for_a_change_still_lets_its_recovery_key_be_shown(
    held_door: AdminDoor, held: HeldExecutor, bare: QWidget, recovery_key: str, qtbot: QtBot
) -> None:
    door = held_door
    door.open_for(bare, lambda _administrator: None)
    unlock_dialog(door).password.line.setText(PASSWORD)
    unlock_dialog(door).send()
    held.run_all()
    qtbot.waitUntil(lambda: door.is_open)
    door.change_password(bare)
    dialog = password_dialog(door)
    assert dialog.secret is not None
    dialog.secret.line.setText(PASSWORD)
    dialog.password.line.setText(OTHER)
    dialog.again.line.setText(OTHER)
    dialog.send()
    held.run_all()
    door.lock()
    assert door.administrator is None
    qtbot.waitUntil(lambda: isinstance(door.dialog, RecoveryKeyDialog))


def test_a_lock_in_time_gives_a_change_up(
    held_door: AdminDoor, held: HeldExecutor, bare: QWidget, paths: AppPaths, qtbot: QtBot
) -> None:
    door = held_door
    access = Access(paths.access, paths.site_keys, cost=CHEAP)
    access.set_up(PASSWORD)
    door.open_for(bare, lambda _administrator: None)
    unlock_dialog(door).password.line.setText(PASSWORD)
    unlock_dialog(door).send()
    held.run_all()
    qtbot.waitUntil(lambda: door.is_open)
    door.change_password(bare)
    dialog = password_dialog(door)
    assert dialog.secret is not None
    dialog.secret.line.setText(PASSWORD)
    dialog.password.line.setText(OTHER)
    dialog.again.line.setText(OTHER)
    dialog.send()
    door.lock()
    assert door.dialog is None
    held.run_all()
    QApplication.processEvents()
    assert access.unlock(PASSWORD).is_open


def test_confirming_asks_although_the_door_is_open(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot, log: AuditLog
) -> None:
    open_door(door, bare, qtbot)
    confirmed: list[Administrator] = []
    door.confirm_for(bare, "The candidate is worse.", confirmed.append)
    words = [label.text() for label in unlock_dialog(door).findChildren(QLabel)]
    assert "The candidate is worse." in words
    try_password(door, OTHER, qtbot)
    assert confirmed == []
    try_password(door, PASSWORD, qtbot)
    assert confirmed == [door.administrator]
    assert door.is_open
    assert actions(log) == [
        AuditAction.UNLOCKED,
        AuditAction.UNLOCK_FAILED,
        AuditAction.CONFIRMED,
    ]


def test_confirming_at_a_shut_door_opens_it(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot
) -> None:
    confirmed: list[Administrator] = []
    door.confirm_for(bare, "The candidate is worse.", confirmed.append)
    try_password(door, PASSWORD, qtbot)
    assert confirmed == [door.administrator]


def test_the_password_is_changed_with_the_old_one(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot, log: AuditLog
) -> None:
    door.change_password(bare)
    dialog = password_dialog(door)
    assert dialog.secret is not None
    qtbot.waitUntil(dialog.secret.line.hasFocus)
    for line, words in (
        (dialog.secret.line, OTHER),
        (dialog.password.line, OTHER),
        (dialog.again.line, OTHER),
    ):
        type_into(line, words)
    press(dialog.again.line, "Return")
    qtbot.waitUntil(lambda: not dialog.is_busy)
    assert "not the right one" in dialog.message.text()
    type_into(dialog.secret.line, PASSWORD)
    press(dialog.secret.line, "Return")
    qtbot.waitUntil(lambda: isinstance(door.dialog, RecoveryKeyDialog))
    key_dialog(door).kept_box.setChecked(True)
    key_dialog(door).close_button.click()
    assert not door.is_open, "another password opens nothing"
    opened: list[Administrator] = []
    door.open_for(bare, opened.append)
    try_password(door, OTHER, qtbot)
    assert opened == [door.administrator]
    assert actions(log) == [
        AuditAction.UNLOCK_FAILED,
        AuditAction.PASSWORD_CHANGED,
        AuditAction.UNLOCKED,
    ]


def test_the_recovery_key_sets_a_new_password_and_gives_a_new_key(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot, log: AuditLog
) -> None:
    opened: list[Administrator] = []
    door.open_for(bare, opened.append)
    unlock_dialog(door).recovery_button.click()
    dialog = password_dialog(door)
    assert dialog.secret is not None
    type_into(dialog.secret.line, recovery_key.lower().replace("-", " "))
    type_into(dialog.password.line, OTHER)
    type_into(dialog.again.line, OTHER)
    press(dialog.again.line, "Return")
    qtbot.waitUntil(lambda: isinstance(door.dialog, RecoveryKeyDialog))
    assert recovery_key.replace("-", "  ")[:18] not in key_dialog(door).key_view.toPlainText()
    key_dialog(door).kept_box.setChecked(True)
    key_dialog(door).close_button.click()
    assert opened == [door.administrator]
    assert actions(log) == [AuditAction.PASSWORD_RECOVERED, AuditAction.UNLOCKED]


def test_a_wrong_recovery_key_counts_like_a_wrong_password(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot
) -> None:
    door.open_for(bare, lambda _administrator: None)
    unlock_dialog(door).recovery_button.click()
    dialog = password_dialog(door)
    assert dialog.secret is not None
    for _ in range(5):
        type_into(dialog.secret.line, "AAAA-BBBB")
        type_into(dialog.password.line, OTHER)
        type_into(dialog.again.line, OTHER)
        dialog.send()
        qtbot.waitUntil(lambda: not dialog.is_busy)
    assert dialog.is_waiting
    assert "30 s" in dialog.message.text()


@pytest.fixture
def shown_key(door: AdminDoor, bare: QWidget, qtbot: QtBot) -> RecoveryKeyDialog:
    door.open_for(bare, lambda _administrator: None)
    dialog = password_dialog(door)
    dialog.password.line.setText(PASSWORD)
    dialog.again.line.setText(PASSWORD)
    dialog.send()
    qtbot.waitUntil(lambda: isinstance(door.dialog, RecoveryKeyDialog))
    return key_dialog(door)


def test_the_recovery_key_is_copied(shown_key: RecoveryKeyDialog) -> None:
    shown_key.copy_button.click()
    assert QGuiApplication.clipboard().text() == shown_key._key
    assert "Copied" in shown_key.message.text()


def test_the_recovery_key_is_saved_for_its_owner_alone(
    shown_key: RecoveryKeyDialog, chosen_files: ChosenFiles, tmp_path: Path, qtbot: QtBot
) -> None:
    chosen_files.files = [tmp_path / "key.txt"]
    shown_key.save_button.click()
    qtbot.waitUntil(lambda: "Saved" in shown_key.message.text())
    assert shown_key._key in (tmp_path / "key.txt").read_text("utf-8")
    assert file_modes(tmp_path / "key.txt") == 0o600


def test_a_recovery_key_that_cannot_be_saved_is_said_not_to_be(
    shown_key: RecoveryKeyDialog, chosen_files: ChosenFiles, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "folder").write_text("a file")
    chosen_files.files = [tmp_path / "folder" / "key.txt"]
    shown_key.save_button.click()
    qtbot.waitUntil(lambda: "cannot be written" in shown_key.message.text())


def test_the_recovery_key_is_printed_on_one_page(tmp_path: Path, qtbot: QtBot) -> None:
    key = "-".join(["ABCD"] * 8)
    assert key_html(key).count("ABCD") == 8
    assert key in key_text(key)
    paper = QPdfWriter(str(tmp_path / "key.pdf"))
    paper.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    print_on(paper, key)
    assert (tmp_path / "key.pdf").read_bytes().count(b"/Type /Page\n") == 1


def test_what_the_door_lends_is_worth_nothing_once_it_is_locked(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot
) -> None:
    open_door(door, bare, qtbot)
    administrator = door.administrator
    assert administrator is not None
    with qtbot.waitSignal(door.changed):
        door.lock()
    assert door.administrator is None
    with pytest.raises(LockedError):
        administrator.sign(b"a model")


def test_a_lock_closes_every_dialog_that_shows_what_is_guarded(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot
) -> None:
    open_door(door, bare, qtbot)
    guarded = QDialog(bare)
    door.guard(guarded)
    guarded.open()
    question = QMessageBox(guarded)
    question.open()
    door.confirm_for(guarded, "The candidate is worse.", lambda _administrator: None)
    other = QDialog(bare)
    other.show()
    door.lock()
    assert not guarded.isVisible()
    assert not question.isVisible()
    assert door.dialog is None
    assert other.isVisible()
    other.close()


def test_a_dialog_that_is_gone_is_no_longer_guarded(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot
) -> None:
    open_door(door, bare, qtbot)
    for _ in range(2):
        dialog = QDialog(bare)
        door.guard(dialog)
        dialog.deleteLater()
        QApplication.sendPostedEvents(dialog, QEvent.Type.DeferredDelete)
    door.lock()
    assert not door.is_open


def test_a_log_that_cannot_be_written_keeps_the_door_shut_and_says_so(
    door: AdminDoor, bare: QWidget, recovery_key: str, qtbot: QtBot, paths: AppPaths
) -> None:
    (paths.audit / "audit.jsonl").mkdir(parents=True)
    door.open_for(bare, lambda _administrator: None)
    try_password(door, PASSWORD, qtbot)
    assert not door.is_open
    assert "audit log cannot be written" in unlock_dialog(door).message.text()
