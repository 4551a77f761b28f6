"""A dialog at the door: its answer takes a moment, and too many wrong answers a wait.

It stays alive meanwhile and can be given up.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from kdh_desktop.core.access import Access
from kdh_desktop.core.errors import AccessError, TooManyTriesError, WrongPasswordError
from kdh_desktop.gui.admin.consent import Consent
from kdh_desktop.gui.admin.fitting import grow_to_fit
from kdh_desktop.gui.admin.password_field import PasswordField
from kdh_desktop.gui.jobs import Job
from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import field_label, plain_label
from kdh_desktop.gui.theme import GRID

_TICK_MS = 200
_MINUTE_S = 60
_LEAST_WIDTH = 60 * GRID


class BusyDialog(QDialog):
    """A heading, fields, a line that says what is wrong, and two buttons.

    Escape and Cancel give up what goes on where that is still possible; else the dialog waits for
    its answer, which is there in a moment.
    """

    def __init__(
        self,
        *,
        title: str,
        heading: str,
        accept: str,
        access: Access,
        clock: Callable[[], float] = time.monotonic,
        parent: QWidget | None = None,
    ) -> None:
        """Make the frame.

        Args:
            title: Of the window.
            heading: Above the fields.
            accept: What the main button is called.
            access: Knows how long to wait after too many wrong secrets.
            clock: Seconds, for the countdown.
            parent: The window that the dialog is about.
        """
        super().__init__(parent)
        self.setWindowTitle(title)
        self._access = access
        self._clock = clock
        self._job: Job | None = None
        self._consent: Consent | None = None
        self._wait_until_s = 0.0
        self.fields = QWidget()
        self.column = QVBoxLayout(self.fields)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(GRID // 2)
        self.message = plain_label()
        # Room for two lines from the start, so that nothing jumps when something is said.
        self.message.setMinimumHeight(2 * self.message.fontMetrics().lineSpacing())
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Checking the password"))
        room = self.progress.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(room)
        self.progress.hide()
        self._countdown = QTimer(self)
        self._countdown.setInterval(_TICK_MS)
        self._countdown.timeout.connect(self._count_down)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(plain_label(heading, kind="heading"))
        layout.addWidget(self.fields)
        layout.addWidget(self.message)
        layout.addStretch(1)
        layout.addWidget(self.progress)
        layout.addWidget(self._make_buttons(accept))
        self.setMinimumWidth(_LEAST_WIDTH)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.grow()

    def grow(self) -> None:
        """Be large enough for what is said now."""
        grow_to_fit(self, least_width=_LEAST_WIDTH)

    def _make_buttons(self, accept: str) -> QDialogButtonBox:
        self.buttons = QDialogButtonBox()
        self.accept_button = QPushButton(accept)
        self.accept_button.setProperty("kind", "main")
        self.accept_button.setDefault(True)
        self.accept_button.clicked.connect(self.send)
        # In no role that would close the dialog: it closes when the answer is there.
        self.buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.ApplyRole)
        self.cancel_button = self.buttons.addButton(
            self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole
        )
        self.cancel_button.setAutoDefault(False)
        for button in (self.accept_button, self.cancel_button):
            button.setAccessibleName(button.text().replace("&", ""))
        self.buttons.rejected.connect(self.reject)
        return self.buttons

    # For those who fill it in

    def send(self) -> None:
        """Do what the main button says."""
        raise NotImplementedError

    def add_words(self, words: str, *, kind: str = "") -> QLabel:
        """Words above or below a field."""
        label = plain_label(words, kind=kind)
        self.column.addWidget(label)
        return label

    def add_field(self, words: str) -> PasswordField:
        """A field for a secret, under words with their letter for Alt."""
        field = PasswordField(words.replace("&", ""))
        field.edited.connect(self._forget_message)
        self.column.addSpacing(GRID)
        self.column.addWidget(field_label(words, field.line))
        self.column.addWidget(field)
        return field

    def say(self, words: str) -> None:
        """Say what is wrong, or what goes on, on the screen and to screen readers."""
        self.message.setText(words)
        self.grow()
        if words:
            announce(self, words)

    # Being busy

    @property
    def is_busy(self) -> bool:
        """Whether something goes on in the background."""
        return self._job is not None

    def wait_for(self, job: Job, consent: Consent | None = None) -> None:
        """Be busy until `answered` is called.

        Args:
            job: What goes on.
            consent: Who is asked, where it cannot be given up at every moment.
        """
        self._job, self._consent = job, consent
        self.say("")
        self.progress.show()
        # The focus stays within the dialog when the field that has it is switched off.
        self.cancel_button.setFocus()
        self._set_usable(is_usable=False)

    def answered(self) -> None:
        """Be there for the person again."""
        self._job = self._consent = None
        self.progress.hide()
        self._set_usable(is_usable=not self.is_waiting)

    def done(self, result: int) -> None:
        # Here all ways out meet: Cancel, Escape, and a lock, which closes without asking.
        if self._job is not None:
            if self._consent is not None and not self._consent.give_up():
                return  # the password is set by now, and its recovery key is on its way
            self._job.drop()
            self.answered()
        self._countdown.stop()
        super().done(result)

    def _set_usable(self, *, is_usable: bool) -> None:
        self.fields.setEnabled(is_usable)
        self.accept_button.setEnabled(is_usable)

    # Waiting after too many wrong secrets

    @property
    def is_waiting(self) -> bool:
        """Whether nothing may be tried at present."""
        return self._wait_until_s > self._clock()

    def tell_failure(self, error: AccessError) -> None:
        """Say why the door stays shut, and wait where one has to."""
        if not isinstance(error, WrongPasswordError | TooManyTriesError):
            self.say(str(error))
        elif left := self._access.tries_left:
            words = self.tr("This is not the right one. Tries left before a wait: {count}.")
            self.say(words.format(count=left))
        self.begin_wait()

    def begin_wait(self) -> None:
        """Wait where one has to, with the time counted down."""
        wait_s = self._access.wait_s
        if wait_s > 0:
            self._wait_until_s = self._clock() + wait_s
            self._set_usable(is_usable=False)
            self.cancel_button.setFocus()
            # Said aloud once, not with every second.
            self.say(self._wait_words(wait_s))
            self._countdown.start()

    def _count_down(self) -> None:
        if self.is_waiting:
            self.message.setText(self._wait_words(self._wait_until_s - self._clock()))
            return
        self._countdown.stop()
        self._set_usable(is_usable=True)
        self.say(self.tr("You can try again now."))
        self.focusNextChild()

    def _wait_words(self, left_s: float) -> str:
        seconds = math.ceil(left_s)
        if seconds < 2 * _MINUTE_S:
            time_left = self.tr("{seconds} s").format(seconds=seconds)
        else:
            minutes, rest = divmod(seconds, _MINUTE_S)
            time_left = self.tr("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
        words = self.tr(
            "It was wrong too often. Try again in {time}. The wait grows with every wrong try, and "
            "starting the program again does not shorten it."
        )
        return words.format(time=time_left)

    def _forget_message(self) -> None:
        if not self.is_waiting:
            self.message.clear()
