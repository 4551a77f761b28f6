"""What the page shows while the administrator's door is shut: what it is for, and the way in."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID
from kdh_desktop.gui.training.run_shown import RunShown
from kdh_desktop.gui.training.run_words import share_words
from kdh_desktop.gui.work_panel import time_left

_STEPS = 1000
_READABLE = 84 * GRID


class DoorPanel(QWidget):
    """Words, a button, and one line on the training that goes on: to look at, without controls."""

    open_wanted = Signal()
    """The user wants to come in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = plain_label(self.tr("Train a model on your own texts"), kind="title")
        self.words = plain_label(
            self.tr(
                "Here an administrator lets the program learn from labelled texts of your "
                "hospital, watches how it goes, and compares the new model with the one in use. "
                "Everything stays on this computer."
            )
        )
        self.meaning = plain_label(kind="muted")
        self.button = QPushButton()
        self.button.setProperty("kind", "main")
        self.button.clicked.connect(self.open_wanted)
        self.running = _RunningLine()
        column = QVBoxLayout()
        column.setSpacing(2 * GRID)
        column.addStretch(2)
        for widget in (self.heading, self.words, self.meaning):
            column.addWidget(widget)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.running)
        column.addStretch(3)
        inside = QWidget()
        inside.setLayout(column)
        inside.setMaximumWidth(_READABLE)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4 * GRID, 2 * GRID, 4 * GRID, 2 * GRID)
        layout.addWidget(inside, 1)
        layout.addStretch(0)
        self.show_door(is_set_up=True)

    def show_door(self, *, is_set_up: bool) -> None:
        """Say how the door is opened: by a password, or by setting one."""
        if is_set_up:
            self.meaning.setText(
                self.tr("This page is locked. It opens with the administrator's password.")
            )
            words = self.tr("Unlock…")
        else:
            self.meaning.setText(
                self.tr(
                    "No password is set yet. Whoever sets it is the administrator, and decides "
                    "which model the program uses."
                )
            )
            words = self.tr("Set a password…")
        self.button.setText(words)
        self.button.setAccessibleName(words)

    def show_running(self, shown: RunShown | None) -> None:
        """Show the training that goes on, or none."""
        self.running.show_run(shown)


class _RunningLine(QFrame):
    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "note")
        self.words = plain_label()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        layout.setSpacing(GRID // 2)
        layout.addWidget(self.words)
        layout.addWidget(self.bar)
        self.hide()

    def show_run(self, shown: RunShown | None) -> None:
        self.setVisible(shown is not None)
        if shown is None:
            return
        words = self.tr("A training goes on: {words}").format(words=going_on_words(shown))
        if words != self.words.text():
            self.words.setText(words)
            self.bar.setAccessibleName(words)
        share = shown.progress.run_share
        self.bar.setRange(0, 0 if share is None else _STEPS)
        self.bar.setValue(round(_STEPS * (share or 0.0)))


def going_on_words(shown: RunShown) -> str:
    """A run that goes on in one line: what it does, how far it is, how long it will take."""
    words = [shown.doing, share_words(shown.progress)]
    if shown.progress.seconds_left is not None:
        words.append(time_left(shown.progress.seconds_left))
    return ", ".join(word for word in words if word)
