"""The models of the installation as the page shows them; read in a job, without their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kdh_desktop.core.errors import KdhError
from kdh_desktop.core.paths import AppPaths

if TYPE_CHECKING:
    from kdh_desktop.core.classification.activation import Activation
    from kdh_desktop.core.classification.manifest import Manifest
    from kdh_desktop.core.classification.model_registry import InstalledModel
    from kdh_desktop.core.classification.publishers import Publisher


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model.

    Attributes:
        id: Its bundle id.
        is_shipped: Whether it came with the program.
        is_active: Whether it is in force.
        was_active: Whether it was in force before, or came with the program, which counts as much.
        manifest: What it says of itself, or None where it does not pass its checks.
        card: Its card, in Markdown.
        size: Bytes of its network.
        problem: Why it does not pass, or None.
    """

    id: str
    is_shipped: bool
    is_active: bool
    was_active: bool
    manifest: Manifest | None
    card: str
    size: int
    problem: KdhError | None


@dataclass(frozen=True, slots=True)
class SeenModels:
    """All there is to show.

    Attributes:
        entries: The models, those that came with the program first.
        history: Every activation, latest first.
        previous: The model that a rollback would put in force, or None.
        publishers: Whose models are taken in.
    """

    entries: tuple[ModelEntry, ...]
    history: tuple[Activation, ...]
    previous: str | None
    publishers: tuple[Publisher, ...]

    @property
    def active(self) -> ModelEntry:
        """The model in force."""
        return next(entry for entry in self.entries if entry.is_active)

    def entry(self, bundle_id: str) -> ModelEntry | None:
        """A model by its id."""
        return next((entry for entry in self.entries if entry.id == bundle_id), None)


def read_models(paths: AppPaths) -> SeenModels:
    """Look at all models; takes a tenth of a second for each.

    Raises:
        ModelError: Not even the model that came with the program can be used.
    """
    from kdh_desktop.core.classification.model_registry import ModelRegistry
    from kdh_desktop.core.classification.publishers import publishers

    registry = ModelRegistry(paths)
    history = registry.history()
    once_active = {x for entry in history for x in (entry.bundle_id, entry.previous)}
    return SeenModels(
        entries=tuple(_entry(model, once_active) for model in registry.installed()),
        history=tuple(history),
        previous=registry.previous,
        publishers=tuple(publishers(paths)),
    )


def _entry(model: InstalledModel, once_active: set[str]) -> ModelEntry:
    bundle = model.bundle
    return ModelEntry(
        id=model.bundle_id,
        is_shipped=model.is_shipped,
        is_active=model.is_active,
        was_active=model.is_shipped or model.bundle_id in once_active,
        manifest=None if bundle is None else bundle.manifest,
        card="" if bundle is None else bundle.model_card,
        size=0 if bundle is None else len(bundle.model),
        problem=model.problem,
    )
