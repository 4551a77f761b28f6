"""Every kind of network obeys the one contract, learns, and is served as it was trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import nn

from kdh_desktop.core.classification.confidence import sigmoid
from kdh_desktop.core.errors import TrainingError
from kdh_desktop.core.labels import HALLMARKS_OF_CANCER, Label, LabelSet
from kdh_desktop.core.training_config import NetworkConfig, NetworkKind
from tests.data.tiny_bundle import tiny_manifest
from trainer.corpus import LabelledText
from trainer.export.onnx_export import FLOAT32_TOLERANCE, export_float32, quantise
from trainer.judging.evaluation import classifier_for, served_scores
from trainer.learning.batching import Batches, Encoder
from trainer.learning.network_scores import score
from trainer.learning.training_loop import forward
from trainer.networks.build import build_network
from trainer.networks.depths import layers_above
from trainer.networks.embeddings import EMBEDDINGS, TABLE, load_tokenizer
from trainer.networks.han import LONGEST, Han
from trainer.networks.vocabulary import prepare_vocabulary

KINDS = list(NetworkKind)
FROM_VOCABULARY = [kind for kind in KINDS if kind is not NetworkKind.TRANSFORMER]

New = Callable[..., nn.Module]


@pytest.fixture(scope="session")
def vocabulary(tiny_texts: list[LabelledText], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vocabulary") / "made"
    texts = [text.text for text in tiny_texts]
    prepare_vocabulary(texts, folder, pieces=400, embedding_size=24, pretrain_on=texts[:20], seed=1)
    return folder


@pytest.fixture
def new(vocabulary: Path, tiny_encoder: Path) -> New:
    """Builds a network of a kind on the folder that it takes."""

    def build(kind: NetworkKind, *, labels: int = 10, seed: int = 3) -> nn.Module:
        config = NetworkConfig(kind, embedding_size=24, hidden_size=16)
        return build_network(
            config, folder_of(kind, vocabulary, tiny_encoder), labels=labels, seed=seed
        )

    return build


def folder_of(kind: NetworkKind, vocabulary: Path, tiny_encoder: Path) -> Path:
    return tiny_encoder if kind is NetworkKind.TRANSFORMER else vocabulary


def ids_of(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(5, 180, shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 3), (3, 17), (2, 128)])
@pytest.mark.parametrize("labels", [10, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_forward_gives_logits_for_texts_and_tokens(
    new: New, kind: NetworkKind, labels: int, shape: tuple[int, int]
) -> None:
    ids = ids_of(*shape)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = new(kind, labels=labels)(ids, torch.ones_like(ids))
    logits, token_logits = found
    assert (logits.shape, logits.dtype) == ((shape[0], labels), torch.float32)
    assert (token_logits.shape, token_logits.dtype) == ((*shape, labels), torch.float32)
    assert torch.isfinite(logits).all()
    assert torch.isfinite(token_logits).all()


@pytest.mark.parametrize("kind", KINDS)
def test_neither_padding_nor_other_texts_change_a_text(new: New, kind: NetworkKind) -> None:
    network = new(kind).eval()
    lengths = (1, 12, 40, 3, 40)
    ids = ids_of(len(lengths), 40)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(lengths):
        mask[row, :length] = 1
    with torch.inference_mode():
        beside = network(ids, mask)
        other_padding = network(torch.where(mask > 0, ids, ids_of(*ids.shape, seed=5)), mask)
        for row, length in enumerate(lengths):
            alone = network(ids[row : row + 1, :length], mask[row : row + 1, :length])
            for found in (beside, other_padding):
                torch.testing.assert_close(found[0][row], alone[0][0], atol=1e-5, rtol=0)
                torch.testing.assert_close(found[1][row, :length], alone[1][0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_counts_for_the_text(new: New, kind: NetworkKind) -> None:
    network, ids = new(kind).eval(), ids_of(1, 30)
    mask = torch.ones_like(ids)
    with torch.inference_mode():
        before = network(ids, mask)[0]
        for place in (0, 14, 29):
            changed = ids.clone()
            changed[0, place] = 181 - changed[0, place]
            assert not torch.equal(network(changed, mask)[0], before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_follows_from_its_seed_and_leaves_other_dice_alone(
    new: New, kind: NetworkKind
) -> None:
    torch.manual_seed(99)
    expected = torch.rand(3)
    torch.manual_seed(99)
    first, same, other = (new(kind, seed=seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_is_on_in_training_only(new: New, kind: NetworkKind) -> None:
    network, ids = new(kind), ids_of(2, 9)
    mask = torch.ones_like(ids)
    with torch.inference_mode():
        network.train()
        assert not torch.equal(network(ids, mask)[0], network(ids, mask)[0])
        network.eval()
        assert torch.equal(network(ids, mask)[0], network(ids, mask)[0])


@pytest.mark.parametrize("kind", FROM_VOCABULARY)
def test_what_is_trained_from_scratch_has_one_learning_rate(new: New, kind: NetworkKind) -> None:
    assert set(layers_above(new(kind)).values()) == {0}


@pytest.mark.parametrize("labels", [10, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_a_tiny_task_from_texts_and_from_sentences(
    new: New,
    kind: NetworkKind,
    labels: int,
    tiny_texts: list[LabelledText],
    vocabulary: Path,
    tiny_encoder: Path,
) -> None:
    encoder = Encoder(load_tokenizer(folder_of(kind, vocabulary, tiny_encoder)))
    batches = Batches(
        encoder.examples(tiny_texts[:12]),
        piece_ids=encoder.piece_ids,
        max_tokens=128,
        batch_size=12,
    )
    ((_, batch),) = batches.by_length()
    assert batch.text_targets is not None
    assert batch.sentence_targets is not None
    network = new(kind, labels=labels).train()
    optimizer = torch.optim.Adam(network.parameters(), 5e-3)
    loss_of = nn.BCEWithLogitsLoss()
    losses = []
    torch.manual_seed(0)
    for _ in range(60):
        of_text, of_sentences = forward(network, batch, torch.device("cpu"))
        loss = loss_of(of_text, batch.text_targets[:, :labels])
        loss = loss + loss_of(of_sentences, batch.sentence_targets[:, :labels])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]
    assert all(weight.grad is not None for weight in network.parameters())


ONE_LABEL = LabelSet((Label("growth", "Growth", "Whether something grows."),))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "labels"),
    [*((kind, HALLMARKS_OF_CANCER) for kind in KINDS), (NetworkKind.HAN, ONE_LABEL)],
)
def test_it_is_served_as_it_was_trained(
    new: New,
    kind: NetworkKind,
    labels: LabelSet,
    tiny_texts: list[LabelledText],
    vocabulary: Path,
    tiny_encoder: Path,
    tmp_path: Path,
) -> None:
    network = new(kind, labels=len(labels)).eval()
    float32, int8 = tmp_path / "float32.onnx", tmp_path / "int8.onnx"
    export_float32(network, float32)
    quantise(float32, int8)
    folder = folder_of(kind, vocabulary, tiny_encoder)
    encoder, texts = Encoder(load_tokenizer(folder)), tiny_texts[:8]
    batches = Batches(
        encoder.examples(texts), piece_ids=encoder.piece_ids, max_tokens=128, batch_size=3
    )
    trained = score(network, batches, is_exact=True)
    manifest = tiny_manifest(
        labels, seed=0, faults={"max_tokens": 128, "window_stride": 100, "domain": None}
    )
    tokenizer = (folder / "tokenizer.json").read_bytes()
    for path, tolerance in ((float32, FLOAT32_TOLERANCE), (int8, 0.03)):
        classifier = classifier_for(path.read_bytes(), tokenizer, manifest, threads=1)
        served = served_scores(classifier, texts)
        np.testing.assert_allclose(
            sigmoid(served.decision_logits), sigmoid(trained.decision_logits(0.5)), atol=tolerance
        )
        for one, other in zip(served.sentence_logits, trained.of_sentences(), strict=True):
            np.testing.assert_allclose(sigmoid(one), sigmoid(other), atol=tolerance)
        few = served_scores(classifier, texts[5:]).decision_logits
        np.testing.assert_array_equal(few, served.decision_logits[5:])
        assert len(classifier.score(["x", "." * 300, "cells " * 500])) == 3


def test_pretrained_embeddings_are_taken_up(new: New, vocabulary: Path) -> None:
    first, second = (new(NetworkKind.TEXT_CNN, seed=seed).state_dict() for seed in (1, 2))
    assert torch.equal(first["embeddings.weight"], second["embeddings.weight"])
    assert not torch.equal(first["text.weight"], second["text.weight"])


@pytest.mark.parametrize("kind", FROM_VOCABULARY)
def test_without_pretrained_embeddings_they_are_learnt(
    kind: NetworkKind, vocabulary: Path, tmp_path: Path
) -> None:
    (tmp_path / "tokenizer.json").write_bytes((vocabulary / "tokenizer.json").read_bytes())
    config = NetworkConfig(kind, embedding_size=12, hidden_size=8)
    network, ids = build_network(config, tmp_path, labels=2, seed=1), ids_of(1, 4)
    assert torch.isfinite(network(ids, torch.ones_like(ids))[0]).all()


@pytest.mark.parametrize("fault", ["size", "rows", "nan", "damaged", "other", "tokenizer"])
def test_a_vocabulary_that_does_not_fit_is_refused(
    fault: str, vocabulary: Path, tmp_path: Path
) -> None:
    for name in ("tokenizer.json", EMBEDDINGS):
        (tmp_path / name).write_bytes((vocabulary / name).read_bytes())
    rows = load_tokenizer(vocabulary).get_vocab_size()
    table = np.zeros((rows, 24), np.float32)
    match fault:
        case "size":
            table = table[:, :-1]
        case "rows":
            table = table[:-1]
        case "nan":
            table[3, 3] = np.nan
    save_file({"other" if fault == "other" else TABLE: table}, tmp_path / EMBEDDINGS)
    if fault == "damaged":
        (tmp_path / EMBEDDINGS).write_bytes(b"no weights")
    if fault == "tokenizer":
        (tmp_path / "tokenizer.json").write_bytes(b"{}")
    config = NetworkConfig(NetworkKind.TEXT_CNN, embedding_size=24, hidden_size=8)
    with pytest.raises(TrainingError, match="damaged, or made for other sizes"):
        build_network(config, tmp_path, labels=2, seed=1)


def test_layers_of_a_transformer_are_left_out_by_the_configuration(tiny_encoder: Path) -> None:
    whole = NetworkConfig(NetworkKind.TRANSFORMER)
    thin = replace(whole, layers=1)
    depths = [
        max(x for x in layers_above(network).values() if x is not None)
        for network in (build_network(c, tiny_encoder, labels=2, seed=1) for c in (whole, thin))
    ]
    assert depths == [2, 1]


def sentences_seen(network: Han, ids: list[int]) -> list[int]:
    """Sizes of the sentences that the network divides one text into."""
    row = torch.tensor([ids])
    starts, _ = network._starts(row, torch.ones_like(row, dtype=torch.bool))
    places = [*torch.nonzero(starts[0]).flatten().tolist(), len(ids)]
    return [end - start for start, end in pairwise(places)]


def test_han_sees_the_sentences_of_a_text(new: New, vocabulary: Path) -> None:
    network, tokenizer = new(NetworkKind.HAN), load_tokenizer(vocabulary)
    assert isinstance(network, Han)

    def sizes(text: str) -> list[int]:
        ids = tokenizer.encode(f"[CLS] {text} [SEP]").ids
        return sentences_seen(network, ids)

    assert sizes("the cells survived") == [5]
    assert sizes("the cells survived.") == [6]
    assert sizes("cells survived. cells migrated! cells") == [4, 3, 2]
    assert sizes("cells survived... cells") == [6, 2]
    assert sizes("细胞。 cells ？ cells") == [len(tokenizer.encode("细胞").ids) + 2, 2, 2]
    assert sizes("cells ; cells") == [3, 2]
    whole = sizes("cells ( p < 0.05 ) e.g. in tumours")
    assert len(whole) == 1  # neither numbers nor abbreviations end a sentence


def test_han_cuts_sentences_without_end(new: New) -> None:
    network = new(NetworkKind.HAN)
    assert isinstance(network, Han)
    assert sentences_seen(network, [9] * (2 * LONGEST + 5)) == [LONGEST, LONGEST, 5]


def test_han_keeps_what_ends_sentences_in_its_state(new: New) -> None:
    network = new(NetworkKind.HAN)
    state = network.state_dict()
    assert state["ends"].sum() >= 9
    other = new(NetworkKind.HAN, seed=7)
    state["ends"][:] = False
    other.load_state_dict(state)
    assert isinstance(other, Han)
    assert not other.ends.any()
