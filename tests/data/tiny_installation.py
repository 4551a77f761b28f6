"""A whole installation in a temporary folder, with the tiny model as the bundled one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Unpack

from kdh_desktop.core.classification.signing import write_public_key
from kdh_desktop.core.paths import AppPaths
from tests.data.tiny_bundle import KEYWORDS, Faults, make_tiny_bundle


def make_tiny_installation(root: Path, **faults: Unpack[Faults]) -> AppPaths:
    """Write resources below `root`: tiny model, its key, and sentences that it knows."""
    paths = AppPaths(
        resources=root / "resources",
        data=root / "data",
        config=root / "config",
        logs=root / "logs",
    )
    _, key = make_tiny_bundle(paths.bundled_model, **faults)
    write_public_key(paths.publisher_keys / "tiny.pub", key)
    paths.known_sentences.parent.mkdir(parents=True)
    sentences = [
        {"label": label, "text": f"This study of cancer cells showed {' and '.join(words)}."}
        for label, words in KEYWORDS.items()
    ]
    paths.known_sentences.write_text(json.dumps(sentences), encoding="utf-8")
    return paths
