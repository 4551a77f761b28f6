"""HAN: attention over the words of each sentence, and over the sentences of a text.

The network finds the sentences itself, so that a bundle needs nothing but word pieces: a sentence
ends with a piece that ends sentences, or where it grows too long.

Source: Yang et al. 2016, equations 1 to 10.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import nn

from kdh_desktop.core.classification.windows import END_PIECES
from trainer.networks.dropout import CheapDropout
from trainer.networks.recurrence import Attention, Recurrence

SENTENCE_ENDS = (".", "!", "?", ";", "…", "。", "！", "？", "；")
"""Pieces that end a sentence, where a vocabulary has them."""

LONGEST = 64
"""Pieces in the longest sentence; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class SentencePieces:
    """Which pieces divide a text, each boolean (pieces of the vocabulary,).

    Attributes:
        ends: Whether a sentence ends with it.
        never_first: Whether no sentence begins with it.
    """

    ends: torch.Tensor
    never_first: torch.Tensor

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> SentencePieces:
        """Choose them from a vocabulary."""
        pieces = max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1

        def table(names: tuple[str, ...]) -> torch.Tensor:
            ids = [tokenizer.token_to_id(name) for name in names]
            marks = torch.zeros(pieces, dtype=torch.bool)
            marks[[number for number in ids if number is not None]] = True
            return marks

        return cls(table(SENTENCE_ENDS), table((*SENTENCE_ENDS, *END_PIECES)))


class Han(nn.Module):
    """BiGRU and attention twice: words to sentences, sentences to the text."""

    ends: torch.Tensor
    never_first: torch.Tensor

    def __init__(
        self,
        embeddings: nn.Embedding,
        pieces: SentencePieces,
        *,
        labels: int,
        width: int,
        dropout: float,
    ) -> None:
        """Take embeddings, what divides texts, each direction's width, and chance of dropout."""
        super().__init__()
        self.register_buffer("ends", pieces.ends)
        self.register_buffer("never_first", pieces.never_first)
        self.embeddings = embeddings
        self.dropout = CheapDropout(dropout)
        self.words = Recurrence(nn.GRU, embeddings.embedding_dim, width)
        self.word_attention = Attention(2 * width)
        self.sentences = Recurrence(nn.GRU, 2 * width, width)
        self.sentence_attention = Attention(2 * width)
        self.text = nn.Linear(2 * width, labels)
        self.token = nn.Linear(2 * width, labels)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Score texts and their tokens; see the package for shapes."""
        inside = attention_mask > 0
        starts, places = self._starts(input_ids, inside)
        firsts = torch.nonzero(starts.flatten()).squeeze(-1)  # of all sentences of the batch
        owners = torch.cumsum(starts.flatten().long(), dim=0) - 1
        sizes = torch.zeros_like(firsts).scatter_add(0, owners, attention_mask.flatten())

        steps = torch.arange(LONGEST, device=input_ids.device)
        rows = (firsts.unsqueeze(1) + steps).clamp(max=input_ids.numel() - 1)
        words = self.dropout(self.embeddings(input_ids.flatten()[rows]))
        states = self.words(words, sizes)
        sentences = self.word_attention(states, steps < sizes.unsqueeze(1))

        logits = self.text(self.dropout(self._text(sentences, starts)))
        of_tokens = (owners * LONGEST + places.flatten()) * attention_mask.flatten()
        of_tokens = of_tokens.view(input_ids.shape)
        token_logits = self.token(self.dropout(states)).flatten(0, 1)[of_tokens]
        return logits.float(), token_logits.float()

    def _starts(
        self, input_ids: torch.Tensor, inside: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Where sentences start, boolean, and each token's place in its own; (batch, tokens)."""
        order = torch.arange(input_ids.shape[1], device=input_ids.device)
        after_end = nn.functional.pad(self.ends[input_ids].long(), (1, 0))[:, :-1] > 0
        starts = (after_end & ~self.never_first[input_ids]) | (order == 0)
        flat = starts.flatten()
        firsts = torch.nonzero(flat).squeeze(-1)
        number = torch.cumsum(flat.long(), dim=0) - 1
        within = torch.arange(flat.shape[0], device=flat.device) - firsts[number]
        places = (within % LONGEST).view(input_ids.shape)
        return (places == 0) & inside, places

    def _text(self, sentences: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        """Vectors of texts, (batch, 2 * width), from those of all sentences in a row."""
        counts = starts.sum(dim=1)
        before = torch.cumsum(counts, dim=0) - counts
        order = torch.arange(starts.shape[1], device=starts.device)
        is_there = order < counts.unsqueeze(1)
        rows = (before.unsqueeze(1) + order) * is_there
        states = self.sentences(self.dropout(sentences)[rows], counts.clamp(min=1))
        texts: torch.Tensor = self.sentence_attention(states, is_there)
        return texts
