"""One place that knows how to build every kind of network."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from kdh_desktop.core.training_config import NetworkConfig
from trainer.networks.transformer import load_transformer


def build_network(config: NetworkConfig, folder: Path, *, labels: int, seed: int) -> nn.Module:
    """Build a network."""
    torch.manual_seed(seed)
    return load_transformer(folder, labels=labels, dropout=config.dropout, layers=config.layers)
