"""TextRNN: an LSTM in both directions, and the state where each direction ends.

Source: Liu et al. 2016 (model I), bidirectional as in Huang et al., ROCLING 2022.
"""

from __future__ import annotations

import torch
from torch import nn

from trainer.networks.dropout import CheapDropout
from trainer.networks.recurrence import Recurrence


class TextRnn(nn.Module):
    """BiLSTM over word embeddings, and linear layers."""

    def __init__(
        self, embeddings: nn.Embedding, *, labels: int, width: int, dropout: float
    ) -> None:
        """Take the embeddings, the width of each direction, and the chance of dropout."""
        super().__init__()
        self.embeddings = embeddings
        self.dropout = CheapDropout(dropout)
        self.words = Recurrence(nn.LSTM, embeddings.embedding_dim, width)
        self.text = nn.Linear(2 * width, labels)
        self.token = nn.Linear(2 * width, labels)
        self._width = width

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Score texts and their tokens; see the package for shapes."""
        lengths = attention_mask.sum(dim=1).clamp(min=1)
        states = self.words(self.dropout(self.embeddings(input_ids)), lengths)
        lasts = (lengths - 1).view(-1, 1, 1).expand(-1, 1, states.shape[-1])
        at_end = states.gather(1, lasts).squeeze(1)[:, : self._width]
        at_start = states[:, 0, self._width :]
        logits = self.text(self.dropout(torch.cat((at_end, at_start), dim=-1)))
        return logits.float(), self.token(self.dropout(states)).float()
