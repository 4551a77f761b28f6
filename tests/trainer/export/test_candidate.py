"""What is exported is compared with what was trained, however long the texts are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from kdh_desktop.core.classification.sentences import split_sentences
from kdh_desktop.core.classification.windows import TextReader
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


TITLE = "Effects of aspirin on survival"
ABSTRACT = "Aspirin induces apoptosis of cells. The mice lived longer."
GIVEN = {
    "a title": f"{TITLE}\n\n{ABSTRACT}",
    "a bare heading": f"Objective\nTo learn whether{' the cells grew and' * 8} died.\n"
    "Results\nThe cells grew.",
    "a line end": f"{TITLE}\n{ABSTRACT}",
    "a lost blank": "Aspirin slows growth.However, the cells  grew.",
    "no blanks": "\u7ec6\u80de\u3002\u7ec6\u80de\u3002Aspirin",
    "special pieces": "The cells of the <pad> of </s> grew.",
    "a soft hyphen": "The cells of the pa\u00adtient grew.",
    "a mark apart": "The cells of the A\u030a grew.",
}


@pytest.fixture(scope="module", params=["bert", "roberta"])
def odd_reader(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path
) -> tuple[TransformerNetwork, Candidate]:
    """A network and what was exported of it, by a vocabulary without blanks and one with them."""
    here = tmp_path_factory.mktemp(request.param)
    is_tiny = request.param == "bert"
    folder = tiny_encoder if is_tiny else write_encoder(here / "encoder", request.param)
    torch.manual_seed(3)
    network = load_transformer(folder, labels=10).eval()
    export_float32(network, here / "float32.onnx")
    manifest = tiny_manifest(
        HALLMARKS_OF_CANCER,
        seed=0,
        faults={"max_tokens": 128, "window_stride": 96, "domain": None},
    )
    model = (here / "float32.onnx").read_bytes()
    tokenizer = (folder / "tokenizer.json").read_bytes()
    classifier = classifier_for(model, tokenizer, manifest, threads=1)
    return network, Candidate(model, tokenizer, classifier, classifier)


def given(text: str) -> LabelledText:
    """A text of a table or of corrected records, as it is read to be trained on."""
    sentences = tuple(text[start:end] for start, end in split_sentences(text))
    return LabelledText("1", sentences, sentences, None, whole=text)


@pytest.mark.parametrize("text", GIVEN.values(), ids=GIVEN)
def test_odd_texts_are_no_fault_of_the_export(
    odd_reader: tuple[TransformerNetwork, Candidate], text: str
) -> None:
    network, candidate = odd_reader
    encoder = Encoder(Tokenizer.from_str(candidate.tokenizer.decode()))
    gap = parity_gap(network, candidate, [given(text)], encoder)
    assert gap < FLOAT32_TOLERANCE


def test_a_text_without_a_piece_among_long_ones_is_passed_over(
    odd_reader: tuple[TransformerNetwork, Candidate],
) -> None:
    network, candidate = odd_reader
    encoder = Encoder(Tokenizer.from_str(candidate.tokenizer.decode()))
    texts = [given("\u200b\u2060"), given(" ".join([ABSTRACT] * 20))]
    assert parity_gap(network, candidate, texts, encoder) < FLOAT32_TOLERANCE


def test_a_special_piece_in_a_text_is_learnt_from_as_it_is_served(
    odd_reader: tuple[TransformerNetwork, Candidate],
) -> None:
    _, candidate = odd_reader
    encoder = Encoder(Tokenizer.from_str(candidate.tokenizer.decode()))
    text = "The cells of the <pad> of [SEP] and </s> grew."
    (example,) = encoder.examples([given(text)])
    reader = TextReader(candidate.tokenizer, max_tokens=128, window_stride=96)
    assert list(example.pieces[0]) == reader.read(text).ids.tolist()
