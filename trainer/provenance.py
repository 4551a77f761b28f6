"""Where a model comes from, for its manifest."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from kdh_desktop import __version__
from kdh_desktop.core.json_values import to_json_value
from kdh_desktop.core.training_config import RunConfig

_LIBRARIES = ("numpy", "onnx", "onnxruntime", "scikit-learn", "tokenizers", "torch", "transformers")


def provenance_of(
    config: RunConfig, *, labelled: str, unlabelled: str, encoder: str, device: str
) -> dict[str, Any]:
    """Everything needed to train the same model again, as JSON values.

    Args:
        config: The run's configuration.
        labelled: Digest of the labelled texts.
        unlabelled: Digest of the unlabelled texts.
        encoder: SHA-256 of the base encoder's weights.
        device: What was computed on.
    """
    return {
        "corpus": "Hallmarks of Cancer (Baker et al. 2016), GPL-3.0; split of BLURB",
        "trained_on": "train.txt",
        "judged_on": "dev.txt, once, after everything was chosen",
        "labelled_sha256": labelled,
        "unlabelled_sha256": unlabelled,
        "encoder_sha256": encoder,
        "config": to_json_value(config),
        "device": device,
        "python": platform.python_version(),
        "program": __version__,
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def fingerprint_of(provenance: Mapping[str, Any]) -> str:
    """SHA-256 of all that a run's stages depend on but the machine and the libraries."""
    parts = ("config", "labelled_sha256", "unlabelled_sha256", "encoder_sha256")
    chosen = {part: provenance[part] for part in parts}
    return sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()
