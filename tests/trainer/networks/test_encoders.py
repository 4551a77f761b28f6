"""Every architecture of encoder is found whole, thinned evenly, exported and served."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from kdh_desktop.core.classification.confidence import sigmoid
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from tests.data.tiny_bundle import tiny_manifest
from tests.data.tiny_encoders import ARCHITECTURES, LAYERS, write_encoder
from trainer.corpus import LabelledText
from trainer.export.onnx_export import export_float32, quantise
from trainer.judging.evaluation import classifier_for, served_scores
from trainer.learning.batching import Batches, Encoder
from trainer.learning.network_scores import score
from trainer.networks.depths import layers_above
from trainer.networks.dropout import CheapDropout
from trainer.networks.encoders import kept_layers
from trainer.networks.transformer import TransformerNetwork, load_transformer


@pytest.fixture(scope="module", params=ARCHITECTURES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder") / request.param, request.param)


@pytest.fixture(scope="module")
def network(folder: Path) -> TransformerNetwork:
    torch.manual_seed(3)
    return load_transformer(folder, labels=10).eval()


def test_padding_changes_nothing_of_a_text(network: TransformerNetwork) -> None:
    ids = torch.randint(5, 300, (2, 20), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[0, 12:] = 0
    with torch.inference_mode():
        alone = network(ids[:1, :12], mask[:1, :12])
        for padding in (0, 1, 7):
            ids[0, 12:] = padding
            padded = network(ids, mask)
            torch.testing.assert_close(padded[0][:1], alone[0], atol=1e-5, rtol=0)
            torch.testing.assert_close(padded[1][:1, :12], alone[1], atol=1e-5, rtol=0)


def test_every_layer_has_its_own_depth(network: TransformerNetwork) -> None:
    above = layers_above(network)
    assert above.keys() == {name for name, _ in network.named_parameters()}
    assert {above[name] for name in above if not name.startswith("encoder.")} == {None}
    assert {above[name] for name in above if name.startswith("encoder.")} == {0, 1, 2, 3, 4}
    words = ("word_embeddings.weight", "tok_embeddings.weight")
    assert [depth for name, depth in above.items() if name.endswith(words)] == [LAYERS]
    of_layers = {name: depth for name, depth in above.items() if ".0." in name or ".3." in name}
    assert set(of_layers.values()) == {0, LAYERS - 1}


def test_a_last_normalisation_belongs_to_the_top(tmp_path: Path) -> None:
    network = load_transformer(write_encoder(tmp_path / "modern", "modernbert"), labels=2)
    assert layers_above(network)["encoder.final_norm.weight"] == 0


def test_attention_has_no_dropout_and_every_output_a_cheap_one(folder: Path) -> None:
    network = load_transformer(folder, labels=10, dropout=0.25)
    dropouts = [module for module in network.modules() if isinstance(module, CheapDropout)]
    assert len(dropouts) > LAYERS
    assert {module.p for module in dropouts} == {0.25}
    assert not any(m.p for m in network.modules() if isinstance(m, torch.nn.Dropout))


@pytest.mark.parametrize("layers", [1, 2, 3, LAYERS])
def test_a_thinned_encoder_has_that_many_layers_and_still_reads(folder: Path, layers: int) -> None:
    network = load_transformer(folder, labels=10, layers=layers)
    depths = {depth for depth in layers_above(network).values() if depth is not None}
    assert depths == set(range(layers + 1))
    ids = torch.randint(5, 300, (2, 9))
    logits, token_logits = network(ids, torch.ones_like(ids))
    assert (logits.shape, token_logits.shape) == ((2, 10), (2, 9, 10))


def test_the_kept_layers_are_the_base_encoder_s_own(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "bert", "bert")
    whole = load_transformer(folder, labels=1).encoder.state_dict()
    thin = load_transformer(folder, labels=1, layers=2).encoder.state_dict()
    for place, origin in enumerate((0, 3)):
        name = "encoder.layer.{}.attention.self.query.weight"
        assert torch.equal(thin[name.format(place)], whole[name.format(origin)])


@pytest.mark.parametrize(
    ("total", "layers", "kept"),
    [
        (12, 12, list(range(12))),
        (12, 6, [0, 2, 4, 7, 9, 11]),
        (6, 4, [0, 2, 3, 5]),
        (6, 3, [0, 2, 5]),
        (6, 2, [0, 5]),
        (6, 1, [0]),
        (1, 1, [0]),
    ],
)
def test_layers_are_kept_evenly_with_both_ends(total: int, layers: int, kept: list[int]) -> None:
    assert kept_layers(total, layers) == kept


def test_more_layers_than_there_are_is_refused(folder: Path) -> None:
    with pytest.raises(TrainingError, match="has 4 layers, and 5 are to be kept"):
        load_transformer(folder, labels=10, layers=5)


def test_the_longest_text_is_known(network: TransformerNetwork, folder: Path) -> None:
    longest = network.most_tokens
    assert longest == (128 if folder.name in {"roberta", "mpnet"} else 130)
    ids = torch.full((1, longest), 7)
    with torch.inference_mode():
        assert torch.isfinite(network(ids, torch.ones_like(ids))[0]).all()


@pytest.mark.parametrize(
    "architecture",
    [
        "distilbert",
        "roberta",
        *(pytest.param(x, marks=pytest.mark.stress) for x in ("electra", "mpnet")),
        *(pytest.param(x, marks=pytest.mark.stress) for x in ("modernbert", "deberta-v2")),
    ],
)
def test_what_is_served_is_what_was_trained(
    architecture: str, tiny_texts: list[LabelledText], tmp_path: Path
) -> None:
    folder = write_encoder(tmp_path / "encoder", architecture)
    network = load_transformer(folder, labels=10, layers=2).eval()
    float32, int8 = tmp_path / "float32.onnx", tmp_path / "int8.onnx"
    export_float32(network, float32)
    quantise(float32, int8)
    tokenizer = folder / "tokenizer.json"
    encoder = Encoder(Tokenizer.from_file(str(tokenizer)))
    found = zip(tiny_texts, encoder.examples(tiny_texts), strict=True)
    texts, examples = zip(
        *[(text, one) for text, one in found if sum(map(len, one.pieces)) < 120][:6], strict=True
    )
    batches = Batches(examples, piece_ids=encoder.piece_ids, max_tokens=128, batch_size=4)
    trained = score(network, batches, is_exact=True)
    manifest = tiny_manifest(
        HALLMARKS_OF_CANCER,
        seed=0,
        faults={"max_tokens": 128, "window_stride": 100, "domain": None},
    )
    for path, tolerance in ((float32, 1e-4), (int8, 0.05)):
        classifier = classifier_for(path.read_bytes(), tokenizer.read_bytes(), manifest, threads=1)
        served = served_scores(classifier, texts)
        np.testing.assert_allclose(
            sigmoid(served.decision_logits), sigmoid(trained.decision_logits(0.5)), atol=tolerance
        )
        for one, other in zip(served.sentence_logits, trained.of_sentences(), strict=True):
            np.testing.assert_allclose(sigmoid(one), sigmoid(other), atol=tolerance)
        few = served_scores(classifier, texts[2:4]).decision_logits
        np.testing.assert_array_equal(few, served.decision_logits[2:4])
