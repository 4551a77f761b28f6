"""What is exported is compared with what was trained, however long the texts are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from tests.data.tiny_bundle import tiny_manifest
from trainer.corpus import LabelledText
from trainer.export.candidate import Candidate, parity_gap
from trainer.export.onnx_export import FLOAT32_TOLERANCE
from trainer.judging.evaluation import classifier_for
from trainer.learning.batching import Encoder
from trainer.networks.transformer import TransformerNetwork, load_transformer


@pytest.fixture(scope="module")
def network(tiny_encoder: Path) -> TransformerNetwork:
    torch.manual_seed(3)
    return load_transformer(tiny_encoder, labels=10).eval()


@pytest.mark.parametrize("max_tokens", [8, 128])
def test_the_export_is_checked_whether_texts_fit_the_window_or_none_does(
    network: TransformerNetwork,
    float32: Path,
    encoder: Encoder,
    tiny_encoder: Path,
    tiny_texts: list[LabelledText],
    max_tokens: int,
) -> None:
    manifest = tiny_manifest(
        HALLMARKS_OF_CANCER,
        seed=0,
        faults={"max_tokens": max_tokens, "window_stride": max_tokens // 2, "domain": None},
    )
    model, tokenizer = float32.read_bytes(), (tiny_encoder / "tokenizer.json").read_bytes()
    classifier = classifier_for(model, tokenizer, manifest, threads=1)
    candidate = Candidate(model, tokenizer, classifier, classifier)
    texts = tiny_texts[:5]
    assert 0 < parity_gap(network, candidate, texts, encoder) < FLOAT32_TOLERANCE
    torch.manual_seed(4)
    other = load_transformer(tiny_encoder, labels=10)
    with pytest.raises(TrainingError, match="exported model differs"):
        parity_gap(other, candidate, texts, encoder)
