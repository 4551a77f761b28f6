"""What a clipboard may hold that must neither freeze the window nor open anything."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from kdh_desktop.gui.classify.classify_page import ClassifyPage
from kdh_desktop.gui.classify.pasted_content import (
    Refusal,
    content_of,
    normalised,
)
from kdh_desktop.gui.classify.session import Activity
from kdh_desktop.gui.classify.text_editor import TextEditor
from kdh_desktop.gui.excerpts import EDITABLE_CHARACTERS, is_editable
from kdh_desktop.gui.incoming_files import GivenFiles
from kdh_desktop.gui.marked_text import units_of
from tests.data.nasty import (
    EMPTY_TEXTS,
    FOREIGN_TEXTS,
    OUTSIDE_TEXTS,
    SHORT_TEXTS,
    combining_marks,
    one_word_100_000_times,
    ten_megabytes,
)
from tests.gui.conftest import ANGIOGENESIS, paste, paste_mime, present_labels, press, shown_labels
from tests.gui.heartbeat import Heartbeat


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every path that Python opens or asks about while the test runs."""
    seen: list[str] = []

    def watched(real: Callable[..., object]) -> Callable[..., object]:
        def call(path: object, *args: object, **options: object) -> object:
            seen.append(str(path))
            return real(path, *args, **options)

        return call

    for name in ("open", "stat"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    return seen


def finish(page: ClassifyPage, qtbot: QtBot, *, timeout: int = 60_000) -> None:
    press(page.text_pane.editor, "Ctrl+Return")
    qtbot.waitUntil(
        lambda: (
            page.session.activity == Activity.IDLE and page.session.current.prediction is not None
        ),
        timeout=timeout,
    )


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "//attacker.example/share/a.png", "http://attacker.example/a.png"],
)
def test_html_is_pasted_as_its_plain_text_and_opens_nothing(
    editor: TextEditor, address: str, opened: list[str]
) -> None:
    mime = QMimeData()
    mime.setHtml(f"<p>Words <img src='{address}'> and <b>more</b></p>")
    mime.setText("Words and more")
    paste_mime(editor, mime)
    assert editor.toPlainText() == "Words and more"
    assert not any("attacker" in path or "passwd" in path for path in opened)


def test_html_without_plain_text_is_refused_with_a_way_out(
    page: ClassifyPage, editor: TextEditor
) -> None:
    mime = QMimeData()
    mime.setHtml("<img src='file:///etc/passwd'>")
    paste_mime(editor, mime)
    assert editor.toPlainText() == ""
    assert "no plain text" in page.notices.messages["paste"]


def test_markup_in_plain_text_stays_text(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    text = f"<img src='file:///etc/passwd'> <b>bold</b> {ANGIOGENESIS}"
    paste(editor, text)
    finish(page, qtbot)
    assert editor.toPlainText() == text
    assert present_labels(page) == ["Inducing angiogenesis"]


def test_picture_on_the_clipboard_is_refused_with_a_way_out(
    page: ClassifyPage, editor: TextEditor
) -> None:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    mime = QMimeData()
    mime.setImageData(image)
    paste_mime(editor, mime)
    assert editor.toPlainText() == ""
    assert "picture" in page.notices.messages["paste"]


def test_clipboard_of_50_megabytes_is_refused_with_a_way_out(
    page: ClassifyPage, editor: TextEditor
) -> None:
    paste(editor, "abc defg " * (50_000_000 // 9))
    assert editor.toPlainText() == ""
    assert "too much text" in page.notices.messages["paste"]


@pytest.mark.parametrize(
    ("url", "content"),
    [
        ("file://attacker.example/share/a.txt", Refusal.NETWORK_FILE),
        ("file:////attacker.example/share/a.txt", Refusal.NETWORK_FILE),
        (
            "file:///home/a/picture.png",
            GivenFiles((Path("/home/a/picture.png"),), has_network_files=False),
        ),
    ],
)
def test_files_are_told_apart_unopened(
    url: str, content: Refusal | GivenFiles, opened: list[str]
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl(url)])
    assert content_of(mime) == content
    assert opened == []


def test_web_address_is_pasted_as_words(editor: TextEditor) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://attacker.example/paper")])
    mime.setText("https://attacker.example/paper")
    paste_mime(editor, mime)
    assert editor.toPlainText() == "https://attacker.example/paper"


def test_ten_megabytes_are_shown_in_part_and_classified_while_the_window_lives(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    text = ten_megabytes()
    beat = Heartbeat()
    paste(editor, text)
    assert len(editor.toPlainText()) <= EDITABLE_CHARACTERS
    assert editor.isReadOnly()
    assert "too long to edit" in page.notices.messages["excerpt"]
    finish(page, qtbot)
    beat.stop()
    assert "Inducing angiogenesis" in present_labels(page)
    assert "text:too_long" in page.notices.messages, "nothing is cut in silence"
    assert editor.marked_texts[0].strip() in text
    # Far above what is allowed on a desk, because test machines are busy.
    assert beat.longest_ms < 1000
    press(editor, "Ctrl+L")
    assert not editor.isReadOnly()


def test_one_word_100_000_times_is_classified(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, one_word_100_000_times())
    finish(page, qtbot)
    assert "text:too_long" in page.notices.messages
    assert len([text for text in shown_labels(page) if "percent" in text]) == 10


def test_evidence_far_behind_in_a_long_text_is_turned_to(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, "The cells were in mice. " * 600 + "The protein increased angiogenesis in mice.")
    assert editor.excerpt is not None
    assert editor.excerpt.start == 0
    finish(page, qtbot)
    assert editor.excerpt.start > 0
    assert editor.marked_texts == ["The protein increased angiogenesis in mice."]


def test_text_can_be_pasted_over_a_long_one(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, one_word_100_000_times())
    assert editor.isReadOnly()
    paste(editor, ANGIOGENESIS)
    assert not editor.isReadOnly()
    assert "excerpt" not in page.notices.messages
    finish(page, qtbot)
    assert present_labels(page) == ["Inducing angiogenesis"]


def test_ten_thousand_combining_marks_do_not_freeze_the_window(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    beat = Heartbeat()
    paste(editor, combining_marks())
    finish(page, qtbot)
    beat.stop()
    assert "text:cleaned" in page.notices.messages
    assert beat.longest_ms < 1000


def test_invisible_characters_are_reported_and_evidence_still_fits(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot
) -> None:
    paste(editor, ANGIOGENESIS.replace("angio", "an\u200bgio\u202e\u202c"))
    finish(page, qtbot)
    assert "left out" in page.notices.messages["text:cleaned"]
    assert present_labels(page) == ["Inducing angiogenesis"]
    assert editor.marked_texts[0].startswith("The protein increased an")
    assert editor.marked_texts[0].endswith("in mice.")


@pytest.mark.parametrize("name", [*FOREIGN_TEXTS, *OUTSIDE_TEXTS])
def test_text_outside_what_the_model_knows_is_marked(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot, name: str
) -> None:
    paste(editor, {**FOREIGN_TEXTS, **OUTSIDE_TEXTS}[name])
    finish(page, qtbot)
    codes = {key for key in page.notices.messages if key.startswith("text:")}
    assert codes & {"text:out_of_domain", "text:not_english"}


@pytest.mark.parametrize("name", [*EMPTY_TEXTS, *SHORT_TEXTS])
def test_empty_and_short_texts_end_in_words_or_labels(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot, name: str
) -> None:
    paste(editor, {**EMPTY_TEXTS, **SHORT_TEXTS}[name])
    if page.session.is_blank:
        press(editor, "Ctrl+Return")
        assert page.notices.messages["paste"]
    else:
        finish(page, qtbot)
        assert shown_labels(page) or "nothing to classify" in page.result_pane.guide.heading.text()


ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\r\n\u2028\u2029\u00a0\x00\ufdd0\ufdd1\U0001f600\ufffc\x0b\x0c\x85"),
    ),
    max_size=60,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ANY_TEXT, data=st.data())
def test_any_sentence_of_any_text_is_lit_where_it_stands(
    page: ClassifyPage, text: str, data: st.DataObject
) -> None:
    editor = page.text_pane.editor
    text = normalised(text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    editor.show_text(text)
    editor.mark([(start, end)])
    box = editor.toPlainText()
    assert len(box) == len(text), "positions in the box and in the text are the same"
    cursor = editor._marks[0]
    units = [units_of(text[:place]) for place in (start, end)]
    assert [cursor.selectionStart(), cursor.selectionEnd()] == units


@given(text=st.text(max_size=200))
def test_half_characters_and_line_ends_never_reach_the_box(text: str) -> None:
    clean = normalised(text + "\ud800\r\n")
    assert "\r" not in clean
    clean.encode("utf-8")


def test_texts_that_would_make_typing_slow_are_not_editable() -> None:
    assert is_editable("word " * 1000)
    assert is_editable("a line of a paper\n" * 2000)
    assert not is_editable("x" * 20_000)
    assert not is_editable("a line of a paper\n" * 20_000)


def test_dropping_a_file_on_a_long_text_replaces_it(
    page: ClassifyPage, editor: TextEditor, qtbot: QtBot, tmp_path: Path
) -> None:
    paste(editor, one_word_100_000_times())
    file = tmp_path / "a.txt"
    file.write_text(ANGIOGENESIS, encoding="utf-8")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    editor.insertFromMimeData(mime)
    qtbot.waitUntil(lambda: editor.toPlainText() == ANGIOGENESIS)
    assert "cleared" in page.notices.messages
