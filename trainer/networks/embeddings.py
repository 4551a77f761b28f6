"""Word embeddings of networks that are trained from scratch, from a vocabulary folder."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn

from kdh_desktop.core.errors import TrainingError

TOKENIZER, EMBEDDINGS = "tokenizer.json", "embeddings.safetensors"
TABLE = "embeddings"
"""Name of the one tensor in the file of embeddings, float32 (pieces, size)."""

_WIDTH = 0.25  # of the range of embeddings that are learnt from scratch, after Kim 2014


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a vocabulary folder.

    Raises:
        TrainingError: It is missing or damaged.
    """
    try:
        return Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # the library raises nothing more exact
        raise _unusable() from error


def load_embeddings(folder: Path, tokenizer: Tokenizer, *, size: int) -> nn.Embedding:
    """A trainable table of the pretrained embeddings in `folder`, or of random ones.

    Raises:
        TrainingError: The pretrained ones do not fit the tokenizer or `size`.
    """
    pieces = max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1
    path = folder / EMBEDDINGS
    if not path.exists():
        return nn.Embedding(
            pieces, size, _weight=torch.empty(pieces, size).uniform_(-_WIDTH, _WIDTH)
        )
    try:
        table = load_file(path)[TABLE]
    except (SafetensorError, OSError, KeyError) as error:
        raise _unusable() from error
    if table.shape != (pieces, size) or not torch.isfinite(table).all():
        raise _unusable()
    return nn.Embedding(pieces, size, _weight=table.float())


def _unusable() -> TrainingError:
    return TrainingError(
        "The vocabulary's folder is damaged, or made for other sizes.",
        "Delete it; it is made again at the start of the next run.",
    )
