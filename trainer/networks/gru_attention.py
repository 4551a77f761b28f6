"""GRU-Att: a GRU in both directions, and attention over its words.

Source: Huang et al., ROCLING 2022; the attention after Yang et al. 2016, equations 5 to 7.
"""

from __future__ import annotations

import torch
from torch import nn

from trainer.networks.dropout import CheapDropout
from trainer.networks.recurrence import Attention, Recurrence


class GruAttention(nn.Module):
    """BiGRU over word embeddings, attention for the text, and linear layers."""

    def __init__(
        self, embeddings: nn.Embedding, *, labels: int, width: int, dropout: float
    ) -> None:
        """Take the embeddings, the width of each direction, and the chance of dropout."""
        super().__init__()
        self.embeddings = embeddings
        self.dropout = CheapDropout(dropout)
        self.words = Recurrence(nn.GRU, embeddings.embedding_dim, width)
        self.attention = Attention(2 * width)
        self.text = nn.Linear(2 * width, labels)
        self.token = nn.Linear(2 * width, labels)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Score texts and their tokens; see the package for shapes."""
        lengths = attention_mask.sum(dim=1).clamp(min=1)
        states = self.words(self.dropout(self.embeddings(input_ids)), lengths)
        text = self.attention(states, attention_mask > 0)
        return self.text(self.dropout(text)).float(), self.token(self.dropout(states)).float()
