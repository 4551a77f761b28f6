"""A vocabulary suits its texts, appears whole or not at all, and follows from its seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from kdh_desktop.core.classification.windows import TextReader
from kdh_desktop.core.errors import Cancelled, TrainingError
from trainer.corpus import LabelledText
from trainer.learning.batching import SPECIAL_PIECES, Encoder
from trainer.networks import vocabulary
from trainer.networks.embeddings import EMBEDDINGS, TABLE, TOKENIZER
from trainer.networks.vocabulary import (
    NOTE,
    prepare_vocabulary,
    pretrain_embeddings,
    train_tokenizer,
)

ENGLISH = [
    "The cells grew (p < 0.05). Growth factors, e.g. EGF, kept them growing!",
    "Growing cells need glucose; the tumours took up 1,000 times more. Why?",
    "Tumours without vessels do not grow. The cells of tumours without p53 survive.",
] * 4
CHINESE = [
    "患者：你好大夫，我确诊为缺血性心脏病。做的心电图检查。",
    "医生：你好，缺血性心脏病可能性不大。有什么症状吗？",
    "患者：胸闷、心慌，血压130/80。吃了一个星期药！",
] * 4
SIZES: dict[str, Any] = {"pieces": 300, "embedding_size": 8, "seed": 1}

HERE = Path(__file__).parents[3]


def made(folder: Path, texts: list[str] = ENGLISH, **changes: Any) -> Path:
    settings = {**SIZES, "pretrain_on": texts, **changes}
    prepare_vocabulary(texts, folder, **settings)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE])
def test_the_program_and_the_trainer_read_with_it_as_it_is(
    texts: list[str], tmp_path: Path
) -> None:
    folder = made(tmp_path / "v", texts)
    assert sorted(contents(folder)) == sorted([EMBEDDINGS, TOKENIZER, NOTE])
    tokenizer_json = (folder / TOKENIZER).read_bytes()
    encoder = Encoder(Tokenizer.from_str(tokenizer_json.decode()))
    reader = TextReader(tokenizer_json, max_tokens=64, window_stride=40)
    (example,) = encoder.examples([LabelledText("1", (texts[0],), (texts[0],), None)])
    assert reader.read(texts[0]).ids.tolist() == list(example.pieces[0])
    assert len(reader.read("Ω 🙂 [SEP] unheard").ids) > 3
    assert load_file(folder / EMBEDDINGS)[TABLE].shape == (reader.highest_id + 1, 8)


def test_what_counts_as_made_is_on_the_disk(tmp_path: Path, flushed: set[int]) -> None:
    folder = made(tmp_path / "v")
    assert {path.stat().st_ino for path in (*folder.iterdir(), folder, tmp_path)} <= flushed


def test_frequent_words_are_pieces_and_rare_ones_are_spelled() -> None:
    tokenizer = train_tokenizer(ENGLISH, pieces=300)
    assert tokenizer.encode("The CELLS without").tokens == ["the", "cells", "without"]
    spelled = tokenizer.encode("wellbeing").tokens
    assert len(spelled) > 1
    assert "".join(piece.removeprefix("##") for piece in spelled) == "wellbeing"


def test_points_of_numbers_and_abbreviations_are_no_pieces_of_their_own() -> None:
    tokens = train_tokenizer(ENGLISH, pieces=300).encode("p < 0.05, e.g. 1,000 i.e. so.").tokens
    assert tokens.count(".") == 1
    assert tokens[-1] == "."
    assert "".join(piece.removeprefix("##") for piece in tokens) == "p<0.05,e.g.1,000i.e.so."


def test_texts_without_blanks_are_cut_into_words_that_recur() -> None:
    tokenizer = train_tokenizer(CHINESE, pieces=200)
    tokens = tokenizer.encode("你好，缺血性心脏病。").tokens
    assert "".join(tokens) == "你好，缺血性心脏病。"
    assert len(tokens) < 8
    assert tokens[-1] == "。"
    assert tokenizer.encode("病你").tokens == ["病", "你"]


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE])
def test_special_pieces_come_first_and_text_never_makes_them(texts: list[str]) -> None:
    tokenizer = train_tokenizer(texts, pieces=150)
    names = [names[0] for names in SPECIAL_PIECES]
    assert [tokenizer.token_to_id(name) for name in names] == [0, 1, 2, 3]
    tokenizer.encode_special_tokens = True
    assert not {0, 1, 2} & set(tokenizer.encode("[CLS] a [SEP] [PAD]").ids)


def test_a_vocabulary_has_no_more_pieces_than_allowed() -> None:
    smallest = train_tokenizer(ENGLISH, pieces=1).get_vocab_size()  # characters are always in
    assert train_tokenizer(ENGLISH, pieces=smallest + 10).get_vocab_size() == smallest + 10


def test_words_in_like_company_have_like_embeddings() -> None:
    texts = [f"the {x} drinks {y} here ." for x in ("cat", "dog") for y in ("milk", "tea")] * 60
    texts += [f"we saw {n} {n} stones fall" for n in ("ten", "six")] * 60
    tokenizer = train_tokenizer(texts, pieces=400)
    table = pretrain_embeddings(texts, tokenizer, size=16, seed=1)
    cat, dog, ten = (table[tokenizer.token_to_id(word)] for word in ("cat", "dog", "ten"))

    def likeness(one: Any, other: Any) -> float:
        return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))

    assert likeness(cat, dog) > likeness(cat, ten) + 0.1
    assert np.isfinite(table).all()
    assert np.abs(table).sum(axis=1).min() > 0  # pieces that never occurred have vectors too


_IN_A_PROCESS = """
import hashlib, sys
from pathlib import Path
from tests.trainer.networks.test_vocabulary import CHINESE, ENGLISH, contents, made
for name, texts in (("en", ENGLISH), ("zh", CHINESE)):
    files = contents(made(Path(sys.argv[1]) / name, texts))
    print(name, *(hashlib.sha256(files[x]).hexdigest() for x in sorted(files)))
"""


@pytest.mark.slow
def test_the_same_comes_of_the_same_in_every_process(tmp_path: Path) -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", _IN_A_PROCESS, str(tmp_path / seed)],
            cwd=HERE,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            encoding="utf-8",
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_another_seed_makes_other_embeddings_of_the_same_pieces(tmp_path: Path) -> None:
    one, other = (contents(made(tmp_path / str(seed), seed=seed)) for seed in (1, 2))
    assert one[TOKENIZER] == other[TOKENIZER]
    assert one[EMBEDDINGS] != other[EMBEDDINGS]


def test_it_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(made(tmp_path / "v"))
    monkeypatch.setattr(vocabulary, "train_tokenizer", None)
    assert contents(made(tmp_path / "v")) == before


@pytest.mark.parametrize(
    "change",
    [
        {"pieces": 310},
        {"embedding_size": 9},
        {"seed": 2},
        {"pretrain_on": ENGLISH[:1]},
        {"texts": ENGLISH[:2]},
    ],
)
def test_it_is_made_anew_for_anything_else(tmp_path: Path, change: dict[str, Any]) -> None:
    before = contents(made(tmp_path / "v"))
    after = contents(made(tmp_path / "v", **change))
    assert after[NOTE] != before[NOTE]
    assert after != before
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


def test_without_unlabelled_texts_there_are_no_embeddings(tmp_path: Path) -> None:
    folder = made(tmp_path / "v", pretrain_on=["", " "])
    assert sorted(contents(folder)) == sorted([TOKENIZER, NOTE])


def test_a_stop_leaves_what_was_there(tmp_path: Path) -> None:
    before = contents(made(tmp_path / "v"))
    calls = []

    def stop() -> None:
        calls.append(1)
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        made(tmp_path / "v", seed=2, check=stop)
    assert calls == [1]
    assert contents(tmp_path / "v") == before
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


def test_a_folder_of_other_things_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(TrainingError, match="holds other files"):
        made(tmp_path / "v")
    assert [path.name for path in (tmp_path / "v").iterdir()] == ["thesis.txt"]


def test_half_a_vocabulary_is_made_anew(tmp_path: Path) -> None:
    folder = made(tmp_path / "v")
    before = contents(folder)
    (folder / NOTE).unlink()
    (folder / TOKENIZER).write_bytes(b"")
    assert contents(made(folder)) == before


@pytest.mark.parametrize("texts", [[], [""], [" ", "\n"]])
def test_no_text_makes_no_vocabulary(texts: list[str], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no text to make a vocabulary from"):
        made(tmp_path / "v", texts)
    assert not list(tmp_path.iterdir())


def test_many_texts_are_read_fewer_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is bounded; a text of any length is read whole."""
    monkeypatch.setattr(vocabulary, "_CHUNK_PIECES", 50)
    monkeypatch.setattr(vocabulary, "_LONGEST_PASSAGE", 20)
    tokenizer = train_tokenizer(ENGLISH, pieces=300)

    def steps(most: int) -> int:
        monkeypatch.setattr(vocabulary, "_MOST_PIECES", most)
        calls: list[int] = []
        pretrain_embeddings(
            [" ".join(ENGLISH)], tokenizer, size=8, seed=1, check=lambda: calls.append(1)
        )
        return len(calls)

    assert steps(10**9) == 5 * steps(1)
    assert steps(1) > 3
