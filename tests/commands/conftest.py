"""An installation with the tiny model, and `kdh` in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kdh_desktop.core.paths import AppPaths
from tests.commands.running import Kdh
from tests.data.tiny_installation import make_tiny_installation


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    return make_tiny_installation(tmp_path / "installation")


@pytest.fixture
def kdh(paths: AppPaths, capsys: pytest.CaptureFixture[str]) -> Kdh:
    return Kdh(paths, capsys)
