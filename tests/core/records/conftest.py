"""What the tests of the record store share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kdh_desktop.core.records.record_store import RecordStore
from kdh_desktop.core.records.store_key import StoreKey
from tests.data.tiny_store import MANIFEST_SHA256, tiny_manifest


@pytest.fixture
def key() -> StoreKey:
    return StoreKey(bytes(range(32)))


@pytest.fixture
def store(tmp_path: Path, key: StoreKey) -> Iterator[RecordStore]:
    """An empty store on the disk, with the tiny model active."""
    opened = RecordStore.open(tmp_path / "records", key=key)
    opened.activate_model(tiny_manifest(), manifest_sha256=MANIFEST_SHA256)
    yield opened
    opened.close()
