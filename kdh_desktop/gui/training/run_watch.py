"""Shows the training that goes on at the bottom of every page, and tells when it has ended."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, Signal

from kdh_desktop.core.runs.run_ending import EndingKind
from kdh_desktop.gui.desktop_message import DesktopMessage
from kdh_desktop.gui.notices import Notice, NoticeAction, Severity
from kdh_desktop.gui.training.run_words import share_words
from kdh_desktop.gui.training_desk import ActiveRun, EndedRun
from kdh_desktop.gui.window_parts import WindowParts
from kdh_desktop.gui.work_panel import Work, WorkRow, time_left

ENDED_NOTICE = "training:ended"
_APART_MS = 500


class RunWatch(QObject):
    """To look at only: what a training is told, it is told on its page, behind the door."""

    show_wanted = Signal()
    """Bring the Training page to the front."""

    def __init__(self, parts: WindowParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._row: WorkRow | None = None
        self._clock = QElapsedTimer()
        self._message = DesktopMessage(parts.window, parts.icons.application, self)
        parts.trainings.changed.connect(self._show)
        parts.trainings.progressed.connect(self._show_soon)
        parts.trainings.ended.connect(self._tell)

    def _show_soon(self) -> None:
        if not self._clock.isValid() or self._clock.elapsed() >= _APART_MS:
            self._show()

    def _show(self) -> None:
        active, panel = self._parts.trainings.active, self._parts.panel
        self._clock.restart()
        if active is None:
            if self._row is not None:
                row, self._row = self._row, None
                panel.remove_row(row)
            return
        if self._row is None:
            self._parts.notices.dismiss(ENDED_NOTICE)
            self._row = panel.add_row(self._work(active))
        else:
            panel.show_work(self._row, self._work(active))

    def _work(self, active: ActiveRun) -> Work:
        progress = active.progress
        words = [share_words(progress)]
        if progress.seconds_left is not None:
            words.append(time_left(progress.seconds_left))
        return Work(
            self.tr("Training a model"),
            done=round(1000 * (progress.run_share or 0.0)),
            total=0 if progress.run_share is None else 1000,
            words=", ".join(word for word in words if word),
            can_cancel=False,
            # Closing the window asks about trainings by itself.
            is_minor=True,
        )

    def _tell(self, ended: EndedRun) -> None:
        if ended.was_discarded:
            self._say(Notice(self.tr("The training was discarded.")))
            return
        show = NoticeAction(self.tr("Show"), self._show_page)
        match ended.ending.kind:
            case EndingKind.FINISHED:
                words = self.tr(
                    "The training has finished. Compare the new model with the one in use before "
                    "it is used."
                )
                self._say(Notice(words, action=show))
                self._message.show(self.tr("The training has finished."))
            case EndingKind.STOPPED:
                words = self.tr("The training was stopped. It can go on later where it was.")
                self._say(Notice(words, action=show))
            case _:
                words = f"{ended.ending.message} {ended.ending.remedy}".strip()
                self._say(Notice(words, Severity.ERROR, show))
                self._message.show(self.tr("The training has broken off."))

    def _show_page(self) -> None:
        self._parts.notices.dismiss(ENDED_NOTICE)
        self.show_wanted.emit()

    def _say(self, notice: Notice) -> None:
        self._parts.notices.dismiss(ENDED_NOTICE)
        self._parts.notices.show_notice(ENDED_NOTICE, notice)
