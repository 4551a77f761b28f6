"""A network in PyTorch, run as a user of transformers would run it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedTokenizerFast,
)

from trainer.bench.shapes import Shape

_BATCH = 8


class PyTorchClassifier:
    """A classifier with random weights, float32, in padded batches of texts of like length."""

    def __init__(self, shape: Shape, tokenizer: Path, *, threads: int) -> None:
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        special = {f"{name.lower()}_token": f"[{name}]" for name in ("PAD", "CLS", "SEP")}
        self._tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_file=str(tokenizer), **special
        )
        self._network = _network(shape).eval()
        self._positions = shape.positions

    @torch.inference_mode()
    def score(self, texts: Sequence[str]) -> None:
        """Work through texts, tokenisation included."""
        encoded = self._tokenizer(
            list(texts),
            truncation=True,
            max_length=self._positions,
            return_token_type_ids=False,
        )
        rows = sorted(range(len(texts)), key=lambda row: len(encoded["input_ids"][row]))
        for first in range(0, len(rows), _BATCH):
            chosen = rows[first : first + _BATCH]
            batch = self._tokenizer.pad(
                {name: [values[row] for row in chosen] for name, values in encoded.items()},
                return_tensors="pt",
            )
            torch.sigmoid(self._network(**batch).logits).tolist()


def _network(shape: Shape) -> nn.Module:
    network: DistilBertForSequenceClassification | BertForSequenceClassification
    if shape.family == "distilbert":
        config = DistilBertConfig(
            vocab_size=shape.vocabulary,
            max_position_embeddings=shape.positions,
            n_layers=shape.layers,
            dim=shape.width,
            n_heads=shape.heads,
            hidden_dim=shape.inner,
        )
        network = DistilBertForSequenceClassification(config)
    else:
        network = BertForSequenceClassification(bert_config(shape))
    network.set_attn_implementation("sdpa")
    return network


def bert_config(shape: Shape) -> BertConfig:
    """The configuration of a BERT of this shape."""
    return BertConfig(
        vocab_size=shape.vocabulary,
        max_position_embeddings=shape.positions,
        num_hidden_layers=shape.layers,
        hidden_size=shape.width,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
    )
