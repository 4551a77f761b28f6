from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tokenizers import Tokenizer

from kdh_desktop.core.labels import HALLMARKS_OF_CANCER
from kdh_desktop.core.training_protocol import (
    Augmentation,
    DistillationConfig,
    RunConfig,
    Schedule,
    TeacherConfig,
)
from tests.data.tiny_corpus import write_tiny_corpus, write_tiny_encoder, write_tiny_transfer
from trainer.batching import Encoder
from trainer.corpus import LabelledText, read_hoc
from trainer.networks.transformer import TransformerNetwork, load_transformer


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order, so that runs can be compared to the bit; for tiny networks faster too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_corpus(tmp_path_factory.mktemp("corpus") / "hoc")


@pytest.fixture(scope="session")
def tiny_transfer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_transfer(tmp_path_factory.mktemp("transfer") / "passages.jsonl")


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture(scope="session")
def tiny_texts(tiny_corpus: Path) -> list[LabelledText]:
    """The tiny corpus's texts to train on."""
    return read_hoc(tiny_corpus, ids_file="train.txt", labels=HALLMARKS_OF_CANCER)


@pytest.fixture(scope="session")
def encoder(tiny_encoder: Path) -> Encoder:
    return Encoder(Tokenizer.from_file(str(tiny_encoder / "tokenizer.json")))


@pytest.fixture
def new_network(tiny_encoder: Path) -> Callable[[], TransformerNetwork]:
    """Makes the same fresh network each time."""

    def make() -> TransformerNetwork:
        torch.manual_seed(3)
        return load_transformer(tiny_encoder, labels=10, dropout=0.1)

    return make


@pytest.fixture(scope="session")
def tiny_config() -> RunConfig:
    return RunConfig(
        name="tiny",
        seed=3,
        max_tokens=128,
        sentence_loss=3.0,
        sentence_weight=0.5,
        dropout=0.1,
        augmentation=Augmentation(sentence_dropout=0.1, tokenised_share=0.1),
        teacher=TeacherConfig(folds=2, schedule=learning(epochs=12)),
        distillation=DistillationConfig(
            temperature=2.0,
            alpha=0.7,
            transfer_texts=10,
            transfer=learning(epochs=8),
            distil=learning(epochs=20, peak_rate=3e-3),
            fine_tune=learning(epochs=3, peak_rate=1e-3),
            calibration_folds=2,
        ),
    )


def learning(*, epochs: int, peak_rate: float = 2e-3) -> Schedule:
    """A schedule at which the tiny encoder learns the tiny corpus by heart."""
    return Schedule(epochs, peak_rate, batch_size=2, head_factor=5.0, layer_decay=1.0, warmup=0.3)
