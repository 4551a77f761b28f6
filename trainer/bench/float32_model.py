"""Our own graph in float32, with random weights."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import BertModel

from trainer.bench.pytorch import bert_config
from trainer.bench.shapes import Shape
from trainer.export.onnx_export import export_float32
from trainer.networks.transformer import TransformerNetwork


def write_float32_model(shape: Shape, path: Path, *, labels: int) -> None:
    """Export a network of our kind that was never trained."""
    torch.manual_seed(0)
    encoder = BertModel(bert_config(shape), add_pooling_layer=False)
    export_float32(TransformerNetwork(encoder, labels=labels), path)
