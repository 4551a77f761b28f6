"""A session of which nothing is stored: how it begins, how it is seen, how it ends."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMessageBox

from kdh_desktop.gui.notices import Notice
from kdh_desktop.gui.private_sign import PrivateSign
from kdh_desktop.gui.questions import ask
from kdh_desktop.gui.window_parts import WindowParts

_NOTICE = "private"


class PrivateSession(QObject):
    """Switches between the store on the disk and one that is forgotten."""

    begun = Signal()
    ended = Signal()
    """All that was seen in the session is to be taken off the screen."""

    def __init__(
        self,
        parts: WindowParts,
        *,
        sign: PrivateSign,
        action: QAction,
        has_text: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._sign = sign
        self._action = action
        self._has_text = has_text
        self._writes_at_start = 0
        self.question: QMessageBox | None = None
        action.triggered.connect(self.switch)
        sign.end_wanted.connect(self.switch)
        parts.desk.changed.connect(self._show)

    @property
    def has_content(self) -> bool:
        """Whether the session is private and holds something that would be forgotten."""
        return self._parts.desk.is_private and (self._has_text() or self._has_records())

    def switch(self) -> None:
        """Begin a private session, or end it after a question where something would be lost."""
        desk = self._parts.desk
        self._show()
        if not self._may_switch():
            return
        if not desk.is_private:
            desk.begin_private()
            self._writes_at_start = 0 if desk.store is None else desk.store.change_counter
            self.begun.emit()
        elif self.has_content:
            self.question = ask(
                self._parts.window,
                self.tr("End the private session?"),
                self.tr("Its texts, records and labels are forgotten for good."),
                yes=self.tr("End and forget"),
                no=self.tr("Stay private"),
                then=self._end,
            )
        else:
            self._end()

    def _may_switch(self) -> bool:
        """Whether nothing works on the records; else say so, as often as it is asked for."""
        # A training, which is minor to this window, does not touch the records.
        if not any(work.can_cancel or not work.is_minor for work in self._parts.panel.works):
            self._parts.notices.dismiss(_NOTICE)
            return True
        self._parts.notices.show_anew(
            _NOTICE,
            Notice(
                self.tr(
                    "Wait until the work below has ended, or cancel it: then a private "
                    "session can begin or end."
                )
            ),
        )
        return False

    def _has_records(self) -> bool:
        store = self._parts.desk.store
        # Asking for the records themselves could wait for somebody who writes. One write is the
        # model's; whoever takes something in makes several.
        return store is not None and store.change_counter > self._writes_at_start + 1

    def _end(self) -> None:
        # Files may have come in while the question stood, as by a second start of the program.
        if self._may_switch():
            self._parts.desk.end_private()
            self.ended.emit()

    def _show(self) -> None:
        is_private = self._parts.desk.is_private
        self._sign.show_private(is_private=is_private)
        self._action.setChecked(is_private)
