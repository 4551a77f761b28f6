"""Texts become one stream of pieces, once; what is kept is used again only where it fits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from kdh_desktop.core.errors import TrainingError
from trainer.adaptation.packed_texts import PieceStream, pack, prepared_stream, read_passages

TEXTS = ["Colon cells divided.", "Blood vessels grew, slowly.", "New tumours"]


@pytest.fixture
def tokenizer_file(tiny_encoder: Path) -> Path:
    return tiny_encoder / "tokenizer.json"


@pytest.fixture
def stream(tokenizer_file: Path) -> PieceStream:
    return pack(TEXTS, Tokenizer.from_file(str(tokenizer_file)), source="here")


def is_same(one: PieceStream | None, other: PieceStream) -> bool:
    return (
        one is not None
        and one.ids.dtype == other.ids.dtype
        and np.array_equal(one.ids, other.ids)
        and np.array_equal(one.is_start, other.is_start)
        and (one.texts, one.source) == (other.texts, other.source)
    )


def test_every_text_is_there_once_and_closed(stream: PieceStream, tokenizer_file: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    end = tokenizer.token_to_id("[SEP]")
    parts = np.split(stream.ids, np.flatnonzero(stream.ids == end) + 1)
    found = {tuple(part[:-1].tolist()) for part in parts if len(part)}
    assert found == {tuple(tokenizer.encode(x, add_special_tokens=False).ids) for x in TEXTS}
    assert stream.ids[-1] == end
    assert stream.texts == 3
    assert stream.ids.dtype == np.int16


def test_a_word_begins_where_its_first_piece_stands(
    stream: PieceStream, tokenizer_file: Path
) -> None:
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    pieces = [str(tokenizer.id_to_token(int(x))) for x in stream.ids]
    assert any(piece.startswith("##") for piece in pieces)
    assert stream.is_start.tolist() == [not piece.startswith("##") for piece in pieces]


def test_a_stream_comes_back_as_it_was_saved(stream: PieceStream, tmp_path: Path) -> None:
    path = tmp_path / "new" / "domain.npz"
    stream.save(path)
    assert is_same(PieceStream.load(path), stream)
    assert [file.name for file in path.parent.iterdir()] == ["domain.npz"]


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "missing"])
def test_a_damaged_stream_is_as_good_as_none(
    stream: PieceStream, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "domain.npz"
    stream.save(path)
    data = path.read_bytes()
    # The first bits of what is compressed say how it is, and three ones are no way.
    begin = 30 + int.from_bytes(data[26:28], "little") + int.from_bytes(data[28:30], "little")
    damaged = {
        "cut": data[: len(data) // 2],
        "empty": b"",
        "flipped": data[:begin] + bytes([data[begin] | 0b111]) + data[begin + 1 :],
        "missing": data,
    }
    path.write_bytes(damaged[damage])
    if damage == "missing":
        path.unlink()
    assert PieceStream.load(path) is None


def test_kept_texts_are_encoded_again_only_when_they_change(
    tokenizer_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "domain.npz"
    first = prepared_stream(path, lambda: TEXTS, tokenizer_file)
    assert first is not None
    written = path.stat().st_mtime_ns
    assert is_same(prepared_stream(path, lambda: TEXTS, tokenizer_file), first)
    assert is_same(prepared_stream(path, None, tokenizer_file), first)
    assert path.stat().st_mtime_ns == written
    changed = prepared_stream(path, lambda: [*TEXTS, "One more."], tokenizer_file)
    assert changed is not None
    assert changed.texts == 4


def test_without_texts_and_kept_ones_there_is_no_stream(
    tokenizer_file: Path, tmp_path: Path
) -> None:
    assert prepared_stream(tmp_path / "domain.npz", None, tokenizer_file) is None


def test_kept_texts_of_another_tokenizer_are_refused(tokenizer_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "domain.npz"
    prepared_stream(path, lambda: TEXTS, tokenizer_file)
    other = tmp_path / "tokenizer.json"
    other.write_bytes(tokenizer_file.read_bytes() + b"\n")
    with pytest.raises(TrainingError, match="another base encoder"):
        prepared_stream(path, None, other)


def test_passages_of_several_files_are_read_once_each(tmp_path: Path) -> None:
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for file, texts in zip(files, (["one", "two"], ["two", "three"]), strict=True):
        lines = [json.dumps({"id": 1, "text": text}) for text in texts] + ["", ""]
        file.write_text("\n".join(lines), encoding="utf-8")
    assert read_passages(files) == ["one", "two", "three"]


@pytest.mark.parametrize("line", ["{", "[1]", '{"words": 1}', '"text"'])
def test_a_line_without_a_text_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(TrainingError, match="unlabelled texts"):
        read_passages([path])


def test_no_texts_are_refused(tokenizer_file: Path) -> None:
    with pytest.raises(TrainingError, match="no text"):
        pack(["", "  "], Tokenizer.from_file(str(tokenizer_file)), source="here")
