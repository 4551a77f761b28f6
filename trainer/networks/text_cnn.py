"""TextCNN: filters over neighbouring words, and of each filter the strongest answer.

Source: Kim 2014, equations 2 and 3; widths of 2, 3 and 4 words.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from trainer.networks.dropout import CheapDropout

WIDTHS = (2, 3, 4)


class TextCnn(nn.Module):
    """Convolutions over word embeddings, maximum over time, and linear layers.

    A token's state is what the filters answer around it.
    """

    def __init__(
        self, embeddings: nn.Embedding, *, labels: int, filters: int, dropout: float
    ) -> None:
        """Take the embeddings, the number of filters of each width, and the chance of dropout."""
        super().__init__()
        self.embeddings = embeddings
        self.dropout = CheapDropout(dropout)
        size = embeddings.embedding_dim
        self.convolutions = nn.ModuleList(nn.Conv1d(size, filters, width) for width in WIDTHS)
        self.text = nn.Linear(filters * len(WIDTHS), labels)
        self.token = nn.Linear(filters * len(WIDTHS), labels)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Score texts and their tokens; see the package for shapes."""
        inside = attention_mask.unsqueeze(-1)
        words = (self.dropout(self.embeddings(input_ids)) * inside).transpose(1, 2)
        answers = [
            convolution(F.pad(words, ((width - 1) // 2, width // 2)))
            for width, convolution in zip(WIDTHS, self.convolutions, strict=True)
        ]
        # No answer is under 0, so that padding at 0 is never the strongest.
        states = torch.relu(torch.cat(answers, dim=1)).transpose(1, 2) * inside
        logits = self.text(self.dropout(states.amax(dim=1)))
        return logits.float(), self.token(self.dropout(states)).float()
