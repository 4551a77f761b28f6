"""What goes on in the background, at the bottom of the window: how far it is, how to stop it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from kdh_desktop.gui.notices import announce
from kdh_desktop.gui.plain_text import plain_label
from kdh_desktop.gui.theme import GRID

_NARROW = 700
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Work:
    """How far something is.

    Attributes:
        heading: What goes on, in a few words.
        done: How much of it is done.
        total: Of how much; 0 where nobody knows.
        words: How far, in words.
        can_pause: Whether it can be paused.
        can_cancel: Whether it can be cancelled from here.
        is_paused: Whether it is.
        is_stopping: Whether it was asked to stop and has not yet.
        is_minor: Whether nobody minds when it is dropped, as the window closes.
    """

    heading: str
    done: int = 0
    total: int = 0
    words: str = ""
    can_pause: bool = False
    can_cancel: bool = True
    is_paused: bool = False
    is_stopping: bool = False
    is_minor: bool = False

    @property
    def percent(self) -> int | None:
        """Share that is done, where the whole is known."""
        return 100 * self.done // self.total if self.total else None


def time_left(seconds: float) -> str:
    """A time as people say it; nobody needs the seconds of an hour."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("WorkPanel", text)

    if seconds < 5:
        return tr("nearly done")
    if seconds < _MINUTE:
        return tr("less than a minute left")
    if seconds < 1.5 * _MINUTE:
        return tr("about a minute left")
    if seconds < 1.5 * _HOUR:
        return tr("about {minutes} minutes left").format(minutes=round(seconds / _MINUTE))
    return tr("about {hours} hours left").format(hours=round(seconds / _HOUR))


class WorkRow(QFrame):
    """One piece of work."""

    pause_wanted = Signal(bool)
    """True to pause, False to go on."""
    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.work = Work("")
        self.setProperty("kind", "work")
        self.heading = plain_label(kind="heading")
        self.heading.setWordWrap(False)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMinimumWidth(8 * GRID)
        self.words = plain_label(kind="muted")
        self.words.setWordWrap(False)
        self.pause_button = QPushButton()
        self.pause_button.clicked.connect(lambda: self.pause_wanted.emit(not self.work.is_paused))
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.cancel_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID // 2, 2 * GRID, GRID // 2)
        layout.setSpacing(2 * GRID)
        layout.addWidget(self.heading)
        layout.addWidget(self.bar, 1)
        layout.addWidget(self.words)
        layout.addWidget(self.pause_button)
        layout.addWidget(self.cancel_button)

    def show_work(self, work: Work) -> None:
        """Show how far the work is now."""
        if work.heading != self.work.heading:
            self.bar.setAccessibleName(self.tr("Progress: {what}").format(what=work.heading))
            self.cancel_button.setAccessibleName(
                self.tr("Cancel: {what}").format(what=work.heading)
            )
            announce(self, work.heading)
        self.work = work
        self.heading.setText(work.heading)
        # A bar without an end says that something goes on; while it is paused nothing does.
        self.bar.setRange(0, max(work.total, 1 if work.is_paused else 0))
        self.bar.setValue(work.done)
        self.words.setText(self.tr("Stopping…") if work.is_stopping else work.words)
        self.pause_button.setVisible(work.can_pause)
        self.pause_button.setText(self.tr("Go on") if work.is_paused else self.tr("Pause"))
        self.pause_button.setAccessibleName(f"{self.pause_button.text()}: {work.heading}")
        self.cancel_button.setVisible(work.can_cancel)
        for button in (self.pause_button, self.cancel_button):
            button.setEnabled(not work.is_stopping)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.heading.setVisible(event.size().width() >= _NARROW)


class WorkPanel(QWidget):
    """The pieces of work that go on, one below the other; not there when there are none."""

    changed = Signal()
    """Something began, went on or ended."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Work in the background"))
        self._rows: list[WorkRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.hide()

    @property
    def works(self) -> tuple[Work, ...]:
        """What goes on at present."""
        return tuple(row.work for row in self._rows)

    @property
    def is_working(self) -> bool:
        """Whether something goes on that somebody would mind to have cut short."""
        return not all(work.is_minor for work in self.works)

    def cancel_all(self) -> None:
        """Ask all work to stop."""
        for row in tuple(self._rows):
            row.cancel_wanted.emit()

    def add_row(self, work: Work) -> WorkRow:
        """Show another piece of work."""
        row = WorkRow()
        self._rows.append(row)
        self._column.addWidget(row)
        row.show_work(work)
        self.show()
        self.changed.emit()
        return row

    def show_work(self, row: WorkRow, work: Work) -> None:
        """Show how far a piece of work is now."""
        row.show_work(work)
        self.changed.emit()

    def remove_row(self, row: WorkRow) -> None:
        """Take a piece of work away that has ended."""
        if row in self._rows:
            self._rows.remove(row)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
            self.setVisible(bool(self._rows))
            self.changed.emit()
