"""A transformer encoder with label-wise attention over tokens and a logit for every token.

The forward contract of all networks: `forward(input_ids, attention_mask)` gives
`(logits, token_logits)`, float32 (batch, labels) and (batch, tokens, labels); the mean of the
token logits over a sentence is that sentence's logit.

Source: label-wise attention after Mullenbach et al. 2018 (CAML), equations 3 and 4.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from transformers import AutoModel


class CheapDropout(nn.Module):
    """Dropout whose random numbers cost an eighth on a CPU: one 64-bit draw serves eight units.

    The chance is rounded to a multiple of 1/256.
    """

    def __init__(self, chance: float) -> None:
        """Take the chance in 0..1 that a unit is zeroed."""
        super().__init__()
        self._level = round(chance * 256)

    def forward(self, units: torch.Tensor) -> torch.Tensor:
        """Zero units at random while training and scale the rest; else the identity."""
        if not self.training or self._level == 0:
            return units
        draws = torch.empty(-(-units.numel() // 8), dtype=torch.int64, device=units.device)
        octets = draws.random_(-(2**63), None).view(torch.uint8)[: units.numel()]
        return units * (octets >= self._level).view(units.shape) * (256 / (256 - self._level))


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


def load_transformer(folder: Path, *, labels: int, dropout: float = 0.1) -> TransformerNetwork:
    """Build a network on the safetensors encoder in `folder`; nothing is fetched or executed.

    Attention dropout is off: it keeps the fused attention kernels from being used and cost a
    quarter of a training step; dropout on the layers' outputs stays.
    """
    encoder = AutoModel.from_pretrained(
        folder,
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        add_pooling_layer=False,
        attention_probs_dropout_prob=0.0,
        hidden_dropout_prob=dropout,
    )
    _replace_dropout(encoder)
    return TransformerNetwork(encoder, labels=labels, dropout=dropout)


def _replace_dropout(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.Dropout) and child.p > 0:
            setattr(module, name, CheapDropout(child.p))
        else:
            _replace_dropout(child)
