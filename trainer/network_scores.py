"""What a network says of texts, before any threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from trainer.batching import Batches
from trainer.control import RunControl
from trainer.training_loop import forward


@dataclass(frozen=True, slots=True)
class NetworkScores:
    """Logits of several texts.

    Attributes:
        text_logits: float32 (texts, labels).
        sentence_logits: float32 (all sentences, labels), texts one after the other.
        sentences: Number of sentences of each text, int64 (texts,).
    """

    text_logits: NDArray[np.float32]
    sentence_logits: NDArray[np.float32]
    sentences: NDArray[np.int64]

    def of_sentences(self) -> list[NDArray[np.float32]]:
        """Sentence logits text by text, each float32 (sentences, labels)."""
        return np.split(self.sentence_logits, np.cumsum(self.sentences)[:-1])

    def decision_logits(self, sentence_weight: float) -> NDArray[np.float32]:
        """Weighted mean of text logits and best sentences' logits, float32 (texts, labels)."""
        best = np.stack([part.max(axis=0) for part in self.of_sentences()])
        of_text, of_sentence = np.float32(1 - sentence_weight), np.float32(sentence_weight)
        return np.asarray(of_text * self.text_logits + of_sentence * best, np.float32)

    def save(self, path: Path) -> None:
        """Write to one ``.npz`` file by way of a temporary one."""
        temporary = path.with_name(path.name + ".part.npz")
        np.savez(
            temporary,
            text_logits=self.text_logits,
            sentence_logits=self.sentence_logits,
            sentences=self.sentences,
        )
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["text_logits"], arrays["sentence_logits"], arrays["sentences"])

    @classmethod
    def mean(cls, several: Sequence[Self]) -> Self:
        """Mean of several networks' logits for the same texts."""
        return cls(
            np.mean([one.text_logits for one in several], axis=0, dtype=np.float32),
            np.mean([one.sentence_logits for one in several], axis=0, dtype=np.float32),
            several[0].sentences,
        )


def score(
    network: nn.Module,
    batches: Batches,
    *,
    is_exact: bool = False,
    control: RunControl | None = None,
) -> NetworkScores:
    """Score all texts of `batches`.

    A sentence beyond the window takes the text's own logits, so that every sentence has some.
    """
    network.eval()
    device = next(network.parameters()).device
    counts = batches.sentence_counts
    text_logits: dict[int, NDArray[np.float32]] = {}
    sentence_logits: dict[int, NDArray[np.float32]] = {}
    with torch.inference_mode():
        for positions, batch in batches.by_length():
            if control is not None:
                control.check()
            logits = forward(network, batch, device, is_exact=is_exact)
            of_texts, of_sentences = (part.cpu().numpy() for part in logits)
            owners = batch.text_of_sentence.numpy()
            for row, position in enumerate(positions):
                own = of_sentences[owners == row]
                beyond = np.tile(of_texts[row], (counts[position] - len(own), 1))
                text_logits[position] = of_texts[row]
                sentence_logits[position] = np.concatenate([own, beyond])
    order = range(len(counts))
    return NetworkScores(
        np.stack([text_logits[position] for position in order]),
        np.concatenate([sentence_logits[position] for position in order]),
        np.array(counts, np.int64),
    )
