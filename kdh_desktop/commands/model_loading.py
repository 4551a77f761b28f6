"""The model that a command works with, verified."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kdh_desktop.commands.output import say_line
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.terminal import printable

if TYPE_CHECKING:
    from kdh_desktop.core.classification.classifier import OnnxClassifier
    from kdh_desktop.core.classification.model_bundle import ModelBundle


def open_trusted_bundle(folder: Path, paths: AppPaths) -> ModelBundle:
    """The bundle in a folder, signed by a publisher whom this installation trusts."""
    from kdh_desktop.core.classification.model_bundle import open_bundle
    from kdh_desktop.core.classification.signing import load_trusted_keys

    keys = load_trusted_keys(paths.publisher_keys, paths.site_keys)
    return open_bundle(folder, trusted_keys=keys)


def load_classifier(bundle: ModelBundle) -> OnnxClassifier:
    """A classifier over a bundle."""
    from kdh_desktop.core.classification.classifier import OnnxClassifier

    return OnnxClassifier(bundle)


def bundle_in_force(paths: AppPaths) -> ModelBundle:
    """The model in force; says so where another one may have to be."""
    from kdh_desktop.core.classification.model_registry import ModelRegistry

    found = ModelRegistry(paths).in_force()
    if found.problem is not None:
        say_line(f"kdh: {printable(found.words)}")
    return found.bundle


def load_active_classifier(paths: AppPaths) -> OnnxClassifier:
    """A classifier over the model in force."""
    return load_classifier(bundle_in_force(paths))
