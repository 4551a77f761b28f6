"""The window around the page: first start, menus, status, model trouble, what is remembered."""

from __future__ import annotations

import re
import shutil
import tomllib
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from kdh_desktop.core.paths import AppPaths
from kdh_desktop.gui.about_dialog import COMPONENTS, AboutDialog
from kdh_desktop.gui.active_model import Failed, Ready
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.help_dialog import HelpDialog
from kdh_desktop.gui.main_window import MainWindow
from kdh_desktop.gui.notices import Notice, NoticeAction
from kdh_desktop.gui.research_notice import ResearchNotice
from kdh_desktop.gui.settings import KeptColumn, Settings
from tests.gui.conftest import ANGIOGENESIS, StartDesktop, paste, present_labels, press, press_in
from tests.gui.test_record_desk import click

ROOT = Path(__file__).parents[2]
SECRET = "Xylophonia of the patient Quentin Example"


def test_research_notice_comes_once(start: StartDesktop, qtbot: QtBot) -> None:
    window = start(is_notice_read=False).window
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), ResearchNotice))
    notice = QApplication.activeModalWidget()
    assert notice is not None
    assert QApplication.focusWidget() is not None
    press_in(notice, "Return")
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.classify_page.text_pane.editor)
    window.close()
    again = start(is_notice_read=False).window
    qtbot.waitUntil(again.isActiveWindow)
    assert QApplication.activeModalWidget() is None


def test_research_notice_that_was_not_confirmed_comes_back(
    start: StartDesktop, qtbot: QtBot
) -> None:
    for _ in range(2):
        window = start(is_notice_read=False).window
        qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), ResearchNotice))
        notice = QApplication.activeModalWidget()
        assert notice is not None
        press(notice, "Escape")
        window.close()


def test_window_that_is_brought_back_leaves_the_focus_where_it_was(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.rail.setFocus()
    held = QApplication.focusWidget()
    assert held is not window.classify_page.text_pane.editor
    window.showMinimized()
    window.showNormal()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    assert QApplication.focusWidget() is held


def test_status_bar_names_the_model_and_says_offline(window: MainWindow) -> None:
    assert window.model_label.text() == "Model: tiny-0"
    assert window.offline_label.text() == "Offline"


def test_about_shows_use_model_card_versions_and_licences(window: MainWindow, qtbot: QtBot) -> None:
    window.about_action.trigger()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), AboutDialog))
    about = QApplication.activeModalWidget()
    assert isinstance(about, AboutDialog)
    assert "It knows a few words and nothing else." in about.card.toPlainText()
    licences = about.licences.toPlainText()
    for name in ("onnxruntime", "PySide6-Essentials", "LGPL-3.0", "Apache-2.0", "GPL-3.0"):
        assert name in licences
    words = [label.text() for label in about.findChildren(type(window.model_label))]
    assert any("not for diagnosis" in text for text in words)
    assert any("tiny-0" in text for text in words)
    about.close()


def test_every_package_that_comes_with_the_program_is_named_with_its_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked_for = {re.split(r"[<>=~!; ]", one)[0] for one in project["dependencies"]}
    assert set(COMPONENTS) == asked_for


def test_model_card_opens_no_file_that_it_names(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.about_action.trigger()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), AboutDialog))
    about = QApplication.activeModalWidget()
    assert isinstance(about, AboutDialog)
    page = tmp_path / "page.html"
    page.write_text("secret words", encoding="utf-8")
    about.card.setMarkdown(f"![picture](file://{page}) [link](file://{page})")
    about.card.grab()
    assert about.card.loadResource(2, page.as_uri()) is None
    assert "secret words" not in about.card.toPlainText()
    about.close()


def test_help_lists_every_shortcut_of_the_menus(window: MainWindow, qtbot: QtBot) -> None:
    press_in(window, "F1")
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), HelpDialog))
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    words = "\n".join(label.text() for label in dialog.findChildren(type(window.model_label)))
    actions = [action for action in window.all_actions if not action.shortcut().isEmpty()]
    assert len(actions) > 12
    for action in actions:
        assert action.text().replace("&", "").removesuffix("…") in words
        assert action.shortcut().toString() in words
    dialog.close()


@pytest.mark.parametrize("page", [0, 1, 2, 3])
def test_no_shortcut_is_taken_twice(window: MainWindow, page: int) -> None:
    window.go_to_page(page)
    keys = [keys.toString() for action in window.all_actions for keys in action.shortcuts()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("page", [0, 1, 2, 3])
def test_no_letter_for_alt_is_taken_twice_in_a_menu(window: MainWindow, page: int) -> None:
    window.go_to_page(page)
    shown = [entry for entry in window.menuBar().actions() if entry.isVisible()]
    menus = [[entry.text() for entry in shown]]
    for entry in shown:
        menu = entry.menu()
        assert isinstance(menu, QMenu)
        menus.append([action.text() for action in menu.actions() if action.text()])
    for texts in menus:
        letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
        assert len(letters) == len(set(letters)), texts


@pytest.fixture
def damaged(paths: AppPaths, tmp_path: Path) -> AppPaths:
    """An installation of which one byte of the model has flipped."""
    resources = tmp_path / "resources"
    shutil.copytree(paths.resources, resources)
    model = resources / "model" / "model.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(bytes(data))
    return AppPaths(resources=resources, data=paths.data, config=paths.config, logs=paths.logs)


def test_damaged_model_is_refused_with_a_way_out(
    start: StartDesktop, damaged: AppPaths, paths: AppPaths, qtbot: QtBot
) -> None:
    from kdh_desktop.gui.active_model import load_model_in_force

    desktop = start(load=lambda: load_model_in_force(damaged))
    page = desktop.window.classify_page
    qtbot.waitUntil(lambda: isinstance(desktop.model.state, Failed))
    assert "Install the model again" in page.notices.messages["model"]
    assert desktop.window.model_label.text() == "No model"
    paste(page.text_pane.editor, ANGIOGENESIS)
    press(page.text_pane.editor, "Ctrl+Return")
    assert present_labels(page) == []
    assert "no model" in page.result_pane.guide.heading.text()
    shutil.copyfile(
        paths.resources / "model" / "model.onnx", damaged.resources / "model" / "model.onnx"
    )
    [again] = [
        button
        for button in page.notices.findChildren(QPushButton)
        if button.text() == "Try again" and button.isVisible()
    ]
    QTest.mouseClick(again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: isinstance(desktop.model.state, Ready))
    assert "model" not in page.notices.messages
    press(page.text_pane.editor, "Ctrl+Return")
    qtbot.waitUntil(lambda: present_labels(page) == ["Inducing angiogenesis"])


def test_missing_model_is_refused_with_a_way_out(
    start: StartDesktop, paths: AppPaths, tmp_path: Path, qtbot: QtBot
) -> None:
    from kdh_desktop.gui.active_model import load_model_in_force

    empty = AppPaths(
        resources=tmp_path / "nothing", data=paths.data, config=paths.config, logs=paths.logs
    )
    desktop = start(load=lambda: load_model_in_force(empty))
    qtbot.waitUntil(lambda: isinstance(desktop.model.state, Failed))
    assert "model" in desktop.window.classify_page.notices.messages


def test_nothing_of_a_text_is_remembered_logged_or_shown_in_the_title(
    desktop: Desktop, paths: AppPaths, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    window = desktop.window
    page = window.classify_page
    paste(page.text_pane.editor, f"{SECRET}. {ANGIOGENESIS}")
    press(page.text_pane.editor, "Ctrl+Return")
    qtbot.waitUntil(lambda: present_labels(page) == ["Inducing angiogenesis"])
    press(page.text_pane.editor, "Ctrl+Shift+C")
    titles = [widget.windowTitle() for widget in QApplication.topLevelWidgets()]
    window.close()
    kept = b"".join(
        file.read_bytes()
        for folder in (paths.config, paths.data, paths.logs)
        for file in folder.rglob("*")
        if file.is_file()
    )
    assert b"window" in kept, "the settings were written, or this test proves nothing"
    everything = [kept.decode("utf-8", "replace"), caplog.text, *titles]
    assert not any(word in text for text in everything for word in ("Xylophonia", "Quentin"))
    assert titles
    assert QGuiApplication.applicationDisplayName() is not None


def test_settings_file_that_holds_rubbish_is_survived(paths: AppPaths) -> None:
    paths.config.mkdir(parents=True)
    (paths.config / "settings.ini").write_text(
        "[window]\ngeometry=42\n[notices]\nresearch_use_read=perhaps\n"
        f"[columns]\nrecords=title:{'9' * 5000}, year:99999999999, journal:80\n"
        f"[review]\naccept_target={'9' * 5000}\n",
        encoding="utf-8",
    )
    settings = Settings(paths.config)
    assert settings.columns("records") == (KeptColumn("journal", 80),)
    assert settings.accept_target == 95
    assert settings.window_geometry == QByteArray()
    assert isinstance(settings.is_research_notice_read, bool)


def test_icons_are_drawn(desktop: Desktop) -> None:
    assert not desktop.icons.application.isNull()
    color = desktop.theme.colors.text
    names = [
        file.stem for file in desktop.icons._folder.glob("*.svg") if file.stem != "kdh-desktop"
    ]
    assert len(names) >= 8
    for name in names:
        image = desktop.icons.icon(name, color).pixmap(32, 32).toImage()
        assert any(
            image.pixelColor(x, y).alpha() > 200 and image.pixelColor(x, y).rgb() == color.rgb()
            for x in range(image.width())
            for y in range(image.height())
        ), name
    assert desktop.icons.icon("no such icon", color).isNull()


def test_news_of_how_something_ended_takes_the_place_of_older_ones(window: MainWindow) -> None:
    bar = window.notices
    bar.show_notice("standing", Notice("Something to know."))
    bar.show_notice("one", Notice("One thing is done.", is_outcome=True))
    bar.show_notice("two", Notice("Another is done.", is_outcome=True))
    assert list(bar.messages) == ["standing", "two"]


def test_same_words_about_something_else_lead_there(window: MainWindow) -> None:
    led: list[str] = []
    for where in ("first", "second"):
        action = NoticeAction("Show", partial(led.append, where))
        window.notices.show_notice("done", Notice("3 records were saved.", action=action))
    click(window.notices, "Show")
    assert led == ["second"]
