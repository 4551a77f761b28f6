"""Checks the chosen texts by the trainer whenever they, or what they must be good for, change."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from kdh_desktop.core.corpus_report import CorpusReport
from kdh_desktop.core.errors import Cancelled, KdhError, TrainingError
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Lane, Ok, Outcome
from kdh_desktop.gui.training.wizard.draft import Checked, CheckKey, DraftKeeper
from kdh_desktop.gui.training.wizard.trainer_calls import check_work

CheckWork = Callable[[CheckKey], Callable[[Job], CorpusReport]]

_DELAY_MS = 250


class DataChecker(QObject):
    """Keeps the draft's report in step with its texts."""

    changed = Signal()
    """A check began or ended."""

    def __init__(
        self,
        keeper: DraftKeeper,
        jobs: JobRunner,
        *,
        work: CheckWork = check_work,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._lane = Lane(jobs)
        self._work = work
        self._asked: CheckKey | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._start)
        keeper.changed.connect(self._look)

    @property
    def is_checking(self) -> bool:
        """Whether the texts as they are chosen now are being checked."""
        return self._keeper.draft.is_check_due

    def check_again(self) -> None:
        """Check the same texts once more: files may have been mended."""
        self._asked = None
        self._keeper.change(checked=None)
        self._look()

    def stop(self) -> None:
        """Stop what goes on; it starts again with the next change."""
        self._timer.stop()
        self._lane.drop()
        self._asked = None

    def _look(self) -> None:
        draft = self._keeper.draft
        if not draft.has_learnt:
            self.stop()
            self._keeper.change(checked=None)
        elif draft.is_check_due and self._asked != draft.check_key:
            self._asked = draft.check_key
            self._lane.drop()
            self._timer.start()
            self.changed.emit()

    def _start(self) -> None:
        key = self._asked
        if key is None:
            return

        def take(outcome: Outcome[CorpusReport]) -> None:
            match outcome:
                case Ok(report):
                    self._take(Checked(key, report))
                case Err(Cancelled()):
                    return
                case Err(KdhError() as error):
                    self._take(Checked(key, error=error))
                case Err():
                    self._take(Checked(key, error=_broken()))

        self._lane.start(self._work(key), done=take)

    def _take(self, checked: Checked) -> None:
        self._keeper.change(checked=checked)
        self.changed.emit()


def _broken() -> TrainingError:
    return TrainingError("The texts could not be checked, because of a fault.", "Check them again.")
