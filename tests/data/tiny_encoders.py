"""Encoders of several architectures, small enough to train, with vocabularies of their own kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.data.tiny_corpus import write_tiny_encoder

LAYERS = 4

_SIZES: dict[str, Any] = {
    "vocab_size": 400,
    "hidden_size": 32,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 130,
}
_DISTILBERT_SIZES: dict[str, Any] = {
    "vocab_size": 400,
    "dim": 32,
    "n_layers": LAYERS,
    "n_heads": 2,
    "hidden_dim": 64,
    "max_position_embeddings": 130,
}
_ENDS = {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}

ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("BertConfig", _SIZES),
    "distilbert": ("DistilBertConfig", _DISTILBERT_SIZES),
    "electra": ("ElectraConfig", {**_SIZES, "embedding_size": 16}),
    "roberta": ("RobertaConfig", _SIZES),
    "mpnet": ("MPNetConfig", _SIZES),
    "modernbert": ("ModernBertConfig", {**_SIZES, "pad_token_id": 0, **_ENDS}),
    "deberta-v2": (
        "DebertaV2Config",
        {**_SIZES, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    ),
}
"""Class of the configuration, and its sizes, by model type."""


def write_encoder(folder: Path, architecture: str, *, seed: int = 0) -> Path:
    """Write a seeded encoder with a tokenizer that suits it."""
    import torch
    import transformers

    write_tiny_encoder(folder)
    if architecture == "roberta":
        _write_byte_level_tokenizer(folder / "tokenizer.json")
    name, sizes = ARCHITECTURES[architecture]
    make_config: Callable[..., Any] = getattr(transformers, name)
    make_encoder: Callable[..., Any] = transformers.AutoModel.from_config
    torch.manual_seed(seed)
    encoder = make_encoder(make_config(**sizes))
    encoder.save_pretrained(folder)
    return folder


def _write_byte_level_tokenizer(path: Path) -> None:
    """One like RoBERTa's: pieces of bytes, blanks included, framed by ``<s>`` and ``</s>``."""
    from tokenizers import ByteLevelBPETokenizer

    tokenizer = ByteLevelBPETokenizer()
    # Sentences begin with whole words behind their blank, as with a vocabulary of full size.
    words = ["a In We Little Samples", "the cells grew", "the tumour and the cells"]
    tokenizer.train_from_iterator(
        words * 3,
        vocab_size=360,
        show_progress=False,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
    )
    tokenizer.save(str(path))
