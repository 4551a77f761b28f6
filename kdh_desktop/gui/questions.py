"""Short questions with two answers, asked without stopping the window behind them."""

from __future__ import annotations

from collections.abc import Callable

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
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle("KDH Desktop")
    box.setText(question)
    box.setInformativeText(meaning)
    accept = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    refuse = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    for button in (accept, refuse):
        button.setAccessibleName(button.text())
    box.setDefaultButton(refuse)
    box.setEscapeButton(refuse)

    def answer() -> None:
        if box.clickedButton() is accept:
            then()
        elif otherwise is not None:
            otherwise()

    box.finished.connect(answer)
    box.open()
    return box
