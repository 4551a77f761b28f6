"""What is exported is compared with what was trained, however long the texts are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from tests.data.tiny_bundle import tiny_manifest
from tests.data.tiny_encoders import write_encoder
from trainer.corpus import LabelledText
from trainer.export.candidate import Candidate, parity_gap
from trainer.export.onnx_export import FLOAT32_TOLERANCE, export_float32
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


def test_odd_texts_are_no_fault_of_the_export(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "encoder", "roberta")
    torch.manual_seed(3)
    network = load_transformer(folder, labels=10).eval()
    export_float32(network, tmp_path / "float32.onnx")
    manifest = tiny_manifest(
        HALLMARKS_OF_CANCER,
        seed=0,
        faults={"max_tokens": 64, "window_stride": 32, "domain": None},
    )
    model = (tmp_path / "float32.onnx").read_bytes()
    tokenizer = (folder / "tokenizer.json").read_bytes()
    classifier = classifier_for(model, tokenizer, manifest, threads=1)
    candidate = Candidate(model, tokenizer, classifier, classifier)
    encoder = Encoder(Tokenizer.from_str(tokenizer.decode()))
    for odd in ("<pad> of </s>", "pa\u00adtient", "A\u030a"):
        sentence = f"The cells of the {odd} grew."
        text = LabelledText("1", (sentence,), (sentence,), None)
        assert parity_gap(network, candidate, [text], encoder) < FLOAT32_TOLERANCE
