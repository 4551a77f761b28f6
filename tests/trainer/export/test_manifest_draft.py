"""What a manifest says before anything is trained."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from kdh_desktop.core.classification.manifest import Manifest
from kdh_desktop.core.classification.windows import TextReader
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.training_config import RunConfig
from trainer.corpus import LabelledText
from trainer.export.manifest_draft import draft_manifest
from trainer.learning.batching import Encoder
from trainer.networks.base import NetworkBase
from trainer.running.texts import RunTexts


@pytest.fixture
def base(tiny_encoder: Path, encoder: Encoder) -> NetworkBase:
    return NetworkBase(tiny_encoder, encoder)


def drafted(
    config: RunConfig, base: NetworkBase, texts: list[LabelledText], *, max_tokens: int
) -> Manifest:
    read = RunTexts(HALLMARKS_OF_CANCER, texts, [], [])
    return draft_manifest(replace(config, max_tokens=max_tokens), read, base, provenance={})


@pytest.mark.parametrize("max_tokens", [4, 8, 64, 192, 384, 512])
def test_windows_overlap_whatever_their_length(
    tiny_config: RunConfig, base: NetworkBase, tiny_texts: list[LabelledText], max_tokens: int
) -> None:
    manifest = drafted(tiny_config, base, tiny_texts, max_tokens=max_tokens)
    tokenizer = (base.folder / "tokenizer.json").read_bytes()
    reader = TextReader(
        tokenizer, max_tokens=manifest.max_tokens, window_stride=manifest.window_stride
    )
    windows = reader.read("cells " * 3 * max_tokens).windows
    assert len(windows) > 2
    assert all(following[0] < before[1] for before, following in pairwise(windows))


def test_windows_of_512_pieces_begin_as_the_shipped_model_s_do(
    tiny_config: RunConfig, base: NetworkBase, tiny_texts: list[LabelledText]
) -> None:
    assert drafted(tiny_config, base, tiny_texts, max_tokens=512).window_stride == 384


def test_a_window_of_one_piece_goes_on_by_one(
    tiny_config: RunConfig, base: NetworkBase, tiny_texts: list[LabelledText]
) -> None:
    assert drafted(tiny_config, base, tiny_texts, max_tokens=3).window_stride == 1
