"""What the administrator's door guards is refused by the core itself once the door is locked."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kdh_desktop.core.access import Access, Administrator, Cost
from kdh_desktop.core.classification.model_registry import ModelRegistry
from kdh_desktop.core.errors import KdhError, LockedError
from kdh_desktop.core.paths import AppPaths
from tests.data.tiny_bundle import make_tiny_bundle
from tests.data.tiny_installation import make_tiny_installation

PASSWORD = "correct horse battery"
CHEAP = Cost(iterations=1, lanes=1, memory_kib=64)


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    return make_tiny_installation(tmp_path / "installation", bundle_id="shipped")


@pytest.fixture
def administrator(paths: AppPaths) -> Administrator:
    return Access(paths.access, paths.site_keys, cost=CHEAP).set_up(PASSWORD)[0]


@pytest.fixture
def registry(paths: AppPaths, tmp_path: Path, administrator: Administrator) -> ModelRegistry:
    """Two models were in force, one after the other."""
    registry = ModelRegistry(paths)
    registry.install(make_tiny_bundle(tmp_path / "source", bundle_id="newer")[0])
    registry.activate("newer", administrator=administrator)
    return registry


def test_a_locked_door_puts_nothing_in_force(
    registry: ModelRegistry, administrator: Administrator
) -> None:
    administrator.lock()
    history = registry.history()
    with pytest.raises(LockedError):
        registry.activate("shipped", administrator=administrator)
    with pytest.raises(LockedError):
        registry.roll_back(administrator=administrator)
    assert registry.in_force().bundle.id == "newer"
    assert registry.history() == history, "not even the attempt looks like an activation"


def test_a_locked_door_adopts_no_candidate(
    registry: ModelRegistry, administrator: Administrator, tmp_path: Path
) -> None:
    folder, key = make_tiny_bundle(tmp_path / "candidate", bundle_id="candidate")
    administrator.lock()
    with pytest.raises(LockedError):
        registry.adopt(folder, candidate_key=key, administrator=administrator)
    assert "candidate" not in [model.bundle_id for model in registry.installed()]


def test_a_key_of_ones_own_puts_nothing_in_force(registry: ModelRegistry, paths: AppPaths) -> None:
    """Whoever makes an `Administrator` without the password signs with a key nobody trusts."""
    forged = Administrator(Ed25519PrivateKey.generate())
    registry.activate("shipped", administrator=forged)
    found = registry.in_force()
    assert isinstance(found.problem, KdhError)
    assert found.bundle.id == "shipped", "the shipped one, because nothing else is trusted"
