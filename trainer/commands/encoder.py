"""Which base encoder a command starts from."""

from __future__ import annotations

from pathlib import Path

from kdh_desktop.core.paths import AppPaths

HELP = "folder of the base encoder (the one that ships with the program)"


def base_encoder(named: Path | None) -> Path:
    """The folder that was named, else that of the encoder that ships with the program."""
    return named or AppPaths.default().base_encoder
