"""Short questions with few answers, asked without stopping the window behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


def ask(
    parent: QWidget,
    question: str,
    meaning: str,
    *,
    yes: str,
    no: str,
    then: Callable[[], object],
    otherwise: Callable[[], object] | None = None,
) -> QMessageBox:
    """Ask; the answer that changes nothing is the default, and Escape gives it, too.

    Args:
        parent: The window that the question is about.
        question: One sentence.
        meaning: What follows from a yes.
        yes: What the answer is called that does something.
        no: The other answer.
        then: Called after a yes.
        otherwise: Called after a no.
    """

    def refused() -> None:
        if otherwise is not None:
            otherwise()

    return ask_which(
        parent, question, meaning, answers=[Answer(yes, then)], none=Answer(no, refused)
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a question.

    Attributes:
        words: What it is called.
        then: Called after it was given.
    """

    words: str
    then: Callable[[], object]


def ask_which(
    parent: QWidget, question: str, meaning: str, *, answers: list[Answer], none: Answer
) -> QMessageBox:
    """Ask for one of several answers; see `ask`.

    Args:
        parent: The window that the question is about.
        question: One sentence.
        meaning: What follows from the answers.
        answers: Those that do something.
        none: The one that changes nothing; it is the default, and Escape gives it, too.
    """
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle("KDH Desktop")
    box.setText(question)
    box.setInformativeText(meaning)
    given = {
        box.addButton(one.words, QMessageBox.ButtonRole.AcceptRole): one.then for one in answers
    }
    refuse = box.addButton(none.words, QMessageBox.ButtonRole.RejectRole)
    for button in (*given, refuse):
        button.setAccessibleName(button.text().replace("&", ""))
    box.setDefaultButton(refuse)
    box.setEscapeButton(refuse)

    def answered() -> None:
        clicked = box.clickedButton()
        next((then for button, then in given.items() if button is clicked), none.then)()

    box.finished.connect(answered)
    box.open()
    return box
