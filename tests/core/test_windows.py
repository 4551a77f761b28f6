from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

from kdh_desktop.core.classification.model_bundle import ModelBundle
from kdh_desktop.core.classification.windows import (
    MAX_CHARACTERS,
    MAX_WINDOWS,
    ReadText,
    TextReader,
    WindowLogits,
    join_windows,
)
from kdh_desktop.core.errors import VerificationError
from tests.data.nasty import EMPTY_TEXTS, one_word_100_000_times, ten_megabytes


@pytest.fixture(scope="module")
def reader(tiny_bundle: ModelBundle) -> TextReader:
    return TextReader(tiny_bundle.tokenizer, max_tokens=12, window_stride=6)


def words(count: int) -> str:
    return " ".join(["cells"] * count)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, [(0, 1)]),
        (10, [(0, 10)]),
        (11, [(0, 10), (6, 11)]),
        (16, [(0, 10), (6, 16)]),
        (17, [(0, 10), (6, 16), (12, 17)]),
    ],
)
def test_windows_overlap_and_the_last_may_be_shorter(
    count: int, expected: list[tuple[int, int]], reader: TextReader
) -> None:
    read = reader.read(words(count))
    assert list(read.windows) == expected
    assert read.is_whole


@pytest.mark.parametrize("name", EMPTY_TEXTS)
def test_text_of_nothing_has_no_windows(name: str, reader: TextReader) -> None:
    read = reader.read(EMPTY_TEXTS[name])
    assert read.windows == ()
    assert len(read.ids) == 0


def test_blanks_are_nothing_to_a_vocabulary_that_has_pieces_for_them() -> None:
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    letters = BpeTrainer(
        special_tokens=["<s>", "</s>"], initial_alphabet=ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([words(3)], letters)
    reader = TextReader(tokenizer.to_str().encode(), max_tokens=12, window_stride=6)
    assert reader.read("a b").windows
    assert reader.read(EMPTY_TEXTS["blanks"]).windows == ()


def test_text_beyond_the_last_window_is_counted_as_unread(reader: TextReader) -> None:
    read = reader.read(one_word_100_000_times())
    assert len(read.windows) == MAX_WINDOWS
    assert len(read.ids) == read.windows[-1][1] == 6 * (MAX_WINDOWS - 1) + 10
    assert not read.is_whole
    assert read.read_characters == len(read.ids) * len("cancer ") - 1


def test_text_beyond_the_last_character_is_counted_as_unread(reader: TextReader) -> None:
    read = reader.read("x" * (MAX_CHARACTERS + 1))  # one word, so one unknown piece
    assert len(read.windows) == 1
    assert read.read_characters == MAX_CHARACTERS


def test_long_text_is_cut_between_words(reader: TextReader) -> None:
    clean = reader.read(ten_megabytes()).clean.text
    assert MAX_CHARACTERS - 20 < len(clean) <= MAX_CHARACTERS
    assert clean.split()[-1] in ten_megabytes()[:60].split()


def test_text_of_exactly_the_last_window_is_whole(reader: TextReader) -> None:
    assert reader.read(words(6 * (MAX_WINDOWS - 1) + 10)).is_whole
    assert not reader.read(words(6 * (MAX_WINDOWS - 1) + 11)).is_whole


def test_pasted_special_pieces_are_text(reader: TextReader) -> None:
    framed = reader.framed(reader.read("[CLS] cells [SEP] [MASK] [PAD]").ids)[0]
    first, last = framed[0], framed[-1]
    assert first not in framed[1:]
    assert last not in framed[:-1]


def test_truncation_and_padding_asked_for_by_the_file_are_ignored(
    tiny_bundle: ModelBundle,
) -> None:
    raw = json.loads(tiny_bundle.tokenizer)
    raw["truncation"] = {
        "direction": "Right",
        "max_length": 4,
        "strategy": "LongestFirst",
        "stride": 0,
    }
    raw["padding"] = {
        "strategy": {"Fixed": 20},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "[PAD]",
    }
    reader = TextReader(json.dumps(raw).encode(), max_tokens=64, window_stride=40)
    assert len(reader.read(words(10)).ids) == 10


@pytest.mark.parametrize("data", [b"", b"{}", b'{"model": 7}', b"\xff"])
def test_what_is_no_tokenizer_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError, match="tokenizer cannot be used"):
        TextReader(data, max_tokens=12, window_stride=6)


def test_each_piece_belongs_to_its_sentence(reader: TextReader) -> None:
    read = reader.read("Cells grew. \ufffd. The tumor")
    found = [read.clean.text[start:end] for start, end in read.sentence_spans]
    assert found[0] == "Cells grew."
    assert found[-1].endswith("The tumor")
    pieces = np.bincount(read.sentence_of_piece)
    assert len(pieces) == len(read.sentence_spans)
    assert pieces.min() > 0
    assert pieces.sum() == len(read.ids)


def test_sentence_without_pieces_is_left_out(reader: TextReader) -> None:
    read = reader.read("Cells grew.\n\n\ufffd\n\nThe tumor grew.")
    assert len(read.sentence_spans) == 2
    assert set(read.sentence_of_piece) == {0, 1}


def outputs_for(read: ReadText, seed: int, labels: int = 3) -> list[WindowLogits]:
    generator = np.random.default_rng(seed)
    return [
        WindowLogits(
            abstract=generator.standard_normal(labels, dtype=np.float32),
            pieces=generator.standard_normal((end - start, labels), dtype=np.float32),
        )
        for start, end in read.windows
    ]


@given(sizes=st.lists(st.integers(1, 12), min_size=1, max_size=8), seed=st.integers(0, 2**32 - 1))
def test_joined_logits_are_those_worked_out_piece_by_piece(
    sizes: list[int], seed: int, reader: TextReader
) -> None:
    read = reader.read(" ".join(f"The {words(size)}." for size in sizes))
    outputs = outputs_for(read, seed)
    abstract, sentences = join_windows(read, outputs)
    assert np.array_equal(abstract, np.max([output.abstract for output in outputs], axis=0))

    by_piece: list[list[np.ndarray]] = [[] for _ in read.ids]
    for (start, _), output in zip(read.windows, outputs, strict=True):
        assert output.pieces is not None
        for offset, logits in enumerate(output.pieces):
            by_piece[start + offset].append(logits)
    means = np.array([np.mean(logits, axis=0) for logits in by_piece])
    expected = [
        means[read.sentence_of_piece == row].mean(axis=0) for row in range(len(read.sentence_spans))
    ]
    assert len(expected) == len(sizes)
    assert sentences is not None
    np.testing.assert_allclose(sentences, expected, rtol=1e-4, atol=1e-5)


def test_network_without_piece_logits_gives_no_sentences(reader: TextReader) -> None:
    read = reader.read(words(30))
    outputs = [WindowLogits(output.abstract, None) for output in outputs_for(read, 0)]
    assert join_windows(read, outputs)[1] is None
