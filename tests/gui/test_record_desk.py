"""The store is opened behind the window, its troubles are told apart, a session can be private."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from kdh_desktop.core.errors import (
    DamagedStoreError,
    KdhError,
    NewerStoreError,
    StoreInUseError,
    WrongKeyError,
)
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.key_custody import KEY_FILE_NOTICE
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_files import StoreFiles
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.core.records.stored import StoreNotice
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.main_window import MainWindow
from kdh_desktop.gui.store_trouble import StoreTroubleDialog, WayOut
from tests.data.tiny_store import fill
from tests.gui.conftest import ANGIOGENESIS, STORE_KEY, StartDesktop, paste, press_in
from tests.gui.looks import rich_labels, unnamed


def wait_for_store(desktop: Desktop, qtbot: QtBot) -> RecordStore:
    qtbot.waitUntil(lambda: desktop.desk.store is not None)
    store = desktop.desk.store
    assert store is not None
    return store


def wait_for_dialog(desktop: Desktop, qtbot: QtBot) -> StoreTroubleDialog:
    talk = desktop.window.journeys.desk_talk
    qtbot.waitUntil(lambda: talk.dialog is not None)
    assert talk.dialog is not None
    return talk.dialog


def button(parent: QWidget, words: str) -> QPushButton:
    [found] = [
        one for one in parent.findChildren(QPushButton) if one.text() == words and one.isVisible()
    ]
    return found


def click(parent: QWidget, words: str) -> None:
    QTest.mouseClick(button(parent, words), Qt.MouseButton.LeftButton)


def test_store_is_opened_behind_the_window_and_knows_the_model(
    desktop: Desktop, qtbot: QtBot
) -> None:
    store = wait_for_store(desktop, qtbot)
    qtbot.waitUntil(lambda: len(store.active_labels) > 0)
    assert not desktop.desk.is_private
    assert desktop.window.notices.messages == {}


def test_closing_the_window_lets_others_open_the_store(
    desktop: Desktop, paths: AppPaths, qtbot: QtBot
) -> None:
    wait_for_store(desktop, qtbot)
    with pytest.raises(StoreInUseError):
        RecordStore.open(paths.records, key=STORE_KEY)
    desktop.window.close()
    RecordStore.open(paths.records, key=STORE_KEY).close()


def test_key_in_a_file_is_told_until_it_was_read(
    start: StartDesktop, paths: AppPaths, qtbot: QtBot
) -> None:
    key = StoreKey(bytes(range(32)), notices=(KEY_FILE_NOTICE,))
    open_store = partial(RecordStore.open, paths.records, key=key)
    for _ in range(2):
        desktop = start(open_store=open_store)
        wait_for_store(desktop, qtbot)
        notices = desktop.window.notices
        assert [KEY_FILE_NOTICE.message in words for words in notices.messages.values()] == [True]
        desktop.window.close()
    desktop = start(open_store=open_store)
    wait_for_store(desktop, qtbot)
    click(desktop.window.notices, "I understand")
    desktop.window.close()
    desktop = start(open_store=open_store)
    wait_for_store(desktop, qtbot)
    assert desktop.window.notices.messages == {}


def test_other_notices_of_the_store_are_shown(
    start: StartDesktop, paths: AppPaths, qtbot: QtBot
) -> None:
    key = StoreKey(bytes(range(32)), notices=(StoreNotice("It was moved.", "Look there."),))
    desktop = start(open_store=partial(RecordStore.open, paths.records, key=key))
    wait_for_store(desktop, qtbot)
    assert list(desktop.window.notices.messages.values()) == ["It was moved. Look there."]


ERRORS: list[tuple[KdhError, str, list[WayOut]]] = [
    (
        DamagedStoreError("Part of it is damaged."),
        "The records are damaged",
        [WayOut.SET_ASIDE, WayOut.GO_ON],
    ),
    (
        WrongKeyError("Another key."),
        "The records cannot be unlocked",
        [WayOut.TRY_AGAIN, WayOut.SET_ASIDE, WayOut.GO_ON],
    ),
    (
        NewerStoreError("Too new."),
        "The records were written by a newer version",
        [WayOut.GO_ON, WayOut.SET_ASIDE],
    ),
    (
        StoreInUseError("In use."),
        "The records are open elsewhere",
        [WayOut.TRY_AGAIN, WayOut.GO_ON],
    ),
]


@pytest.mark.parametrize(("error", "heading", "ways"), ERRORS)
def test_each_trouble_has_its_own_words_and_ways_out(
    start: StartDesktop, qtbot: QtBot, error: KdhError, heading: str, ways: list[WayOut]
) -> None:
    def fail() -> RecordStore:
        raise error

    desktop = start(open_store=fail)
    dialog = wait_for_dialog(desktop, qtbot)
    words = [label.text() for label in dialog.findChildren(type(desktop.window.model_label))]
    assert heading in words
    assert error.message in words
    assert list(dialog.choices) == ways
    assert dialog.choices[ways[0]].isChecked()
    assert QApplication.focusWidget() is dialog.choices[ways[0]]
    assert unnamed(dialog) == []
    assert rich_labels(dialog) == []
    dialog.reject()
    assert error.message in desktop.window.notices.messages["store:trouble"]
    assert desktop.desk.store is None


def test_store_in_use_opens_once_the_other_has_closed_it(
    start: StartDesktop, paths: AppPaths, qtbot: QtBot
) -> None:
    other = RecordStore.open(paths.records, key=STORE_KEY)
    desktop = start()
    dialog = wait_for_dialog(desktop, qtbot)
    other.close()
    press_in(dialog, "Return")
    wait_for_store(desktop, qtbot)
    assert desktop.window.notices.messages == {}


@pytest.fixture
def damaged(paths: AppPaths) -> AppPaths:
    """A store with three records and a backup, of which a page is damaged afterwards."""
    store = RecordStore.open(paths.records, key=STORE_KEY)
    fill(store, 3)
    assert store.back_up() is not None
    store.close()
    damage(StoreFiles(paths.records).database)
    return paths


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.fixture
def _same_key_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is where backups look for it; the keyring of who runs the test stays untouched."""
    monkeypatch.setattr("kdh_desktop.core.records.key_custody.find_key", lambda _folder: STORE_KEY)
    monkeypatch.setattr("kdh_desktop.core.records.backups.find_key", lambda _folder: STORE_KEY)


@pytest.mark.usefixtures("_same_key_everywhere")
def test_backup_is_restored_in_place_of_a_damaged_store(
    start: StartDesktop, damaged: AppPaths, qtbot: QtBot
) -> None:
    desktop = start()
    dialog = wait_for_dialog(desktop, qtbot)
    assert dialog.way_out == WayOut.RESTORE
    assert dialog.backups.count() == 1
    press_in(dialog, "Return")
    store = wait_for_store(desktop, qtbot)
    assert len(store.ids()) == 3
    assert "store:trouble" not in desktop.window.notices.messages
    assert len(list(damaged.records.glob("set-aside-*"))) == 1


@pytest.mark.usefixtures("_same_key_everywhere")
def test_damaged_store_is_set_aside_and_not_deleted(
    start: StartDesktop, damaged: AppPaths, qtbot: QtBot
) -> None:
    before = StoreFiles(damaged.records).database.read_bytes()
    desktop = start()
    dialog = wait_for_dialog(desktop, qtbot)
    dialog.choices[WayOut.SET_ASIDE].setChecked(True)
    press_in(dialog, "Return")
    store = wait_for_store(desktop, qtbot)
    assert len(store.ids()) == 0
    [aside] = damaged.records.glob("set-aside-*")
    assert (aside / StoreFiles(damaged.records).database.name).read_bytes() == before


def test_damage_that_is_found_later_offers_the_ways_out(desktop: Desktop, qtbot: QtBot) -> None:
    wait_for_store(desktop, qtbot)
    desktop.desk.care_failed.emit(DamagedStoreError("Part of it is damaged."))
    click(desktop.window.notices, "What can be done…")
    wait_for_dialog(desktop, qtbot)
    assert desktop.desk.store is None


def test_records_are_looked_after_as_long_as_the_window_is_open(
    desktop: Desktop, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = wait_for_store(desktop, qtbot)
    looks: list[object] = []
    monkeypatch.setattr(type(store), "back_up_if_due", lambda _store, stop: looks.append(stop))
    monkeypatch.setattr("kdh_desktop.gui.record_desk._CARE_AGAIN_MS", 1)
    desktop.desk._care()
    qtbot.waitUntil(lambda: len(looks) > 2)


# Private sessions


def answer(words: str, window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox))
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    click(box, words)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)


def test_private_session_has_its_own_store_and_a_sign(desktop: Desktop, qtbot: QtBot) -> None:
    window, kept = desktop.window, wait_for_store(desktop, qtbot)
    press_in(window, "Ctrl+Shift+P")
    private = desktop.desk.store
    assert private is not None
    assert private is not kept
    assert window.private_sign.isVisible()
    assert "nothing is stored" in window.private_sign.words.text()
    assert window.windowTitle() == "Private session"
    assert window.files.private.isChecked()
    assert unnamed(window) == []
    press_in(window, "Ctrl+Shift+P")
    assert not window.private_sign.isVisible()
    assert desktop.desk.store is kept
    assert window.windowTitle() == "KDH Desktop"
    fill(kept, 1)
    assert len(kept.ids()) == 1


def test_ending_a_private_session_with_a_text_asks_and_then_forgets_it(
    desktop: Desktop, qtbot: QtBot
) -> None:
    window = desktop.window
    wait_for_store(desktop, qtbot)
    window.files.private.trigger()
    paste(window.classify_page.text_pane.editor, ANGIOGENESIS)
    window.files.private.trigger()
    answer("Stay private", window, qtbot)
    assert window.private_sign.isVisible()
    assert window.files.private.isChecked()
    window.private_sign.end_button.click()
    answer("End and forget", window, qtbot)
    assert not desktop.desk.is_private
    editor = window.classify_page.text_pane.editor
    assert editor.toPlainText() == ""
    editor.setFocus()
    press_in(window, "Ctrl+Z")
    assert editor.toPlainText() == ""


def test_private_session_works_where_the_store_cannot_be_opened(
    start: StartDesktop, qtbot: QtBot
) -> None:
    def fail() -> RecordStore:
        raise WrongKeyError("Another key.")

    desktop = start(open_store=fail)
    wait_for_dialog(desktop, qtbot).reject()
    desktop.window.files.private.trigger()
    assert desktop.desk.store is not None


def test_start_that_is_closed_while_the_store_opens_leaves_no_lock(
    start: StartDesktop, paths: AppPaths, qtbot: QtBot
) -> None:
    held: list[Callable[[], None]] = []
    desktop = start(execute=held.append)
    desktop.desk.open()
    desktop.window.close()
    for work in held:
        work()
    RecordStore.open(paths.records, key=STORE_KEY).close()
