"""One recurrent layer in both directions, and attention over its states."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Recurrence(nn.Module):
    """An LSTM or GRU in both directions that never reads padding.

    The direction from the end begins at each text's own last word.
    """

    def __init__(self, cell: type[nn.LSTM | nn.GRU], size: int, width: int) -> None:
        """Read vectors of `size`, and give states of twice `width`."""
        super().__init__()
        self.layer = cell(size, width, batch_first=True, bidirectional=True)

    def forward(self, words: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Read rows from their beginnings.

        Args:
            words: Shape (rows, steps, size).
            lengths: Steps of each row, at least 1, int64 (rows,).

        Returns:
            float32 (rows, steps, 2 * width), 0 beyond a row's length.
        """
        # Errors of a step are carried through all others: half precision is not enough.
        with torch.autocast(words.device.type, enabled=False):
            packed = pack_padded_sequence(
                words.float(), lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            states, _ = self.layer(packed)
            padded: torch.Tensor
            padded, _ = pad_packed_sequence(states, batch_first=True, total_length=words.shape[1])
        return padded


class Attention(nn.Module):
    """A weighted mean of states, whose weights are learnt.

    Source: Yang et al. 2016, equations 5 to 7.
    """

    def __init__(self, width: int) -> None:
        """Take states of `width`."""
        super().__init__()
        self.hidden = nn.Linear(width, width)
        self.context = nn.Linear(width, 1, bias=False)

    def forward(self, states: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
        """Join the states of each row.

        Args:
            states: Shape (rows, steps, width).
            inside: What is not padding, boolean (rows, steps).

        Returns:
            Shape (rows, width).
        """
        scores = self.context(torch.tanh(self.hidden(states))).float()
        scores = scores.masked_fill(~inside.unsqueeze(-1), -1e4)
        weights = torch.softmax(scores, dim=1).to(states.dtype)
        return torch.matmul(weights.transpose(1, 2), states).squeeze(1)
