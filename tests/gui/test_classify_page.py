"""Paste a text, see its hallmarks and the sentences that say so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from kdh_desktop.core.record import Band, Record
from kdh_desktop.gui.app import Desktop
from kdh_desktop.gui.classify.classify_page import ClassifyPage
from kdh_desktop.gui.classify.example import EXAMPLE_TEXT
from kdh_desktop.gui.classify.session import Activity
from kdh_desktop.gui.classify.text_editor import TextEditor
from kdh_desktop.gui.classify.work import divide_work
from kdh_desktop.gui.jobs import Job
from kdh_desktop.gui.main_window import MainWindow
from tests.gui.conftest import (
    ANGIOGENESIS,
    APOPTOSIS,
    PLAIN,
    GatedClassifier,
    HeldExecutor,
    StartDesktop,
    paste,
    present_labels,
    press,
    press_in,
    shown_labels,
)

FILLER = "The growth of the tumor was studied in mice and the response was not increased. " * 4
THREE = f"{ANGIOGENESIS} {FILLER}\n\n\n{APOPTOSIS} {FILLER}\n\n\n{PLAIN} {FILLER}\n"


def classify(page: ClassifyPage, qtbot: QtBot) -> None:
    """Press Ctrl+Enter and wait for the end of it."""
    press_in(page, "Ctrl+Return")
    qtbot.waitUntil(
        lambda: (
            page.session.activity == Activity.IDLE
            and not any(entry.is_waiting for entry in page.session.entries)
        )
    )


def click_label(page: ClassifyPage, name: str) -> None:
    model, view = page.result_pane.model, page.result_pane.list
    index = next(
        model.index(row) for row in range(model.rowCount()) if model.index(row).data() == name
    )
    view.scrollTo(index)
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center()
    )


def test_page_opens_with_the_cursor_in_the_text_box(editor: TextEditor) -> None:
    assert QApplication.focusWidget() is editor


def test_pasted_text_gets_its_labels(page: ClassifyPage, editor: TextEditor, qtbot: QtBot) -> None:
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    assert present_labels(page) == ["Inducing angiogenesis"]
    assert len([text for text in shown_labels(page) if "percent" in text]) == 10
    assert shown_labels(page)[0] == "Present: 1"
    assert shown_labels(page)[2] == "Absent: 9"
    assert page.result_pane.summary.text() == "Present: 1. Needs review: 0."


def test_button_does_what_the_key_does(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, APOPTOSIS)
    with qtbot.waitSignal(page.session.classified):
        QTest.mouseClick(page.text_pane.classify_button, Qt.MouseButton.LeftButton)
    assert present_labels(page) == ["Resisting cell death"]


def test_labels_stand_by_falling_probability_within_each_band(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, f"{ANGIOGENESIS} {APOPTOSIS}")
    classify(page, qtbot)
    prediction = page.session.current.prediction
    assert prediction is not None
    for band in Band:
        numbers = [s.probability for s in prediction.by_probability if s.band == band]
        shown = [
            page.result_pane.model.score_at(page.result_pane.model.index(row))
            for row in range(page.result_pane.model.rowCount())
        ]
        assert numbers == [s.probability for s in shown if s is not None and s.band == band]


def test_evidence_of_the_first_label_is_lit_at_once(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    assert editor.marked_texts == ["The protein increased angiogenesis in mice."]
    selection = editor.extraSelections()[0]
    assert selection.format.fontUnderline(), "the mark must not be a colour alone"


def test_chosen_label_lights_its_own_sentences_and_says_what_it_means(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, f"{ANGIOGENESIS} {APOPTOSIS}")
    classify(page, qtbot)
    click_label(page, "Resisting cell death")
    assert editor.marked_texts == ["This protein induced apoptosis in human cells and in mice."]
    detail = page.result_pane.detail
    assert detail.name.text() == "Resisting cell death"
    assert "programmed death" in detail.definition.text()
    assert "threshold, 50%" in detail.certainty.text()
    click_label(page, "Inducing angiogenesis")
    assert editor.marked_texts == ["The protein increased angiogenesis in mice."]


def test_first_evidence_is_brought_into_view(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    lines = [f"Line {number} of the study of these cells." for number in range(200)]
    lines[150] = "The protein increased angiogenesis in mice."
    paste(editor, "\n".join(lines))
    editor.moveCursor(editor.textCursor().MoveOperation.Start)
    classify(page, qtbot)
    cursor = editor.textCursor()
    assert cursor.position() == 0, "the user's cursor stays where it was"
    cursor.setPosition(editor.toPlainText().index("angiogenesis"))
    assert editor.viewport().rect().contains(editor.cursorRect(cursor).center())


def test_evidence_is_found_behind_emoji(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, f"\U0001f9ec\U0001f600 {ANGIOGENESIS}")
    classify(page, qtbot)
    assert editor.marked_texts[0].endswith("The protein increased angiogenesis in mice.")


def test_a_word_that_a_printer_broke_is_whole_in_the_evidence_and_as_pasted_in_the_text(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, ANGIOGENESIS.replace("angiogenesis", "angio-\ngenesis"))
    classify(page, qtbot)
    assert editor.marked_texts == ["The protein increased angio-\ngenesis in mice."]
    row = page.result_pane.detail.evidence_model.index(0)
    assert "increased angiogenesis in mice." in row.data()
    press(editor, "Ctrl+Shift+C")
    assert '"The protein increased angiogenesis in mice."' in QGuiApplication.clipboard().text()


def test_absent_label_says_why_nothing_is_lit(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    click_label(page, "Cellular energetics")
    assert editor.marked_texts == []
    assert "present or need review" in page.result_pane.detail.evidence_line.text()


def test_edited_text_is_followed_by_its_labels(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, PLAIN)
    classify(page, qtbot)
    assert shown_labels(page)[0] == "Present: none"
    editor.moveCursor(editor.textCursor().MoveOperation.End)
    QTest.keyClicks(editor, " Telomerase was induced.")
    assert page.session.current.is_stale
    assert "has changed" in page.result_pane.summary.text()
    qtbot.waitUntil(lambda: present_labels(page) == ["Enabling replicative immortality"])
    assert page.result_pane.summary.text() == "Present: 1. Needs review: 0."


def test_text_that_was_never_classified_is_not_classified_by_typing(
    page: ClassifyPage, editor: TextEditor
) -> None:
    paste(editor, ANGIOGENESIS)
    QTest.keyClicks(editor, " More.")
    assert page.session.activity == Activity.IDLE
    assert not page.session._follow_timer.isActive()


def test_late_answer_about_an_older_wording_is_dropped(start: StartDesktop, qtbot: QtBot) -> None:
    held = HeldExecutor()
    desktop = start(execute=held)
    held.run_all()
    page = desktop.window.classify_page
    editor = page.text_pane.editor
    qtbot.waitUntil(lambda: desktop.model.classifier is not None)
    paste(editor, ANGIOGENESIS)
    press(editor, "Ctrl+Return")
    held.run_next()
    qtbot.waitUntil(lambda: page.session.activity == Activity.CLASSIFYING)
    editor.selectAll()
    QTest.keyClicks(editor, "x")
    paste(editor, APOPTOSIS)
    qtbot.waitUntil(lambda: len(held.held) == 2)
    held.run_all()
    qtbot.waitUntil(lambda: bool(present_labels(page)))
    assert present_labels(page) == ["Resisting cell death"]
    assert page.session.activity == Activity.IDLE


def test_several_texts_are_told_apart_and_each_has_its_labels(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, THREE)
    classify(page, qtbot)
    assert len(page.session.entries) == 3
    assert page.text_pane.heading.text() == "Text 1 of 3"
    assert present_labels(page) == ["Inducing angiogenesis"]
    press_in(editor, "Alt+Right")
    assert page.text_pane.heading.text() == "Text 2 of 3"
    assert editor.toPlainText().startswith(APOPTOSIS)
    assert present_labels(page) == ["Resisting cell death"]
    press_in(editor, "Alt+Right")
    assert present_labels(page) == []
    press_in(editor, "Alt+Left")
    press_in(editor, "Alt+Left")
    assert present_labels(page) == ["Inducing angiogenesis"]
    spoken = page.text_pane.list.model().index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Present: 1" in str(spoken)


def test_divided_texts_can_be_put_together_again_and_back(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, THREE)
    classify(page, qtbot)
    assert "3 texts were found" in page.notices.messages["divided"]
    page._keep_whole()
    qtbot.waitUntil(lambda: not page.session.current.is_waiting)
    assert len(page.session.entries) == 1
    assert editor.toPlainText() == THREE
    assert present_labels(page) == ["Inducing angiogenesis", "Resisting cell death"]
    page._divide_again()
    qtbot.waitUntil(lambda: len(page.session.entries) == 3)


def test_editing_one_of_several_texts_changes_only_its_labels(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, THREE)
    classify(page, qtbot)
    press_in(editor, "Alt+Right")
    editor.moveCursor(editor.textCursor().MoveOperation.End)
    QTest.keyClicks(editor, " Glycolysis was increased.")
    qtbot.waitUntil(lambda: "Cellular energetics" in present_labels(page))
    press_in(editor, "Alt+Left")
    assert present_labels(page) == ["Inducing angiogenesis"]


def test_text_left_in_the_middle_of_an_edit_is_still_followed(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, THREE)
    classify(page, qtbot)
    editor.moveCursor(editor.textCursor().MoveOperation.End)
    QTest.keyClicks(editor, " Glycolysis was increased.")
    press_in(editor, "Alt+Right")
    qtbot.waitUntil(lambda: not page.session.entries[0].is_waiting)
    press_in(editor, "Alt+Left")
    assert "Cellular energetics" in present_labels(page)


def test_cancel_keeps_texts_already_classified(
    start: StartDesktop, desktop: Desktop, qtbot: QtBot
) -> None:
    real = desktop.model.classifier
    assert real is not None
    gated = GatedClassifier(real, free_calls=1)
    second = start(load=lambda: gated)
    page = second.window.classify_page
    qtbot.waitUntil(lambda: second.model.classifier is not None)
    paste(page.text_pane.editor, THREE)
    press(page.text_pane.editor, "Ctrl+Return")
    qtbot.waitUntil(gated.is_waiting.is_set)
    qtbot.waitUntil(lambda: bool(present_labels(page)))
    qtbot.waitUntil(lambda: page.text_pane.is_progress_shown, timeout=3000)
    assert page.text_pane.progress_words.text() == "1 of 3 texts"
    QTest.mouseClick(page.text_pane.cancel_button, Qt.MouseButton.LeftButton)
    assert page.session.activity == Activity.CANCELLING
    gated.gate.set()
    qtbot.waitUntil(lambda: page.session.activity == Activity.IDLE)
    assert [entry.prediction is not None for entry in page.session.entries] == [True, False, False]
    assert page.notices.messages["failed"] == "Stopped. Texts classified: 1 of 3."
    assert not page.text_pane.is_progress_shown
    classify(page, qtbot)
    assert all(entry.prediction is not None for entry in page.session.entries)


def test_what_is_stopped_before_the_first_text_counts_none_of_an_older_run(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    gate = threading.Event()

    def held(text: str) -> Callable[[Job], tuple[Record, ...]]:
        def work(job: Job) -> tuple[Record, ...]:
            gate.wait(10)
            return divide_work(text)(job)

        return work

    monkeypatch.setattr("kdh_desktop.gui.classify.session.divide_work", held)
    page.exchange.clear()
    paste(editor, APOPTOSIS)
    press(editor, "Ctrl+Return")
    page.commands.cancel.trigger()
    gate.set()
    qtbot.waitUntil(lambda: "failed" in page.notices.messages)
    assert page.notices.messages["failed"] == "Stopped."


def test_window_can_be_used_before_the_model_is_there(start: StartDesktop, qtbot: QtBot) -> None:
    held = HeldExecutor()
    desktop = start(execute=held)
    page = desktop.window.classify_page
    assert desktop.window.model_label.text() == "Loading the model…"
    paste(page.text_pane.editor, ANGIOGENESIS)
    press(page.text_pane.editor, "Ctrl+Return")
    assert page.session.activity == Activity.WAITING_FOR_MODEL
    held.run_next()
    qtbot.waitUntil(lambda: desktop.model.classifier is not None)
    held.run_next()
    qtbot.waitUntil(lambda: bool(held.held))
    held.run_next()
    qtbot.waitUntil(lambda: present_labels(page) == ["Inducing angiogenesis"])
    assert desktop.window.model_label.text() == "Model: tiny-0"


def test_waiting_for_the_model_can_be_cancelled(start: StartDesktop) -> None:
    desktop = start(execute=HeldExecutor())
    page = desktop.window.classify_page
    paste(page.text_pane.editor, ANGIOGENESIS)
    press(page.text_pane.editor, "Ctrl+Return")
    press(page.text_pane.editor, "Escape")
    assert page.session.activity == Activity.IDLE


def test_example_is_one_click_away(page: ClassifyPage, editor: TextEditor, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.session.classified):
        QTest.mouseClick(page.result_pane.example_button, Qt.MouseButton.LeftButton)
    assert editor.toPlainText() == EXAMPLE_TEXT
    assert "Inducing angiogenesis" in present_labels(page)
    assert "invented" in page.text_pane.hint.text()


def test_example_over_a_text_gives_the_text_back(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    press(editor, "Ctrl+E")
    qtbot.waitUntil(lambda: "Resisting cell death" in present_labels(page))
    assert "cleared" in page.notices.messages
    page.exchange.undo_clear()
    assert editor.toPlainText() == ANGIOGENESIS
    assert present_labels(page) == ["Inducing angiogenesis"]


@pytest.mark.parametrize("way", ["notice", "key"])
def test_clear_can_be_undone_with_all_texts_and_labels(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot, way: str
) -> None:
    paste(editor, THREE)
    classify(page, qtbot)
    press(editor, "Ctrl+L")
    assert editor.toPlainText() == ""
    assert len(page.session.entries) == 1
    assert shown_labels(page) == []
    assert QApplication.focusWidget() is editor
    if way == "key":
        press(editor, "Ctrl+Z")
    else:
        page.exchange.undo_clear()
    assert len(page.session.entries) == 3
    assert present_labels(page) == ["Inducing angiogenesis"]
    assert "cleared" not in page.notices.messages


def test_what_came_after_a_clear_is_not_lost_by_its_undo(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, ANGIOGENESIS)
    press(editor, "Ctrl+L")
    paste(editor, THREE)
    classify(page, qtbot)
    # The texts were divided since, so that the box has nothing of its own to undo.
    press(editor, "Ctrl+Z")
    assert editor.toPlainText() == ANGIOGENESIS
    assert "cleared" in page.notices.messages
    page.exchange.undo_clear()
    assert len(page.session.entries) == 3
    assert present_labels(page) == ["Inducing angiogenesis"]


def test_text_pasted_over_one_of_several_is_not_lost_by_putting_them_together(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, THREE)
    classify(page, qtbot)
    editor.selectAll()
    paste(editor, PLAIN)
    assert "divided" not in page.notices.messages
    qtbot.waitUntil(lambda: page.session.activity == Activity.IDLE)


def test_labels_of_a_former_model_are_said_to_be_so_and_all_done_again(
    page: ClassifyPage, editor: TextEditor, desktop: Desktop, qtbot: QtBot
) -> None:
    paste(editor, THREE)
    classify(page, qtbot)
    session = page.session
    session._entries = [
        replace(entry, prediction=replace(entry.prediction, model_id="former"))
        for entry in session.entries
        if entry.prediction is not None
    ]
    desktop.model.changed.emit()
    assert "another model" in page.result_pane.summary.text()
    assert not page.commands.copy_result.isEnabled()
    classify(page, qtbot)
    qtbot.waitUntil(lambda: session.activity == Activity.IDLE)
    assert {entry.prediction.model_id for entry in session.entries if entry.prediction} == {
        session.model_id
    }
    assert "another model" not in page.result_pane.summary.text()
    assert page.commands.copy_result.isEnabled()


def test_text_box_keeps_its_own_undo(page: ClassifyPage, editor: TextEditor) -> None:
    paste(editor, ANGIOGENESIS)
    press(editor, "Ctrl+Z")
    assert editor.toPlainText() == ""
    press(editor, "Ctrl+Shift+Z")
    assert editor.toPlainText() == ANGIOGENESIS


def test_pasting_over_everything_starts_a_new_text(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    editor.selectAll()
    paste(editor, THREE)
    qtbot.waitUntil(lambda: len(page.session.entries) == 3)
    qtbot.waitUntil(lambda: page.session.activity == Activity.IDLE)
    assert not any(entry.is_waiting for entry in page.session.entries)


def test_result_is_copied_as_text(page: ClassifyPage, editor: TextEditor, qtbot: QtBot) -> None:
    paste(editor, ANGIOGENESIS)
    classify(page, qtbot)
    press(editor, "Ctrl+Shift+C")
    copied = QGuiApplication.clipboard().text()
    assert "model tiny-0" in copied
    assert "For research use, not for diagnosis" in copied
    assert "Present: 1\n  Inducing angiogenesis: " in copied
    assert '"The protein increased angiogenesis in mice."' in copied
    assert "Cellular energetics: " in copied


def test_results_of_all_texts_are_copied_as_text(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, THREE)
    classify(page, qtbot)
    press(editor, "Ctrl+Alt+C")
    qtbot.waitUntil(lambda: "Text 3" in QGuiApplication.clipboard().text())
    assert "Text 1" in QGuiApplication.clipboard().text()


def test_label_without_a_clear_sentence_says_so(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, f"{'and '.join(['of the cells '] * 30)} angiogenesis {'in the mice ' * 40}.")
    classify(page, qtbot)
    assert present_labels(page) == [] or page.result_pane.score is not None
    score = page.result_pane.score
    assert score is not None
    assert score.label.name == "Inducing angiogenesis"
    assert score.evidence == ()
    assert page.result_pane.detail.evidence_line.text().startswith("No clear sentence")
    assert editor.marked_texts == []


def test_classifying_nothing_says_what_to_do(page: ClassifyPage, editor: TextEditor) -> None:
    press(editor, "Ctrl+Return")
    assert "no text yet" in page.notices.messages["paste"]
    assert QApplication.focusWidget() is editor


def test_text_file_can_be_dropped(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "private.txt"
    file.write_text(f"\ufeff{ANGIOGENESIS}\r\n", encoding="utf-8")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    editor.insertFromMimeData(mime)
    qtbot.waitUntil(lambda: editor.toPlainText() == f"{ANGIOGENESIS}\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"caf\xe9 au lait", "not UTF-8 text"),
        (b"PK\x03\x04\0\0\0", "not plain text"),
        (b"  \n ", "holds no text"),
    ],
)
def test_file_that_is_no_text_is_refused_with_a_reason(
    page: ClassifyPage,
    editor: TextEditor,
    qtbot: QtBot,
    tmp_path: Path,
    content: bytes,
    words: str,
) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(content)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    editor.insertFromMimeData(mime)
    qtbot.waitUntil(lambda: words in page.notices.messages.get("paste", ""))


def test_warnings_stand_only_beside_the_text_they_are_about(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    weather = "It rained on Monday and the sun came out again, so people went home and read. " * 4
    paste(editor, f"{ANGIOGENESIS} {FILLER}\n\n\n{weather}")
    classify(page, qtbot)
    assert "text:out_of_domain" not in page.notices.messages
    press(editor, "Alt+Right")
    assert "text:out_of_domain" in page.notices.messages
    press(editor, "Alt+Left")
    assert "text:out_of_domain" not in page.notices.messages


def test_dividing_lines_and_window_size_are_remembered(
    desktop: Desktop, start: StartDesktop
) -> None:
    window: MainWindow = desktop.window
    window.resize(1000, 700)
    columns = window.classify_page._columns
    columns.setSizes([300, 600])
    kept = columns.sizes()
    window.close()
    second = start()
    assert second.window.classify_page._columns.saveState() == columns.saveState()
    assert kept[0] < kept[1]


def test_typing_takes_away_the_way_back_that_would_lose_it(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, THREE)
    classify(page, qtbot)
    assert "divided" in page.notices.messages
    QTest.keyClicks(editor, "x")
    assert "divided" not in page.notices.messages


def test_closed_notice_stays_closed_until_its_reason_is_gone(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, "angio\u200bgenesis of the tumor in mice and in human cells.")
    classify(page, qtbot)
    assert "text:cleaned" in page.notices.messages
    page.notices._close("text:cleaned")
    editor.moveCursor(editor.textCursor().MoveOperation.End)
    QTest.keyClicks(editor, " More.")
    qtbot.waitUntil(lambda: not page.session.current.is_waiting)
    assert "text:cleaned" not in page.notices.messages
    page.exchange.clear()
    paste(editor, "angio\u200bgenesis of the tumor in mice and in human cells.")
    classify(page, qtbot)
    assert "text:cleaned" in page.notices.messages


def test_file_dragged_onto_the_box_is_taken(
    editor: TextEditor, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "a.txt"
    file.write_text(ANGIOGENESIS, encoding="utf-8")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    place = editor.viewport().rect().center()
    drag = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton)
    enter = QDragEnterEvent(place, *drag, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(editor.viewport(), enter)
    assert enter.isAccepted()
    drop = QDropEvent(place.toPointF(), *drag, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(editor.viewport(), drop)
    qtbot.waitUntil(lambda: editor.toPlainText() == ANGIOGENESIS)
