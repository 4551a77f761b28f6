"""Closing the window while something would be cut short or forgotten asks first."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QMessageBox

from kdh_desktop.core.training_progress import RunState
from kdh_desktop.gui.questions import Answer, ask, ask_which
from kdh_desktop.gui.records.reviewer import Reviewer
from kdh_desktop.gui.training_desk import RunWish
from kdh_desktop.gui.window_parts import WindowParts


def end_program() -> None:
    """Leave the event loop."""
    QCoreApplication.quit()


class Leaving(QObject):
    """Knows whether the window may close; closes it itself once work has stopped.

    A training may also go on with the window hidden; the program then ends with the training,
    unless somebody has brought the window back.
    """

    def __init__(
        self,
        parts: WindowParts,
        *,
        would_forget: Callable[[], bool],
        reviewer: Reviewer,
        parent: QObject | None = None,
    ) -> None:
        """Hold on to those who know.

        Args:
            parts: Of the window that closes.
            would_forget: Whether a private session has something that nobody could bring back.
            reviewer: Writes what a person decided; the window stays until that is on the disk.
            parent: Qt's parent.
        """
        super().__init__(parent)
        self._parts = parts
        self._would_forget = would_forget
        self._reviewer = reviewer
        self._is_agreed = False
        self._is_in_background = False
        self.question: QMessageBox | None = None
        parts.panel.changed.connect(self._see)
        parts.trainings.changed.connect(self._see)
        parts.trainings.failed.connect(self._stay)
        reviewer.busy_changed.connect(self._see)
        reviewer.failed.connect(self._stay)

    @property
    def is_in_background(self) -> bool:
        """Whether the window was hidden for a training to go on, and nobody brought it back."""
        return self._is_in_background and not self._parts.window.isVisible()

    @property
    def _would_cut_short(self) -> bool:
        return self._parts.panel.is_working or self._parts.trainings.is_busy

    @property
    def _is_busy(self) -> bool:
        is_writing = self._reviewer.is_busy or self._parts.trainings.is_deleting
        return self._would_cut_short or is_writing

    def may_close(self) -> bool:
        """Whether the window may close now; where it may not, the user has been asked."""
        if self._is_agreed or not (self._would_cut_short or self._would_forget()):
            # What is being saved or deleted takes a moment, of which nobody has to be asked.
            self._is_agreed = self._is_busy
            return not self._is_busy
        if self.question is None:
            self.question = self._ask()
            self.question.finished.connect(self._forget_question)
        return False

    def agree(self) -> None:
        """Close without a question, as soon as work has stopped."""
        self._is_agreed = True
        if self._is_busy:
            self._parts.panel.cancel_all()
            self._see()
        else:
            self._parts.window.close()

    def go_on_in_background(self) -> None:
        """Hide the window; the program ends when the training does."""
        self._is_in_background = True
        trainings = self._parts.trainings
        active = trainings.active
        if active is not None and (active.state is RunState.PAUSED or active.wish is RunWish.PAUSE):
            # Nobody is there who could let it go on.
            trainings.go_on()
        self._parts.window.hide()
        # The training may have ended while the question was open.
        self._see()

    def _ask(self) -> QMessageBox:
        window = self._parts.window
        if self._parts.trainings.is_busy:
            return self._ask_about_training()
        if self._parts.panel.is_working:
            question = self.tr("Close although work is going on?")
            meaning = self.tr("What is done is kept, and the rest can go on at the next start.")
            if self._would_forget():
                meaning = self._forgotten()
            yes, no = self.tr("Stop and close"), self.tr("Go on working")
        else:
            question = self.tr("Close and forget the private session?")
            meaning = self._forgotten()
            yes, no = self.tr("Close and forget"), self.tr("Stay")
        return ask(window, question, meaning, yes=yes, no=no, then=self.agree)

    def _forgotten(self) -> str:
        return self.tr(
            "The texts, records and labels of the private session are forgotten for good."
        )

    def _ask_about_training(self) -> QMessageBox:
        meaning = [
            self.tr(
                "In the background the training goes on with the window hidden, and the program "
                "ends with it. Start the program again to bring the window back."
            ),
            self.tr("A training that is stopped can go on later from its last checkpoint."),
        ]
        if self._would_forget():
            meaning.append(self.tr("The private session is forgotten when the program ends."))
        return ask_which(
            self._parts.window,
            self.tr("Close although a model is being trained?"),
            "\n\n".join(meaning),
            answers=[
                Answer(self.tr("Go on in the &background"), self.go_on_in_background),
                Answer(self.tr("&Stop the training and close"), self.agree),
            ],
            none=Answer(self.tr("Stay"), self._stay),
        )

    def _stay(self) -> None:
        """The window stays open, as where something could not be saved or deleted."""
        self._is_agreed = False

    def _forget_question(self) -> None:
        self.question = None

    def _see(self) -> None:
        """Close when what was waited for is so."""
        if self._is_in_background and self._parts.window.isVisible():
            self._is_in_background = False
        if self._is_agreed:
            self._stop_training()
            if not self._is_busy:
                self._parts.window.close()
        elif self._is_in_background and not self._is_busy:
            self._is_agreed = True
            self._is_in_background = False
            self._parts.window.close()
            # The window was hidden already, so that its closing ends nothing.
            end_program()

    def _stop_training(self) -> None:
        active = self._parts.trainings.active
        if active is not None and (active.wish is None or not active.wish.is_last):
            self._parts.trainings.cancel()
