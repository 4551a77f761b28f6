"""Every way in which texts come into the page and leave it, and the way back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from kdh_desktop.core.errors import KdhError
from kdh_desktop.gui.classify.example import EXAMPLE_TEXT
from kdh_desktop.gui.classify.pasted_content import (
    MAX_CHARACTERS,
    Refusal,
    is_blank,
    looks_like_table,
)
from kdh_desktop.gui.classify.result_text import result_as_text
from kdh_desktop.gui.classify.session import ClassifySession, Snapshot
from kdh_desktop.gui.classify.text_editor import TextEditor
from kdh_desktop.gui.classify.words import refusal_notice
from kdh_desktop.gui.classify.work import read_file_work
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Lane, Ok, Outcome
from kdh_desktop.gui.notices import Notice, NoticeAction, NoticeBar, Severity, announce

PASTE_NOTICE = "paste"
CLEARED_NOTICE = "cleared"
DIVIDED_NOTICE = "divided"
FAILED_NOTICE = "failed"


class TextExchange(QObject):
    """Paste, example, dropped file, clear and its undo, and copies of the result."""

    status_changed = Signal(str)
    """Something to say in passing."""
    table_given = Signal(str)
    """Rows of a table that were pasted as a text, to be taken in as what they are."""

    def __init__(
        self,
        *,
        session: ClassifySession,
        editor: TextEditor,
        notices: NoticeBar,
        jobs: JobRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._editor = editor
        self._notices = notices
        self._cleared: Snapshot | None = None
        self._file_lane = Lane(jobs)
        self._copy_lane = Lane(jobs)
        editor.edited.connect(self._take_edit)
        editor.replaced.connect(self._offer_table)
        editor.refused.connect(self._say_refused)
        editor.file_dropped.connect(self._read_file)
        editor.undo_exhausted.connect(self.undo_clear)

    def paste(self) -> None:
        """Paste into the text box, wherever the user is on the page."""
        self._editor.setFocus()
        self._editor.insertFromMimeData(QGuiApplication.clipboard().mimeData())

    def show_example(self) -> None:
        """Show the invented example and classify it."""
        self._put(EXAMPLE_TEXT)
        self._session.classify()

    def clear(self) -> None:
        """Remove all texts, and offer them back."""
        if self._session.is_blank:
            return
        self._cleared = self._session.clear()
        self.forget_notices()
        self._editor.setFocus()
        self._offer_undo(self.tr("The text and its labels were removed."))

    def forget_texts(self) -> None:
        """Remove all texts, and keep nothing that could bring them back."""
        self._file_lane.drop()
        self._copy_lane.drop()
        self.status_changed.emit("")
        self._session.clear()
        self._cleared = None
        self.forget_notices()
        self._editor.show_text("")

    def undo_clear(self) -> None:
        """Bring back what was removed or replaced last, with its labels.

        What stands here now, such as texts that were pasted since, can be brought back likewise.
        """
        if self._cleared is not None:
            now = None if self._session.is_blank else self._session.snapshot()
            before, self._cleared = self._cleared, now
            self.forget_notices()
            self._session.restore(before)
            self._editor.setFocus()
            if now is not None:
                self._offer_undo(self.tr("What was here before is back."))

    def copy_result(self) -> None:
        """Copy the labels of the text that is looked at."""
        entry = self._session.current
        if entry.prediction is not None and not entry.is_stale:
            QGuiApplication.clipboard().setText(result_as_text([entry.prediction]))
            self._say_copied()

    def copy_all(self) -> None:
        """Copy the labels of all texts that have some."""
        predictions = tuple(
            entry.prediction
            for entry in self._session.entries
            if entry.prediction is not None and not entry.is_stale
        )

        def work(_job: Job) -> str:
            return result_as_text(predictions)

        def take(outcome: Outcome[str]) -> None:
            if isinstance(outcome, Ok):
                QGuiApplication.clipboard().setText(outcome.value)
                self._say_copied()

        if predictions:
            self._copy_lane.start(work, done=take)

    def _put(self, text: str) -> None:
        """Show a text in place of all others, which one click brings back."""
        is_blank = self._session.is_blank
        before = self._session.clear()
        self._cleared = None if is_blank else before
        self.forget_notices()
        self._editor.replace_text(text)
        self._editor.setFocus()
        if not is_blank:
            self._offer_undo(self.tr("The text that was here before was replaced."))

    def _offer_undo(self, message: str) -> None:
        undo = NoticeAction(self.tr("Undo"), self.undo_clear)
        self._notices.show_notice(CLEARED_NOTICE, Notice(message, action=undo))

    def forget_notices(self) -> None:
        """Take away what was said about texts that were, before something new begins."""
        self._notices.dismiss(PASTE_NOTICE, CLEARED_NOTICE, FAILED_NOTICE, DIVIDED_NOTICE)

    def _offer_table(self, text: str) -> None:
        """Say that rows of a table were pasted, as one text they make little sense."""
        # Going back to the undivided text would lose what was pasted over a part of it.
        self._notices.dismiss(PASTE_NOTICE, DIVIDED_NOTICE)
        if looks_like_table(text):
            action = NoticeAction(self.tr("Import as a table"), lambda: self._give_table(text))
            self._show(
                Notice(self.tr("This looks like rows of a table, not like a text."), action=action)
            )

    def _give_table(self, text: str) -> None:
        if len(self._session.entries) > 1:
            # The table stands in the place of one text, and the others are worth keeping.
            self.clear()
        else:
            self.forget_texts()
        self.table_given.emit(text)

    def _take_edit(self, text: str) -> None:
        # Going back to the undivided text would lose what is being typed.
        self._notices.dismiss(PASTE_NOTICE, DIVIDED_NOTICE)
        if not is_blank(text):
            self._notices.dismiss(CLEARED_NOTICE)

    def _say_copied(self) -> None:
        self.status_changed.emit(self.tr("Copied as plain text."))
        announce(self._editor, self.tr("Copied as plain text."))

    def _say_refused(self, refusal: Refusal) -> None:
        self._show(refusal_notice(refusal))

    def _read_file(self, path: Path) -> None:
        self.status_changed.emit(self.tr("Reading the file…"))
        self._file_lane.start(read_file_work(path), done=self._take_file)

    def _take_file(self, outcome: Outcome[str]) -> None:
        self.status_changed.emit("")
        match outcome:
            case Ok(text) if len(text) > MAX_CHARACTERS:
                self._show(refusal_notice(Refusal.TOO_LARGE))
            case Ok(text) if not is_blank(text):
                self._put(text)
            case Ok():
                self._show(Notice(self.tr("The file holds no text.")))
            case Err(KdhError() as error):
                self._show(Notice(str(error), Severity.WARNING))
            case Err():
                # A bug was reported already.
                pass

    def _show(self, notice: Notice) -> None:
        self._notices.dismiss(PASTE_NOTICE)
        self._notices.show_notice(PASTE_NOTICE, notice)
