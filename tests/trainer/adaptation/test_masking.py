"""Windows are full, whole words are hidden in them, and the seed says which."""

from __future__ import annotations

import string
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from kdh_desktop.core.errors import TrainingError
from trainer.adaptation.masking import MaskedBatch, MaskedWindows, MaskingPieces
from trainer.adaptation.packed_texts import PieceStream, pack

WINDOW = 62


@pytest.fixture
def tokenizer(tiny_encoder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(tiny_encoder / "tokenizer.json"))


@pytest.fixture
def pieces(tokenizer: Tokenizer) -> MaskingPieces:
    return MaskingPieces.of(tokenizer)


@pytest.fixture
def stream(tokenizer: Tokenizer) -> PieceStream:
    """Words of one to five pieces; none of them is in the vocabulary as a whole."""
    rng = np.random.default_rng(0)
    letters = np.array(list(string.ascii_lowercase))
    texts = [
        " ".join("".join(rng.choice(letters, rng.integers(1, 6))) for _ in range(30))
        for _ in range(120)
    ]
    return pack(texts, tokenizer, source="here")


@pytest.fixture
def windows(stream: PieceStream, pieces: MaskingPieces) -> MaskedWindows:
    return windows_of(stream, pieces)


def windows_of(stream: PieceStream, pieces: MaskingPieces, *, share: float = 0.15) -> MaskedWindows:
    return MaskedWindows(stream, pieces, window=WINDOW, share=share, device=torch.device("cpu"))


def batch_of(windows: MaskedWindows, *, seed: int = 5) -> MaskedBatch:
    torch.manual_seed(seed)
    return windows.batch(windows.order(seed=seed))


def originals(stream: PieceStream, windows: MaskedWindows, *, seed: int = 5) -> torch.Tensor:
    begins = windows.order(seed=seed)
    return torch.from_numpy(stream.ids)[begins.unsqueeze(1) + torch.arange(WINDOW - 2)].long()


def test_windows_are_full_and_a_pass_sees_each_piece_at_most_once(
    stream: PieceStream, windows: MaskedWindows, pieces: MaskingPieces
) -> None:
    batch = batch_of(windows)
    assert batch.input_ids.shape == (windows.windows_per_pass, WINDOW)
    assert (batch.input_ids[:, 0] == pieces.start).all()
    assert (batch.input_ids[:, -1] == pieces.end).all()
    begins = sorted(windows.order(seed=5).tolist())
    assert all(b - a == WINDOW - 2 for a, b in pairwise(begins))
    assert len(begins) * (WINDOW - 2) > len(stream.ids) - 2 * WINDOW
    assert begins[-1] + WINDOW - 2 <= len(stream.ids)


def test_two_passes_cut_the_text_at_other_places(windows: MaskedWindows) -> None:
    firsts = {int(windows.order(seed=seed).min()) for seed in range(12)}
    assert len(firsts) > 4


def test_targets_are_what_stood_there_and_nothing_else_is_changed(
    stream: PieceStream, windows: MaskedWindows
) -> None:
    batch, before = batch_of(windows), originals(stream, windows)
    asked = batch.weights.bool()
    inner, at = batch.input_ids[:, 1:-1], batch.positions - 1
    assert torch.equal(before.gather(1, at), batch.targets)
    is_asked = torch.zeros_like(before, dtype=torch.bool).scatter(1, at, asked)
    assert torch.equal(inner[~is_asked], before[~is_asked])


@pytest.mark.parametrize("share", [0.15, 0.4])
def test_words_are_hidden_whole_and_about_as_many_as_wanted(
    stream: PieceStream, pieces: MaskingPieces, share: float
) -> None:
    windows = windows_of(stream, pieces, share=share)
    batch = batch_of(windows)
    asked = torch.zeros(len(batch.targets), WINDOW - 2)
    asked.scatter_(1, batch.positions - 1, batch.weights)
    begins = windows.order(seed=5)
    starts = torch.from_numpy(stream.is_start)[begins.unsqueeze(1) + torch.arange(WINDOW - 2)]
    word = starts.cumsum(1)
    for row in range(len(asked)):
        hidden = set(word[row][asked[row] > 0].tolist())
        whole = torch.tensor([x in hidden for x in word[row].tolist()])
        assert torch.equal(asked[row] > 0, whole)
    assert share * 0.8 < float(asked.mean()) <= share + 0.01


def test_special_pieces_are_never_hidden(windows: MaskedWindows, pieces: MaskingPieces) -> None:
    batch = batch_of(windows)
    asked = batch.targets[batch.weights > 0]
    assert not set(asked.tolist()) & pieces.special
    put_in = batch.input_ids.gather(1, batch.positions)[batch.weights > 0]
    assert not set(put_in.tolist()) & (pieces.special - {pieces.mask})


def test_eight_in_ten_are_masked_and_one_in_ten_is_wrong(
    stream: PieceStream, windows: MaskedWindows, pieces: MaskingPieces
) -> None:
    put_in, targets = [], []
    for seed in range(10):
        batch = batch_of(windows, seed=seed)
        asked = batch.weights > 0
        put_in.append(batch.input_ids.gather(1, batch.positions)[asked])
        targets.append(batch.targets[asked])
    shown, right = torch.cat(put_in), torch.cat(targets)
    masked = float((shown == pieces.mask).float().mean())
    kept = float((shown == right).float().mean())
    assert masked == pytest.approx(0.8, abs=0.02)
    assert kept == pytest.approx(0.1, abs=0.02)


def test_the_seed_decides_and_another_hides_others(windows: MaskedWindows) -> None:
    one, same, other = (batch_of(windows, seed=seed) for seed in (5, 5, 6))
    assert torch.equal(one.input_ids, same.input_ids)
    assert torch.equal(one.positions, same.positions)
    assert not torch.equal(one.positions, other.positions)


def test_too_little_text_is_refused(tokenizer: Tokenizer, pieces: MaskingPieces) -> None:
    stream = pack(["Some cells."], tokenizer, source="here")
    with pytest.raises(TrainingError, match="too little"):
        windows_of(stream, pieces)


def test_a_tokenizer_without_a_mask_is_refused(tokenizer: Tokenizer) -> None:
    from tokenizers.models import WordPiece

    with pytest.raises(TrainingError, match="lacks"):
        MaskingPieces.of(Tokenizer(WordPiece({"[UNK]": 0}, unk_token="[UNK]")))
