"""Windows full of text with whole words hidden, made on the device that trains.

Source: Devlin et al. 2019, section 3.1, with the whole-word masking of their later release, and
the dynamic masks and full windows of Liu et al. 2019, sections 4.1 and 4.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import starmap

import torch
from tokenizers import Tokenizer

from kdh_desktop.core.errors import TrainingError
from trainer.adaptation.packed_texts import PieceStream

_HIDDEN_SHARE = 0.8
_WRONG_SHARE = 0.1
_NEVER = 2.0


@dataclass(frozen=True, slots=True)
class MaskedBatch:
    """Windows of one forward pass, all of one length and without padding.

    Attributes:
        input_ids: int64 (batch, tokens), some of them replaced.
        positions: int64 (batch, slots), tokens that may have to be guessed.
        targets: int64 (batch, slots), the pieces that stood there.
        weights: float32 (batch, slots), 1 where the piece has to be guessed, else 0.
    """

    input_ids: torch.Tensor
    positions: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor

    def parts(self, size: int) -> Iterator[MaskedBatch]:
        """The same windows, `size` at a time."""
        fields = (self.input_ids, self.positions, self.targets, self.weights)
        return starmap(MaskedBatch, zip(*(torch.split(one, size) for one in fields), strict=True))


@dataclass(frozen=True, slots=True)
class MaskingPieces:
    """Ids that masking needs.

    Attributes:
        start: Opens a window.
        end: Closes a text, and a window.
        mask: Stands for a hidden piece.
        special: Pieces that are never hidden and never put in for another.
        vocabulary: Number of pieces.
    """

    start: int
    end: int
    mask: int
    special: frozenset[int]
    vocabulary: int

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> MaskingPieces:
        """Look them up.

        Raises:
            TrainingError: The tokenizer lacks one.
        """
        named = {}
        for piece in ("[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]"):
            found = tokenizer.token_to_id(piece)
            if found is None:
                raise TrainingError(
                    f"The base encoder's vocabulary lacks {piece}.", "Choose another base encoder."
                )
            named[piece] = found
        added = {i for i, token in tokenizer.get_added_tokens_decoder().items() if token.special}
        return cls(
            named["[CLS]"],
            named["[SEP]"],
            named["[MASK]"],
            frozenset(added | set(named.values())),
            tokenizer.get_vocab_size(),
        )


class MaskedWindows:
    """Cuts a stream of pieces into windows, anew in every pass, and hides words in them.

    Nothing here waits for the device: all shapes are known beforehand, so that a fixed number of
    slots is drawn and the word that the last slot would cut is left alone.
    """

    def __init__(
        self,
        stream: PieceStream,
        pieces: MaskingPieces,
        *,
        window: int,
        share: float,
        device: torch.device,
    ) -> None:
        """Put the whole stream on the device.

        Args:
            stream: Texts to cut up.
            pieces: Ids that masking needs.
            window: Tokens in one window, both special ones included.
            share: Share of the pieces that have to be guessed.
            device: Where windows are made.

        Raises:
            TrainingError: There is too little text for two windows.
        """
        self._body = window - 2
        self._slots = max(1, round(share * self._body))
        self.windows_per_pass = len(stream.ids) // self._body - 1
        if self.windows_per_pass < 1:
            raise TrainingError(
                "There is too little text to learn from.",
                "Name more passages, or a smaller window.",
            )
        self._pieces = pieces
        self._ids = torch.from_numpy(stream.ids).to(device)
        self._is_start = torch.from_numpy(stream.is_start).to(device)
        self._is_special = torch.zeros(pieces.vocabulary, dtype=torch.bool, device=device)
        self._is_special[_column(sorted(pieces.special), device)] = True
        self._ordinary = torch.nonzero(~self._is_special).flatten()
        self._offsets = torch.arange(self._body, device=device)

    def order(self, *, seed: int) -> torch.Tensor:
        """Where the windows of one pass begin, int64 (windows_per_pass,), in random order."""
        generator = torch.Generator().manual_seed(seed)
        first = torch.randint(self._body, (1,), generator=generator)
        windows = torch.randperm(self.windows_per_pass, generator=generator)
        return (first + windows * self._body).to(self._ids.device)

    def batch(self, begins: torch.Tensor) -> MaskedBatch:
        """Windows that begin at `begins`, int64 (batch,), with words hidden at random."""
        index = begins.unsqueeze(1) + self._offsets
        ids = self._ids[index].long()
        keys = self._keys(ids, self._is_start[index])
        lowest, at = torch.topk(keys, self._slots + 1, dim=1, largest=False, sorted=True)
        # All pieces of a word share a key: where the first that found no slot has the key of
        # the last that did, the word would be cut.
        is_chosen = lowest[:, :-1] < lowest[:, -1:]
        at = at[:, :-1]
        targets = ids.gather(1, at)
        ids = ids.scatter(1, at, torch.where(is_chosen, self._instead_of(targets), targets))
        ends = [torch.full_like(ids[:, :1], x) for x in (self._pieces.start, self._pieces.end)]
        return MaskedBatch(
            torch.cat([ends[0], ids, ends[1]], dim=1), at + 1, targets, is_chosen.float()
        )

    def _keys(self, ids: torch.Tensor, is_start: torch.Tensor) -> torch.Tensor:
        """A random number for each piece, the same for all pieces of a word."""
        word = is_start.cumsum(1)
        draws = torch.rand(len(ids), self._body + 1, device=ids.device)
        return draws.gather(1, word).masked_fill(self._is_special[ids], _NEVER)

    def _instead_of(self, targets: torch.Tensor) -> torch.Tensor:
        draws = torch.rand(targets.shape, device=targets.device)
        wrong = self._ordinary[
            torch.randint(len(self._ordinary), targets.shape, device=targets.device)
        ]
        hidden = torch.full_like(targets, self._pieces.mask)
        instead = torch.where(draws < _HIDDEN_SHARE + _WRONG_SHARE, wrong, targets)
        return torch.where(draws < _HIDDEN_SHARE, hidden, instead)


def _column(ids: Iterable[int], device: torch.device) -> torch.Tensor:
    return torch.tensor(list(ids), dtype=torch.int64, device=device)
