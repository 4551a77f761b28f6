"""The served form of a network: the same function, for windows without padding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from transformers import DistilBertConfig, DistilBertModel

from kdh_desktop.core.classification.onnx_inspection import check_onnx
from trainer.networks.transformer import TransformerNetwork, load_transformer
from trainer.onnx_export import export_float32, quantise


@pytest.fixture(scope="module")
def network(tiny_encoder: Path) -> TransformerNetwork:
    torch.manual_seed(5)
    return load_transformer(tiny_encoder, labels=3).eval()


@pytest.fixture(scope="module")
def float32(network: TransformerNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "float32.onnx"
    export_float32(network, path)
    return path


@pytest.fixture(scope="module")
def int8(float32: Path) -> Path:
    path = float32.with_name("int8.onnx")
    quantise(float32, path)
    return path


def scores_of(
    path: Path, ids: NDArray[np.int64], mask: NDArray[np.int64] | None = None
) -> list[NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    mask = np.ones_like(ids) if mask is None else mask
    results: list[NDArray[np.float32]] = session.run(
        ["logits", "token_logits"], {"input_ids": ids, "attention_mask": mask}
    )
    return results


def window(tokens: int) -> NDArray[np.int64]:
    return np.random.default_rng(tokens).integers(5, 300, (1, tokens))


@pytest.mark.parametrize("tokens", [1, 2, 17, 128])
def test_it_computes_what_the_trained_network_does(
    network: TransformerNetwork, float32: Path, tokens: int
) -> None:
    ids = torch.from_numpy(window(tokens))
    with torch.inference_mode():
        trained = network(ids, torch.ones_like(ids))
    for one, other in zip(trained, scores_of(float32, window(tokens)), strict=True):
        np.testing.assert_allclose(one.numpy(), other, atol=1e-5)


def test_int8_stays_near(float32: Path, int8: Path) -> None:
    for one, other in zip(scores_of(float32, window(60)), scores_of(int8, window(60)), strict=True):
        np.testing.assert_allclose(one, other, atol=0.05)


def test_exporting_leaves_the_network_as_it_was(network: TransformerNetwork, float32: Path) -> None:
    ids = torch.from_numpy(window(9))
    with torch.inference_mode():
        logits, _ = network(ids, torch.ones_like(ids))
    assert torch.isfinite(logits).all()


def test_padding_is_answered_by_what_is_not_a_number_rather_than_by_wrong_labels(
    float32: Path, int8: Path
) -> None:
    mask = np.ones((1, 20), dtype=np.int64)
    mask[0, 15:] = 0
    for path in (float32, int8):
        assert not np.isfinite(scores_of(path, window(20), mask)[0]).any()


def test_a_bundle_may_hold_it(int8: Path) -> None:
    check_onnx(int8.read_bytes())


def test_sums_before_normalisations_are_kept_from_the_slow_fusion(float32: Path) -> None:
    nodes = onnx.load(str(float32)).graph.node
    makers = {name: node.op_type for node in nodes for name in node.output}
    normalised = [makers[node.input[0]] for node in nodes if node.op_type == "LayerNormalization"]
    assert normalised == ["Sum"] * 5  # of the embeddings, and two a layer


def test_another_encoder_is_exported_as_it_is(tmp_path: Path) -> None:
    config = DistilBertConfig(
        vocab_size=300, max_position_embeddings=64, n_layers=1, dim=16, n_heads=2, hidden_dim=32
    )
    network = TransformerNetwork(DistilBertModel(config), labels=3).eval()
    export_float32(network, tmp_path / "float32.onnx")
    quantise(tmp_path / "float32.onnx", tmp_path / "int8.onnx")
    ids = torch.from_numpy(window(20))
    mask = torch.ones_like(ids)
    mask[0, 15:] = 0
    with torch.inference_mode():
        trained = network(ids, mask)[0].numpy()
    for path, tolerance in (("float32.onnx", 1e-5), ("int8.onnx", 0.05)):
        logits = scores_of(tmp_path / path, window(20), mask.numpy())[0]
        np.testing.assert_allclose(trained, logits, atol=tolerance)
