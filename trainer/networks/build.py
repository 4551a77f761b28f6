"""The one place that knows all kinds of networks."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

import torch
from torch import nn

from kdh_desktop.core.training_config import NetworkConfig, NetworkKind
from trainer.networks.embeddings import load_embeddings, load_tokenizer
from trainer.networks.gru_attention import GruAttention
from trainer.networks.han import Han, SentencePieces
from trainer.networks.text_cnn import TextCnn
from trainer.networks.text_rnn import TextRnn
from trainer.networks.transformer import load_transformer


def build_network(config: NetworkConfig, folder: Path, *, labels: int, seed: int) -> nn.Module:
    """Build an untrained network, the same from the same seed.

    Args:
        config: What to build.
        folder: A base encoder's for a transformer, a vocabulary's for the others.
        labels: Number of labels.
        seed: Of all that is drawn; the caller's own random numbers are left alone.

    Raises:
        TrainingError: The folder cannot be used, or does not fit the configuration.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if config.kind is NetworkKind.TRANSFORMER:
            return load_transformer(
                folder, labels=labels, dropout=config.dropout, layers=config.layers
            )
        return _from_vocabulary(config, folder, labels=labels)


def _from_vocabulary(config: NetworkConfig, folder: Path, *, labels: int) -> nn.Module:
    tokenizer = load_tokenizer(folder)
    embeddings = load_embeddings(folder, tokenizer, size=config.embedding_size)
    width, dropout = config.hidden_size, config.dropout
    match config.kind:
        case NetworkKind.TEXT_CNN:
            return TextCnn(embeddings, labels=labels, filters=width, dropout=dropout)
        case NetworkKind.TEXT_RNN:
            return TextRnn(embeddings, labels=labels, width=width, dropout=dropout)
        case NetworkKind.GRU_ATTENTION:
            return GruAttention(embeddings, labels=labels, width=width, dropout=dropout)
        case NetworkKind.HAN:
            pieces = SentencePieces.of(tokenizer)
            return Han(embeddings, pieces, labels=labels, width=width, dropout=dropout)
        case NetworkKind.TRANSFORMER:
            raise ValueError("a transformer has no vocabulary folder")
        case _:
            assert_never(config.kind)
