"""A transformer encoder with label-wise attention over tokens and a logit for every token.

The forward contract of all networks: `forward(input_ids, attention_mask)` gives
`(logits, token_logits)`, float32 (batch, labels) and (batch, tokens, labels); the mean of the
token logits over a sentence is that sentence's logit.

Source: label-wise attention after Mullenbach et al. 2018 (CAML), equations 3 and 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from trainer.networks.dropout import CheapDropout


class TransformerNetwork(nn.Module):
    """Encoder, label-wise attention for the text, and a linear layer for tokens."""

    def __init__(self, encoder: nn.Module, *, labels: int, dropout: float = 0.1) -> None:
        """Put fresh heads on an encoder whose config gives `hidden_size`."""
        super().__init__()
        width = int(encoder.config.hidden_size)  # type: ignore[union-attr, arg-type]
        self.encoder = encoder
        self.dropout = CheapDropout(dropout)
        self.attention = nn.Linear(width, labels)
        self.text_weight = nn.Parameter(torch.empty(labels, width))
        self.text_bias = nn.Parameter(torch.zeros(labels))
        self.token = nn.Linear(width, labels)
        for weight in (self.attention.weight, self.text_weight, self.token.weight):
            nn.init.normal_(weight, std=0.02)
        for bias in (self.attention.bias, self.token.bias):
            nn.init.zeros_(bias)

    @property
    def most_tokens(self) -> int:
        """Tokens in the longest text that the encoder has positions for."""
        config: Any = self.encoder.config
        positions = int(config.max_position_embeddings)
        for module in self.encoder.modules():
            table = getattr(module, "position_embeddings", None)
            if isinstance(table, nn.Embedding) and table.padding_idx is not None:
                return positions - table.padding_idx - 1  # numbered from behind the padding's id
        return positions

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Score texts and their tokens; see the module for shapes."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
        states = self.dropout(states)
        token_logits = self.token(states)
        scores = self.attention(states).float()
        scores = scores.masked_fill(attention_mask.unsqueeze(-1) == 0, -1e4)
        focus = torch.softmax(scores, dim=1).to(states.dtype)
        per_label = torch.matmul(focus.transpose(1, 2), states)
        logits = (per_label * self.text_weight).sum(dim=-1) + self.text_bias
        return logits.float(), token_logits.float()


def load_transformer(
    folder: Path, *, labels: int, dropout: float = 0.1, layers: int | None = None
) -> TransformerNetwork:
    """Build a network on the encoder in `folder`; see `load_encoder`.

    Raises:
        TrainingError: The folder cannot be used, or the encoder has fewer than `layers` layers.
    """
    # Imported here, so that runs of other networks do not wait for the transformers library.
    from trainer.networks.encoders import load_encoder
    from trainer.networks.text_by_text import use_text_by_text_attention

    encoder = load_encoder(folder, dropout=dropout, layers=layers)
    _replace_dropout(encoder)
    use_text_by_text_attention(encoder)
    return TransformerNetwork(encoder, labels=labels, dropout=dropout)


def _replace_dropout(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.Dropout) and child.p > 0:
            setattr(module, name, CheapDropout(child.p))
        else:
            _replace_dropout(child)
