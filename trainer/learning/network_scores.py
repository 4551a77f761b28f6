"""What a network says of texts, before any threshold."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from trainer.learning.batching import Batch, Batches
from trainer.learning.division import Division, parts_of
from trainer.learning.forward import forward
from trainer.process.control import RunControl
from trainer.process.durable import save_arrays


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
        """Write to one ``.npz`` file whole or not at all."""
        save_arrays(
            path,
            text_logits=self.text_logits,
            sentence_logits=self.sentence_logits,
            sentences=self.sentences,
        )

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


class ScoresSoFar:
    """Scores of some of the texts, kept in a file now and then while others are being scored."""

    def __init__(self, path: Path | None, *, every_s: float = 0.0) -> None:
        """Take up what lies at `path`, and keep there what comes, every `every_s` seconds."""
        self.text_logits: dict[int, NDArray[np.float32]] = {}
        self.sentence_logits: dict[int, NDArray[np.float32]] = {}
        self._path = path
        self._every_s = every_s
        self._kept_at = time.monotonic()
        if path is not None and path.exists():
            with np.load(path, allow_pickle=False) as arrays:
                positions = arrays["positions"].tolist()
                parts = np.split(arrays["sentence_logits"], np.cumsum(arrays["sentences"])[:-1])
                self.text_logits = dict(zip(positions, arrays["text_logits"], strict=True))
                self.sentence_logits = dict(zip(positions, parts, strict=True))

    def add(
        self, position: int, of_text: NDArray[np.float32], of_sentences: NDArray[np.float32]
    ) -> None:
        """Take the scores of one text."""
        self.text_logits[position] = of_text
        self.sentence_logits[position] = of_sentences

    def keep_when_due(self) -> None:
        """Write everything to the file, when the last time is long ago."""
        if self._path is None or time.monotonic() - self._kept_at < self._every_s:
            return
        save_arrays(
            self._path,
            positions=np.array(list(self.text_logits), np.int64),
            text_logits=np.stack(list(self.text_logits.values())),
            sentence_logits=np.concatenate(list(self.sentence_logits.values())),
            sentences=np.array([len(x) for x in self.sentence_logits.values()], np.int64),
        )
        self._kept_at = time.monotonic()

    def remove(self) -> None:
        """Delete the file."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def score(
    network: nn.Module,
    batches: Batches,
    *,
    is_exact: bool = False,
    control: RunControl | None = None,
    so_far: ScoresSoFar | None = None,
    tell: Callable[[int], None] = lambda _texts: None,
) -> NetworkScores:
    """Score all texts of `batches`, in smaller ones where memory is short.

    A sentence beyond the window takes the text's own logits, so that every sentence has some.

    Args:
        network: What scores; it computes on the device it is on.
        batches: The texts.
        is_exact: Whether all is computed in float32.
        control: Checked before each batch.
        so_far: Where scores are kept on the way, and taken up again.
        tell: Takes the number of texts that are scored, after each batch.

    Raises:
        Cancelled: `control` said so; what was kept is taken up again.
        TrainingError: Memory is short even for an eighth of a batch.
    """
    network.eval()
    device = next(network.parameters()).device
    counts = batches.sentence_counts
    found = so_far or ScoresSoFar(None)
    division = Division(device)
    with torch.inference_mode():
        for positions, batch in batches.by_length():
            if all(position in found.text_logits for position in positions):
                continue
            if control is not None:
                control.check()
            work = partial(_logits, network, batch, is_exact=is_exact)
            of_texts, of_sentences = division.attempt(len(positions), work)
            owners = batch.text_of_sentence.numpy()
            for row, position in enumerate(positions):
                own = of_sentences[owners == row]
                beyond = np.tile(of_texts[row], (counts[position] - len(own), 1))
                found.add(position, of_texts[row], np.concatenate([own, beyond]))
            found.keep_when_due()
            tell(len(found.text_logits))
    order = range(len(counts))
    return NetworkScores(
        np.stack([found.text_logits[position] for position in order]),
        np.concatenate([found.sentence_logits[position] for position in order]),
        np.array(counts, np.int64),
    )


def _logits(
    network: nn.Module, batch: Batch, size: int, *, is_exact: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Text logits (batch, labels) and sentence logits (sentences, labels), `size` texts a pass."""
    device = next(network.parameters()).device
    passes = [forward(network, part, device, is_exact=is_exact) for part in parts_of(batch, size)]
    of_texts, of_sentences = (torch.cat(parts).cpu().numpy() for parts in zip(*passes, strict=True))
    return of_texts, of_sentences
