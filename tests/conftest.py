"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import settings

from kdh_desktop.core.classification.model_bundle import ModelBundle, open_bundle
from tests.data.tiny_bundle import make_tiny_bundle

# The same examples in every run: a test that fails on some days only is no help to anybody.
settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("repeatable")

WHOLE_TRIPS = frozenset({"tiny_run", "finished_run", "kdh_mltc_study", "rocling_study", "watched"})
"""Fixtures that train from the first stage to the last, or watch the program for a minute."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever looks at a whole trip is slow, whichever test comes to it first."""
    for item in items:
        if not WHOLE_TRIPS.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ed25519PublicKey]:
    """Folder of the sound tiny bundle and the key to trust; not to be changed by a test."""
    return make_tiny_bundle(tmp_path_factory.mktemp("tiny") / "bundle")


@pytest.fixture(scope="session")
def tiny_bundle(tiny: tuple[Path, Ed25519PublicKey]) -> ModelBundle:
    """The sound tiny bundle, opened."""
    folder, key = tiny
    return open_bundle(folder, trusted_keys=[key])
