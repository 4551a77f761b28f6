"""Batches hold every text, know the sentence of every token, and give the right targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import WhitespaceSplit

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.training_config import Augmentation
from trainer.corpus import LabelledText
from trainer.learning.batching import (
    NO_SENTENCE,
    Batch,
    Batches,
    Encoder,
    Example,
    PieceIds,
    SoftTargets,
)

PIECES = PieceIds(start=1, end=2, padding=0)
PLAIN = Augmentation()
LABELS = 3


def example_of(number: int, sizes: list[int], *, rng: np.random.Generator) -> Example:
    """An example whose pieces say which text, sentence and place they are.

    Piece ids are 100,000 x text + 100 x sentence + place + 3; in the corpus's own spelling the
    same, but negative.
    """
    pieces = tuple(
        tuple(100_000 * number + 100 * sentence + place + 3 for place in range(size))
        for sentence, size in enumerate(sizes)
    )
    shape = (len(sizes), LABELS)
    targets = (rng.random(shape) < 0.4).astype(np.float32)
    return Example(
        pieces,
        tuple(tuple(-piece for piece in sentence) for sentence in pieces),
        targets.max(axis=0),
        targets,
        SoftTargets(
            rng.standard_normal(LABELS, dtype=np.float32),
            rng.standard_normal(shape, dtype=np.float32),
        ),
    )


@st.composite
def several_examples(draw: st.DrawFn) -> list[Example]:
    sizes = st.lists(st.integers(1, 12), min_size=1, max_size=6)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    texts = draw(st.lists(sizes, min_size=1, max_size=10))
    return [example_of(number, text, rng=rng) for number, text in enumerate(texts)]


EXAMPLES = several_examples()


def batches_of(examples: list[Example], *, max_tokens: int = 512, batch_size: int = 4) -> Batches:
    return Batches(examples, piece_ids=PIECES, max_tokens=max_tokens, batch_size=batch_size)


def epoch(batches: Batches, how: Augmentation = PLAIN, *, seed: int = 0) -> list[Batch]:
    return list(batches.epoch(rng=np.random.default_rng(seed), augmentation=how))


def present(tensor: torch.Tensor | None) -> NDArray[np.float32]:
    assert tensor is not None
    assert tensor.dtype == torch.float32
    array: NDArray[np.float32] = tensor.numpy()
    return array


def sentences_of(batch: Batch) -> Iterator[tuple[int, list[int]]]:
    """Row in the batch and piece ids of each sentence, read back from the tensors."""
    for sentence, row in enumerate(batch.text_of_sentence.tolist()):
        inside = batch.sentence_of_token[row] == sentence
        yield row, batch.input_ids[row][inside].tolist()


def texts_of(batch: Batch) -> list[int]:
    """Number of the text in each row; every row here has a piece of its own."""
    return [abs(int(row[1])) // 100_000 for row in batch.input_ids]


def check_rows(batch: Batch) -> None:
    """Each row is start, pieces, end, padding, with a mask over all but the padding."""
    for ids, mask, owner in zip(
        batch.input_ids, batch.attention_mask, batch.sentence_of_token, strict=True
    ):
        tokens = int(mask.sum())
        assert mask.tolist() == [1] * tokens + [0] * (len(mask) - tokens)
        assert ids[0] == PIECES.start
        assert ids[tokens - 1] == PIECES.end
        assert (ids[tokens:] == PIECES.padding).all()
        is_special = torch.ones(len(ids), dtype=torch.bool)
        is_special[1 : tokens - 1] = False
        assert ((owner == NO_SENTENCE) == is_special).all()


@given(EXAMPLES)
def test_every_token_knows_its_sentence(examples: list[Example]) -> None:
    for positions, batch in batches_of(examples).by_length():
        check_rows(batch)
        found = [(positions[row], tuple(pieces)) for row, pieces in sentences_of(batch)]
        assert found == [(at, pieces) for at in positions for pieces in examples[at].pieces]


@given(EXAMPLES, st.integers(1, 5))
def test_by_length_gives_every_text_once_longest_first(
    examples: list[Example], batch_size: int
) -> None:
    batches = batches_of(examples, batch_size=batch_size)
    seen = [position for positions, _ in batches.by_length() for position in positions]
    assert sorted(seen) == list(range(len(examples)))
    lengths = [sum(map(len, examples[position].pieces)) for position in seen]
    assert lengths == sorted(lengths, reverse=True)
    assert batches.sentence_counts == [len(example.pieces) for example in examples]


@given(EXAMPLES, st.integers(1, 5), st.integers(0, 99))
def test_an_epoch_gives_every_text_once(
    examples: list[Example], batch_size: int, seed: int
) -> None:
    batches = batches_of(examples, batch_size=batch_size)
    found = epoch(batches, seed=seed)
    assert len(found) == batches.batches_per_epoch
    assert sorted(text for batch in found for text in texts_of(batch)) == list(range(len(examples)))
    assert all(len(batch.input_ids) <= batch_size for batch in found)


@given(EXAMPLES, st.integers(3, 40))
def test_rows_never_exceed_max_tokens_and_keep_the_beginning(
    examples: list[Example], max_tokens: int
) -> None:
    for positions, batch in batches_of(examples, max_tokens=max_tokens).by_length():
        check_rows(batch)
        assert batch.input_ids.shape[1] <= max_tokens
        for row, position in enumerate(positions):
            whole = [piece for sentence in examples[position].pieces for piece in sentence]
            tokens = int(batch.attention_mask[row].sum())
            assert batch.input_ids[row, 1 : tokens - 1].tolist() == whole[: max_tokens - 2]


@given(EXAMPLES, st.floats(0, 1), st.integers(3, 40), st.integers(0, 99))
def test_targets_are_those_of_the_sentences_that_stayed(
    examples: list[Example], dropout: float, max_tokens: int, seed: int
) -> None:
    how = Augmentation(sentence_dropout=dropout)
    for batch in epoch(batches_of(examples, max_tokens=max_tokens), how, seed=seed):
        check_rows(batch)
        hard, soft = present(batch.sentence_targets), present(batch.soft_sentence_logits)
        union = np.zeros((len(batch.input_ids), LABELS), np.float32)
        for at, (row, pieces) in enumerate(sentences_of(batch)):
            text, sentence = divmod(pieces[0], 100_000)
            example = examples[text]
            assert example.sentence_targets is not None
            assert example.soft is not None
            np.testing.assert_array_equal(hard[at], example.sentence_targets[sentence // 100])
            np.testing.assert_array_equal(soft[at], example.soft.sentence_logits[sentence // 100])
            union[row] = np.maximum(union[row], hard[at])
        np.testing.assert_array_equal(present(batch.text_targets), union)
        expected = [
            x.soft.text_logits for x in map(examples.__getitem__, texts_of(batch)) if x.soft
        ]
        np.testing.assert_array_equal(present(batch.soft_text_logits), expected)


def test_dropping_the_only_sentence_with_a_label_takes_the_label_away() -> None:
    rng = np.random.default_rng(0)
    targets = np.zeros((6, LABELS), np.float32)
    targets[0] = 1
    examples = [replace(example_of(0, [2] * 6, rng=rng), sentence_targets=targets)]
    seen = set()
    for seed in range(20):
        (batch,) = epoch(batches_of(examples), Augmentation(sentence_dropout=0.5), seed=seed)
        first_stayed = any(pieces[0] == 3 for _, pieces in sentences_of(batch))
        seen.add(first_stayed)
        assert (present(batch.text_targets) == float(first_stayed)).all()
    assert seen == {True, False}


def test_at_least_two_sentences_stay_and_short_texts_are_left_alone() -> None:
    rng = np.random.default_rng(0)
    examples = [example_of(0, [1], rng=rng), example_of(1, [1, 1], rng=rng)]
    examples += [example_of(number, [1] * 5, rng=rng) for number in range(2, 12)]
    for seed in range(10):
        kept: Counter[int] = Counter()
        for batch in epoch(batches_of(examples), Augmentation(sentence_dropout=0.7), seed=seed):
            kept.update(pieces[0] // 100_000 for _, pieces in sentences_of(batch))
        assert kept[0] == 1
        assert kept[1] == 2
        assert all(2 <= kept[text] <= 5 for text in range(2, 12))


def test_sentences_are_dropped_at_the_chance_asked_for() -> None:
    examples = [example_of(number, [1] * 20, rng=np.random.default_rng(0)) for number in range(100)]
    batches = batches_of(examples, batch_size=10)
    kept = sum(len(x.text_of_sentence) for x in epoch(batches, Augmentation(sentence_dropout=0.3)))
    assert kept / 2000 == pytest.approx(0.7, abs=0.03)
    assert sum(len(batch.text_of_sentence) for batch in epoch(batches)) == 2000


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_texts_appear_in_the_corpus_spelling_at_the_share_asked_for(share: float) -> None:
    rng = np.random.default_rng(0)
    batches = batches_of([example_of(number, [3, 3], rng=rng) for number in range(1, 1001)])
    how = Augmentation(tokenised_share=share)
    rows = [int(row[1]) < 0 for batch in epoch(batches, how) for row in batch.input_ids]
    assert np.mean(rows) == pytest.approx(share, abs=0.04 if 0 < share < 1 else 0)


def test_an_epoch_follows_from_its_random_numbers_alone() -> None:
    rng = np.random.default_rng(0)
    batches = batches_of([example_of(x, [2] * (3 + x % 4), rng=rng) for x in range(30)])
    how = Augmentation(sentence_dropout=0.4, tokenised_share=0.4)
    first, again = epoch(batches, how, seed=1), epoch(batches, how, seed=1)
    other = epoch(batches, how, seed=2)
    assert all(
        torch.equal(one.input_ids, two.input_ids) for one, two in zip(first, again, strict=True)
    )
    assert any(
        one.input_ids.shape != two.input_ids.shape or not torch.equal(one.input_ids, two.input_ids)
        for one, two in zip(first, other, strict=True)
    )


def test_texts_of_like_length_share_a_batch() -> None:
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 60, 64).tolist()
    batches = batches_of([example_of(x, [size], rng=rng) for x, size in enumerate(sizes)])
    lengths = [batch.attention_mask.sum(dim=1) for batch in epoch(batches)]
    assert np.mean([int(x.max() - x.min()) for x in lengths]) < 8
    means = [float(x.float().mean()) for x in lengths]
    assert means not in (sorted(means), sorted(means, reverse=True))


def test_texts_without_labels_give_none() -> None:
    rng = np.random.default_rng(0)
    labelled = example_of(0, [2, 2], rng=rng)
    example = replace(labelled, text_targets=None, sentence_targets=None, soft=None)
    (batch,) = epoch(batches_of([example]))
    assert batch.text_targets is None
    assert batch.sentence_targets is None
    assert batch.soft_text_logits is None
    assert batch.soft_sentence_logits is None


def only_as_a_whole(example: Example) -> Example:
    """The example with the labels of its sentences forgotten."""
    return replace(example, sentence_targets=None)


def test_no_sentence_is_dropped_where_the_sentences_labels_are_not_known() -> None:
    rng = np.random.default_rng(0)
    example = only_as_a_whole(example_of(1, [2] * 9, rng=rng))
    for seed in range(5):
        (batch,) = epoch(batches_of([example]), Augmentation(sentence_dropout=0.9), seed=seed)
        assert len(batch.text_of_sentence) == 9
        np.testing.assert_array_equal(present(batch.text_targets)[0], example.text_targets)
        assert batch.sentence_targets is None
        assert batch.is_text_with_sentences is None


def test_a_text_that_is_cut_keeps_its_labels_where_those_of_its_sentences_are_not_known() -> None:
    rng = np.random.default_rng(0)
    targets = np.array([[0, 0, 0], [1, 1, 1]], np.float32)
    known = replace(
        example_of(0, [8, 8], rng=rng), text_targets=targets[1], sentence_targets=targets
    )
    (batch,) = epoch(batches_of([known], max_tokens=10))
    assert present(batch.text_targets).tolist() == [[0, 0, 0]]
    (batch,) = epoch(batches_of([only_as_a_whole(known)], max_tokens=10))
    assert present(batch.text_targets).tolist() == [[1, 1, 1]]


@given(EXAMPLES, st.integers(0, 99))
def test_texts_with_and_without_labelled_sentences_share_a_batch(
    examples: list[Example], seed: int
) -> None:
    mixed = [only_as_a_whole(x) if at % 2 else x for at, x in enumerate(examples)]
    how = Augmentation(sentence_dropout=0.3)
    for batch in epoch(batches_of(mixed), how, seed=seed):
        knows = [text % 2 == 0 for text in texts_of(batch)]
        if len(set(knows)) == 1:
            assert batch.is_text_with_sentences is None
            assert (batch.sentence_targets is not None) == knows[0]
            continue
        assert batch.is_text_with_sentences is not None
        assert batch.is_text_with_sentences.tolist() == knows
        of_sentences = present(batch.sentence_targets)
        for at, (row, pieces) in enumerate(sentences_of(batch)):
            text, sentence = divmod(pieces[0], 100_000)
            known = mixed[text].sentence_targets
            expected = np.zeros(LABELS) if known is None else known[sentence // 100]
            np.testing.assert_array_equal(of_sentences[at], expected)
            if known is None:
                whole = present(batch.text_targets)[row]
                np.testing.assert_array_equal(whole, mixed[text].text_targets)


def test_labelled_and_unlabelled_texts_cannot_share_a_batch() -> None:
    rng = np.random.default_rng(0)
    labelled = example_of(0, [2], rng=rng)
    bare = replace(labelled, text_targets=None, sentence_targets=None)
    with pytest.raises(ValueError, match="cannot share a batch"):
        epoch(batches_of([labelled, bare]))


def word_tokenizer(*pieces: str) -> Tokenizer:
    tokenizer = Tokenizer(
        WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = WhitespaceSplit()
    return tokenizer


SPECIAL = ("[PAD]", "[CLS]", "[SEP]", "[UNK]")


def text_of(*sentences: str) -> LabelledText:
    return LabelledText("1", sentences, tuple(f"{x} ." for x in sentences), None)


def test_texts_are_encoded_sentence_by_sentence_without_special_pieces() -> None:
    encoder = Encoder(word_tokenizer(*SPECIAL, "cells", "grow", "##ing", "."))
    (example,) = encoder.examples([text_of("cells growing", "grow")])
    assert example.pieces == ((4, 5, 6), (5,))
    assert example.tokenised_pieces == ((4, 5, 6, 7), (5, 7))
    assert encoder.piece_ids == PieceIds(start=1, end=2, padding=0)


def test_a_tokenizer_that_cuts_and_pads_is_told_not_to() -> None:
    tokenizer = word_tokenizer(*SPECIAL, "cells", ".")
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=9)
    (example,) = Encoder(tokenizer).examples([text_of("cells " * 5)])
    assert example.pieces == ((4,) * 5,)


def test_a_sentence_without_pieces_keeps_its_place() -> None:
    encoder = Encoder(word_tokenizer(*SPECIAL, "cells", "."))
    (example,) = encoder.examples([text_of("cells", "  ", "cells cells")])
    assert example.pieces == ((4,), (3,), (4, 4))


def test_a_piece_with_the_padding_id_inside_a_text_is_read() -> None:
    """Texts may hold the word "[PAD]"; only what is behind a text is padding."""
    example = Example(((5, PIECES.padding, 6),), ((5,),), None)
    (batch,) = epoch(batches_of([example]))
    assert batch.attention_mask.tolist() == [[1, 1, 1, 1, 1]]


@pytest.mark.parametrize("lacking", SPECIAL)
def test_a_vocabulary_without_a_special_piece_is_refused(lacking: str) -> None:
    tokenizer = word_tokenizer(*(piece for piece in (*SPECIAL, "cells") if piece != lacking))
    with pytest.raises(TrainingError, match="vocabulary lacks"):
        Encoder(tokenizer)
