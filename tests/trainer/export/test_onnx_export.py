"""The exported file computes what the network does, and what does not is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.confidence import sigmoid
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from tests.data.tiny_bundle import tiny_manifest
from trainer.corpus import LabelledText
from trainer.export.onnx_export import (
    FLOAT32_TOLERANCE,
    check_float32,
    check_int8,
)
from trainer.judging.evaluation import classifier_for, served_scores
from trainer.learning.batching import Batches, Encoder
from trainer.learning.network_scores import score
from trainer.networks.transformer import TransformerNetwork, load_transformer


@pytest.fixture(scope="module")
def network(tiny_encoder: Path) -> TransformerNetwork:
    torch.manual_seed(3)
    return load_transformer(tiny_encoder, labels=10).eval()


@pytest.fixture(scope="module")
def session(float32: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(float32), providers=["CPUExecutionProvider"])


def classifier_over(model: Path, encoder_folder: Path) -> OnnxClassifier:
    manifest = tiny_manifest(
        HALLMARKS_OF_CANCER,
        seed=0,
        faults={"max_tokens": 128, "window_stride": 100, "domain": None},
    )
    tokenizer = (encoder_folder / "tokenizer.json").read_bytes()
    return classifier_for(model.read_bytes(), tokenizer, manifest, threads=1)


@pytest.mark.parametrize("texts", [1, 2, 5])
@pytest.mark.parametrize("tokens", [1, 3, 16, 128])
def test_float32_agrees_for_any_number_of_texts_and_tokens(
    network: TransformerNetwork, session: onnxruntime.InferenceSession, texts: int, tokens: int
) -> None:
    ids = torch.randint(5, 180, (texts, tokens), generator=torch.Generator().manual_seed(tokens))
    mask = torch.ones_like(ids)
    padded = mask.clone()
    padded[-1, (tokens + 1) // 2 :] = 0
    for kept in (mask, padded):
        with torch.inference_mode():
            trained = network(ids, kept)
        exported = session.run(
            ["logits", "token_logits"], {"input_ids": ids.numpy(), "attention_mask": kept.numpy()}
        )
        for one, other in zip(trained, exported, strict=True):
            assert other.dtype == np.float32
            np.testing.assert_allclose(sigmoid(one.numpy()), sigmoid(other), atol=FLOAT32_TOLERANCE)


def test_the_exported_file_is_one_file_without_data_outside(float32: Path, int8: Path) -> None:
    assert sorted(file.name for file in float32.parent.iterdir()) == [
        "float32.onnx",
        "int8.onnx",
    ]
    for path in (float32, int8):
        model = onnx.load(str(path), load_external_data=False)
        tensors = model.graph.initializer
        assert not any(tensor.external_data for tensor in tensors)
        assert [x.name for x in model.graph.input] == ["input_ids", "attention_mask"]
        assert [x.name for x in model.graph.output] == ["logits", "token_logits"]


def test_no_path_of_this_machine_is_in_the_file(float32: Path, int8: Path) -> None:
    here = str(Path(__file__).parents[3]).encode()
    for path in (float32, int8):
        assert here not in path.read_bytes()
        assert str(Path.home() / "").encode() not in path.read_bytes()


def test_int8_is_much_smaller(float32: Path, int8: Path) -> None:
    weights, quantised = (
        sum(tensor.ByteSize() for tensor in onnx.load(str(path)).graph.initializer)
        for path in (float32, int8)
    )
    assert int8.stat().st_size < float32.stat().st_size
    assert quantised < 0.4 * weights


def test_int8_has_a_scale_for_each_output_channel(int8: Path) -> None:
    scales = [
        tensor
        for tensor in onnx.load(str(int8)).graph.initializer
        if tensor.name.endswith("_scale") and tensor.dims and tensor.dims[0] > 1
    ]
    assert len(scales) >= 8


@pytest.mark.parametrize("form", ["float32", "int8"])
def test_both_forms_are_served_by_the_classifier(
    float32: Path,
    int8: Path,
    tiny_encoder: Path,
    tiny_texts: list[LabelledText],
    form: str,
) -> None:
    classifier = classifier_over({"float32": float32, "int8": int8}[form], tiny_encoder)
    scores = served_scores(classifier, tiny_texts[:5])
    assert scores.decision_logits.shape == (5, 10)
    assert np.isfinite(scores.decision_logits).all()
    assert [len(x) for x in scores.sentence_logits] == [len(x.sentences) for x in tiny_texts[:5]]


def test_what_is_served_is_what_was_trained(
    network: TransformerNetwork,
    float32: Path,
    encoder: Encoder,
    tiny_encoder: Path,
    tiny_texts: list[LabelledText],
) -> None:
    texts = tiny_texts[:12]
    batches = Batches(
        encoder.examples(texts), piece_ids=encoder.piece_ids, max_tokens=128, batch_size=1
    )
    trained = score(network, batches, is_exact=True)
    served = served_scores(classifier_over(float32, tiny_encoder), texts)
    np.testing.assert_allclose(served.decision_logits, trained.decision_logits(0.5), atol=1e-4)
    for one, other in zip(served.sentence_logits, trained.of_sentences(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_changed_weight_is_found(
    network: TransformerNetwork,
    float32: Path,
    encoder: Encoder,
    tiny_encoder: Path,
    tiny_texts: list[LabelledText],
    tmp_path: Path,
) -> None:
    model = onnx.load(str(float32))
    bias = next(x for x in model.graph.initializer if x.name.endswith("text_bias"))
    values = onnx.numpy_helper.to_array(bias).copy()
    values[4] += 0.01
    bias.CopyFrom(onnx.numpy_helper.from_array(values, bias.name))
    changed = tmp_path / "changed.onnx"
    onnx.save(model, str(changed))

    texts = tiny_texts[:6]
    batches = Batches(
        encoder.examples(texts), piece_ids=encoder.piece_ids, max_tokens=128, batch_size=1
    )
    reference = sigmoid(score(network, batches, is_exact=True).decision_logits(0.5))

    def probabilities(path: Path) -> NDArray[np.float64]:
        served = served_scores(classifier_over(path, tiny_encoder), texts)
        return sigmoid(served.decision_logits)

    assert check_float32(reference, probabilities(float32), threshold=0.5) < FLOAT32_TOLERANCE
    with pytest.raises(TrainingError, match="exported model differs"):
        check_float32(reference, probabilities(changed), threshold=0.5)


def test_the_largest_difference_is_given_and_limited() -> None:
    reference = np.array([[0.2, 0.9], [0.4, 0.1]])
    exported = reference.copy()
    exported[1, 0] += 0.9 * FLOAT32_TOLERANCE
    gap = check_float32(reference, exported, threshold=0.5)
    assert gap == pytest.approx(0.9 * FLOAT32_TOLERANCE)
    exported[1, 0] += 0.2 * FLOAT32_TOLERANCE
    with pytest.raises(TrainingError, match=r"differs from the trained one by 1\.1e-04"):
        check_float32(reference, exported, threshold=0.5)


def test_a_probability_on_its_threshold_may_fall_on_either_side() -> None:
    reference = np.array([[0.5]])
    assert check_float32(reference, reference - 1e-6, threshold=0.5) == pytest.approx(1e-6)


def test_probabilities_that_are_not_numbers_are_refused() -> None:
    reference = np.array([[0.5, 0.2]])
    with pytest.raises(TrainingError, match="must not be used"):
        check_float32(reference, np.array([[0.5, np.nan]]), threshold=0.5)


def test_int8_may_lose_half_a_point_and_no_more_unless_by_chance() -> None:
    check_int8(-0.03, at_least=-0.05)
    check_int8(0.0049, at_least=0.004)
    check_int8(0.036, at_least=0.0)
    with pytest.raises(TrainingError, match=r"loses 0\.6 points"):
        check_int8(0.006, at_least=0.001)
