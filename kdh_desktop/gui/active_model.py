"""The model in force: loaded in the background, so that the window can be used at once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from kdh_desktop.core.errors import KdhError, ModelError
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.record import Prediction, Record
from kdh_desktop.gui.jobs import Err, Job, JobRunner, Lane, Ok, Outcome

if TYPE_CHECKING:
    from kdh_desktop.core.classification.model_bundle import ModelBundle


class Classifier(Protocol):
    """What the window needs of `core.classification.classifier.OnnxClassifier`."""

    @property
    def bundle(self) -> ModelBundle: ...

    def predict(
        self,
        records: Sequence[Record],
        *,
        on_progress: Callable[[int], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> list[Prediction]: ...

    def predict_each(
        self, records: Iterable[Record], *, should_stop: Callable[[], bool] | None = None
    ) -> Generator[Prediction, None, None]: ...


@dataclass(frozen=True, slots=True)
class Loading:
    """The model is being verified and loaded."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The model can be used.

    Attributes:
        classifier: The model.
        doubt: Why it may not be the one that was put in force last; empty where it surely is.
    """

    classifier: Classifier
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no model to use; the error says why and what to do."""

    error: KdhError


ModelState = Loading | Ready | Failed


Load = Callable[[], Classifier | Ready]
"""Gives a model, with what is to be said of it, if anything is."""


def load_model_in_force(paths: AppPaths) -> Classifier | Ready:
    """Verify and load the model in force, as `kdh` does; takes about half a second.

    Raises:
        ModelError: Not even the model that ships with the program can be used.
    """
    # These pull in cryptography, numpy and onnxruntime: too slow for the GUI thread at start.
    from kdh_desktop.core.classification.classifier import OnnxClassifier
    from kdh_desktop.core.classification.model_registry import ModelRegistry

    found = ModelRegistry(paths).in_force()
    classifier = OnnxClassifier(found.bundle)
    return Ready(classifier, found.words)


class ActiveModel(QObject):
    """Holds the state of the model in force, and says when it changes."""

    changed = Signal()

    def __init__(self, load: Load, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._load = load
        self._lane = Lane(jobs)
        self._state: ModelState = Loading()

    @property
    def state(self) -> ModelState:
        """Whether there is a model, and which."""
        return self._state

    @property
    def classifier(self) -> Classifier | None:
        """The classifier, once it is ready."""
        return self._state.classifier if isinstance(self._state, Ready) else None

    def load(self) -> None:
        """Load the model in the background; `changed` follows twice."""
        load = self._load

        def work(_job: Job) -> Classifier | Ready:
            return load()

        self._set(Loading())
        self._lane.start(work, done=self._take)

    def _take(self, outcome: Outcome[Classifier | Ready]) -> None:
        match outcome:
            case Ok(found):
                self._set(found if isinstance(found, Ready) else Ready(found))
            case Err(KdhError() as error):
                self._set(Failed(error))
            case Err():
                self._set(
                    Failed(
                        ModelError(
                            self.tr("The model could not be loaded, because of a fault."),
                            self.tr("Start the program again; if that fails, install it again."),
                        )
                    )
                )

    def _set(self, state: ModelState) -> None:
        self._state = state
        self.changed.emit()
