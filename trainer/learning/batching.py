"""From texts to padded batches of word pieces that know their sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from kdh_desktop.core.classification.windows import END_PIECES, START_PIECES, first_known
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.training_config import Augmentation
from trainer.corpus import LabelledText

NO_SENTENCE = -1

SPECIAL_PIECES = (START_PIECES, END_PIECES, ("[PAD]", "<pad>"), ("[UNK]", "<unk>"))
"""What vocabularies call start, end, padding, and the unknown."""


@dataclass(frozen=True, slots=True)
class SoftTargets:
    """What the teacher says of one text.

    Attributes:
        text_logits: float32 (labels,).
        sentence_logits: float32 (sentences, labels).
    """

    text_logits: NDArray[np.float32]
    sentence_logits: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """One text, encoded sentence by sentence so that sentences can be dropped.

    Attributes:
        pieces: Word-piece ids of each sentence, as running text.
        tokenised_pieces: The same for the corpus's own spelling.
        text_targets: float32 (labels,), or None where unlabelled.
        sentence_targets: float32 (sentences, labels), or None where they are not known; the
            labels of the text are then those of `text_targets`, else those of the sentences read.
        soft: The teacher's logits, or None where there is no teacher.
        group: What must not be divided between learning and choosing the best epoch, or None.
    """

    pieces: tuple[tuple[int, ...], ...]
    tokenised_pieces: tuple[tuple[int, ...], ...]
    text_targets: NDArray[np.float32] | None
    sentence_targets: NDArray[np.float32] | None = None
    soft: SoftTargets | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one forward pass.

    Attributes:
        input_ids: int64 (batch, tokens).
        attention_mask: int64 (batch, tokens), 1 where there is a piece.
        sentence_of_token: int64 (batch, tokens), row in the flat list of the batch's sentences;
            `NO_SENTENCE` for special tokens and padding.
        text_of_sentence: int64 (sentences,), row of the batch that a sentence belongs to.
        text_targets: float32 (batch, labels), or None.
        sentence_targets: float32 (sentences, labels), zero where they are not known, or None
            where none is known.
        soft_text_logits: float32 (batch, labels), or None.
        soft_sentence_logits: float32 (sentences, labels), or None.
        is_text_with_sentences: Whether the labels of a text's sentences are known, boolean
            (batch,), or None where that is so for all texts or for none.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    sentence_of_token: torch.Tensor
    text_of_sentence: torch.Tensor
    text_targets: torch.Tensor | None
    sentence_targets: torch.Tensor | None
    soft_text_logits: torch.Tensor | None
    soft_sentence_logits: torch.Tensor | None
    is_text_with_sentences: torch.Tensor | None = None


@dataclass(frozen=True, slots=True)
class PieceIds:
    """Ids of the special pieces."""

    start: int
    end: int
    padding: int


class Encoder:
    """Encodes texts with the word pieces of a base encoder."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Take a tokenizer; its truncation and padding, and special pieces in texts, are off.

        Raises:
            TrainingError: It lacks a special piece.
        """
        tokenizer.no_truncation()
        tokenizer.no_padding()
        # A "[SEP]" in a text is text like any other, here as where the model is served.
        tokenizer.encode_special_tokens = True
        self._tokenizer = tokenizer
        *framing, self._unknown = (_id_of(tokenizer, names) for names in SPECIAL_PIECES)
        self.piece_ids = PieceIds(*framing)

    def examples(self, texts: Sequence[LabelledText]) -> list[Example]:
        """Encode texts, in order."""
        return [
            Example(
                self._pieces(text.sentences),
                self._pieces(text.tokenised),
                text.targets,
                text.sentence_targets,
                group=text.group,
            )
            for text in texts
        ]

    def _pieces(self, sentences: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
        # In running text a blank precedes all sentences but the first: some vocabularies see it.
        spaced = [*sentences[:1], *(f" {sentence}" for sentence in sentences[1:])]
        encodings = self._tokenizer.encode_batch(spaced, add_special_tokens=False)
        # A sentence of nothing but unknown marks keeps its place, so that it keeps its labels.
        return tuple(tuple(encoding.ids) or (self._unknown,) for encoding in encodings)


def _id_of(tokenizer: Tokenizer, names: Sequence[str]) -> int:
    found = first_known(tokenizer, names)
    if found is None:
        raise TrainingError(
            f"The base encoder's vocabulary lacks {names[0]}.", "Choose another base encoder."
        )
    return found


@dataclass(frozen=True, slots=True)
class _Row:
    """One text as it enters a batch: its pieces, and which sentences stayed."""

    sentences: tuple[tuple[int, ...], ...]
    kept: tuple[int, ...]
    example: Example

    @property
    def tokens(self) -> int:
        return sum(map(len, self.sentences)) + 2


class Batches:
    """Batches over examples, shuffled and grouped by length to waste little padding."""

    def __init__(
        self,
        examples: Sequence[Example],
        *,
        piece_ids: PieceIds,
        max_tokens: int,
        batch_size: int,
    ) -> None:
        """Take the examples; nothing is computed before an epoch is asked for."""
        self._examples = examples
        self._piece_ids = piece_ids
        self._max_tokens = max_tokens
        self._batch_size = batch_size

    @property
    def batches_per_epoch(self) -> int:
        """Number of batches in one epoch."""
        return -(-len(self._examples) // self._batch_size)

    @property
    def sentence_counts(self) -> list[int]:
        """Number of sentences of each example, in order."""
        return [len(example.pieces) for example in self._examples]

    def by_length(self) -> Iterator[tuple[list[int], Batch]]:
        """All examples once, unvaried, longest first, each batch with its examples' positions."""
        rows = [self._row(example, example.pieces, None) for example in self._examples]
        order = sorted(range(len(rows)), key=lambda index: -rows[index].tokens)
        for start in range(0, len(order), self._batch_size):
            positions = order[start : start + self._batch_size]
            yield positions, self._batch([rows[index] for index in positions])

    def epoch(self, *, rng: np.random.Generator, augmentation: Augmentation) -> Iterator[Batch]:
        """All examples once, varied, in an order drawn from `rng`.

        Texts are shuffled, sorted by length within pools of 16 batches, cut into batches, and
        the batches shuffled: padding is small, and the order still random.
        """
        rows = [
            self._vary(self._examples[i], rng, augmentation)
            for i in rng.permutation(len(self._examples))
        ]
        pool = 16 * self._batch_size
        batches: list[list[_Row]] = []
        for start in range(0, len(rows), pool):
            ordered = sorted(rows[start : start + pool], key=lambda row: row.tokens)
            batches += [
                ordered[at : at + self._batch_size]
                for at in range(0, len(ordered), self._batch_size)
            ]
        for index in rng.permutation(len(batches)):
            yield self._batch(batches[index])

    def _vary(self, example: Example, rng: np.random.Generator, how: Augmentation) -> _Row:
        tokenised = rng.random() < how.tokenised_share
        pieces = example.tokenised_pieces if tokenised else example.pieces
        keep: NDArray[np.intp] | None = None
        # Only where the sentences' labels are known are those of the rest of a text.
        may_drop = how.sentence_dropout > 0 and example.sentence_targets is not None
        if may_drop and len(pieces) > 2:
            keep = np.flatnonzero(rng.random(len(pieces)) >= how.sentence_dropout)
            if len(keep) < 2:
                keep = None
        return self._row(example, pieces, keep)

    def _row(
        self, example: Example, pieces: tuple[tuple[int, ...], ...], keep: NDArray[np.intp] | None
    ) -> _Row:
        room = self._max_tokens - 2
        sentences: list[tuple[int, ...]] = []
        kept: list[int] = []
        for index in range(len(pieces)) if keep is None else keep.tolist():
            if room <= 0:
                break
            piece_ids = pieces[index][:room]
            sentences.append(piece_ids)
            kept.append(index)
            room -= len(piece_ids)
        return _Row(tuple(sentences), tuple(kept), example)

    def _batch(self, rows: list[_Row]) -> Batch:
        ids = self._piece_ids
        width = max(row.tokens for row in rows)
        input_ids = np.full((len(rows), width), ids.padding, np.int64)
        attention_mask = np.zeros((len(rows), width), np.int64)
        sentence_of_token = np.full((len(rows), width), NO_SENTENCE, np.int64)
        text_of_sentence: list[int] = []
        for index, row in enumerate(rows):
            at = 1
            input_ids[index, 0] = ids.start
            attention_mask[index, : row.tokens] = 1
            for piece_ids in row.sentences:
                input_ids[index, at : at + len(piece_ids)] = piece_ids
                sentence_of_token[index, at : at + len(piece_ids)] = len(text_of_sentence)
                text_of_sentence.append(index)
                at += len(piece_ids)
            input_ids[index, at] = ids.end
        return Batch(
            input_ids=torch.from_numpy(input_ids),
            attention_mask=torch.from_numpy(attention_mask),
            sentence_of_token=torch.from_numpy(sentence_of_token),
            text_of_sentence=torch.tensor(text_of_sentence, dtype=torch.int64),
            **_targets(rows),
        )


def _targets(rows: Sequence[_Row]) -> dict[str, torch.Tensor | None]:
    kept = [list(row.kept) for row in rows]
    softs = [row.example.soft for row in rows]
    knows = [row.example.sentence_targets is not None for row in rows]
    is_mixed = any(knows) and not all(knows)
    of_sentences = [_sentence_targets(row, is_mixed=is_mixed) for row in rows]
    soft_of_sentences = [
        None if soft is None else soft.sentence_logits[own]
        for soft, own in zip(softs, kept, strict=True)
    ]
    soft_of_texts = [None if soft is None else soft.text_logits for soft in softs]
    return {
        "text_targets": _stacked([_text_targets(row) for row in rows], np.stack),
        "sentence_targets": _stacked(of_sentences, np.concatenate),
        "soft_text_logits": _stacked(soft_of_texts, np.stack),
        "soft_sentence_logits": _stacked(soft_of_sentences, np.concatenate),
        "is_text_with_sentences": torch.tensor(knows) if is_mixed else None,
    }


def _text_targets(row: _Row) -> NDArray[np.float32] | None:
    """Labels of what is left of a text."""
    if row.example.sentence_targets is None:
        return row.example.text_targets
    left: NDArray[np.float32] = row.example.sentence_targets[list(row.kept)].max(axis=0)
    return left


def _sentence_targets(row: _Row, *, is_mixed: bool) -> NDArray[np.float32] | None:
    example = row.example
    if example.sentence_targets is not None:
        return example.sentence_targets[list(row.kept)]
    if is_mixed and example.text_targets is not None:
        return np.zeros((len(row.kept), len(example.text_targets)), np.float32)
    return None


def _stacked(
    arrays: Sequence[NDArray[np.float32] | None],
    join: Callable[[list[NDArray[np.float32]]], NDArray[np.float32]],
) -> torch.Tensor | None:
    found = [array for array in arrays if array is not None]
    if not found:
        return None
    if len(found) < len(arrays):
        raise ValueError("texts with and without targets cannot share a batch")
    return torch.from_numpy(join(found))
