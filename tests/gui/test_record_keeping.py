"""What is classified is in the store, and a crash loses no text; unless the session is private."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from kdh_desktop.core.errors import StoreError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.import_batch import BatchKind
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.classify.classify_page import ClassifyPage
from kdh_desktop.gui.classify.session import Activity
from kdh_desktop.gui.classify.text_editor import TextEditor
from kdh_desktop.gui.classify.work import Item, read_file_work
from kdh_desktop.gui.jobs import Job
from tests.gui.conftest import (
    ANGIOGENESIS,
    APOPTOSIS,
    STORE_KEY,
    StartDesktop,
    paste,
    present_labels,
    press,
)

ROOT = Path(__file__).parents[2]
CANARY = "Zyzzyvaxiphias"


@pytest.fixture
def store(desktop: Desktop, qtbot: QtBot) -> RecordStore:
    qtbot.waitUntil(lambda: desktop.desk.store is not None)
    opened = desktop.desk.store
    assert opened is not None
    qtbot.waitUntil(lambda: len(opened.active_labels) > 0)
    return opened


def classify(page: ClassifyPage, qtbot: QtBot) -> None:
    press(page.text_pane.editor, "Ctrl+Return")
    qtbot.waitUntil(lambda: not any(entry.is_waiting for entry in page.session.entries))


def wait_until_stored(store: RecordStore, count: int, qtbot: QtBot) -> None:
    qtbot.waitUntil(
        lambda: len(store.ids()) == count and store.count_unpredicted() == 0, timeout=10_000
    )


def fill_the_disk(store: RecordStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no further text come into a store until that is undone."""

    def fail(*_: object) -> list[int]:
        raise StoreError("The disk is full.", "Make room on it.")

    monkeypatch.setattr(store, "keep_pasted", fail)


def test_classified_text_is_a_record_with_its_labels_and_sentences(
    page: ClassifyPage, editor: TextEditor, store: RecordStore, qtbot: QtBot
) -> None:
    paste(editor, f"  \n{ANGIOGENESIS}  ")
    classify(page, qtbot)
    wait_until_stored(store, 1, qtbot)
    [detail] = store.details(store.ids())
    assert detail.text == ANGIOGENESIS
    assert detail.prediction is not None
    evidence = dict(detail.prediction.evidence)
    [sentence] = next(found for found in evidence.values() if found)
    assert detail.text[sentence.start : sentence.end] == sentence.text
    [batch] = store.batches()
    assert batch.source.kind == BatchKind.PASTED
    assert store.can_undo() is not None


def test_title_is_told_from_the_abstract_where_no_character_changes(
    page: ClassifyPage, editor: TextEditor, store: RecordStore, qtbot: QtBot
) -> None:
    paste(editor, f"Vessels in tumors\n\n{ANGIOGENESIS}")
    classify(page, qtbot)
    wait_until_stored(store, 1, qtbot)
    [detail] = store.details(store.ids())
    assert detail.imported.title == "Vessels in tumors"
    assert detail.imported.abstract == ANGIOGENESIS


def test_several_texts_are_several_records(
    page: ClassifyPage, editor: TextEditor, store: RecordStore, qtbot: QtBot
) -> None:
    filler = "The growth of the tumor was studied in mice and the response was not increased. " * 4
    paste(editor, f"{ANGIOGENESIS} {filler}\n\n\n{APOPTOSIS} {filler}")
    classify(page, qtbot)
    wait_until_stored(store, 2, qtbot)
    assert len(store.batches()) == 1


def test_texts_of_a_day_are_one_batch_and_are_taken_back_one_by_one(
    page: ClassifyPage, editor: TextEditor, store: RecordStore, qtbot: QtBot
) -> None:
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    wait_until_stored(store, 1, qtbot)
    page.exchange.clear()
    paste(editor, APOPTOSIS)
    classify(page, qtbot)
    wait_until_stored(store, 2, qtbot)
    [batch] = store.batches()
    assert batch.source.name.startswith("Pasted on 20")
    assert [row.row for row in store.rows(store.ids())] == [1, 2]
    first, second = store.ids()
    store.undo()
    assert list(store.ids()) == [first]
    store.undo()
    assert list(store.ids()) == []
    store.redo()
    store.redo()
    assert list(store.ids()) == [first, second]
    assert store.count_unpredicted() == 0


def test_same_wording_is_stored_once_and_another_one_beside_it(
    page: ClassifyPage, editor: TextEditor, store: RecordStore, qtbot: QtBot
) -> None:
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    classify(page, qtbot)
    page.exchange.clear()
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    paste(editor, APOPTOSIS)
    page.exchange.clear()
    paste(editor, APOPTOSIS)
    classify(page, qtbot)
    wait_until_stored(store, 2, qtbot)


def test_text_that_is_asked_about_twice_at_once_is_stored_once(
    page: ClassifyPage, editor: TextEditor, store: RecordStore, qtbot: QtBot
) -> None:
    paste(editor, ANGIOGENESIS)
    items = (Item(1, page.session.current.record),)
    page.session.asked.emit(items)
    page.session.asked.emit(items)
    qtbot.waitUntil(lambda: not page.keeping.is_busy)
    assert len(store.ids()) == 1


def test_example_is_not_stored(page: ClassifyPage, store: RecordStore, qtbot: QtBot) -> None:
    page.commands.example.trigger()
    qtbot.waitUntil(lambda: not page.session.current.is_waiting)
    assert len(store.ids()) == 0
    page.keeping.keep_draft()
    assert page.keeping._draft_words() == ""


def test_draft_comes_back_after_a_start(
    page: ClassifyPage,
    editor: TextEditor,
    store: RecordStore,
    start: StartDesktop,
    qtbot: QtBot,
) -> None:
    paste(editor, f"{CANARY} is not classified yet.")
    page.window().close()
    again = start()
    box = again.window.classify_page.text_pane.editor
    qtbot.waitUntil(lambda: box.toPlainText() == f"{CANARY} is not classified yet.")


def test_draft_that_comes_late_is_offered_and_lost_in_no_case(
    page: ClassifyPage,
    editor: TextEditor,
    store: RecordStore,
    start: StartDesktop,
    qtbot: QtBot,
) -> None:
    older, newer = f"{CANARY} was typed last time.", "This was typed before the store was open."
    paste(editor, older)
    page.window().close()

    def come_in_a_hurry() -> None:
        again = start().window.classify_page
        paste(again.text_pane.editor, newer)
        qtbot.waitUntil(lambda: "draft" in again.notices.messages)
        assert again.text_pane.editor.toPlainText() == newer
        again.window().close()

    come_in_a_hurry()
    come_in_a_hurry()
    last = start().window.classify_page
    qtbot.waitUntil(lambda: older in last.text_pane.editor.toPlainText())


def test_draft_that_comes_late_can_be_brought_back(
    page: ClassifyPage,
    editor: TextEditor,
    store: RecordStore,
    start: StartDesktop,
    qtbot: QtBot,
) -> None:
    older, newer = f"{CANARY} was typed last time.", "This was typed before the store was open."
    paste(editor, older)
    page.window().close()
    again = start().window.classify_page
    paste(again.text_pane.editor, newer)
    qtbot.waitUntil(lambda: "draft" in again.notices.messages)
    again.keeping.take_draft()
    assert [entry.record.text for entry in again.session.entries] == [newer, older]
    assert again.text_pane.editor.toPlainText() == older


def test_draft_of_what_is_a_record_is_let_go_at_the_end(
    page: ClassifyPage,
    editor: TextEditor,
    store: RecordStore,
    paths: AppPaths,
    qtbot: QtBot,
) -> None:
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    wait_until_stored(store, 1, qtbot)
    page.keeping.keep_draft()
    qtbot.waitUntil(lambda: store.draft() == ANGIOGENESIS)
    page.window().close()
    opened = RecordStore.open(paths.records, key=STORE_KEY)
    assert opened.draft() == ""
    opened.close()


TYPE_AND_DIE = """
import os, signal, sys
from functools import partial
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from kdh_desktop.gui.app import Desktop

paths = AppPaths(*[Path(folder) for folder in sys.argv[1:5]])
application = QApplication([])
open_store = partial(RecordStore.open, paths.records, key=StoreKey(bytes(range(32))))
desktop = Desktop(application, paths, open_store=open_store)
desktop.settings.keep_research_notice_read()
desktop.window.show()
desktop.desk.open()
page = desktop.window.classify_page

def look():
    if desktop.desk.store is not None and not page.text_pane.editor.toPlainText():
        page.text_pane.editor.insertPlainText(sys.argv[5])
    elif desktop.desk.store is not None and desktop.desk.store.draft() == sys.argv[5]:
        os.kill(os.getpid(), signal.SIGKILL)

timer = QTimer()
timer.timeout.connect(look)
timer.start(50)
application.exec()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no process can be killed so there")
def test_draft_survives_a_kill(paths: AppPaths) -> None:
    words = f"{CANARY} was typed and not classified."
    folders = [paths.resources, paths.data, paths.config, paths.logs]
    done = subprocess.run(
        [sys.executable, "-c", TYPE_AND_DIE, *map(str, folders), words],
        cwd=ROOT,
        check=False,
        timeout=60,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.returncode == -signal.SIGKILL
    store = RecordStore.open(paths.records, key=STORE_KEY)
    assert store.draft() == words
    store.close()


def files_with(word: str, *folders: Path) -> list[Path]:
    coded = [word.encode(), word.encode("utf-16-le")]
    return [
        file
        for folder in folders
        for file in folder.rglob("*")
        if file.is_file() and any(code in file.read_bytes() for code in coded)
    ]


def test_private_text_is_found_in_no_file_and_in_no_store(
    desktop: Desktop,
    store: RecordStore,
    paths: AppPaths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    window, page = desktop.window, desktop.window.classify_page
    window.files.private.trigger()
    private = desktop.desk.store
    assert private is not None
    paste(page.text_pane.editor, f"{CANARY} of a patient. {ANGIOGENESIS}")
    classify(page, qtbot)
    assert present_labels(page) == ["Inducing angiogenesis"]
    wait_until_stored(private, 1, qtbot)
    page.keeping.keep_draft()
    window.files.private.trigger()
    window.journeys.private._end()
    assert len(store.ids()) == 0
    assert store.draft() == ""
    window.leave()
    qtbot.waitUntil(window.isHidden)
    assert files_with(CANARY, paths.data, paths.config, paths.logs, temporary) == []
    assert CANARY not in content_of(paths)


def content_of(paths: AppPaths) -> str:
    """All that the store on the disk holds, decrypted."""
    opened = RecordStore.open(paths.records, key=STORE_KEY)
    with opened._database.reading() as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        assert {"record", "draft", "batch"} <= set(names)
        content = "".join(
            str(row) for name in names for row in db.execute(f'SELECT * FROM "{name}"')
        )
    opened.close()
    return content


def test_the_search_for_the_private_text_would_find_it(
    page: ClassifyPage,
    editor: TextEditor,
    store: RecordStore,
    paths: AppPaths,
    qtbot: QtBot,
) -> None:
    paste(editor, f"{CANARY} of a patient. {ANGIOGENESIS}")
    classify(page, qtbot)
    wait_until_stored(store, 1, qtbot)
    page.window().close()
    assert CANARY in content_of(paths)
    assert files_with(CANARY, paths.data) == [], "the store is encrypted"
    (paths.data / "plain.txt").write_text(CANARY, encoding="utf-8")
    assert files_with(CANARY, paths.data) == [paths.data / "plain.txt"]


def test_draft_is_taken_off_the_disk_when_a_private_session_begins(
    desktop: Desktop, store: RecordStore, qtbot: QtBot
) -> None:
    page = desktop.window.classify_page
    paste(page.text_pane.editor, f"{CANARY} was typed before.")
    page.keeping.keep_draft()
    qtbot.waitUntil(lambda: store.draft() != "")
    desktop.window.files.private.trigger()
    qtbot.waitUntil(lambda: store.draft() == "")


def test_file_that_is_still_read_when_a_private_session_ends_is_forgotten(
    desktop: Desktop,
    store: RecordStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    gate = threading.Event()

    def held(path: Path) -> Callable[[Job], str]:
        def work(job: Job) -> str:
            gate.wait(10)
            return read_file_work(path)(job)

        return work

    monkeypatch.setattr("kdh_desktop.gui.classify.text_exchange.read_file_work", held)
    path = tmp_path / "text.txt"
    path.write_text(f"{CANARY} of a patient.", encoding="utf-8")
    window, page = desktop.window, desktop.window.classify_page
    window.files.private.trigger()
    page.text_pane.editor.file_dropped.emit(path)
    window.files.private.trigger()
    assert not desktop.desk.is_private
    gate.set()
    assert desktop.jobs._pool.waitForDone(10_000)
    qtbot.wait(1)
    assert page.session.is_blank


def test_draft_outlives_a_private_session_that_began_before_the_store_was_open(
    page: ClassifyPage,
    editor: TextEditor,
    store: RecordStore,
    start: StartDesktop,
    paths: AppPaths,
    qtbot: QtBot,
) -> None:
    paste(editor, f"{CANARY} was typed last time.")
    page.window().close()
    gate = threading.Event()

    def open_slowly() -> RecordStore:
        gate.wait(10)
        return RecordStore.open(paths.records, key=STORE_KEY)

    again = start(open_store=open_slowly)
    again.window.files.private.trigger()
    gate.set()
    qtbot.waitUntil(lambda: not again.desk.is_opening)
    again.window.files.private.trigger()
    box = again.window.classify_page.text_pane.editor
    qtbot.waitUntil(lambda: box.toPlainText() == f"{CANARY} was typed last time.")


def test_text_that_cannot_be_kept_is_said_to_be_so(
    page: ClassifyPage,
    editor: TextEditor,
    store: RecordStore,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    fill_the_disk(store, monkeypatch)
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    qtbot.waitUntil(lambda: "kept" in page.notices.messages)
    assert "The disk is full. Make room on it." in page.notices.messages["kept"]
    monkeypatch.undo()
    classify(page, qtbot)
    wait_until_stored(store, 1, qtbot)
    qtbot.waitUntil(lambda: "kept" not in page.notices.messages)


def test_texts_that_could_not_be_kept_are_all_kept_with_the_next_press(
    page: ClassifyPage,
    editor: TextEditor,
    store: RecordStore,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    fill_the_disk(store, monkeypatch)
    texts = [ANGIOGENESIS, APOPTOSIS, f"{APOPTOSIS} {ANGIOGENESIS}"]
    paste(editor, texts[0])
    for text in texts[1:]:
        page.session.add_text(text)
    classify(page, qtbot)
    qtbot.waitUntil(lambda: not page.keeping.is_busy)
    qtbot.waitUntil(lambda: page.session.activity == Activity.IDLE)
    said = page.notices.messages["kept"]
    monkeypatch.undo()
    with qtbot.waitSignal(page.keeping.caught_up):
        press(editor, "Ctrl+Return")
        assert page.notices.messages["kept"] == said
    wait_until_stored(store, 3, qtbot)
    assert {detail.text for detail in store.details(store.ids())} == set(texts)
    assert "kept" not in page.notices.messages


def test_labels_that_could_not_be_kept_reach_their_record_with_the_next_press(
    page: ClassifyPage,
    editor: TextEditor,
    store: RecordStore,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("The disk is full.", "Make room on it.")

    monkeypatch.setattr(store, "add_predictions", fail)
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    qtbot.waitUntil(lambda: "kept" in page.notices.messages)
    assert store.count_unpredicted() == 1
    page.exchange.clear()
    monkeypatch.undo()
    paste(editor, APOPTOSIS)
    classify(page, qtbot)
    wait_until_stored(store, 2, qtbot)


@pytest.mark.parametrize("take_out", [RecordStore.undo, lambda store: store.remove_batch(1)])
def test_text_whose_record_is_gone_is_a_record_again_when_it_is_classified(
    page: ClassifyPage,
    editor: TextEditor,
    store: RecordStore,
    take_out: Callable[[RecordStore], object],
    qtbot: QtBot,
) -> None:
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    wait_until_stored(store, 1, qtbot)
    [first] = store.ids()
    take_out(store)
    assert list(store.ids()) == []
    classify(page, qtbot)
    wait_until_stored(store, 1, qtbot)
    assert list(store.ids()) != [first]


def test_draft_that_is_being_kept_does_not_come_after_the_one_that_forgets_it(
    desktop: Desktop, store: RecordStore, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    page, real, gate = desktop.window.classify_page, store.save_draft, threading.Event()

    def save(words: str) -> None:
        if words:
            gate.wait(10)
        real(words)

    monkeypatch.setattr(store, "save_draft", save)
    paste(page.text_pane.editor, f"{CANARY} was typed before.")
    page.keeping.keep_draft()
    desktop.window.files.private.trigger()
    qtbot.wait(50)
    gate.set()
    qtbot.waitUntil(lambda: not page.keeping.is_busy)
    assert desktop.jobs._pool.waitForDone(10_000)
    assert store.draft() == ""
