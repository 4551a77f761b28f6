"""The folder of the base encoder that all networks start from."""

from __future__ import annotations

import json
from pathlib import Path

from kdh_desktop.core.errors import TrainingError

ENCODER_FILES = ("config.json", "model.safetensors", "tokenizer.json")
"""What must lie in the folder; weights in any other form are never read."""


def check_base_encoder(folder: Path, *, max_tokens: int) -> None:
    """Check that a run can start from the encoder in `folder`, before anything is trained.

    Raises:
        TrainingError: A file is missing or unreadable, or the encoder has fewer positions than
            `max_tokens`.
    """
    for name in ENCODER_FILES:
        if not (folder / name).is_file():
            raise TrainingError(
                f"The base encoder's folder lacks its file {name}.",
                "Name the folder of an encoder with safetensors weights.",
            )
    try:
        positions = int(
            json.loads((folder / "config.json").read_bytes())["max_position_embeddings"]
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            "The base encoder's config.json cannot be used.", "Choose another base encoder."
        ) from error
    if positions < max_tokens:
        raise TrainingError(
            f"The base encoder reads at most {positions} word pieces, and max_tokens is "
            f"{max_tokens}.",
            "Lower max_tokens in the configuration, or choose another base encoder.",
        )
