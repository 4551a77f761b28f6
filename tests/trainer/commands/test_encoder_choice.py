"""Commands start from the encoder that is named, else from the one that is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kdh_desktop.core.paths import AppPaths
from trainer.commands import encoder
from trainer.commands.encoder import base_encoder


@pytest.fixture
def resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Resources of an installation that has no encoder yet."""
    paths = replace(AppPaths.default(), resources=tmp_path)
    monkeypatch.setattr(AppPaths, "default", lambda: paths)
    return tmp_path


def test_a_named_encoder_is_taken(resources: Path, tmp_path: Path) -> None:
    (resources / "encoder").mkdir()
    assert base_encoder(tmp_path / "mine") == tmp_path / "mine"


def test_the_encoder_that_ships_is_taken_before_an_installed_one(resources: Path) -> None:
    (resources / "encoder").mkdir()
    assert base_encoder(None) == resources / "encoder"


def test_without_any_the_missing_folder_is_named_for_transformers_to_refuse(
    resources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "find_spec", lambda _: None)
    assert base_encoder(None) == resources / "encoder"
    assert not base_encoder(None).exists()
