"""Recipes that an administrator kept: one JSON file each, in the folder for settings.

A recipe names no file and no folder, so that nothing of a user lies among the settings. The
recipe of the last run is kept too, to begin with it the next time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kdh_desktop.core.durable_file import write_durably
from kdh_desktop.core.errors import KdhError, TrainingError
from kdh_desktop.core.json_values import build, parse_json, to_json_value
from kdh_desktop.core.training_config import RunConfig

MAX_NAME = 60
"""Characters of a preset's name."""

_LAST = "last.json"
_MAX_BYTES = 200_000
_NEUTRAL_NAME = "run"


@dataclass(frozen=True, slots=True)
class OwnPreset:
    """A recipe under a name.

    Attributes:
        name: As a person called it.
        config: The recipe.
    """

    name: str
    config: RunConfig


class OwnPresets:
    """The kept recipes of this installation."""

    def __init__(self, folder: Path) -> None:
        """Know them by their folder, which need not be there yet."""
        self._folder = folder

    def all(self) -> list[OwnPreset]:
        """All of them by name; a file that is damaged is passed over."""
        found = [self._read(path) for path in sorted(self._folder.glob("*.json"))]
        kept = [one for one in found if one is not None and one.name]
        return sorted(kept, key=lambda one: one.name.casefold())

    def keep(self, name: str, config: RunConfig) -> None:
        """Keep a recipe, in place of one with the same name.

        Raises:
            TrainingError: The name is empty or too long, or the file cannot be written.
        """
        tidy = " ".join(name.split())
        if not 0 < len(tidy) <= MAX_NAME:
            raise TrainingError(
                "The preset has no name, or a very long one.",
                f"Give it a name of up to {MAX_NAME} characters.",
            )
        self._write(self._path(tidy), OwnPreset(tidy, replace(config, name=_NEUTRAL_NAME)))

    def remove(self, name: str) -> None:
        """Delete one, where it is there."""
        self._path(name).unlink(missing_ok=True)

    def last(self) -> RunConfig | None:
        """The recipe of the last run that was started; None where there is none."""
        kept = self._read(self._folder / _LAST)
        return None if kept is None else kept.config

    def keep_last(self, config: RunConfig) -> None:
        """Remember the recipe of a run that is started.

        Raises:
            TrainingError: The file cannot be written.
        """
        self._write(self._folder / _LAST, OwnPreset("", replace(config, name=_NEUTRAL_NAME)))

    def _path(self, name: str) -> Path:
        """A file name out of any name: what people call it is in the file alone."""
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.json"

    def _read(self, path: Path) -> OwnPreset | None:
        try:
            if path.stat().st_size > _MAX_BYTES:
                return None
            return build(OwnPreset, parse_json(path.read_text(encoding="utf-8")), "preset")
        except (OSError, ValueError, TypeError, KdhError):
            return None

    def _write(self, path: Path, preset: OwnPreset) -> None:
        text = json.dumps(to_json_value(preset), ensure_ascii=False, indent=1, allow_nan=False)
        try:
            write_durably(path, text.encode() + b"\n", mode=0o600)
        except OSError as error:
            raise TrainingError(
                "The preset could not be written into the folder of settings.",
                "Make room on the disk, or see who may write there.",
            ) from error


def free_name(wanted: str, taken: Sequence[str]) -> str:
    """A name that is not taken: the wanted one, or that with the first free number."""
    number = 2
    name = wanted
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name
