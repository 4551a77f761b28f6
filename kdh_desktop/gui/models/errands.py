"""What is done to models, in the background: one errand at a time, and the window hears of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from kdh_desktop.core.errors import Cancelled, KdhError
from kdh_desktop.gui.jobs import Err, Job, Ok, Outcome
from kdh_desktop.gui.notices import Notice
from kdh_desktop.gui.window_parts import WindowParts

if TYPE_CHECKING:
    from kdh_desktop.core.access import Administrator
    from kdh_desktop.core.classification.activation import Activation
    from kdh_desktop.core.classification.model_changes import ModelChanges
    from kdh_desktop.core.runs.run_folder import RunFolder

T = TypeVar("T")

NOTICE = "models"
"""Key of the notice about the last errand."""


class ModelErrands(QObject):
    """Runs errands, and lets the window use another model at once when one is in force."""

    busy_changed = Signal()
    """An errand began or ended."""
    failed = Signal(object)
    """A `KdhError`: the errand could not be done, and nothing was changed."""
    activated = Signal(object)
    """An `Activation`: another model is in force."""

    def __init__(self, parts: WindowParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._is_busy = False

    @property
    def is_busy(self) -> bool:
        """Whether an errand is under way."""
        return self._is_busy

    def put_candidate_in_force(
        self, run: RunFolder, administrator: Administrator, *, reason: str
    ) -> None:
        """Put what a run trained in force; a reason overrules the gate."""
        trainings = self._parts.trainings.folders

        def work(changes: ModelChanges) -> Activation:
            done = changes.put_candidate_in_force(run, administrator=administrator, reason=reason)
            trainings.forget_reviewed(run)
            return done

        self.start(work, done=self._take_activation)

    def put_in_force(self, bundle_id: str, administrator: Administrator, *, reason: str) -> None:
        """Put an installed model in force."""
        self.start(
            lambda changes: changes.put_in_force(
                bundle_id, administrator=administrator, reason=reason
            ),
            done=self._take_activation,
        )

    def roll_back(self, administrator: Administrator) -> None:
        """Put the model in force that was before."""
        self.start(
            lambda changes: changes.roll_back(administrator=administrator),
            done=self._take_activation,
        )

    def start(self, work: Callable[[ModelChanges], T], *, done: Callable[[T], object]) -> None:
        """Run an errand; nothing happens while another one is under way."""
        if self._is_busy:
            return
        paths = self._parts.paths

        def run(_job: Job) -> T:
            from kdh_desktop.core.classification.model_changes import ModelChanges

            return work(ModelChanges(paths))

        def take(outcome: Outcome[T]) -> None:
            self._set_busy(is_busy=False)
            match outcome:
                case Ok(value):
                    done(value)
                case Err(Cancelled()):
                    pass
                case Err(KdhError() as error):
                    self.failed.emit(error)
                case Err():
                    pass  # a bug was reported already

        self._set_busy(is_busy=True)
        self._parts.jobs.start(run, done=take)

    def say(self, message: str) -> None:
        """Tell what was done."""
        self._parts.notices.dismiss(NOTICE)
        self._parts.notices.show_notice(NOTICE, Notice(message))

    def _take_activation(self, activation: Activation) -> None:
        self._parts.model.load()
        self.say(
            self.tr("{model} is in force. Before it was {previous}.").format(
                model=activation.bundle_id, previous=activation.previous
            )
        )
        self.activated.emit(activation)

    def _set_busy(self, *, is_busy: bool) -> None:
        self._is_busy = is_busy
        self.busy_changed.emit()
