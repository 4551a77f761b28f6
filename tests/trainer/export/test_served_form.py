"""The served form of a network: the same function, with padding and without."""

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
from tests.data.int8_arithmetic import WHY_INEXACT, is_int8_exact
from trainer.export.attention_mask import honour_mask
from trainer.export.onnx_export import export_float32, quantise
from trainer.networks.transformer import TransformerNetwork, load_transformer


@pytest.fixture(scope="module")
def network(tiny_encoder: Path) -> TransformerNetwork:
    torch.manual_seed(5)
    return load_transformer(tiny_encoder, labels=3).eval()


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


@pytest.mark.skipif(not is_int8_exact(), reason=WHY_INEXACT)
def test_int8_stays_near(float32: Path, int8: Path) -> None:
    for one, other in zip(scores_of(float32, window(60)), scores_of(int8, window(60)), strict=True):
        np.testing.assert_allclose(one, other, atol=0.05)


def test_exporting_leaves_the_network_as_it_was(network: TransformerNetwork, float32: Path) -> None:
    ids = torch.from_numpy(window(9))
    with torch.inference_mode():
        logits, _ = network(ids, torch.ones_like(ids))
    assert torch.isfinite(logits).all()


LENGTHS = (20, 13, 1)


def padded_batch() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Windows of several lengths behind which any pieces may stand, and the mask over them."""
    ids = np.random.default_rng(0).integers(5, 300, (len(LENGTHS), max(LENGTHS)))
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(LENGTHS):
        ids[row, :tokens] = window(tokens)
        mask[row, :tokens] = 1
    return ids, mask


@pytest.mark.parametrize(("form", "tolerance"), [("float32", 1e-5), ("int8", 0.05)])
def test_padding_changes_nothing_of_a_window(
    float32: Path, int8: Path, form: str, tolerance: float
) -> None:
    path = {"float32": float32, "int8": int8}[form]
    logits, token_logits = scores_of(path, *padded_batch())
    assert np.isfinite(token_logits).all()
    for row, tokens in enumerate(LENGTHS):
        alone, tokens_alone = scores_of(path, window(tokens))
        np.testing.assert_allclose(logits[row], alone[0], atol=tolerance)
        np.testing.assert_allclose(token_logits[row, :tokens], tokens_alone[0], atol=tolerance)


def test_padding_is_answered_as_by_the_trained_network(
    network: TransformerNetwork, float32: Path
) -> None:
    ids, mask = padded_batch()
    with torch.inference_mode():
        trained = network(torch.from_numpy(ids), torch.from_numpy(mask))[0].numpy()
    np.testing.assert_allclose(trained, scores_of(float32, ids, mask)[0], atol=1e-5)


def without_choice(path: Path, target: Path) -> Path:
    """The same file with attention that never takes a mask."""
    model = onnx.load(str(path))
    for node in model.graph.node:
        if node.op_type == "If":
            branches = {attribute.name: attribute.g for attribute in node.attribute}
            attention = branches["then_branch"].node[-1]
            attention.output[0] = node.output[0]
            node.CopyFrom(attention)
    onnx.save(model, str(target))
    return target


def test_windows_without_padding_take_the_fast_attention(
    float32: Path, int8: Path, tmp_path: Path
) -> None:
    """To the bit what attention without a mask gives, and far from it where there is padding."""
    for path in (float32, int8):
        plain = without_choice(path, tmp_path / path.name)
        assert "If" not in {node.op_type for node in onnx.load(str(plain)).graph.node}
        for tokens in (1, 17, 128):
            for one, other in zip(
                scores_of(path, window(tokens)), scores_of(plain, window(tokens)), strict=True
            ):
                np.testing.assert_array_equal(one, other)
        honoured, ignored = (scores_of(x, *padded_batch())[0] for x in (path, plain))
        assert np.abs(honoured - ignored)[1:].min(axis=0).max() > 1e-4


def test_honouring_the_mask_twice_changes_nothing_more(float32: Path) -> None:
    once = onnx.load(str(float32))
    choices = [node for node in once.graph.node if node.op_type == "If"]
    assert len(choices) == 2  # one a layer
    twice = onnx.load(str(float32))
    honour_mask(twice)
    assert twice == once


def test_weights_are_not_doubled(float32: Path) -> None:
    for node in onnx.load(str(float32)).graph.node:
        for attribute in node.attribute:
            assert not attribute.g.initializer


def test_a_bundle_may_hold_it(float32: Path, int8: Path) -> None:
    for path in (float32, int8):
        check_onnx(path.read_bytes())


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
